//! Field selectors: `metadata.name=a,spec.nodeName!=b`.

use crate::demo::store::{Extra, Header, Kind, Rejection, Stored};

/// Conditions on fields that must all hold.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldSelector(Vec<Term>);

#[derive(Debug, Clone)]
struct Term {
    field: String,
    value: String,
    equal: bool,
}

const POD: [&str; 8] = [
    "spec.nodeName",
    "status.phase",
    "spec.schedulerName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.podIP",
    "status.nominatedNodeName",
];
const EVENT: [&str; 11] = [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "type",
    "source",
    "reportingComponent",
];

fn supported(kind: Kind, field: &str) -> bool {
    match field {
        "metadata.name" => true,
        "metadata.namespace" => kind.resource().namespaced,
        _ => match kind {
            Kind::Pod => POD.contains(&field),
            Kind::Event => EVENT.contains(&field),
            Kind::Node => field == "spec.unschedulable",
            Kind::Namespace => field == "status.phase",
            _ => false,
        },
    }
}

impl FieldSelector {
    /// Reads a selector; a field the kind cannot be selected by is refused, as the API server does.
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, Rejection> {
        let mut terms = Vec::new();
        for part in split(text) {
            let (field, value, equal) = if let Some((field, value)) = part.split_once("!=") {
                (field, value, false)
            } else if let Some((field, value)) = part.split_once("==") {
                (field, value, true)
            } else if let Some((field, value)) = part.split_once('=') {
                (field, value, true)
            } else {
                return Err(Rejection::bad_request(format!(
                    "invalid field selector: {part:?}; write field=value"
                )));
            };
            if !supported(kind, field) {
                let resource = kind.resource();
                let group = if resource.group.is_empty() { "/v1".to_owned() } else { resource.api_version() };
                return Err(Rejection::bad_request(format!(
                    "Unable to find \"{group}, Resource={}\" that match label selector \"\", field selector \
                     \"{text}\": field label not supported: {field}",
                    resource.plural
                )));
            }
            terms.push(Term { field: field.to_owned(), value: value.to_owned(), equal });
        }
        Ok(Self(terms))
    }

    /// Whether there are no conditions.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one name it asks for, if it does.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.iter().find(|t| t.equal && t.field == "metadata.name").map(|t| t.value.as_str())
    }

    /// Adds the condition that an object has this name.
    pub(super) fn with_name(mut self, name: &str) -> Self {
        self.0.push(Term { field: "metadata.name".to_owned(), value: name.to_owned(), equal: true });
        self
    }

    /// Whether an object is selected.
    pub(super) fn matches(&self, stored: &Stored) -> bool {
        self.0.iter().all(|term| {
            let equal = match known(&stored.header, &term.field) {
                Some(value) => value == term.value,
                None => parsed(stored, &term.field) == term.value,
            };
            equal == term.equal
        })
    }

    /// Whether an object with this header was selected. Fields beyond the header are taken as they are
    /// in `now`: they never change once set.
    pub(super) fn matched(&self, before: &Header, now: &Stored) -> bool {
        self.0.iter().all(|term| {
            let equal = match known(before, &term.field) {
                Some(value) => value == term.value,
                None => parsed(now, &term.field) == term.value,
            };
            equal == term.equal
        })
    }
}

/// Splits at commas that are not escaped.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match c {
            ',' => parts.push(String::new()),
            '\\' => parts[last].extend(chars.next()),
            c => parts[last].push(c),
        }
    }
    parts.retain(|p| !p.is_empty());
    parts
}

fn known<'a>(header: &'a Header, field: &str) -> Option<&'a str> {
    Some(match (field, &header.extra) {
        ("metadata.name", _) => &header.name,
        ("metadata.namespace", _) => &header.namespace,
        ("spec.nodeName", Extra::Pod { .. }) => header.node_name(),
        ("status.phase", Extra::Pod { .. }) => header.phase(),
        ("spec.unschedulable", Extra::Node { unschedulable }) => {
            if *unschedulable {
                "true"
            } else {
                "false"
            }
        }
        ("involvedObject.kind", Extra::Event(e)) => &e.kind,
        ("involvedObject.namespace", Extra::Event(e)) => &e.namespace,
        ("involvedObject.name", Extra::Event(e)) => &e.name,
        ("involvedObject.uid", Extra::Event(e)) => &e.uid,
        ("involvedObject.apiVersion", Extra::Event(e)) => &e.api_version,
        ("involvedObject.resourceVersion", Extra::Event(e)) => &e.resource_version,
        ("involvedObject.fieldPath", Extra::Event(e)) => &e.field_path,
        ("reason", Extra::Event(e)) => &e.reason,
        ("type", Extra::Event(e)) => &e.event_type,
        ("source" | "reportingComponent", Extra::Event(e)) => &e.source,
        _ => return None,
    })
}

/// The fields that hardly anybody selects by are worth a parse when somebody does.
fn parsed(stored: &Stored, field: &str) -> String {
    let pointer = format!("/{}", field.replace('.', "/"));
    match stored.value().pointer(&pointer) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Bool(flag)) => flag.to_string(),
        _ if field == "spec.hostNetwork" => "false".to_owned(),
        _ => String::new(),
    }
}
