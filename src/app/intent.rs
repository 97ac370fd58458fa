//! What the user wants changed, before anything is read for it: enough to ask the same question anew.

use serde_json::json;

use super::dialog::Field;
use crate::domain::command::{Limits, ResumeTo, Verb};
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef};
use crate::domain::inquiry::{Inquiry, Permission};
use crate::domain::replace::options::{self, Options};
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
        let budgets = match self {
            Self::Replace { daemon_set, options } if options.evict => {
                Some(Inquiry::Budgets(daemon_set.key.namespace.clone()))
            }
            _ => None,
        };
        objects.chain(budgets).collect()
    }

    /// The same wish with the values that were typed.
    ///
    /// # Errors
    /// What the server would refuse about a value.
    pub fn filled(&self, fields: &[Field]) -> Result<Self, String> {
        if let Self::Replace { daemon_set, options } = self {
            let options = Box::new(filled_options(options, fields)?);
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

/// How a replacement is to go, as values to type.
pub(super) fn option_fields(options: &Options) -> Vec<Field> {
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let group_by = options.group_by.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        ("in flight at once, like 3 or 10%", options.max_in_flight.to_string()),
        ("canaries before the rest", options.canary.to_string()),
        ("soak, like 30s or 2m", format!("{}s", options.soak_seconds)),
        ("group by this label; empty: one group", group_by),
        ("unhealthy pods first", yes(options.unhealthy_first)),
        ("look after the other pods of a node", yes(!options.without_neighbours)),
        ("evict, asking PodDisruptionBudgets", yes(options.evict)),
    ]
    .map(|(label, value)| Field { label, value })
    .into()
}

fn filled_options(options: &Options, fields: &[Field]) -> Result<Options, String> {
    let [in_flight, canary, soak, group_by, unhealthy, neighbours, evict] = fields else {
        return Ok(options.clone());
    };
    let wrong = |field: &Field, why: String| format!("{}: {why}", field.label);
    let number = |field: &Field| {
        field.value.trim().parse().map_err(|_| wrong(field, format!("{:?} is no number", field.value)))
    };
    let is_yes = |field: &Field| match field.value.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" | "" => Ok(false),
        other => Err(wrong(field, format!("{other:?}; write yes or no"))),
    };
    let group_by = Some(group_by.value.trim()).filter(|label| !label.is_empty());
    Ok(Options {
        max_in_flight: options::read_limit(&in_flight.value).map_err(|why| wrong(in_flight, why))?,
        canary: number(canary)?,
        soak_seconds: options::read_seconds(&soak.value).map_err(|why| wrong(soak, why))?,
        group_by: group_by.map(Text::new),
        unhealthy_first: is_yes(unhealthy)?,
        without_neighbours: !is_yes(neighbours)?,
        evict: is_yes(evict)?,
        ..options.clone()
    })
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
