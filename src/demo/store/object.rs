//! One stored object: its JSON text and the few fields that selectors and controllers look at.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::kind::Kind;

/// An object's labels, sorted by key; equal sets share one allocation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Labels(Arc<[(Box<str>, Box<str>)]>);

impl Labels {
    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let index = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.0[index].1)
    }

    /// Every label, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (&**k, &**v))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(object: &Value) -> Self {
        let mut pairs: Vec<(Box<str>, Box<str>)> = object["metadata"]["labels"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.as_str().into(), v.as_str()?.into())))
            .collect();
        pairs.sort();
        Self(pairs.into())
    }
}

/// What field selectors and controllers ask of an object without parsing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its type.
    pub kind: Kind,
    /// Its namespace; empty for cluster-wide objects.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its uid.
    pub uid: Box<str>,
    /// The version of this state.
    pub resource_version: u64,
    /// Its labels.
    pub labels: Labels,
    /// The uid of its controller, if it has one.
    pub owner_uid: Option<Box<str>>,
    /// Whether its deletion has begun.
    pub deleting: bool,
    /// What only some kinds have.
    pub extra: Extra,
}

/// Fields of single kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// Nothing more.
    None,
    /// A pod's.
    Pod {
        /// `spec.nodeName`, empty while unbound.
        node_name: Box<str>,
        /// `status.phase`
        phase: Box<str>,
    },
    /// A node's `spec.unschedulable`.
    Node {
        /// Whether it is cordoned.
        unschedulable: bool,
    },
    /// An event's.
    Event(Box<EventFields>),
}

/// The selectable fields of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFields {
    /// `involvedObject.kind`
    pub kind: Box<str>,
    /// `involvedObject.namespace`
    pub namespace: Box<str>,
    /// `involvedObject.name`
    pub name: Box<str>,
    /// `involvedObject.uid`
    pub uid: Box<str>,
    /// `involvedObject.apiVersion`
    pub api_version: Box<str>,
    /// `involvedObject.resourceVersion`
    pub resource_version: Box<str>,
    /// `involvedObject.fieldPath`
    pub field_path: Box<str>,
    /// `reason`
    pub reason: Box<str>,
    /// `type`
    pub event_type: Box<str>,
    /// `source.component`, or `reportingComponent`
    pub source: Box<str>,
}

/// One object of the store in one of its states.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What is known without parsing; `stored.name` and the like work directly.
    pub header: Arc<Header>,
    /// The whole object as compact JSON.
    pub bytes: Bytes,
}

impl Deref for Stored {
    type Target = Header;

    fn deref(&self) -> &Header {
        &self.header
    }
}

impl Stored {
    /// The whole object.
    ///
    /// # Panics
    /// Never: the bytes were made by serializing a value.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("the store wrote these bytes itself")
    }
}

impl Header {
    /// `spec.nodeName` of a pod; empty for an unbound pod and for every other kind.
    #[must_use]
    pub fn node_name(&self) -> &str {
        match &self.extra {
            Extra::Pod { node_name, .. } => node_name,
            _ => "",
        }
    }

    /// `status.phase` of a pod; empty for every other kind.
    #[must_use]
    pub fn phase(&self) -> &str {
        match &self.extra {
            Extra::Pod { phase, .. } => phase,
            _ => "",
        }
    }

    /// Whether a pod has ended (phase Succeeded or Failed).
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase(), "Succeeded" | "Failed")
    }
}

/// Makes stored objects, sharing what repeats among them.
#[derive(Debug, Default)]
pub(super) struct Packer {
    labels: HashSet<Labels>,
}

fn text(value: &Value) -> Box<str> {
    value.as_str().unwrap_or_default().into()
}

impl Packer {
    /// Packs an object whose metadata is complete.
    pub(super) fn pack(&mut self, kind: Kind, resource_version: u64, object: &Value) -> Arc<Stored> {
        let meta = &object["metadata"];
        let owner = meta["ownerReferences"].as_array().into_iter().flatten();
        let owner_uid = owner.into_iter().find(|o| o["controller"] == true).map(|o| text(&o["uid"]));
        let header = Header {
            kind,
            namespace: text(&meta["namespace"]),
            name: text(&meta["name"]),
            uid: text(&meta["uid"]),
            resource_version,
            labels: self.share_labels(Labels::of(object)),
            owner_uid,
            deleting: meta["deletionTimestamp"].is_string(),
            extra: extra(kind, object),
        };
        let bytes = serde_json::to_vec(object).expect("a JSON value always serializes");
        Arc::new(Stored { header: Arc::new(header), bytes: bytes.into() })
    }

    /// Forgets shared parts that no object uses any more.
    pub(super) fn forget_unused(&mut self, objects: usize) {
        let limit = 2 * objects + 1_000;
        if self.labels.len() > limit {
            self.labels.retain(|l| Arc::strong_count(&l.0) > 1);
        }
    }

    fn share_labels(&mut self, labels: Labels) -> Labels {
        if let Some(known) = self.labels.get(&labels) {
            return known.clone();
        }
        self.labels.insert(labels.clone());
        labels
    }
}

fn extra(kind: Kind, object: &Value) -> Extra {
    let (spec, status) = (&object["spec"], &object["status"]);
    match kind {
        Kind::Pod => Extra::Pod { node_name: text(&spec["nodeName"]), phase: text(&status["phase"]) },
        Kind::Node => Extra::Node { unschedulable: spec["unschedulable"] == true },
        Kind::Event => Extra::Event(Box::new(event_fields(object))),
        _ => Extra::None,
    }
}

fn event_fields(object: &Value) -> EventFields {
    let about = &object["involvedObject"];
    let component = text(&object["source"]["component"]);
    EventFields {
        kind: text(&about["kind"]),
        namespace: text(&about["namespace"]),
        name: text(&about["name"]),
        uid: text(&about["uid"]),
        api_version: text(&about["apiVersion"]),
        resource_version: text(&about["resourceVersion"]),
        field_path: text(&about["fieldPath"]),
        reason: text(&object["reason"]),
        event_type: text(&object["type"]),
        source: if component.is_empty() { text(&object["reportingComponent"]) } else { component },
    }
}
