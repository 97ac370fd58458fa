//! What the user wants changed, before anything is read for it: enough to make the same proposal anew.

use crate::domain::command::Verb;
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef, Uid};
use crate::domain::inquiry::{Inquiry, Permission};

/// What the user wants changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Stop a rollout where it is.
    Pause {
        /// Whose.
        daemon_set: ObjectRef,
    },
    /// Let a paused rollout go on.
    Resume {
        /// Whose.
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
        /// The revision that holds it.
        revision: ObjectRef,
    },
    /// Change the limits of a rollout.
    Throttle {
        /// Whose.
        daemon_set: ObjectRef,
        /// The new `maxUnavailable`, as typed.
        max_unavailable: String,
        /// The new `maxSurge`, as typed.
        max_surge: String,
    },
    /// Delete a pod whose node cannot say that it ended.
    ForceDelete {
        /// Whose pod.
        daemon_set: ObjectRef,
        /// The pod.
        pod: ObjectRef,
        /// The dead node.
        node: NodeName,
    },
}

impl Intent {
    /// In the words of the journal.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self {
            Self::Pause { .. } => Verb::Pause,
            Self::Resume { .. } => Verb::Resume,
            Self::Restart { .. } => Verb::Restart,
            Self::Undo { .. } => Verb::Undo,
            Self::Throttle { .. } => Verb::Throttle,
            Self::ForceDelete { .. } => Verb::ForceDeletePod,
        }
    }

    /// The object that is written.
    #[must_use]
    pub fn target(&self) -> &ObjectRef {
        match self {
            Self::Pause { daemon_set }
            | Self::Resume { daemon_set }
            | Self::Restart { daemon_set }
            | Self::Undo { daemon_set, .. }
            | Self::Throttle { daemon_set, .. } => daemon_set,
            Self::ForceDelete { pod, .. } => pod,
        }
    }

    /// What is read afresh before anything is proposed; the target first.
    #[must_use]
    pub fn reads(&self) -> Vec<Inquiry> {
        let target = Inquiry::Object(self.target().clone());
        match self {
            Self::Undo { revision, .. } => vec![target, Inquiry::Object(revision.clone())],
            _ => vec![target],
        }
    }
}

/// What one has to be allowed to change a DaemonSet of a namespace, or to delete pods there.
#[must_use]
pub fn permission(verb: Verb, object: &ObjectKey) -> Permission {
    let (verb, kind, subresource) = match verb {
        Verb::DeletePod | Verb::ForceDeletePod => ("delete", ObjectKind::Pod, ""),
        Verb::EvictPod => ("create", ObjectKind::Pod, "eviction"),
        Verb::Label | Verb::Taint | Verb::Cordon | Verb::Uncordon => ("patch", ObjectKind::Node, ""),
        Verb::Pause | Verb::Resume | Verb::Restart | Verb::Undo | Verb::Throttle | Verb::Annotate => {
            ("patch", ObjectKind::DaemonSet, "")
        }
    };
    Permission {
        verb,
        group: kind.group(),
        resource: kind.resource(),
        subresource,
        namespace: if kind == ObjectKind::Node { <_>::default() } else { object.namespace.clone() },
    }
}

/// One object by name.
#[must_use]
pub fn object(kind: ObjectKind, key: &ObjectKey, uid: &Uid) -> ObjectRef {
    ObjectRef { kind, key: key.clone(), uid: uid.clone() }
}
