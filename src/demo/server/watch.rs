//! WATCH: a stream of events from the store's history, with bookmarks, initial events and an honest end.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::negotiation::Form;
use super::read::{Rendering, Selection, streamed};
use super::{Answer, Call, Options, Shared, respond};
use crate::demo::store::{Cause, Change, ChangeType, Details, Kind, Rejection, Store, Stored};

/// Changes looked at in one go, so that a busy history does not hold the lock for long.
const BATCH: usize = 500;
/// A last bookmark comes this long before the end.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

struct Watch {
    shared: Shared,
    selection: Selection,
    rendering: Rendering,
    changed: tokio::sync::watch::Receiver<u64>,
    /// The next change to look at.
    position: u64,
    /// Objects to send before any change.
    initial: std::vec::IntoIter<Arc<Stored>>,
    /// The version to name in the bookmark behind the initial objects.
    initial_end: Option<u64>,
    /// None where the client wants no bookmarks, and after the last one.
    next_bookmark: Option<Instant>,
    interval: Duration,
    deadline: Instant,
    columns_sent: bool,
    ended: bool,
}

/// How a watch begins.
enum Beginning {
    /// With the objects there are, at some version at least; a bookmark says where they end if that was
    /// asked for.
    Objects { end: bool, least: u64 },
    /// With what comes from now on.
    Now,
    /// With the changes after a version.
    After(u64),
}

/// Answers a WATCH.
pub(super) fn start(shared: &Shared, options: &Options, call: &Call) -> Answer {
    let rendering = Rendering::of(shared, call)?;
    let selection = Selection::of(call)?;
    let beginning = beginning(call)?;
    let seconds = call.query.number("timeoutSeconds")?.filter(|s| *s > 0);
    let timeout = seconds.map_or(options.watch_timeout, |s| Duration::from_secs(s.min(365 * 24 * 3600)));
    let now = Instant::now();
    let mut watch = Watch {
        shared: shared.clone(),
        selection,
        rendering,
        // Subscribed before the store is read: nothing can slip between.
        changed: shared.changed(),
        position: 0,
        initial: Vec::new().into_iter(),
        initial_end: None,
        next_bookmark: None,
        interval: options.bookmark_interval,
        deadline: now + timeout,
        columns_sent: false,
        ended: false,
    };
    if call.query.flag("allowWatchBookmarks") {
        watch.next_bookmark = Some((now + watch.interval).min(watch.last_bookmark(now)));
    }
    let refused = watch.begin(&shared.lock(), &beginning)?;
    let first = refused.map(|rejection| watch.refuse(&rejection));
    let events = stream::unfold((watch, first), |(mut watch, first)| async move {
        if let Some(first) = first {
            return Some((first, (watch, None)));
        }
        watch.next().await.map(|piece| (piece, (watch, None)))
    });
    Ok(respond(StatusCode::OK, "application/json", streamed(events)))
}

fn beginning(call: &Call) -> Result<Beginning, Rejection> {
    let version = call.query.number("resourceVersion")?.filter(|v| *v > 0);
    let matching = call.query.get("resourceVersionMatch");
    match (call.query.given_flag("sendInitialEvents"), version) {
        (Some(true), _) if matching != "NotOlderThan" => {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            Err(invalid_options(Cause::forbidden("resourceVersionMatch", why)))
        }
        (None, _) if !matching.is_empty() => {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            Err(invalid_options(Cause::forbidden("resourceVersionMatch", why)))
        }
        (Some(true), version) => Ok(Beginning::Objects { end: true, least: version.unwrap_or(0) }),
        (Some(false), None) => Ok(Beginning::Now),
        (None, None) => Ok(Beginning::Objects { end: false, least: 0 }),
        (_, Some(version)) => Ok(Beginning::After(version)),
    }
}

fn invalid_options(cause: Cause) -> Rejection {
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {}: {}", cause.field, cause.message);
    let details =
        Details { group: "meta.k8s.io", kind: "ListOptions", causes: vec![cause], ..Details::default() };
    Rejection { code: 422, reason: "Invalid", message, details: Some(Box::new(details)) }
}

impl Watch {
    /// Finds the place in the history. A version that is gone is an event of the stream, not an answer.
    fn begin(&mut self, store: &Store, beginning: &Beginning) -> Result<Option<Rejection>, Rejection> {
        let kind = self.selection.kind;
        self.position = store.next_sequence();
        let current = store.list_version(kind);
        match beginning {
            Beginning::Now => {}
            Beginning::Objects { least, .. } if *least > current => {
                return Err(Rejection::not_yet(*least, current));
            }
            Beginning::Objects { end, .. } => {
                let objects: Vec<_> = self.selection.objects(store, None).cloned().collect();
                self.initial = objects.into_iter();
                self.initial_end = end.then_some(current);
            }
            Beginning::After(version) => {
                if *version > current {
                    return Err(Rejection::not_yet(*version, current));
                }
                match store.sequence_after(kind, *version) {
                    Some(position) => self.position = position,
                    None => return Ok(Some(Rejection::expired(*version, store.horizon(kind)))),
                }
            }
        }
        Ok(None)
    }

    /// The next piece of the stream: one event or several.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(piece) = self.ready() {
                return Some(piece);
            }
            let wake = self.next_bookmark.unwrap_or(self.deadline).min(self.deadline);
            tokio::select! {
                changed = self.changed.changed() => {
                    // The server is gone when nobody can change the store any more.
                    self.ended |= changed.is_err();
                }
                () = tokio::time::sleep_until(wake) => {
                    if let Some(piece) = self.due() {
                        return Some(piece);
                    }
                }
            }
        }
    }

    /// What can be sent at once.
    fn ready(&mut self) -> Option<Bytes> {
        let mut piece = Vec::new();
        for stored in self.initial.by_ref().take(BATCH).collect::<Vec<_>>() {
            self.event(&mut piece, "ADDED", &stored);
        }
        if !piece.is_empty() {
            return Some(piece.into());
        }
        if let Some(version) = self.initial_end.take().filter(|_| self.next_bookmark.is_some()) {
            return Some(self.bookmark(version, true));
        }
        self.changes()
    }

    /// Events for the changes since the last look.
    fn changes(&mut self) -> Option<Bytes> {
        loop {
            self.changed.mark_unchanged();
            let store = self.shared.lock();
            let Some(changes) = store.changes_from(self.position) else {
                let gone = Rejection::expired(0, store.horizon(self.selection.kind));
                drop(store);
                return Some(self.refuse(&gone));
            };
            let changes: Vec<Change> = changes.take(BATCH).cloned().collect();
            drop(store);
            let last = changes.last()?;
            self.position = last.sequence + 1;
            let mut piece = Vec::new();
            for change in &changes {
                self.change(&mut piece, change);
            }
            if !piece.is_empty() {
                return Some(piece.into());
            }
        }
    }

    /// One change as this watch sees it: what leaves its selection is deleted, what enters is added.
    fn change(&mut self, piece: &mut Vec<u8>, change: &Change) {
        if change.object.kind != self.selection.kind {
            return;
        }
        let is = self.selection.matches(&change.object);
        let was = change.before.as_ref().is_some_and(|before| {
            self.selection.namespace.as_deref().is_none_or(|n| n == &*before.namespace)
                && self.selection.labels.matches(&before.labels)
                && self.selection.fields.matched(before, &change.object)
        });
        let event = match (change.change, was, is) {
            (ChangeType::Deleted, true, _) | (_, true, false) => "DELETED",
            (ChangeType::Deleted, false, _) | (_, false, false) => return,
            (_, true, true) => "MODIFIED",
            (_, false, true) => "ADDED",
        };
        self.event(piece, event, &change.object);
    }

    fn event(&mut self, piece: &mut Vec<u8>, event: &str, stored: &Stored) {
        self.rendering.now = self.shared.now();
        let object = self.rendering.single(stored, !self.columns_sent);
        self.columns_sent = true;
        piece.extend_from_slice(format!("{{\"type\":\"{event}\",\"object\":").as_bytes());
        piece.extend_from_slice(&object);
        piece.extend_from_slice(b"}\n");
    }

    /// What time alone brings: a bookmark, or the end.
    fn due(&mut self) -> Option<Bytes> {
        let now = Instant::now();
        if now >= self.deadline {
            self.ended = true;
            return None;
        }
        let last = self.last_bookmark(now);
        self.next_bookmark =
            self.next_bookmark.filter(|_| now < last).map(|_| (now + self.interval).min(last));
        let store = self.shared.lock();
        // Only what has been looked at may be promised.
        if store.next_sequence() != self.position {
            return None;
        }
        let version = store.list_version(self.selection.kind);
        drop(store);
        Some(self.bookmark(version, false))
    }

    /// When the last bookmark is due.
    fn last_bookmark(&self, now: Instant) -> Instant {
        self.deadline.checked_sub(LAST_BOOKMARK).unwrap_or(now).max(now)
    }

    fn bookmark(&self, version: u64, initial_end: bool) -> Bytes {
        let mut object = empty_object(self.selection.kind);
        object["metadata"] = json!({"resourceVersion": version.to_string()});
        if initial_end {
            object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.rendering.form {
            Form::Json => object,
            Form::Metadata => super::table::metadata_only(&object),
            Form::Table => {
                json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
                "columnDefinitions": [], "rows": []})
            }
        };
        format!("{}\n", json!({"type": "BOOKMARK", "object": object})).into()
    }

    fn refuse(&mut self, rejection: &Rejection) -> Bytes {
        self.ended = true;
        format!("{}\n", json!({"type": "ERROR", "object": rejection.to_status()})).into()
    }
}

/// An object with nothing in it, but with what typed clients insist on.
fn empty_object(kind: Kind) -> Value {
    let resource = kind.resource();
    let mut object = json!({"kind": resource.name, "apiVersion": resource.api_version()});
    match kind {
        Kind::Pod => object["spec"] = json!({"containers": null}),
        Kind::DaemonSet => {
            let template = json!({"metadata": {}, "spec": {"containers": null}});
            object["spec"] = json!({"selector": null, "template": template, "updateStrategy": {}});
            object["status"] = json!({"currentNumberScheduled": 0, "numberMisscheduled": 0,
                "desiredNumberScheduled": 0, "numberReady": 0});
        }
        Kind::ControllerRevision => object["revision"] = 0.into(),
        Kind::Event => object["involvedObject"] = json!({}),
        Kind::Namespace | Kind::Node | Kind::PodDisruptionBudget => {}
    }
    object
}
