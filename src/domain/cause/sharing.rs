//! What the nodes of causes share, read from one table of all nodes.

use std::collections::{BTreeSet, HashMap};

use super::Cause;
use crate::domain::cell::CellState;
use crate::domain::contrast::{Shared, Traits};
use crate::domain::inventory::{ColumnSlot, Inventory};

/// The traits of all nodes as they are now.
#[derive(Debug)]
pub struct Sharing<'a> {
    inventory: &'a Inventory,
    traits: Traits,
    /// The nodes' places among the traits.
    places: HashMap<ColumnSlot, usize>,
}

impl<'a> Sharing<'a> {
    /// Reads all nodes.
    #[must_use]
    pub fn new(inventory: &'a Inventory) -> Self {
        let nodes = || inventory.columns().filter_map(|(slot, named)| Some((slot, named.node.as_ref()?)));
        Self {
            inventory,
            traits: Traits::new(nodes().map(|(_, node)| node), inventory.now()),
            places: nodes().enumerate().map(|(place, (slot, _))| (slot, place)).collect(),
        }
    }

    /// What a cause's nodes share, against the other nodes that could have it as well.
    #[must_use]
    pub fn of(&self, cause: &Cause) -> Vec<Shared> {
        let own: BTreeSet<ColumnSlot> = cause.cells.iter().map(|(_, column)| *column).collect();
        if own.len() < 2 {
            return Vec::new();
        }
        // Where a pod may not run, it cannot fail: only wanted nodes are compared. What keeps pods away or takes nodes
        // away is compared with all nodes.
        let only_wanted =
            !matches!(cause.key.state(), CellState::Lost | CellState::Misscheduled | CellState::Excluded);
        let wanted = |column: ColumnSlot| {
            let wants = |row| self.inventory.cell(row, column).is_some_and(|cell| cell.run);
            !only_wanted || cause.sets.iter().copied().any(wants)
        };
        let place = |column: &ColumnSlot| self.places.get(column).copied();
        let bad: Vec<usize> = own.iter().filter_map(place).collect();
        let others: Vec<usize> = self
            .places
            .iter()
            .filter(|(column, _)| !own.contains(column) && wanted(**column))
            .map(|(_, place)| *place)
            .collect();
        self.traits.shared(&bad, &others)
    }
}

impl Cause {
    /// What its nodes share; for several causes, ask one [`Sharing`].
    #[must_use]
    pub fn shared(&self, inventory: &Inventory) -> Vec<Shared> {
        Sharing::new(inventory).of(self)
    }
}
