//! GET of one object and LIST, written item by item so that a large list is never held twice.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields::FieldSelector;
use super::negotiation::Form;
use super::{Answer, Body, Call, Shared, respond, table, whole};
use crate::demo::store::{Kind, LabelSelector, Rejection, Store, Stored};

/// A list is sent in pieces of about this size.
const PIECE: usize = 64 << 10;

/// Which objects a request is about.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    pub(super) labels: LabelSelector,
    pub(super) fields: FieldSelector,
}

impl Selection {
    /// Reads it from path and query.
    pub(super) fn of(call: &Call) -> Result<Self, Rejection> {
        let target = &call.target;
        let labels = LabelSelector::parse(call.query.get("labelSelector")).map_err(|why| {
            Rejection::bad_request(format!("unable to parse requirement: {why}; correct the label selector"))
        })?;
        let mut fields = FieldSelector::parse(target.kind, call.query.get("fieldSelector"))?;
        // A watch of one object is a watch of the collection for that name.
        if let Some(name) = &target.name {
            fields = fields.with_name(name);
        }
        Ok(Self { kind: target.kind, namespace: target.namespace.clone(), labels, fields })
    }

    /// Whether an object is selected.
    pub(super) fn matches(&self, stored: &Stored) -> bool {
        self.namespace.as_deref().is_none_or(|n| n == &*stored.namespace)
            && self.labels.matches(&stored.labels)
            && self.fields.matches(stored)
    }

    /// The selected objects of the store.
    pub(super) fn objects<'a>(
        &'a self,
        store: &'a Store,
        after: Option<(&str, &str)>,
    ) -> Box<dyn Iterator<Item = &'a Arc<Stored>> + 'a> {
        let namespace = self.namespace.as_deref();
        // One object by name needs no walk: clients poll for one name a lot.
        if let (Some(name), true) =
            (self.fields.name(), namespace.is_some() || !self.kind.resource().namespaced)
        {
            let found = store.get(self.kind, namespace.unwrap_or_default(), name);
            return Box::new(found.into_iter().filter(|s| self.matches(s)));
        }
        Box::new(store.list_after(self.kind, namespace, after).filter(|s| self.matches(s)))
    }
}

/// How objects are to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rendering {
    pub(super) form: Form,
    pub(super) include: table::Include,
    pub(super) now: Timestamp,
}

impl Rendering {
    /// What a request asks for.
    pub(super) fn of(shared: &Shared, call: &Call) -> Result<Self, Rejection> {
        let include = table::Include::parse(call.query.get("includeObject"))?;
        Ok(Self { form: call.accept.form()?, include, now: shared.now() })
    }

    /// An object as one item of a list.
    fn item(&self, stored: &Stored) -> Bytes {
        match self.form {
            Form::Json => stored.bytes.clone(),
            Form::Metadata => table::metadata_only(&stored.value()).to_string().into(),
            Form::Table => table::row(stored, self.include, self.now).to_string().into(),
        }
    }

    /// An object alone; `first` gives a table its columns.
    pub(super) fn single(&self, stored: &Stored, first: bool) -> Bytes {
        match self.form {
            Form::Json | Form::Metadata => self.item(stored),
            Form::Table => {
                let columns = if first { table::columns(stored.kind) } else { Value::Null };
                let rows = [table::row(stored, self.include, self.now)];
                let version = stored.resource_version.to_string();
                let table = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"resourceVersion": version}, "columnDefinitions": columns, "rows": rows});
                table.to_string().into()
            }
        }
    }
}

/// Answers GET of one object.
pub(super) fn get(shared: &Shared, call: &Call) -> Answer {
    let rendering = Rendering::of(shared, call)?;
    let target = &call.target;
    let store = shared.lock();
    let stored = Arc::clone(store.expect(target.kind, target.namespace(), target.name())?);
    drop(store);
    Ok(respond(StatusCode::OK, "application/json", whole(rendering.single(&stored, true))))
}

/// A page of a list.
struct Page {
    items: Vec<Arc<Stored>>,
    version: u64,
    /// The token of the next page.
    next: Option<String>,
    remaining: Option<usize>,
}

/// Answers LIST.
pub(super) fn list(shared: &Shared, call: &Call) -> Answer {
    let rendering = Rendering::of(shared, call)?;
    let selection = Selection::of(call)?;
    let page = page(&shared.lock(), call, &selection)?;
    Ok(write_page(page, selection.kind, rendering))
}

fn page(store: &Store, call: &Call, selection: &Selection) -> Result<Page, Rejection> {
    let current = store.list_version(selection.kind);
    let asked = call.query.number("resourceVersion")?;
    let token = call.query.get("continue");
    let mut limit = call.query.number("limit")?.map_or(0, |l| usize::try_from(l).unwrap_or(usize::MAX));
    let (mut version, mut after) = (current, None);
    if token.is_empty() {
        check_version(call, asked, current)?;
        // From its cache the API server answers whole: a limit together with version 0 is ignored.
        if asked == Some(0) {
            limit = 0;
        }
    } else {
        let (from, namespace, name) = read_token(token)
            .ok_or_else(|| Rejection::bad_request("continue key is not valid; start a new list"))?;
        if from < store.horizon(selection.kind) || from > current {
            return Err(Rejection::continue_expired());
        }
        version = from;
        after = Some((namespace, name));
    }
    let mut objects = selection.objects(store, after);
    if limit == 0 {
        return Ok(Page { items: objects.cloned().collect(), version, next: None, remaining: None });
    }
    let items: Vec<Arc<Stored>> = objects.by_ref().take(limit).cloned().collect();
    let rest = objects.count();
    let last = items.last().filter(|_| rest > 0);
    let next = last.map(|s| format!("v1.{version}.{}.{}", s.namespace, s.name));
    let exact = selection.labels.0.is_empty() && selection.fields.is_empty();
    let remaining = next.is_some().then_some(rest).filter(|_| exact);
    Ok(Page { items, version, next, remaining })
}

/// Only the present can be listed: an older exact version is gone, a newer one is not here yet.
fn check_version(call: &Call, asked: Option<u64>, current: u64) -> Result<(), Rejection> {
    let Some(asked) = asked else { return Ok(()) };
    if asked > current {
        return Err(Rejection::not_yet(asked, current));
    }
    if call.query.get("resourceVersionMatch") == "Exact" && asked != current {
        return Err(Rejection::expired(asked, current));
    }
    Ok(())
}

fn read_token(token: &str) -> Option<(u64, &str, &str)> {
    let mut parts = token.splitn(4, '.');
    let (form, version) = (parts.next()?, parts.next()?);
    let (namespace, name) = (parts.next()?, parts.next()?);
    (form == "v1").then_some((version.parse().ok()?, namespace, name))
}

fn write_page(page: Page, kind: Kind, rendering: Rendering) -> Response<Body> {
    let resource = kind.resource();
    let mut meta = json!({"resourceVersion": page.version.to_string()});
    if let Some(next) = page.next {
        meta["continue"] = next.into();
    }
    if let Some(remaining) = page.remaining {
        meta["remainingItemCount"] = remaining.into();
    }
    let (name, version, list, extra) = match rendering.form {
        Form::Json => (format!("{}List", resource.name), resource.api_version(), "items", String::new()),
        Form::Metadata => {
            ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned(), "items", String::new())
        }
        Form::Table => {
            let columns = format!("\"columnDefinitions\":{},", table::columns(kind));
            ("Table".to_owned(), "meta.k8s.io/v1".to_owned(), "rows", columns)
        }
    };
    let head =
        format!("{{\"kind\":\"{name}\",\"apiVersion\":\"{version}\",\"metadata\":{meta},{extra}\"{list}\":[");
    let state = Some((head.into_bytes(), VecDeque::from(page.items), false));
    let pieces = stream::unfold(state, move |state| async move {
        let (mut piece, mut items, mut comma) = state?;
        while piece.len() < PIECE {
            let Some(item) = items.pop_front() else {
                piece.extend_from_slice(b"]}\n");
                return Some((piece.into(), None));
            };
            if comma {
                piece.push(b',');
            }
            comma = true;
            piece.extend_from_slice(&rendering.item(&item));
        }
        Some((piece.into(), Some((Vec::with_capacity(PIECE), items, comma))))
    });
    respond(StatusCode::OK, "application/json", streamed(pieces))
}

/// A body out of pieces.
pub(super) fn streamed(pieces: impl stream::Stream<Item = Bytes> + Send + 'static) -> Body {
    use futures::StreamExt;
    StreamBody::new(pieces.map(|piece| Ok::<_, std::io::Error>(Frame::data(piece)))).boxed_unsync()
}
