//! A DaemonSet just read, as a write needs it.

use serde_json::Value;

use super::patch::{JsonPatch, annotation};
use super::refusal::Refusal;
use super::{Command, Method, Proposal, Verb};
use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use crate::domain::pause::{self, Pause};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// Where the strategy is.
pub(super) const STRATEGY: &str = "/spec/updateStrategy";
/// Where the template is.
pub(super) const TEMPLATE: &str = "/spec/template";

/// A live DaemonSet and what decides about writes to it.
pub(super) struct Subject<'a> {
    /// The whole object.
    pub(super) object: &'a RawObject,
    /// Which one.
    pub(super) target: ObjectRef,
    /// Its strategy as it is.
    pub(super) strategy: &'a Value,
    /// The raw value of dsgrid's annotation.
    pub(super) annotation: Option<&'a str>,
    uid: &'a Value,
    generation: &'a Value,
}

impl<'a> Subject<'a> {
    /// Reads what a write needs; one that is being deleted takes none.
    pub(super) fn read(object: &'a RawObject) -> Result<Self, Refusal> {
        let part =
            |pointer, name| object.at(pointer).filter(|it| !it.is_null()).ok_or(Refusal::Malformed(name));
        let subject = Self {
            object,
            target: target(object, ObjectKind::DaemonSet)?,
            strategy: part(STRATEGY, "spec.updateStrategy")?,
            annotation: object.at(&annotation("/metadata", pause::ANNOTATION)).and_then(Value::as_str),
            uid: part("/metadata/uid", "metadata.uid")?,
            generation: part("/metadata/generation", "metadata.generation")?,
        };
        if object.at("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null()) {
            return Err(Refusal::Deleting);
        }
        Ok(subject)
    }

    /// Whether pods are replaced only when somebody deletes them.
    pub(super) fn is_on_delete(&self) -> bool {
        self.strategy.get("type").and_then(Value::as_str) == Some("OnDelete")
    }

    /// dsgrid's annotation.
    pub(super) fn pause(&self) -> Option<Pause> {
        self.annotation.map(Pause::read)
    }

    /// A patch that is refused for another object of the same name.
    pub(super) fn guarded_by_uid(&self) -> JsonPatch {
        JsonPatch::default().test("/metadata/uid", self.uid)
    }

    /// A patch that is refused also where the spec was edited meanwhile. The generation counts only that, so the
    /// controller's status writes during a rollout do not matter (`daemonset/strategy.go`, `PrepareForUpdate`).
    pub(super) fn guarded(&self) -> JsonPatch {
        self.guarded_by_uid().test("/metadata/generation", self.generation)
    }

    /// A write of this patch.
    pub(super) fn propose(
        &self,
        verb: Verb,
        patch: &JsonPatch,
        from: &str,
        to: &str,
    ) -> Result<Proposal, Refusal> {
        let after = patch.applied(self.object.value()).ok_or(Refusal::Malformed("place for the change"))?;
        let command = Command {
            verb,
            target: self.target.clone(),
            method: Method::JsonPatch,
            body: patch.body(),
            from: Text::new(from),
            to: Text::new(to),
        };
        Ok(Proposal { command, after: Some(RawObject::new(after)), notes: Vec::new() })
    }
}

/// Which object this is.
pub(super) fn target(object: &RawObject, kind: ObjectKind) -> Result<ObjectRef, Refusal> {
    let text = |pointer| object.at(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("/metadata/name").ok_or(Refusal::Malformed("metadata.name"))?;
    let uid = text("/metadata/uid").ok_or(Refusal::Malformed("metadata.uid"))?;
    let namespace = text("/metadata/namespace").unwrap_or_default();
    let key = ObjectKey { namespace: Text::new(namespace), name: Text::new(name) };
    Ok(ObjectRef { kind, key, uid: Uid::new(uid) })
}
