//! Deleting: grace periods, finalizers, and what goes with an owner.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::admission::remove;
use super::history::ChangeType;
use super::kind::Kind;
use super::object::Stored;
use super::rejection::Rejection;
use super::{Store, time_text};

const FOREGROUND: &str = "foregroundDeletion";

/// What becomes of the objects a deleted object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// The owner goes at once, what it owns after it.
    #[default]
    Background,
    /// The owner stays until what it owns is gone.
    Foreground,
    /// What it owns stays, without an owner.
    Orphan,
}

/// How to delete.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// Only the object with this uid.
    pub uid: Option<String>,
    /// Only the object at this version.
    pub resource_version: Option<String>,
    /// Seconds for the pod to end; its own grace period if absent.
    pub grace_seconds: Option<i64>,
    /// What becomes of the objects it owns.
    pub propagation: Propagation,
}

/// What a deletion came to.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// The object: its last state, or the state that says it is going.
    pub object: Arc<Stored>,
    /// Whether it is gone; otherwise a kubelet or a finalizer still holds it.
    pub gone: bool,
}

enum Verdict {
    Remove,
    Mark { grace: i64 },
    Nothing,
}

impl Store {
    /// Deletes an object, or begins to.
    ///
    /// # Errors
    /// 404, 409 where a precondition does not hold, 403 for namespaces that must stay.
    pub fn delete(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Result<Deletion, Rejection> {
        let stored = self.check_delete(kind, namespace, name, options)?;
        let mut object = stored.value();
        let dependents = self.dependents(&stored);
        if kind == Kind::DaemonSet && options.propagation == Propagation::Foreground && !dependents.is_empty()
        {
            add_finalizer(&mut object, FOREGROUND);
        }
        let deletion = match verdict(kind, &object, options) {
            Verdict::Nothing => Deletion { object: stored, gone: false },
            Verdict::Remove => Deletion { object: self.remove(&stored), gone: true },
            Verdict::Mark { grace } => {
                mark(kind, &mut object, grace, now);
                let object = self.commit(kind, object, ChangeType::Modified, Some(&stored));
                Deletion { object, gone: false }
            }
        };
        match kind {
            Kind::Namespace => self.empty_namespace(name, now),
            _ if options.propagation == Propagation::Orphan => self.orphan(&dependents),
            _ => self.delete_all(&dependents, now),
        }
        let gone = deletion.gone || self.get(kind, namespace, name).is_none();
        Ok(Deletion { gone, ..deletion })
    }

    /// Whether `delete` would go through; the object as it is now.
    ///
    /// # Errors
    /// As `delete`.
    pub fn check_delete(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Arc<Stored>, Rejection> {
        let stored = Arc::clone(self.expect(kind, namespace, name)?);
        if let Some(uid) = options.uid.as_deref().filter(|uid| **uid != *stored.uid) {
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                stored.uid
            );
            return Err(Rejection::conflict(kind, name, &why));
        }
        let version = stored.resource_version.to_string();
        if let Some(wanted) = options.resource_version.as_deref().filter(|wanted| *wanted != version) {
            let why = format!(
                "Precondition failed: ResourceVersion in precondition: {wanted}, ResourceVersion in object meta: {version}"
            );
            return Err(Rejection::conflict(kind, name, &why));
        }
        if kind == Kind::Namespace && ["default", "kube-system", "kube-public"].contains(&name) {
            return Err(Rejection::forbidden(kind, name, "this namespace may not be deleted"));
        }
        Ok(stored)
    }

    /// The pods and revisions an object controls.
    #[must_use]
    pub fn dependents(&self, owner: &Stored) -> Vec<Arc<Stored>> {
        if owner.kind != Kind::DaemonSet {
            return Vec::new();
        }
        let controlled = |kind| {
            self.list(kind, Some(&owner.namespace))
                .filter(|s| s.owner_uid.as_deref() == Some(&*owner.uid))
                .cloned()
        };
        controlled(Kind::Pod).chain(controlled(Kind::ControllerRevision)).collect()
    }

    fn delete_all(&mut self, objects: &[Arc<Stored>], now: Timestamp) {
        for object in objects {
            // Gone meanwhile is as good as deleted.
            let _ = self.delete(object.kind, &object.namespace, &object.name, &DeleteOptions::default(), now);
        }
    }

    fn orphan(&mut self, dependents: &[Arc<Stored>]) {
        for stored in dependents {
            let mut object = stored.value();
            if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
                owners.retain(|o| o["controller"] != true);
                if owners.is_empty() {
                    remove(&mut object["metadata"], "ownerReferences");
                }
            }
            self.commit(stored.kind, object, ChangeType::Modified, Some(stored));
        }
    }

    fn empty_namespace(&mut self, name: &str, now: Timestamp) {
        let kinds =
            [Kind::DaemonSet, Kind::ControllerRevision, Kind::Pod, Kind::PodDisruptionBudget, Kind::Event];
        for kind in kinds {
            let content: Vec<Arc<Stored>> = self.list(kind, Some(name)).cloned().collect();
            self.delete_all(&content, now);
        }
        self.finish_namespace(name);
    }

    /// Removes a terminating namespace once nothing is left in it.
    fn finish_namespace(&mut self, name: &str) {
        let Some(stored) = self.get(Kind::Namespace, "", name).filter(|n| n.deleting).cloned() else {
            return;
        };
        if Kind::ALL.into_iter().all(|kind| self.list(kind, Some(name)).next().is_none()) {
            self.remove(&stored);
        }
    }

    /// Removes a marked object when nothing holds it any more.
    pub(super) fn finish_deletion(&mut self, stored: &Arc<Stored>) {
        let object = stored.value();
        let meta = &object["metadata"];
        let held = meta["finalizers"].as_array().is_some_and(|f| !f.is_empty());
        let waits = stored.kind == Kind::Namespace
            || (stored.kind == Kind::Pod && meta["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) > 0);
        if !held && !waits {
            self.remove(stored);
        }
    }

    /// Takes an object out, at a version of its own, and lets go whoever waited for that.
    pub(super) fn remove(&mut self, stored: &Arc<Stored>) -> Arc<Stored> {
        let last = self.commit(stored.kind, stored.value(), ChangeType::Deleted, Some(stored));
        if let Some(owner) = &last.owner_uid {
            self.finish_foreground(&last.namespace, owner);
        }
        if last.kind.resource().namespaced {
            self.finish_namespace(&last.namespace);
        }
        last
    }

    fn finish_foreground(&mut self, namespace: &str, owner: &str) {
        let waiting = self.list(Kind::DaemonSet, Some(namespace)).find(|d| d.deleting && *d.uid == *owner);
        let Some(waiting) = waiting.cloned() else { return };
        if !self.dependents(&waiting).is_empty() {
            return;
        }
        let mut object = waiting.value();
        let Some(finalizers) = object["metadata"]["finalizers"].as_array_mut() else { return };
        finalizers.retain(|f| f != FOREGROUND);
        if finalizers.is_empty() {
            self.remove(&waiting);
        } else {
            self.commit(Kind::DaemonSet, object, ChangeType::Modified, Some(&waiting));
        }
    }
}

fn add_finalizer(object: &mut Value, name: &str) {
    let finalizers = &mut object["metadata"]["finalizers"];
    if !finalizers.is_array() {
        *finalizers = json!([]);
    }
    if let Some(list) = finalizers.as_array_mut()
        && !list.iter().any(|f| f == name)
    {
        list.push(name.into());
    }
}

/// The pod rules are those of the API server's `CheckGracefulDelete`: a pod that never started or has
/// ended needs no grace, and a second request may only shorten it.
fn verdict(kind: Kind, object: &Value, options: &DeleteOptions) -> Verdict {
    let meta = &object["metadata"];
    let deleting = meta["deletionTimestamp"].is_string();
    let held = meta["finalizers"].as_array().is_some_and(|f| !f.is_empty());
    if kind == Kind::Namespace {
        return if deleting { Verdict::Nothing } else { Verdict::Mark { grace: 0 } };
    }
    if kind != Kind::Pod {
        return match (held, deleting) {
            (false, _) => Verdict::Remove,
            (true, true) => Verdict::Nothing,
            (true, false) => Verdict::Mark { grace: 0 },
        };
    }
    let own = object["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let mut grace = options.grace_seconds.unwrap_or(own);
    // A negative period is "as soon as the kubelet can".
    if grace < 0 {
        grace = 1;
    }
    let bound = object["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty());
    if !bound || matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        grace = 0;
    }
    let current = meta["deletionGracePeriodSeconds"].as_i64();
    match current.filter(|_| deleting) {
        Some(current) if grace >= current && (grace > 0 || held) => Verdict::Nothing,
        _ if grace == 0 && !held => Verdict::Remove,
        _ => Verdict::Mark { grace },
    }
}

fn mark(kind: Kind, object: &mut Value, grace: i64, now: Timestamp) {
    let meta = &mut object["metadata"];
    let began = meta["deletionTimestamp"].as_str().and_then(|t| t.parse::<Timestamp>().ok());
    let base = match began {
        // Shortening counts from when the deletion was asked for first.
        Some(end) => {
            let old = meta["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
            end.checked_sub(SignedDuration::from_secs(old)).unwrap_or(now)
        }
        None => now,
    };
    let end = base.checked_add(SignedDuration::from_secs(grace)).unwrap_or(base);
    meta["deletionTimestamp"] = time_text(end).into();
    if kind != Kind::Namespace {
        meta["deletionGracePeriodSeconds"] = grace.into();
    }
    if began.is_none()
        && let Some(generation) = meta["generation"].as_i64()
    {
        meta["generation"] = (generation + 1).into();
    }
    if kind == Kind::Namespace {
        object["status"] = json!({"phase": "Terminating"});
    }
}
