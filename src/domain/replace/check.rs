//! The last look before a pod is deleted: everything is read afresh, and nothing may have changed.

use super::claim::Claim;
use super::plan::{Candidate, Plan};
use crate::domain::object::{DaemonSet, Node, Pod, UpdateStrategy};
use crate::domain::placement::Placement;
use crate::domain::text::Text;

/// What was read just now, not older than the check.
#[derive(Clone, Debug, PartialEq)]
pub struct Fresh {
    /// The DaemonSet; none where it is gone, or another one has its name.
    pub daemon_set: Option<DaemonSet>,
    /// The node; none where it is gone.
    pub node: Option<Node>,
    /// The pod; none where it is gone, or another one has its name.
    pub pod: Option<Pod>,
    /// Who said on the DaemonSet that they replace its pods; none where nobody did.
    pub claim: Option<Claim>,
    /// All pods of the node; none where they were not asked for.
    pub pods: Option<Vec<Pod>>,
}

/// Whether the pod may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as planned.
    Go,
    /// Not on this node: it is left as it is.
    Skip(String),
    /// Nowhere: the plan is not for this DaemonSet any more.
    Halt(String),
}

/// Holds what was read against the plan.
#[must_use]
pub fn verdict(plan: &Plan, candidate: &Candidate, fresh: &Fresh) -> Verdict {
    let key = &plan.daemon_set.key;
    let Some(set) = &fresh.daemon_set else {
        return Verdict::Halt(format!("{key} is gone, or was deleted and made anew"));
    };
    if set.meta.deleting.is_some() {
        return Verdict::Halt(format!("{key} is being deleted"));
    }
    if set.meta.generation != plan.generation {
        let (was, is) = (plan.generation, set.meta.generation);
        return Verdict::Halt(format!(
            "{key} was changed (generation {was}, now {is}); look at it and plan again"
        ));
    }
    if set.strategy != UpdateStrategy::OnDelete {
        return Verdict::Halt(format!("{key} is updated by its controller now; plan again"));
    }
    let Some(node) = &fresh.node else { return Verdict::Skip("the node is gone".to_owned()) };
    if candidate.node_uid.as_ref().is_some_and(|uid| *uid != node.meta.uid) {
        return Verdict::Skip("the node was deleted and made anew".to_owned());
    }
    if !node.is_ready() {
        return Verdict::Skip("the node is not Ready".to_owned());
    }
    if !plan.options.include_set_apart && !Placement::new(&set.template).verdict(node).run {
        return Verdict::Skip("the node is not wanted any more: a new pod would not come".to_owned());
    }
    match &fresh.pod {
        None => Verdict::Skip("its pod is gone already".to_owned()),
        Some(pod) if pod.meta.uid != candidate.pod.uid => {
            Verdict::Skip("its pod is another one now".to_owned())
        }
        Some(pod) if pod.is_deleting() => Verdict::Skip("its pod is being deleted already".to_owned()),
        Some(pod) if is_current(pod, set, &plan.revision) => {
            Verdict::Skip("its pod is up to date".to_owned())
        }
        Some(_) => Verdict::Go,
    }
}

/// As `IsPodUpdated` tells it (`daemonset_util.go`): by hash or by template generation.
fn is_current(pod: &Pod, set: &DaemonSet, revision: &Text) -> bool {
    let generation = set.template_generation.is_some() && pod.template_generation == set.template_generation;
    pod.revision.as_ref() == Some(revision) || generation
}
