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

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use deletion::{DeleteOptions, Deletion, Propagation};
pub use history::{Change, ChangeType};
pub use kind::{Kind, Resource};
pub use object::{EventFields, Extra, Header, Labels, Stored};
pub use rejection::{Cause, Details, Rejection};
pub use selector::{LabelSelector, Requirement};

use history::History;
use identity::Identities;
use object::Packer;

/// Events are forgotten an hour after their last write, as the API server's default has it.
const EVENT_LIFE: SignedDuration = SignedDuration::from_hours(1);

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

/// Which part of an object a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything but the status.
    Main,
    /// The status alone.
    Status,
    /// Both at once, past the rules for users: what binding, kubelets and garbage collection do.
    System,
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

struct Planned {
    old: Arc<Stored>,
    /// None where nothing changes.
    new: Option<Value>,
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
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = &Arc<Stored>> {
        self.list_after(kind, namespace, None)
    }

    /// The same, beginning behind a (namespace, name): the next page of a list.
    pub fn list_after(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        after: Option<(&str, &str)>,
    ) -> impl Iterator<Item = &Arc<Stored>> {
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

    /// Changes of every kind after a version, oldest first; None if that history is gone (410).
    #[must_use]
    pub fn changes_since(&self, resource_version: u64) -> Option<impl Iterator<Item = &Change>> {
        self.history.since(resource_version)
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

    /// Creates an object: uid, times, defaults and admission are filled in.
    ///
    /// # Errors
    /// What the API server would answer: 409 for a taken name, 422 for an invalid object, 404 for a
    /// missing namespace.
    pub fn create(&mut self, kind: Kind, object: Value, now: Timestamp) -> Result<Arc<Stored>, Rejection> {
        let mut identities = self.identities.clone();
        let object = self.plan_create(&mut identities, kind, object, now)?;
        self.identities = identities;
        if kind == Kind::Event {
            self.expire_events(now);
        }
        let stored = self.commit(kind, object, ChangeType::Added, None);
        self.note_event(&stored, now);
        Ok(stored)
    }

    /// What `create` would store, without storing it.
    ///
    /// # Errors
    /// As `create`.
    pub fn create_dry_run(&self, kind: Kind, object: Value, now: Timestamp) -> Result<Value, Rejection> {
        self.plan_create(&mut self.identities.clone(), kind, object, now)
    }

    /// Changes an object but for its status. Nothing happens where the change changes nothing.
    ///
    /// # Errors
    /// 404, 409 where the change brings another resourceVersion, 422 where the result is invalid, and
    /// whatever `change` refuses.
    pub fn update(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Value) -> Result<(), Rejection>,
    ) -> Result<Arc<Stored>, Rejection> {
        self.write(Scope::Main, kind, namespace, name, now, change)
    }

    /// Changes an object's status only; the generation stays.
    ///
    /// # Errors
    /// As `update`.
    pub fn update_status(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Value) -> Result<(), Rejection>,
    ) -> Result<Arc<Stored>, Rejection> {
        self.write(Scope::Status, kind, namespace, name, now, change)
    }

    /// Changes an object within a scope; `Scope::System` is for binding, kubelets and garbage collection.
    ///
    /// # Errors
    /// As `update`.
    pub fn write(
        &mut self,
        scope: Scope,
        kind: Kind,
        namespace: &str,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Value) -> Result<(), Rejection>,
    ) -> Result<Arc<Stored>, Rejection> {
        let planned = self.plan_write(scope, kind, namespace, name, change)?;
        let Some(new) = planned.new else { return Ok(planned.old) };
        let stored = self.commit(kind, new, ChangeType::Modified, Some(&planned.old));
        self.note_event(&stored, now);
        if stored.deleting {
            self.finish_deletion(&stored);
        }
        Ok(stored)
    }

    /// What `write` would store, without storing it.
    ///
    /// # Errors
    /// As `update`.
    pub fn write_dry_run(
        &self,
        scope: Scope,
        kind: Kind,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value) -> Result<(), Rejection>,
    ) -> Result<Value, Rejection> {
        let planned = self.plan_write(scope, kind, namespace, name, change)?;
        Ok(planned.new.unwrap_or_else(|| planned.old.value()))
    }

    fn plan_create(
        &self,
        identities: &mut Identities,
        kind: Kind,
        mut object: Value,
        now: Timestamp,
    ) -> Result<Value, Rejection> {
        let resource = kind.resource();
        admission::complete_metadata(kind, &mut object)?;
        if let Some(version) = object["metadata"]["resourceVersion"].as_str().filter(|v| !v.is_empty()) {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(Rejection::bad_request(format!("{message} (it is {version})")));
        }
        let mut name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            let prefix = object["metadata"]["generateName"].as_str().unwrap_or_default();
            name = if prefix.is_empty() { String::new() } else { self.fresh_name(identities, kind, &object) };
        }
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        if resource.namespaced {
            self.check_namespace(kind, &namespace, &name)?;
        }
        let meta = &mut object["metadata"];
        meta["name"] = name.as_str().into();
        meta["uid"] = identities.uid().into();
        meta["creationTimestamp"] = time_text(now).into();
        if !resource.namespaced {
            admission::remove(meta, "namespace");
        }
        for gone in ["deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "selfLink"] {
            admission::remove(meta, gone);
        }
        admission::prepare_create(kind, &mut object, now)?;
        let causes = validation::created(kind, &object);
        if !causes.is_empty() {
            return Err(Rejection::invalid(kind, &name, causes));
        }
        if self.get(kind, &namespace, &name).is_some() {
            return Err(Rejection::already_exists(kind, &name));
        }
        Ok(object)
    }

    fn fresh_name(&self, identities: &mut Identities, kind: Kind, object: &Value) -> String {
        let meta = &object["metadata"];
        let namespace = meta["namespace"].as_str().unwrap_or_default();
        // The API server cuts the prefix so that the whole stays a legal label value.
        let prefix: String = meta["generateName"].as_str().unwrap_or_default().chars().take(58).collect();
        loop {
            let name = format!("{prefix}{}", identities.suffix());
            if self.get(kind, namespace, &name).is_none() {
                return name;
            }
        }
    }

    fn check_namespace(&self, kind: Kind, namespace: &str, name: &str) -> Result<(), Rejection> {
        if namespace.is_empty() {
            let message = "an empty namespace may not be set during creation";
            return Err(Rejection::bad_request(message));
        }
        let stored = self.expect(Kind::Namespace, "", namespace)?;
        // Events still tell of what happens in a namespace that goes away.
        if stored.deleting && kind != Kind::Event {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            return Err(Rejection::forbidden(kind, name, &why));
        }
        Ok(())
    }

    fn plan_write(
        &self,
        scope: Scope,
        kind: Kind,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value) -> Result<(), Rejection>,
    ) -> Result<Planned, Rejection> {
        let old = Arc::clone(self.expect(kind, namespace, name)?);
        let before = old.value();
        let mut after = before.clone();
        change(&mut after)?;
        admission::complete_metadata(kind, &mut after)?;
        let version = after["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        if !version.is_empty() && version != before["metadata"]["resourceVersion"] {
            let why =
                "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Rejection::conflict(kind, name, why));
        }
        let causes = validation::identity_kept(&before, &after);
        if !causes.is_empty() {
            return Err(Rejection::invalid(kind, name, causes));
        }
        admission::prepare_update(scope, kind, &before, &mut after);
        if after == before {
            return Ok(Planned { old, new: None });
        }
        let causes = match scope {
            Scope::Main => validation::updated(kind, &before, &after),
            Scope::Status | Scope::System => Vec::new(),
        };
        if !causes.is_empty() {
            return Err(Rejection::invalid(kind, name, causes));
        }
        Ok(Planned { old, new: Some(after) })
    }

    /// Stores a state under the next version and remembers the change.
    fn commit(
        &mut self,
        kind: Kind,
        mut object: Value,
        change: ChangeType,
        before: Option<&Arc<Stored>>,
    ) -> Arc<Stored> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let stored = self.packer.pack(kind, self.version, &object);
        self.place(change, &stored, before);
        stored
    }

    fn place(&mut self, change: ChangeType, stored: &Arc<Stored>, before: Option<&Arc<Stored>>) {
        let objects = &mut self.objects[stored.kind.index()];
        let key = key(&stored.namespace, &stored.name);
        if change == ChangeType::Deleted {
            objects.remove(&key);
        } else {
            objects.insert(key, Arc::clone(stored));
        }
        let count = self.objects.iter().map(BTreeMap::len).sum();
        self.packer.forget_unused(count);
        let before = before.map(|b| Arc::clone(&b.header));
        self.history.push(change, stored.resource_version, Arc::clone(stored), before);
    }

    fn note_event(&mut self, stored: &Arc<Stored>, now: Timestamp) {
        if stored.kind == Kind::Event {
            let key = key(&stored.namespace, &stored.name);
            self.event_ages.push_back((now, key, stored.resource_version));
        }
    }

    /// Forgets events that nobody wrote to for an hour.
    pub fn expire_events(&mut self, now: Timestamp) {
        while let Some((written, _, _)) = self.event_ages.front() {
            if now.duration_since(*written) < EVENT_LIFE {
                return;
            }
            let Some((_, key, version)) = self.event_ages.pop_front() else { return };
            let stored = self.objects[Kind::Event.index()].get(&key);
            if let Some(stored) = stored.filter(|s| s.resource_version == version).cloned() {
                self.remove(&stored);
            }
        }
    }
}

#[cfg(test)]
mod tests;
