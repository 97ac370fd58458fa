//! The budget: how many more pods may be taken down.

use std::collections::BTreeSet;

use super::Replacement;
use crate::domain::cell::{Cell, CellState};
use crate::domain::inventory::{ColumnSlot, Inventory, Row};

/// The nodes that use the budget up.
pub(super) struct Slots {
    budget: usize,
    /// Those in flight by this replacement.
    ours: BTreeSet<ColumnSlot>,
    /// The wanted nodes without an available pod, whoever caused it.
    down: BTreeSet<ColumnSlot>,
    /// Both.
    taken: BTreeSet<ColumnSlot>,
}

/// Whether a wanted node is without an available pod. One that somebody deletes is as good as gone, however ready it
/// still is.
pub(in crate::domain::replace) fn is_down(cell: Cell) -> bool {
    cell.node_exists && cell.run && (!cell.available || cell.state == CellState::Terminating)
}

impl Slots {
    /// Counts them as they are now.
    pub(super) fn of(run: &Replacement, row: &Row, inventory: &Inventory) -> Self {
        let in_flight = run.works.iter().filter(|work| work.step.is_in_flight());
        let ours: BTreeSet<ColumnSlot> =
            in_flight.filter_map(|work| inventory.column_of(&work.candidate.node)).collect();
        let down = inventory.columns().map(|(column, _)| column);
        let down: BTreeSet<ColumnSlot> =
            down.filter(|column| row.cell(*column).is_some_and(is_down)).collect();
        let taken = ours.union(&down).copied().collect();
        Self { budget: usize::try_from(run.plan.budget).unwrap_or(usize::MAX), ours, down, taken }
    }

    /// Whether no more can be begun, wherever.
    pub(super) fn is_full(&self) -> bool {
        self.ours.len() >= self.budget
    }

    /// Whether one more pod may be taken down, here: ours in flight never exceed the budget; and unless this node's pod is
    /// unavailable already (it uses its own slot) there is room for it beside everything else that is down.
    pub(super) fn has_room(&self, here: ColumnSlot, is_really_down: bool) -> bool {
        let own_slot = is_really_down && self.down.contains(&here);
        let others = self.taken.len() - usize::from(self.taken.contains(&here));
        !self.is_full() && (own_slot || others < self.budget)
    }

    /// One more is begun here.
    pub(super) fn take(&mut self, here: ColumnSlot) {
        self.ours.insert(here);
        self.taken.insert(here);
    }

    /// The nodes that use the budget up, by name, without those in flight.
    pub(super) fn others(&self, inventory: &Inventory) -> Vec<String> {
        let others = self.down.difference(&self.ours);
        others.filter_map(|slot| Some(inventory.column_at(*slot)?.name.to_string())).collect()
    }

    /// Whether the pod here is not available.
    pub(super) fn is_down(&self, here: ColumnSlot) -> bool {
        self.down.contains(&here)
    }
}
