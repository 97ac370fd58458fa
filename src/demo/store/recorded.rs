//! Objects that come with their own identity: a recording's, placed in the store exactly as they are.

use std::sync::Arc;

use serde_json::Value;

use super::history::ChangeType;
use super::kind::Kind;
use super::object::Stored;
use super::{Store, admission, key};

impl Store {
    /// An empty store whose objects, uids and versions all come from a recording.
    #[must_use]
    pub fn for_recording() -> Self {
        let mut store = Self::without_namespaces(0);
        store.recorded_versions = Some([0; Kind::COUNT]);
        store
    }

    /// Whether the objects are a recording's: then only the recording may change them.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.recorded_versions.is_some()
    }

    /// Places a whole recorded list. What is there already stays; the list is no change to watch.
    pub fn place_recorded_list(&mut self, kind: Kind, resource_version: u64, items: &[Value]) {
        for item in items {
            let stored = self.pack_recorded(kind, item);
            self.objects[kind.index()].insert(key(&stored.namespace, &stored.name), stored);
        }
        self.reach_recorded_version(kind, resource_version);
        // A watch can begin at the list, not before it.
        self.history.raise_horizon(kind, resource_version);
    }

    /// Applies one recorded watch event.
    pub fn apply_recorded(&mut self, kind: Kind, change: ChangeType, object: &Value) -> Arc<Stored> {
        let stored = self.pack_recorded(kind, object);
        let before = self.get(kind, &stored.namespace, &stored.name).cloned();
        self.reach_recorded_version(kind, stored.resource_version);
        self.place(change, &stored, before.as_ref());
        stored
    }

    /// Notes that nothing of this kind happened up to a version (a bookmark).
    pub fn reach_recorded_version(&mut self, kind: Kind, resource_version: u64) {
        self.version = self.version.max(resource_version);
        if let Some(versions) = &mut self.recorded_versions {
            let version = &mut versions[kind.index()];
            *version = (*version).max(resource_version);
        }
    }

    fn pack_recorded(&mut self, kind: Kind, object: &Value) -> Arc<Stored> {
        let version = object["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok());
        let version = version.unwrap_or(self.version);
        let mut object = object.clone();
        let resource = kind.resource();
        // Items of a list come without their type.
        admission::default(&mut object, "apiVersion", resource.api_version().into());
        admission::default(&mut object, "kind", resource.name.into());
        self.packer.pack(kind, version, &object)
    }
}
