//! The first thing to do about a cause: one plain sentence, with the key to press where dsgrid can do it.

use super::behind::unwell;
use super::tell::{knows_nodes, row_of};
use super::{Cause, CauseKey};
use crate::domain::absence::Why;
use crate::domain::cell::CellState;
use crate::domain::inventory::Inventory;
use crate::domain::object::UpdateStrategy;
use crate::domain::rollout::rollout;

/// The sentence.
pub(super) fn first(inventory: &Inventory, cause: &Cause) -> String {
    let knows_nodes = knows_nodes(inventory, cause);
    let words = match &cause.key {
        CauseKey::Stuck(_) => return stuck(inventory, cause),
        CauseKey::Failing { word, .. } => return failing(inventory, cause, word),
        CauseKey::Fell(_) => return fell(inventory, cause),
        CauseKey::Missing(_) => {
            "e lists the DaemonSet's events: FailedCreate names the quota, webhook or policy that refuses the pods"
        }
        CauseKey::Unschedulable { why, .. }
            if why.starts_with("Insufficient") || why.contains("Too many") =>
        {
            "o shows what runs on the node: make room there, lower the requests, or give the set a priority class \
             that may preempt"
        }
        CauseKey::Unschedulable { .. } => "Enter on a node shows the scheduler's whole message",
        CauseKey::Everywhere { .. } => {
            "give the template the toleration or the node the label, or take the set out of `everywhere`"
        }
        CauseKey::Contradiction { .. } => {
            "the template selects these nodes and does not tolerate their taint: add the toleration or remove the taint"
        }
        CauseKey::Lost(why) if why.as_str() == "gone" => {
            "nothing: garbage collection removes the pods; where they stay, F force-deletes them"
        }
        CauseKey::Lost(_) => {
            "o shows the node's conditions: see to the machine and its kubelet; if it is off for good, delete the node"
        }
        CauseKey::NotReady(_) => "L reads the logs: why does the readiness probe fail",
        CauseKey::Misscheduled { set: None, .. } => {
            "nothing stops now, but a pod that ends or is updated is not replaced: add the toleration or remove the taint"
        }
        CauseKey::Misscheduled { set: Some(_), .. } => {
            "Enter on a node shows the rule; the controller removes the pods"
        }
        // Force-deleting the pod of a living node leaves its containers running beside the new ones.
        CauseKey::Overdue(_) if !knows_nodes => {
            "nodes may not be read: whether the kubelet answers is not known; y on the pod shows its finalizers"
        }
        CauseKey::Overdue(_) => {
            "y on the pod shows its finalizers; without any, the kubelet does not answer: F if the machine is off"
        }
        CauseKey::Paused(_) => {
            "when its reason is gone, resume it from the menu (a); until then new pods still use the new template"
        }
        CauseKey::Waiting(_) => "R replaces the outdated pods one after the other, under gates",
        CauseKey::Unwell(_) => "nothing here: the pods come when the nodes are well or gone",
        CauseKey::Usual(_) => {
            "nothing, if the set is not meant for these nodes; list it under `everywhere` in the configuration if it is"
        }
    };
    words.to_owned()
}

fn stuck(inventory: &Inventory, cause: &Cause) -> String {
    let rollout = cause.sets.first().and_then(|slot| rollout(inventory, *slot));
    let blockers = rollout.map(|rollout| rollout.blockers).unwrap_or_default();
    let worst = blockers.iter().find(|blocker| blocker.stuck).or(blockers.first());
    let limited = row_of(inventory, cause)
        .is_some_and(|row| matches!(row.daemon_set.strategy, UpdateStrategy::RollingUpdate { .. }));
    let words = match worst.map(|blocker| blocker.state) {
        Some(CellState::Failing) => "L reads why the pod fails",
        Some(CellState::Lost | CellState::Terminating) if limited => {
            "if the machine is off, F force-deletes its pod; M raises the limit so that the others go on"
        }
        Some(CellState::NotReady) => "L reads why the pod is not ready",
        Some(CellState::Unschedulable) => "o shows what fills the node",
        _ => "Enter on a node shows what it waits for; P stops the rollout",
    };
    let update = match worst.map(|blocker| blocker.state) {
        Some(CellState::Failing | CellState::NotReady | CellState::Unschedulable) => update(inventory, cause),
        _ => "",
    };
    format!("{words}{update}")
}

fn failing(inventory: &Inventory, cause: &Cause, word: &str) -> String {
    let first = match word.trim_start_matches("Init:") {
        "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull" => {
            "check the image's name, tag and pull secret (y shows the template)"
        }
        "CreateContainerConfigError" | "CreateContainerError" => {
            "Enter on a node names the ConfigMap, Secret or key that is missing"
        }
        "OOMKilled" => "raise the memory limit, or find what grew: L reads the last lines",
        "Evicted" | "NodeAffinity" | "OutOfcpu" | "OutOfmemory" | "UnexpectedAdmissionError" => {
            "Enter on a node shows why the kubelet refused or evicted the pod"
        }
        _ => "L reads the last lines before the end, p those of the run before",
    };
    format!("{first}{}", update(inventory, cause))
}

/// What to do about the update, where the pods that ail have to do with one.
///
/// Undo goes back to the older revision: that helps only where the new one fails. With `OnDelete` an undo reaches no
/// pod, and a pause is no such thing; a paused rollout cannot be stopped again.
fn update(inventory: &Inventory, cause: &Cause) -> &'static str {
    let Some(row) = row_of(inventory, cause).filter(|row| row.tally.outdated > 0) else { return "" };
    let views = cause.cells.iter().filter_map(|(row, column)| inventory.view(*row, *column));
    let mut new = views.filter_map(|view| Some(view.is_updated(unwell(&view)?)));
    let is_paused = row.daemon_set.is_paused();
    let rolls = matches!(row.daemon_set.strategy, UpdateStrategy::RollingUpdate { .. });
    let Some(first) = new.next() else { return "" };
    let is_same = new.all(|each| each == first);
    match (first, is_same) {
        (true, true) if is_paused => "; it is the new revision that fails: do not resume before it is mended",
        (true, true) if !rolls => {
            "; it is the new revision that fails: replace no more pods before it is mended"
        }
        (true, true) if inventory.revisions(&row.daemon_set.meta.uid).len() > 1 => {
            "; U undoes the update, P stops it"
        }
        (true, true) => "; P stops the update",
        (false, true) if is_paused => "; these pods are of an older revision: resuming (a) replaces them",
        (false, true) if !rolls => "; these pods are of an older revision: R replaces them",
        // The controller takes pods that are not available first, without asking the limit.
        (false, true) => "; these pods are of an older revision, which the update replaces first",
        (_, false) => "; old and new revisions fail alike: it is not the update alone",
    }
}

fn fell(inventory: &Inventory, cause: &Cause) -> String {
    let fall = cause.sets.first().and_then(|slot| inventory.fall(*slot));
    let first = fall.and_then(|fall| fall.left.values().next()).map(|left| &left.why);
    let words = match first {
        Some(Why::Label { .. }) => "Space marks the nodes, E puts the label back",
        Some(Why::Taint(_)) => "Space marks the nodes, E removes the taint; or add the toleration",
        Some(Why::Template) => "U undoes the change of the template",
        Some(Why::Other(_)) | None => "Enter on a node shows the rule",
    };
    format!("{words}; i if it is meant so")
}
