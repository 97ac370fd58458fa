//! The embedded cluster's objects: what etcd and the API server's registry do, without a clock or locks.
//!
//! Objects are kept as compact JSON text, so that 60,000 pods cost what their text costs. Time is passed in.

pub mod admission;
pub mod deletion;
pub mod history;
pub mod identity;
pub mod initial;
pub mod kind;
pub mod object;
pub mod recorded;
pub mod rejection;
pub mod selector;
pub mod validation;
pub mod write;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

pub use deletion::{DeleteOptions, Deletion, Propagation};
pub use history::{Change, ChangeType};
pub use kind::{Kind, Resource, Subresource};
pub use object::{EventFields, Extra, Header, Labels, Stored};
pub use rejection::{Cause, Details, Rejection};
pub use selector::{LabelSelector, Requirement};
pub use write::Scope;

use history::History;
use identity::Identities;
use object::Packer;

/// Every object of the embedded cluster, and the history of its changes.
#[derive(Debug)]
pub struct Store {
    objects: [BTreeMap<Box<str>, Arc<Stored>>; Kind::COUNT],
    history: History,
    packer: Packer,
    identities: Identities,
    version: u64,
    /// What a list of a kind is current to, where recorded objects bring their own versions.
    recorded_versions: Option<[u64; Kind::COUNT]>,
    event_ages: VecDeque<(Timestamp, Box<str>, u64)>,
}

/// RFC 3339 with whole seconds, as the API writes times.
#[must_use]
pub fn time_text(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// Two parts with a byte between them that no name contains: sorts by namespace, then by name.
fn key(namespace: &str, name: &str) -> Box<str> {
    format!("{namespace}\0{name}").into()
}

impl Store {
    /// An empty cluster with the namespaces every cluster has. Equal seeds give equal uids and names.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let mut store = Self::without_namespaces(seed);
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            // Cannot be refused: the store is empty and the names are legal.
            let _ = store.create(Kind::Namespace, json!({"metadata": {"name": name}}), now);
        }
        store
    }

    fn without_namespaces(seed: u64) -> Self {
        Self {
            objects: Default::default(),
            history: History::new(),
            packer: Packer::default(),
            identities: Identities::new(seed),
            version: 0,
            recorded_versions: None,
            event_ages: VecDeque::new(),
        }
    }

    /// Keeps at most this many changes for watches.
    pub fn set_history_limit(&mut self, changes: usize) {
        self.history.set_limit(changes);
    }

    /// The version of the newest change.
    #[must_use]
    pub fn resource_version(&self) -> u64 {
        self.version
    }

    /// The version a list of this kind is current to.
    #[must_use]
    pub fn list_version(&self, kind: Kind) -> u64 {
        self.recorded_versions.map_or(self.version, |versions| versions[kind.index()])
    }

    /// One object. The namespace of cluster-wide objects is empty.
    #[must_use]
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Stored>> {
        self.objects[kind.index()].get(&key(namespace, name))
    }

    /// One object, or the refusal that says it is not there.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn expect(&self, kind: Kind, namespace: &str, name: &str) -> Result<&Arc<Stored>, Rejection> {
        self.get(kind, namespace, name).ok_or_else(|| Rejection::not_found(kind, name))
    }

    /// How many objects of a kind there are.
    #[must_use]
    pub fn len(&self, kind: Kind) -> usize {
        self.objects[kind.index()].len()
    }

    /// Whether there are no objects of a kind.
    #[must_use]
    pub fn is_empty(&self, kind: Kind) -> bool {
        self.objects[kind.index()].is_empty()
    }

    /// The objects of a kind in one namespace or in all, by namespace and name.
    pub fn list<'s>(
        &'s self,
        kind: Kind,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &'s Arc<Stored>> + use<'s> {
        self.list_after(kind, namespace, None)
    }

    /// The same, beginning behind a (namespace, name): the next page of a list.
    pub fn list_after<'s>(
        &'s self,
        kind: Kind,
        namespace: Option<&str>,
        after: Option<(&str, &str)>,
    ) -> impl Iterator<Item = &'s Arc<Stored>> + use<'s> {
        let first = namespace.map(|n| key(n, ""));
        let last = namespace.map(|n| Box::from(format!("{n}\u{1}")));
        let after = after.map(|(namespace, name)| key(namespace, name));
        let start = match (&after, &first) {
            (Some(after), Some(first)) if after < first => Bound::Included(&**first),
            (Some(after), _) => Bound::Excluded(&**after),
            (None, Some(first)) => Bound::Included(&**first),
            (None, None) => Bound::Unbounded,
        };
        // A token that points behind the namespace must not make an inverted range.
        let end = match (&last, &after) {
            (Some(last), Some(after)) if after >= last => Bound::Included(&**after),
            (Some(last), _) => Bound::Excluded(&**last),
            (None, _) => Bound::Unbounded,
        };
        let inverted = matches!((start, end), (Bound::Excluded(a), Bound::Included(b)) if a == b);
        let end = if inverted { Bound::Excluded("\0") } else { end };
        let start = if inverted { Bound::Included("\0") } else { start };
        self.objects[kind.index()].range::<str, _>((start, end)).map(|(_, stored)| stored)
    }

    /// Changes from a sequence number on; None if some of them are gone (410).
    #[must_use]
    pub fn changes_from(&self, sequence: u64) -> Option<impl Iterator<Item = &Change>> {
        self.history.starting_at(sequence)
    }

    /// The sequence number of the first change of a kind after a version; None if that history is gone.
    #[must_use]
    pub fn sequence_after(&self, kind: Kind, resource_version: u64) -> Option<u64> {
        self.history.sequence_after(kind, resource_version)
    }

    /// The sequence number the next change will have.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.history.next_sequence()
    }

    /// The oldest version from which a watch of this kind can begin.
    #[must_use]
    pub fn horizon(&self, kind: Kind) -> u64 {
        self.history.horizon(kind)
    }
}

#[cfg(test)]
mod tests;
