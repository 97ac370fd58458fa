//! What the user wants changed, before anything is read for it: enough to ask the same question anew.

use serde_json::json;

use super::dialog::Field;
use super::model::Model;
use super::replace;
use crate::domain::command::{Limits, ResumeTo, Verb};
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef};
use crate::domain::inquiry::{Inquiry, Permission};
use crate::domain::replace::options::Options;
use crate::domain::strategy::{check, read_limit};
use crate::domain::text::Text;

/// What the user wants changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Stop a rollout where it is.
    Pause {
        /// Whose.
        daemon_set: ObjectRef,
        /// Why, as it was typed; can be empty.
        reason: Text,
    },
    /// Let a paused rollout go on.
    Resume {
        /// Whose.
        daemon_set: ObjectRef,
        /// What is restored.
        to: ResumeTo,
    },
    /// Remove what a pause left behind after something reverted the strategy.
    Forget {
        /// Where.
        daemon_set: ObjectRef,
    },
    /// Replace all pods by a rollout.
    Restart {
        /// Whose.
        daemon_set: ObjectRef,
    },
    /// Go back to an earlier template.
    Undo {
        /// Whose.
        daemon_set: ObjectRef,
        /// All its revisions.
        revisions: Vec<ObjectRef>,
        /// The number of the one to go back to.
        to: i64,
    },
    /// Change the limits of a rollout.
    Throttle {
        /// Whose.
        daemon_set: ObjectRef,
        /// The new limits.
        limits: Limits,
    },
    /// Replace outdated pods node by node, under gates.
    Replace {
        /// Whose.
        daemon_set: ObjectRef,
        /// How.
        options: Box<Options>,
    },
    /// Delete a pod whose node cannot say that it ended.
    ForceDelete {
        /// The pod.
        pod: ObjectRef,
        /// The dead node's name.
        node: NodeName,
        /// The dead node; none where its object is gone.
        node_object: Option<ObjectRef>,
    },
}

impl Intent {
    /// In the words of the journal.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self {
            Self::Pause { .. } => Verb::Pause,
            Self::Resume { .. } => Verb::Resume,
            Self::Forget { .. } => Verb::Annotate,
            Self::Restart { .. } => Verb::Restart,
            Self::Undo { .. } => Verb::Undo,
            Self::Throttle { .. } => Verb::Throttle,
            Self::Replace { .. } => Verb::Replace,
            Self::ForceDelete { .. } => Verb::ForceDeletePod,
        }
    }

    /// The object that is written.
    #[must_use]
    pub fn target(&self) -> &ObjectRef {
        match self {
            Self::Pause { daemon_set, .. }
            | Self::Resume { daemon_set, .. }
            | Self::Forget { daemon_set }
            | Self::Restart { daemon_set }
            | Self::Undo { daemon_set, .. }
            | Self::Replace { daemon_set, .. }
            | Self::Throttle { daemon_set, .. } => daemon_set,
            Self::ForceDelete { pod, .. } => pod,
        }
    }

    /// What is read afresh before anything is asked; the target first.
    #[must_use]
    pub fn reads(&self) -> Vec<Inquiry> {
        let others: Vec<ObjectRef> = match self {
            Self::Undo { revisions, .. } => revisions.clone(),
            Self::ForceDelete { node_object, .. } => node_object.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let objects = std::iter::once(self.target().clone()).chain(others).map(Inquiry::Object);
        let Self::Replace { daemon_set, options } = self else { return objects.collect() };
        let remove = if options.evict { Verb::EvictPod } else { Verb::Replace };
        let rights = [remove, Verb::Annotate].map(|verb| permission(verb, &daemon_set.key));
        let neighbours = (!options.without_neighbours).then(list_neighbours);
        let budgets = options.evict.then(|| Inquiry::Budgets(daemon_set.key.namespace.clone()));
        objects.chain(rights.into_iter().chain(neighbours).map(Inquiry::Access)).chain(budgets).collect()
    }

    /// The same wish with the values that were typed.
    ///
    /// # Errors
    /// What the server would refuse about a value.
    pub(super) fn filled(&self, fields: &[Field], model: &Model) -> Result<Self, String> {
        if let Self::Replace { daemon_set, options } = self {
            let options = Box::new(replace::filled(options, fields, model)?);
            return Ok(Self::Replace { daemon_set: daemon_set.clone(), options });
        }
        if let (Self::Pause { daemon_set, .. }, [reason]) = (self, fields) {
            let reason = Text::new(reason.value.trim());
            return Ok(Self::Pause { daemon_set: daemon_set.clone(), reason });
        }
        let (Self::Throttle { daemon_set, .. }, [unavailable, surge]) = (self, fields) else {
            return Ok(self.clone());
        };
        let read =
            |field: &Field| read_limit(field.value.trim()).map_err(|why| format!("{}: {why}", field.label));
        let (unavailable, surge) = (read(unavailable)?, read(surge)?);
        let strategy = json!({"type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}});
        match check(&strategy).first() {
            Some(why) => Err(why.replace("spec.updateStrategy.rollingUpdate.", "")),
            None => Ok(Self::Throttle {
                daemon_set: daemon_set.clone(),
                limits: Limits { max_unavailable: Some(unavailable), max_surge: Some(surge) },
            }),
        }
    }
}

/// What one has to be allowed to look after the other pods of a node.
pub(super) fn list_neighbours() -> Permission {
    let (group, resource) = (ObjectKind::Pod.group(), ObjectKind::Pod.resource());
    Permission { verb: "list", group, resource, subresource: "", namespace: Text::default() }
}

/// What one has to be allowed for a verb on an object, in the words of RBAC.
#[must_use]
pub fn permission(verb: Verb, object: &ObjectKey) -> Permission {
    let (verb, kind, subresource) = match verb {
        Verb::DeletePod | Verb::ForceDeletePod | Verb::Replace => ("delete", ObjectKind::Pod, ""),
        Verb::EvictPod => ("create", ObjectKind::Pod, "eviction"),
        Verb::Label | Verb::Taint | Verb::Cordon | Verb::Uncordon => ("patch", ObjectKind::Node, ""),
        Verb::Pause | Verb::Resume | Verb::Restart | Verb::Undo | Verb::Throttle | Verb::Annotate => {
            ("patch", ObjectKind::DaemonSet, "")
        }
    };
    let namespace = if kind == ObjectKind::Node { Text::default() } else { object.namespace.clone() };
    Permission { verb, group: kind.group(), resource: kind.resource(), subresource, namespace }
}
