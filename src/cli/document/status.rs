//! The JSON document of `status`: how far a rollout is, and who blocks it.

use jiff::Timestamp;
use serde::Serialize;

use super::{API_VERSION, whole_seconds};
use crate::domain::id::NodeName;
use crate::domain::inventory::{Inventory, RowSlot};
use crate::domain::rollout::{outdated_nodes, rollout, standing};

/// How far a rollout is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct StatusDocument {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    daemon_set: String,
    rollout: &'static str,
    complete: bool,
    strategy: &'static str,
    paused: bool,
    updated: u32,
    desired: u32,
    available: u32,
    outdated_nodes: Vec<NodeName>,
    blocked_by: Vec<BlockerEntry>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BlockerEntry {
    node: NodeName,
    why: String,
}

/// Makes the document; none where the DaemonSet is gone.
pub(in crate::cli) fn status(
    context: &str,
    inventory: &Inventory,
    slot: RowSlot,
    warnings: &[String],
) -> Option<StatusDocument> {
    let daemon_set = &inventory.row(slot)?.daemon_set;
    let (rollout, standing) = (rollout(inventory, slot)?, standing(inventory, slot)?);
    let blockers = rollout.blockers.into_iter();
    Some(StatusDocument {
        api_version: API_VERSION,
        kind: "RolloutStatus",
        context: context.to_owned(),
        taken_at: whole_seconds(inventory.now()),
        daemon_set: daemon_set.meta.key.to_string(),
        rollout: rollout.state.name(),
        complete: standing.complete,
        strategy: daemon_set.strategy.kind(),
        paused: daemon_set.is_paused(),
        updated: standing.updated,
        desired: standing.desired,
        available: standing.available,
        outdated_nodes: outdated_nodes(inventory, slot),
        blocked_by: blockers.map(|one| BlockerEntry { node: one.node, why: one.why }).collect(),
        warnings: warnings.to_vec(),
    })
}
