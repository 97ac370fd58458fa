//! Creating and changing objects: planned first, so that a dry run is the same without the last step.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::history::ChangeType;
use super::identity::Identities;
use super::kind::Kind;
use super::object::Stored;
use super::rejection::Rejection;
use super::{Store, admission, key, time_text, validation};

/// Events are forgotten an hour after their last write, as the API server's default has it.
const EVENT_LIFE: SignedDuration = SignedDuration::from_hours(1);

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

struct Planned {
    old: Arc<Stored>,
    /// None where nothing changes.
    new: Option<Value>,
}

impl Store {
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

    pub(super) fn fresh_name(&self, identities: &mut Identities, kind: Kind, object: &Value) -> String {
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
    pub(super) fn commit(
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

    pub(super) fn place(&mut self, change: ChangeType, stored: &Arc<Stored>, before: Option<&Arc<Stored>>) {
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
