//! `PodDisruptionBudget`s over daemon pods: which ones select a pod, and whether they ever let one be evicted.
//!
//! Models the eviction subresource (`pkg/registry/core/pod/storage/eviction.go`) and the disruption controller
//! (`pkg/controller/disruption/disruption.go`).

use std::fmt;

use super::id::ObjectKey;
use super::object::{IntOrPercent, Labels, Phase, Pod, PodDisruptionBudget};
use super::raw::RawObject;
use super::text::Text;

/// The budgets of a namespace's that select pods with these labels: no selector selects nothing, an empty one
/// everything.
#[must_use]
pub fn selecting<'a>(
    budgets: &'a [PodDisruptionBudget],
    namespace: &Text,
    labels: &Labels,
) -> Vec<&'a PodDisruptionBudget> {
    let selects = |budget: &&PodDisruptionBudget| {
        budget.meta.key.namespace == *namespace
            && budget.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    };
    budgets.iter().filter(selects).collect()
}

/// What comes of asking to evict a daemon pod; prints as a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// No budget selects the pod.
    Free,
    /// The pod has ended, never started or is going anyway: budgets are not asked.
    NotAsked,
    /// The budget lets pods that are not ready go.
    Unhealthy {
        /// The budget.
        budget: ObjectKey,
    },
    /// The budget lets so many go now.
    Allowed {
        /// The budget.
        budget: ObjectKey,
        /// How many.
        count: u32,
    },
    /// The budget lets none go now; with more healthy pods it would.
    NotNow {
        /// The budget.
        budget: ObjectKey,
        /// Healthy pods.
        healthy: u32,
        /// Healthy pods that have to stay.
        needed: u32,
    },
    /// The controller has not computed the budget yet: the server asks to come again (429, 10 s).
    Unprocessed {
        /// The budget.
        budget: ObjectKey,
    },
    /// However healthy the pods are, it is refused.
    Never(Obstacle),
}

/// Why no eviction of a daemon pod can ever be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Shares and `maxUnavailable` need the owner's scale, and a DaemonSet has none: the controller fails
    /// (`SyncFailed`) and allows nothing.
    NoScale {
        /// The budget.
        budget: ObjectKey,
        /// What it asks for, like `maxUnavailable 1`.
        form: String,
    },
    /// As many pods have to stay as there are.
    AllMustStay {
        /// The budget.
        budget: ObjectKey,
        /// `minAvailable`.
        min_available: u32,
        /// The pods it selects.
        pods: u32,
    },
    /// The budget sets neither `minAvailable` nor `maxUnavailable`, and so allows nothing.
    Empty {
        /// The budget.
        budget: ObjectKey,
    },
    /// Several budgets select the pod: the server refuses to choose among them (500).
    Several(Vec<ObjectKey>),
}

/// What comes of evicting this daemon pod, by the budgets of its namespace. Its labels are asked for apart: watched
/// pods are kept without.
#[must_use]
pub fn eviction(pod: &Pod, labels: &Labels, budgets: &[PodDisruptionBudget]) -> Eviction {
    if pod.is_deleting() || pod.phase.is_terminal() || pod.phase == Phase::Pending {
        return Eviction::NotAsked;
    }
    let selecting = selecting(budgets, &pod.meta.key.namespace, labels);
    let [budget] = selecting.as_slice() else { return eviction_of_ready(&selecting) };
    let key = || budget.meta.key.clone();
    if !pod.ready {
        let enough = budget.desired_healthy > 0 && budget.current_healthy >= budget.desired_healthy;
        if budget.always_allows_unhealthy || enough {
            return Eviction::Unhealthy { budget: key() };
        }
    }
    eviction_of_ready(&selecting)
}

/// What comes of evicting ready pods of this DaemonSet, by the labels of its template.
#[must_use]
pub fn eviction_of_set(daemon_set: &RawObject, budgets: &[PodDisruptionBudget]) -> Eviction {
    let labels = daemon_set.at("/spec/template/metadata/labels").cloned().unwrap_or_default();
    let labels: Labels = serde_json::from_value(labels).unwrap_or_default();
    let namespace = daemon_set.at("/metadata/namespace").and_then(serde_json::Value::as_str);
    eviction_of_ready(&selecting(budgets, &Text::new(namespace.unwrap_or_default()), &labels))
}

/// What comes of evicting a ready daemon pod that these budgets select.
#[must_use]
pub fn eviction_of_ready(selecting: &[&PodDisruptionBudget]) -> Eviction {
    let budget = match selecting {
        [] => return Eviction::Free,
        [one] => *one,
        several => {
            let keys = several.iter().map(|budget| budget.meta.key.clone()).collect();
            return Eviction::Never(Obstacle::Several(keys));
        }
    };
    if let Some(obstacle) = obstacle(budget) {
        return Eviction::Never(obstacle);
    }
    let key = budget.meta.key.clone();
    if budget.observed_generation < budget.meta.generation {
        return Eviction::Unprocessed { budget: key };
    }
    match budget.disruptions_allowed {
        0 => {
            Eviction::NotNow { budget: key, healthy: budget.current_healthy, needed: budget.desired_healthy }
        }
        count => Eviction::Allowed { budget: key, count },
    }
}

/// Why a budget over daemon pods can never allow an eviction; none where it can (`getExpectedPodCount`).
#[must_use]
pub fn obstacle(budget: &PodDisruptionBudget) -> Option<Obstacle> {
    let key = || budget.meta.key.clone();
    let no_scale = |form| Some(Obstacle::NoScale { budget: key(), form });
    match (&budget.max_unavailable, &budget.min_available) {
        (Some(max), _) => no_scale(format!("maxUnavailable {max}")),
        (None, Some(IntOrPercent::Int(min))) => {
            let min_available = u32::try_from(*min).unwrap_or_default();
            let counted = budget.observed_generation >= budget.meta.generation && budget.expected_pods > 0;
            (counted && min_available >= budget.expected_pods).then(|| Obstacle::AllMustStay {
                budget: key(),
                min_available,
                pods: budget.expected_pods,
            })
        }
        (None, Some(share)) => no_scale(format!("minAvailable {share}")),
        (None, None) => Some(Obstacle::Empty { budget: key() }),
    }
}

impl Eviction {
    /// Whether it would be allowed now.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        match self {
            Self::Free | Self::NotAsked | Self::Unhealthy { .. } | Self::Allowed { .. } => true,
            Self::NotNow { .. } | Self::Unprocessed { .. } | Self::Never(_) => false,
        }
    }
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("no budget selects this pod"),
            Self::NotAsked => f.write_str("budgets are not asked for a pod that is pending, ended or going"),
            Self::Unhealthy { budget } => write!(f, "budget {budget} lets a pod go that is not ready"),
            Self::Allowed { budget, count: 1 } => write!(f, "budget {budget} allows 1 eviction now"),
            Self::Allowed { budget, count } => write!(f, "budget {budget} allows {count} evictions now"),
            Self::NotNow { budget, healthy, needed } => write!(
                f,
                "budget {budget} allows no eviction now: {healthy} pods are healthy, and {needed} have to stay"
            ),
            Self::Unprocessed { budget } => {
                write!(f, "budget {budget} has not been computed yet; try again in 10s")
            }
            Self::Never(obstacle) => obstacle.fmt(f),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScale { budget, form } => write!(
                f,
                "budget {budget} never allows an eviction: {form} cannot be computed over daemon pods, because a \
                 DaemonSet has no scale; only a whole number as minAvailable works"
            ),
            Self::AllMustStay { budget, min_available, pods } => write!(
                f,
                "budget {budget} never allows an eviction: minAvailable is {min_available}, and it selects {pods} pods"
            ),
            Self::Empty { budget } => write!(
                f,
                "budget {budget} never allows an eviction: it sets neither minAvailable nor maxUnavailable"
            ),
            Self::Several(budgets) => {
                let names: Vec<String> = budgets.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{} budgets select this pod, so the server refuses every eviction: {}",
                    budgets.len(),
                    names.join(", ")
                )
            }
        }
    }
}
