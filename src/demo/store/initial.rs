//! Objects that are there from the beginning: placed complete, without passing through history.

use std::sync::Arc;

use serde_json::Value;

use super::kind::Kind;
use super::object::Stored;
use super::{Store, admission, key};

impl Store {
    /// Places an object as a cluster of some age holds it: with its own times and status.
    ///
    /// Uid and version are given here, and a name where there is only `generateName`; then `fill` completes it. It is
    /// no change to watch, so that a large cluster does not begin with a history nobody asked for.
    pub fn place_initial(
        &mut self,
        kind: Kind,
        mut object: Value,
        fill: impl FnOnce(&mut Value),
    ) -> Arc<Stored> {
        let resource = kind.resource();
        object["apiVersion"] = resource.api_version().into();
        object["kind"] = resource.name.into();
        let mut identities = self.identities.clone();
        if object["metadata"]["name"].as_str().unwrap_or_default().is_empty() {
            object["metadata"]["name"] = self.fresh_name(&mut identities, kind, &object).into();
        }
        object["metadata"]["uid"] = identities.uid().into();
        self.identities = identities;
        fill(&mut object);
        if kind == Kind::Pod {
            admission::complete_initial_pod(&mut object);
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let stored = self.packer.pack(kind, self.version, &object);
        self.objects[kind.index()].insert(key(&stored.namespace, &stored.name), Arc::clone(&stored));
        self.history.raise_horizon(kind, self.version);
        stored
    }
}
