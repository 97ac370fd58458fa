//! How far a rollout is, in nodes.

use crate::domain::id::NodeName;
use crate::domain::inventory::{Inventory, RowSlot};

/// How far a rollout is, in nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Every wanted node runs an available pod of the current template, and the controller has seen the newest spec.
    pub complete: bool,
    /// Wanted nodes.
    pub desired: u32,
    /// Of those, nodes whose first pod is up to date.
    pub updated: u32,
    /// Of those, nodes whose first pod is available.
    pub available: u32,
    /// These are the controller's own numbers, since nodes or pods may not be read.
    pub is_theirs: bool,
}

/// How far a DaemonSet's rollout is.
#[must_use]
pub fn standing(inventory: &Inventory, slot: RowSlot) -> Option<Standing> {
    let row = inventory.row(slot)?;
    let observed = row.daemon_set.is_observed();
    if inventory.computed(slot).is_some() {
        let tally = &row.tally;
        return Some(Standing {
            complete: observed && tally.complete == tally.desired,
            desired: tally.desired,
            updated: tally.updated,
            available: tally.available,
            is_theirs: false,
        });
    }
    let status = &row.daemon_set.status;
    let all = status.up_to_date >= status.desired && status.available >= status.desired;
    Some(Standing {
        complete: observed && all,
        desired: status.desired,
        updated: status.up_to_date,
        available: status.available,
        is_theirs: true,
    })
}

/// The wanted nodes whose first pod is not up to date, by name.
#[must_use]
pub fn outdated_nodes(inventory: &Inventory, slot: RowSlot) -> Vec<NodeName> {
    let Some(row) = inventory.row(slot) else { return Vec::new() };
    let outdated = |column| {
        row.cell(column).is_some_and(|cell| cell.node_exists && cell.run && cell.occupied && !cell.updated)
    };
    let mut nodes: Vec<NodeName> = inventory
        .columns()
        .filter(|(column, _)| outdated(*column))
        .map(|(_, named)| named.name.clone())
        .collect();
    nodes.sort();
    nodes
}
