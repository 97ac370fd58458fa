//! What every object carries.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::decode::{nullable, time};
use crate::domain::id::{ObjectKey, Uid};
use crate::domain::text::Text;

/// Labels, sorted by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Box<[(Text, Text)]>);

impl Labels {
    /// The value of `key`; an empty value is not the same as no label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok().map(|at| &self.0[at].1)
    }

    /// All labels, by key.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(k, v)| (k, v))
    }

    /// The number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<Text>, V: Into<Text>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let sorted: BTreeMap<Text, Text> = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self(sorted.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LabelsVisitor;
        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = Labels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_unit<E>(self) -> Result<Labels, E> {
                Ok(Labels::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut pairs: Vec<(Text, Text)> = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs.into_iter().collect())
            }
        }
        deserializer.deserialize_any(LabelsVisitor)
    }
}

/// The owner that manages an object: its only reference with `controller: true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The owner's kind, like `DaemonSet`.
    pub kind: Text,
    /// The owner's name.
    pub name: Text,
    /// The owner's uid: the only part that says who owns.
    pub uid: Uid,
}

/// Metadata common to all objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Namespace and name.
    pub key: ObjectKey,
    /// The uid.
    pub uid: Uid,
    /// The resourceVersion as a number; none where it is not one (it is opaque by contract).
    pub resource_version: Option<u64>,
    /// Counts changes of the spec.
    pub generation: i64,
    /// When the object was created.
    pub created: Option<Timestamp>,
    /// The deletionTimestamp: for a pod, when its grace period ends.
    pub deleting: Option<Timestamp>,
    /// The labels.
    pub labels: Labels,
    /// The managing owner.
    pub owner: Option<Owner>,
}

/// Metadata as the API writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireMeta<A: Default> {
    name: Text,
    namespace: Text,
    uid: Uid,
    resource_version: Text,
    #[serde(deserialize_with = "nullable")]
    generation: i64,
    #[serde(deserialize_with = "time")]
    creation_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    deletion_timestamp: Option<Timestamp>,
    labels: Labels,
    #[serde(deserialize_with = "nullable")]
    owner_references: Vec<WireOwner>,
    /// The annotations that the kind wants; the others are skipped.
    #[serde(bound(deserialize = "A: Deserialize<'de>"), deserialize_with = "nullable")]
    pub(super) annotations: A,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireOwner {
    kind: Text,
    name: Text,
    uid: Uid,
    #[serde(deserialize_with = "nullable")]
    controller: bool,
}

/// No annotation is wanted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NoAnnotations {}

impl<A: Default> From<WireMeta<A>> for Meta {
    fn from(wire: WireMeta<A>) -> Self {
        Self {
            key: ObjectKey { namespace: wire.namespace, name: wire.name },
            uid: wire.uid,
            resource_version: wire.resource_version.parse().ok(),
            generation: wire.generation,
            created: wire.creation_timestamp,
            deleting: wire.deletion_timestamp,
            labels: wire.labels,
            owner: wire.owner_references.into_iter().find(|owner| owner.controller).map(|owner| Owner {
                kind: owner.kind,
                name: owner.name,
                uid: owner.uid,
            }),
        }
    }
}
