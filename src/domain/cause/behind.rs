//! What is behind one cell that is not as wanted, and since when.

use jiff::Timestamp;

use super::{CauseKey, tell};
use crate::domain::cell::{CellState, Knowledge};
use crate::domain::explanation::word;
use crate::domain::id::Uid;
use crate::domain::inventory::CellView;
use crate::domain::object::{Node, Pod};
use crate::domain::pod_status::unwell_since;
use crate::domain::reason::{Rule, Ruling};
use crate::domain::text::Text;

/// What is behind a cell that is a problem.
pub(super) fn key(view: &CellView<'_>) -> CauseKey {
    let set = view.row.daemon_set.meta.uid.clone();
    // A pod that is not ready, or does not end, because its node is not: the node is what is wrong.
    // Where nodes may not be read, nothing is said of them: a living one looks like one that is gone.
    let node_is_well =
        view.knowledge != Knowledge::Complete || view.column.node.as_ref().is_some_and(Node::is_ready);
    match view.cell.state {
        CellState::NotReady | CellState::Terminating if !node_is_well => {
            CauseKey::Lost(tell::lost_because(view))
        }
        CellState::Failing => CauseKey::Failing { set, word: Text::new(&steady(&word(view))) },
        CellState::Missing => CauseKey::Missing(set),
        CellState::Unschedulable => {
            let message = view.pods.iter().find_map(|pod| pod.scheduling.as_ref()).map(|says| &says.message);
            let why = message.map_or(String::new(), |message| tell::scheduler_reason(message));
            CauseKey::Unschedulable { set, why: Text::new(&why) }
        }
        CellState::Lost => CauseKey::Lost(tell::lost_because(view)),
        CellState::NotReady => CauseKey::NotReady(set),
        CellState::Misscheduled => misscheduled(view, set),
        _ => CauseKey::Overdue(set),
    }
}

/// The kubelet turns from the one to the other with every try (`images/image_manager.go`): one failure, not two whose
/// nodes change places.
fn steady(word: &str) -> String {
    word.replace("ErrImagePull", "ImagePullBackOff")
}

fn misscheduled(view: &CellView<'_>, set: Uid) -> CauseKey {
    let reasons = view.column.node.as_ref().map(|node| view.row.placement.reasons(node, false));
    let refusing = |verdict| matches!(verdict, Ruling::Refuse | Ruling::Stop);
    let first = reasons.into_iter().flatten().find(|reason| refusing(reason.verdict));
    match first {
        Some(reason) if reason.rule == Rule::Taint => {
            CauseKey::Misscheduled { set: None, why: reason.detail }
        }
        Some(reason) => CauseKey::Misscheduled { set: Some(set), why: reason.detail },
        None => CauseKey::Misscheduled { set: Some(set), why: Text::default() },
    }
}

/// The pod that ails: the old one of a surge can be well.
pub(super) fn unwell<'a>(view: &CellView<'a>) -> Option<&'a Pod> {
    let alive = || view.pods.iter().filter(|pod| !pod.is_deleting());
    alive().find(|pod| !pod.ready).or_else(|| alive().next()).or(view.pods.first()).copied()
}

/// Since when a problem cell is as it is, as far as the objects tell.
pub(super) fn began(view: &CellView<'_>) -> Option<Timestamp> {
    let pod = view.pods.first();
    let ready = view.column.node.as_ref().and_then(|node| node.condition("Ready"));
    match view.cell.state {
        CellState::NotReady | CellState::Terminating
            if ready.is_some_and(|ready| ready.status != Some(true)) =>
        {
            ready?.since
        }
        CellState::Lost => ready?.since,
        CellState::Failing | CellState::NotReady => unwell_since(unwell(view)?),
        CellState::Unschedulable => pod?.meta.created,
        CellState::Terminating => view.pods.iter().filter_map(|pod| pod.meta.deleting).min(),
        _ => None,
    }
}
