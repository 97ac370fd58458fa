//! Whether a rollout that is about to go on would move at all.

use std::fmt;

use super::blockers;
use crate::domain::cell::CellState;
use crate::domain::id::NodeName;
use crate::domain::inventory::{Inventory, RowSlot};
use crate::domain::limits::Limit;
use crate::domain::object::{DaemonSet, Node};

/// Nodes that use up the whole limit of a rollout, so that it does not move; prints like
/// `worker-b-002 uses up maxUnavailable 1: nothing moves until it is Ready or its pod is gone`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The nodes, worst first; never empty.
    pub nodes: Vec<NodeName>,
    /// The limit they use up.
    pub limit: Limit,
    /// The nodes do not answer: their pods only go by force.
    pub is_dead: bool,
}

/// What would hold a rollout with the strategy of `after` where it is (`update.go`, `rollingUpdate`): old pods that are
/// not available are replaced whatever the limit, but one that is being deleted, or is lost with its node, and a failing
/// one of the wanted template keep their place in it.
#[must_use]
pub fn held(inventory: &Inventory, slot: RowSlot, after: &DaemonSet, template_changes: bool) -> Option<Held> {
    let row = inventory.row(slot)?;
    let limit = Limit::of(after, row.tally.desired)?;
    let mut blockers = blockers(inventory, slot, row);
    blockers.retain(|blocker| {
        let cell = inventory.column_of(&blocker.node).and_then(|column| row.cell(column));
        let is_new = !template_changes && cell.is_some_and(|cell| cell.updated);
        let stays = matches!(blocker.state, CellState::Terminating | CellState::Lost) || is_new;
        blocker.stuck && stays && (!limit.surge || blocker.surging)
    });
    let nodes: Vec<NodeName> = blockers.into_iter().map(|blocker| blocker.node).collect();
    let uses_up = !nodes.is_empty() && nodes.len() >= usize::try_from(limit.nodes).unwrap_or(usize::MAX);
    let is_ready = |name: &NodeName| {
        let column = inventory.column_of(name).and_then(|column| inventory.column_at(column));
        column.and_then(|column| column.node.as_ref()).is_some_and(Node::is_ready)
    };
    let is_dead = !nodes.iter().any(is_ready);
    uses_up.then_some(Held { nodes, limit, is_dead })
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, limit) = (self.limit.field(), self.limit.nodes);
        let is_one = self.nodes.len() == 1;
        let Some(first) = self.nodes.first() else { return Ok(()) };
        match self.nodes.len() - 1 {
            0 => write!(f, "{first} uses up {field} {limit}")?,
            more => write!(f, "{first} and {more} more use up {field} {limit}")?,
        }
        f.write_str(match (self.is_dead, is_one) {
            (true, true) => ": nothing moves until it is Ready or its pod is gone",
            (true, false) => ": nothing moves until they are Ready or their pods are gone",
            (false, true) => ": nothing moves until its pod is available or gone",
            (false, false) => ": nothing moves until their pods are available or gone",
        })
    }
}
