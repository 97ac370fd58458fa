//! The controller's counters, recomputed by its own rules (`updateDaemonSetStatus`).

use serde::Serialize;

use super::cell::{Cell, CellState};
use super::object::DaemonSetStatus;

/// The counters of one DaemonSet, in nodes (never pods).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Nodes that should run a pod.
    pub desired: u32,
    /// Of those, nodes with a pod, in whatever state.
    pub current: u32,
    /// Of those, nodes whose first pod is ready.
    pub ready: u32,
    /// Of those, nodes whose first pod is of the current template; none while that is not known, because the
    /// controller has not seen the newest spec.
    pub up_to_date: Option<u32>,
    /// Of those, nodes whose first pod is available.
    pub available: u32,
    /// Desired without available.
    pub unavailable: u32,
    /// Nodes that have a pod and should not.
    pub misscheduled: u32,
}

impl From<&DaemonSetStatus> for Counts {
    fn from(status: &DaemonSetStatus) -> Self {
        Self {
            desired: status.desired,
            current: status.current,
            ready: status.ready,
            up_to_date: Some(status.up_to_date),
            available: status.available,
            unavailable: status.unavailable,
            misscheduled: status.misscheduled,
        }
    }
}

impl Counts {
    /// The counters in which these, the controller's, differ from ours; what is not known does not differ.
    #[must_use]
    pub fn differences(&self, ours: &Self) -> Vec<Difference> {
        let up_to_date = self.up_to_date.zip(ours.up_to_date).unwrap_or_default();
        [
            ("desired", self.desired, ours.desired),
            ("current", self.current, ours.current),
            ("ready", self.ready, ours.ready),
            ("up-to-date", up_to_date.0, up_to_date.1),
            ("available", self.available, ours.available),
            ("unavailable", self.unavailable, ours.unavailable),
            ("misscheduled", self.misscheduled, ours.misscheduled),
        ]
        .into_iter()
        .filter(|(_, theirs, ours)| theirs != ours)
        .map(|(name, theirs, ours)| Difference { name, theirs, ours })
        .collect()
    }
}

/// A counter that the controller has not refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The counter's name, in Kubernetes' words.
    pub name: &'static str,
    /// What the status says.
    pub theirs: u32,
    /// What we count.
    pub ours: u32,
}

/// Sums over the cells of a row, kept up to date cell by cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Wanted nodes.
    pub desired: u32,
    /// Wanted nodes with a pod.
    pub current: u32,
    /// Wanted nodes whose first pod is ready.
    pub ready: u32,
    /// Wanted nodes whose first pod is up to date.
    pub updated: u32,
    /// Wanted nodes whose first pod is available.
    pub available: u32,
    /// Unwanted nodes with a pod.
    pub misscheduled: u32,
    /// Wanted nodes whose first pod is up to date *and* available.
    pub complete: u32,
    /// Wanted nodes whose first pod is not up to date.
    pub outdated: u32,
    /// Cells that are not as wanted.
    pub problems: u32,
    /// Cells by state, in the order of [`CellState::ALL`].
    pub states: [u32; 13],
}

impl Tally {
    /// Adds a cell.
    pub fn add(&mut self, cell: Cell) {
        self.count(cell, u32::wrapping_add);
    }

    /// Takes a cell away that was added before.
    pub fn remove(&mut self, cell: Cell) {
        self.count(cell, u32::wrapping_sub);
    }

    fn count(&mut self, cell: Cell, change: fn(u32, u32) -> u32) {
        let by = |counter: &mut u32, counts: bool| *counter = change(*counter, u32::from(counts));
        // A node that is gone is counted nowhere.
        let wanted = cell.node_exists && cell.run;
        by(&mut self.desired, wanted);
        by(&mut self.current, wanted && cell.occupied);
        by(&mut self.ready, wanted && cell.ready);
        by(&mut self.updated, wanted && cell.updated);
        by(&mut self.available, wanted && cell.available);
        by(&mut self.misscheduled, cell.node_exists && !cell.run && cell.occupied);
        by(&mut self.complete, wanted && cell.available && cell.updated);
        by(&mut self.outdated, wanted && cell.occupied && !cell.updated);
        by(&mut self.problems, cell.problem);
        by(&mut self.states[cell.state.severity()], true);
    }

    /// The controller's counters.
    #[must_use]
    pub fn counts(&self, updated_known: bool) -> Counts {
        Counts {
            desired: self.desired,
            current: self.current,
            ready: self.ready,
            up_to_date: updated_known.then_some(self.updated),
            available: self.available,
            unavailable: self.desired - self.available.min(self.desired),
            misscheduled: self.misscheduled,
        }
    }

    /// The number of cells in a state.
    #[must_use]
    pub fn of(&self, state: CellState) -> u32 {
        self.states[state.severity()]
    }
}
