//! Causes, not cells: everything that is not as wanted, gathered by what is behind it, worst first.
//!
//! A node that is lost is one cause however many DaemonSets miss it; one error of one DaemonSet on 246 nodes is one
//! cause; so is one taint that misplaces the pods of many. After the problems come what waits for somebody (paused
//! rollouts, `OnDelete` sets with outdated pods) and what is as usual (taints that do what taints are for).

mod behind;
mod sharing;
mod step;
mod tell;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::absence::{Everywhere, GapKind, gaps};
use super::cell::{Cell, CellState};
use super::id::{NodeName, Uid};
use super::inventory::{ColumnSlot, Inventory, RowSlot};
use super::pause::Pause;
use super::rollout::{RolloutState, rollout};
use super::text::Text;

pub use sharing::Sharing;
pub use tell::since_words;

/// What is behind cells that are not as wanted. Equal keys are one cause, also after the cluster has changed; the order
/// is that of the design: worst first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseKey {
    /// A rollout is stuck.
    Stuck(Uid),
    /// Containers of a DaemonSet fail in the same way.
    Failing {
        /// The DaemonSet.
        set: Uid,
        /// The word for it, like `CrashLoopBackOff`.
        word: Text,
    },
    /// Pods that no one creates.
    Missing(Uid),
    /// The scheduler refuses for the same reason.
    Unschedulable {
        /// The DaemonSet.
        set: Uid,
        /// The scheduler's reason.
        why: Text,
    },
    /// A desired count fell.
    Fell(Uid),
    /// A DaemonSet that the configuration wants everywhere is kept off.
    Everywhere {
        /// The DaemonSet.
        set: Uid,
        /// By what.
        why: Text,
    },
    /// Nodes are lost in the same way: gone, silent, or not ready for this reason.
    Lost(Text),
    /// Pods of a DaemonSet run and are not ready.
    NotReady(Uid),
    /// Pods run where they should not.
    Misscheduled {
        /// The DaemonSet; none where a taint refuses, which is the same for all.
        set: Option<Uid>,
        /// What refuses.
        why: Text,
    },
    /// Deletions that do not end.
    Overdue(Uid),
    /// The template asks for nodes that a taint keeps off.
    Contradiction {
        /// The DaemonSet.
        set: Uid,
        /// The taint.
        why: Text,
    },
    /// Paused by dsgrid.
    Paused(Uid),
    /// `OnDelete` with outdated pods.
    Waiting(Uid),
    /// Nodes that are not well keep pods away.
    Unwell(Text),
    /// A taint does what taints are for.
    Usual(Text),
}

/// How much a cause matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Something is wrong.
    Problem,
    /// Nothing is wrong, but somebody has to go on.
    Waiting,
    /// As usual; worth a look only where it surprises.
    Usual,
}

impl CauseKey {
    /// How much it matters.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Paused(_) | Self::Waiting(_) => Weight::Waiting,
            Self::Unwell(_) | Self::Usual(_) => Weight::Usual,
            _ => Weight::Problem,
        }
    }

    /// The DaemonSet, where it is one's own.
    #[must_use]
    pub fn daemon_set(&self) -> Option<&Uid> {
        match self {
            Self::Stuck(set)
            | Self::Failing { set, .. }
            | Self::Missing(set)
            | Self::Unschedulable { set, .. }
            | Self::Fell(set)
            | Self::Everywhere { set, .. }
            | Self::NotReady(set)
            | Self::Overdue(set)
            | Self::Contradiction { set, .. }
            | Self::Paused(set)
            | Self::Waiting(set) => Some(set),
            Self::Misscheduled { set, .. } => set.as_ref(),
            Self::Lost(_) | Self::Unwell(_) | Self::Usual(_) => None,
        }
    }

    /// The state whose sign stands for it.
    #[must_use]
    pub fn state(&self) -> CellState {
        match self {
            Self::Stuck(_) | Self::Failing { .. } => CellState::Failing,
            Self::Unschedulable { .. } => CellState::Unschedulable,
            // All but the first are wanted by people, if not by the controller, and have no pod.
            Self::Missing(_) | Self::Fell(_) | Self::Everywhere { .. } | Self::Contradiction { .. } => {
                CellState::Missing
            }
            Self::Lost(_) => CellState::Lost,
            Self::NotReady(_) => CellState::NotReady,
            Self::Misscheduled { .. } => CellState::Misscheduled,
            Self::Overdue(_) => CellState::Terminating,
            Self::Paused(_) | Self::Waiting(_) => CellState::Outdated,
            Self::Unwell(_) | Self::Usual(_) => CellState::Excluded,
        }
    }

    /// The place in the order, before the number of nodes counts.
    fn rank(&self) -> (Weight, u8) {
        let rank = match self {
            Self::Stuck(_) => 0,
            Self::Failing { .. } => 1,
            Self::Missing(_) => 2,
            Self::Unschedulable { .. } => 3,
            Self::Fell(_) => 4,
            Self::Everywhere { .. } => 5,
            Self::Lost(_) => 6,
            Self::NotReady(_) => 7,
            Self::Misscheduled { .. } => 8,
            Self::Overdue(_) => 9,
            Self::Contradiction { .. } => 10,
            Self::Paused(_) => 11,
            Self::Waiting(_) => 12,
            Self::Unwell(_) => 13,
            Self::Usual(_) => 14,
        };
        (self.weight(), rank)
    }
}

/// A cause with everything it explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What it is, across changes.
    pub key: CauseKey,
    /// One line: cause, number, time.
    pub words: String,
    /// The cells, in the grid's order; empty only where no node of it is left.
    pub cells: Vec<(RowSlot, ColumnSlot)>,
    /// The nodes, in the grid's order, each once.
    pub nodes: Vec<NodeName>,
    /// The DaemonSets.
    pub sets: Vec<RowSlot>,
    /// When the first and the last of it began, where that is known.
    pub since: Option<(Timestamp, Timestamp)>,
    /// The first thing to do.
    pub step: String,
}

/// Where causes are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The DaemonSets, in order.
    pub rows: &'a [RowSlot],
    /// The nodes, in order.
    pub columns: &'a [ColumnSlot],
    /// The DaemonSets that have to be on every node.
    pub everywhere: &'a Everywhere,
}

/// What is gathered for one key.
#[derive(Debug, Default)]
struct Gathered {
    cells: Vec<(RowSlot, ColumnSlot)>,
    since: Vec<Timestamp>,
    /// Of the DaemonSet itself, where there is no cell to tell it by.
    row: Option<RowSlot>,
}

/// All causes in the scope, worst first.
#[must_use]
pub fn causes(inventory: &Inventory, scope: &Scope<'_>) -> Vec<Cause> {
    let mut found: BTreeMap<CauseKey, Gathered> = BTreeMap::new();
    let mut add = |key, row, column: Option<ColumnSlot>, since: Option<Timestamp>| {
        let gathered: &mut Gathered = found.entry(key).or_default();
        gathered.row.get_or_insert(row);
        gathered.cells.extend(column.map(|column| (row, column)));
        gathered.since.extend(since);
    };
    for slot in scope.rows {
        problems(inventory, scope, *slot, &mut add);
        rollouts(inventory, scope, *slot, &mut add);
        falls(inventory, scope, *slot, &mut add);
    }
    absences(inventory, scope, &mut add);
    let mut causes: Vec<Cause> =
        found.into_iter().map(|(key, gathered)| finish(inventory, key, gathered)).collect();
    causes.sort_by(|a, b| {
        let rank = a.key.rank().cmp(&b.key.rank());
        rank.then(b.cells.len().cmp(&a.cells.len())).then_with(|| a.words.cmp(&b.words))
    });
    causes
}

fn finish(inventory: &Inventory, key: CauseKey, gathered: Gathered) -> Cause {
    let mut nodes = Vec::new();
    let mut known = BTreeSet::new();
    let mut sets: Vec<RowSlot> = gathered.row.into_iter().collect();
    for (row, column) in &gathered.cells {
        if known.insert(*column) {
            nodes.extend(inventory.column_at(*column).map(|named| named.name.clone()));
        }
        // They come row by row.
        if sets.last() != Some(row) && !sets.contains(row) {
            sets.push(*row);
        }
    }
    let since = gathered.since.iter().min().copied().zip(gathered.since.iter().max().copied());
    let mut cause =
        Cause { key, words: String::new(), cells: gathered.cells, nodes, sets, since, step: String::new() };
    cause.words = tell::words(inventory, &cause);
    cause.step = step::first(inventory, &cause);
    cause
}

/// Takes what belongs to a key: the row, the cell's column, and since when.
type Add<'a> = dyn FnMut(CauseKey, RowSlot, Option<ColumnSlot>, Option<Timestamp>) + 'a;

/// Cells that are not as wanted.
fn problems(inventory: &Inventory, scope: &Scope<'_>, slot: RowSlot, add: &mut Add<'_>) {
    let Some(row) = inventory.row(slot).filter(|row| row.tally.problems > 0) else { return };
    for column in scope.columns {
        if row.cell(*column).is_some_and(|cell| cell.problem)
            && let Some(view) = inventory.view(slot, *column)
        {
            add(behind::key(&view), slot, Some(*column), behind::began(&view));
        }
    }
}

/// Rollouts that are stuck, paused or wait for somebody.
fn rollouts(inventory: &Inventory, scope: &Scope<'_>, slot: RowSlot, add: &mut Add<'_>) {
    // What is stuck or waits has something left to update; judging a rollout walks over its pods.
    let Some(row) = inventory.row(slot) else { return };
    if !row.daemon_set.is_paused() && row.tally.updated >= row.tally.desired {
        return;
    }
    let Some(rollout) = rollout(inventory, slot) else { return };
    let set = row.daemon_set.meta.uid.clone();
    let outdated = |cell: Cell| cell.node_exists && cell.run && cell.occupied && !cell.updated;
    let (key, since) = match rollout.state {
        RolloutState::Stuck => (CauseKey::Stuck(set), rollout.since),
        RolloutState::Paused => {
            let at = match &row.daemon_set.pause {
                Some(Pause::Saved(saved)) => saved.at.parse().ok(),
                _ => None,
            };
            (CauseKey::Paused(set), at)
        }
        RolloutState::Waiting => {
            (CauseKey::Waiting(set), inventory.current_revision(slot).and_then(|r| r.meta.created))
        }
        _ => return,
    };
    let stuck = rollout.blockers.iter().any(|blocker| blocker.stuck);
    let worst = rollout.blockers.iter().filter(|blocker| blocker.stuck || !stuck);
    let blocking: BTreeSet<&NodeName> = worst.map(|blocker| &blocker.node).collect();
    let behind = |column: &ColumnSlot| match &key {
        CauseKey::Stuck(_) if !blocking.is_empty() => {
            inventory.column_at(*column).is_some_and(|named| blocking.contains(&named.name))
        }
        _ => row.cell(*column).is_some_and(outdated),
    };
    add(key.clone(), slot, None, since);
    for column in scope.columns.iter().filter(|column| behind(column)) {
        add(key.clone(), slot, Some(*column), None);
    }
}

/// Desired counts that fell.
fn falls(inventory: &Inventory, scope: &Scope<'_>, slot: RowSlot, add: &mut Add<'_>) {
    let (Some(row), Some(fall)) = (inventory.row(slot), inventory.fall(slot)) else { return };
    for column in scope.columns {
        let Some(named) = inventory.column_at(*column) else { continue };
        if let Some(left) = fall.left.get(&named.name) {
            let key = CauseKey::Fell(row.daemon_set.meta.uid.clone());
            add(key, slot, Some(*column), Some(left.at));
        }
    }
}

/// Nodes that have no pod where one could expect it.
fn absences(inventory: &Inventory, scope: &Scope<'_>, add: &mut Add<'_>) {
    let shown: BTreeSet<ColumnSlot> = scope.columns.iter().copied().collect();
    for (slot, column, gap) in gaps(inventory, scope.rows.iter().copied(), scope.everywhere) {
        let Some(row) = inventory.row(slot).filter(|_| shown.contains(&column)) else { continue };
        let (set, why) = (row.daemon_set.meta.uid.clone(), gap.why);
        let key = match gap.kind {
            GapKind::Everywhere => CauseKey::Everywhere { set, why },
            GapKind::Contradiction => CauseKey::Contradiction { set, why },
            GapKind::Unwell => CauseKey::Unwell(why),
            GapKind::Usual => CauseKey::Usual(why),
        };
        add(key, slot, Some(column), None);
    }
}
