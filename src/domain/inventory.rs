//! All that is known of the cluster, indexed by uid, DaemonSet and node, with every cell computed.
//!
//! Events are applied one by one; each recomputes only the cells it touches, so that one changed
//! pod costs the same at five nodes and at five thousand. A cell that changes by time alone
//! (availability, graces) has a due time; [`Inventory::advance`] recomputes what is due.

mod apply;
mod look;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use slab::Slab;

use super::absence::{Falls, JOINING, Left, Why};
use super::cell::{Cell, Current, Facts, Knowledge, controller_order};
use super::counts::{Counts, Tally};
use super::event::{LinkState, Scope, Watch, WatchKind};
use super::id::{NodeName, Uid};
use super::object::{ControllerRevision, DaemonSet, Labels, Node, Pod};
use super::placement::Placement;
use super::text::{Interner, Text};

pub use look::{CellView, Totals};

/// Where a DaemonSet is kept; good until it is deleted. Whatever outlives an event is named by uid instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowSlot(usize);

/// Where a node is kept; good until it is deleted. Whatever outlives an event is named by name instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnSlot(usize);

/// One DaemonSet with its cells.
#[derive(Debug)]
pub struct Row {
    /// The DaemonSet.
    pub daemon_set: DaemonSet,
    /// Its placement rules.
    pub placement: Placement,
    /// The sums over its cells.
    pub tally: Tally,
    /// Since when the controller's counters are not ours.
    pub stale_since: Option<Timestamp>,
    current_hash: Option<Text>,
    knowledge: Knowledge,
    cells: Vec<Option<Cell>>,
    occupants: HashMap<ColumnSlot, Vec<Uid>>,
}

/// One node, or the name of one that is gone while pods still target it.
#[derive(Debug)]
pub struct Column {
    /// The name.
    pub name: NodeName,
    /// The Node object; none where it is gone or may not be read.
    pub node: Option<Node>,
    /// In how many DaemonSets this node is not as wanted.
    pub problems: u32,
    occupants: u32,
}

/// A pod and where it is counted.
#[derive(Debug)]
struct Placed {
    pod: Pod,
    home: Option<(RowSlot, ColumnSlot)>,
}

/// What an event or the passing of time changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts that choose what to project again")]
pub struct Changed {
    /// DaemonSets came, went or changed.
    pub rows: bool,
    /// Nodes came, went or changed their labels.
    pub columns: bool,
    /// Cells changed.
    pub cells: bool,
    /// Links changed.
    pub links: bool,
}

impl Changed {
    /// Whether anything did.
    #[must_use]
    pub fn any(self) -> bool {
        self.rows || self.columns || self.cells || self.links
    }
}

impl std::ops::BitOrAssign for Changed {
    fn bitor_assign(&mut self, other: Self) {
        self.rows |= other.rows;
        self.columns |= other.columns;
        self.cells |= other.cells;
        self.links |= other.links;
    }
}

/// All that is known of the cluster.
#[derive(Debug)]
pub struct Inventory {
    now: Timestamp,
    rows: Slab<Row>,
    row_of: HashMap<Uid, RowSlot>,
    columns: Slab<Column>,
    column_of: HashMap<NodeName, ColumnSlot>,
    pods: HashMap<Uid, Placed>,
    /// Daemon pods whose owner is not known yet, or that target no node.
    homeless: HashSet<Uid>,
    revisions: HashMap<Uid, Vec<ControllerRevision>>,
    links: BTreeMap<Watch, LinkState>,
    complete: HashSet<Watch>,
    dues: BTreeSet<(Timestamp, RowSlot, ColumnSlot)>,
    texts: Interner,
    dirty: BTreeSet<RowSlot>,
    changed: Changed,
    /// Desired counts that fell.
    falls: Falls,
    /// The labels that nodes had before the event that is being applied.
    former: HashMap<ColumnSlot, Labels>,
    /// The row whose template is being changed.
    edited: Option<RowSlot>,
}

impl Inventory {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            rows: Slab::new(),
            row_of: HashMap::new(),
            columns: Slab::new(),
            column_of: HashMap::new(),
            pods: HashMap::new(),
            homeless: HashSet::new(),
            revisions: HashMap::new(),
            links: BTreeMap::new(),
            complete: HashSet::new(),
            dues: BTreeSet::new(),
            texts: Interner::default(),
            dirty: BTreeSet::new(),
            changed: Changed::default(),
            falls: Falls::default(),
            former: HashMap::new(),
            edited: None,
        }
    }

    /// Lets time pass; recomputes the cells that are due.
    pub fn advance(&mut self, now: Timestamp) -> Changed {
        self.now = self.now.max(now);
        while let Some(&(at, row, column)) = self.dues.first() {
            if at > self.now {
                break;
            }
            self.dues.pop_first();
            self.recompute(row, column);
        }
        self.settle()
    }

    /// The next instant at which a cell changes by time alone.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.dues.first().map(|(at, ..)| *at)
    }

    /// The time up to which everything is computed.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What can be seen for the cells of a namespace.
    fn look_around(&self, namespace: &Text) -> Knowledge {
        let is_complete = |kind, scope| self.complete.contains(&Watch { kind, scope });
        let pods = is_complete(WatchKind::Pods, Scope::Cluster)
            || is_complete(WatchKind::Pods, Scope::Namespace(namespace.clone()));
        let nodes = Watch { kind: WatchKind::Nodes, scope: Scope::Cluster };
        match pods {
            true if self.complete.contains(&nodes) => Knowledge::Complete,
            true if matches!(self.links.get(&nodes), Some(LinkState::Denied { .. })) => Knowledge::PodsOnly,
            _ => Knowledge::Nothing,
        }
    }

    /// Computes one cell again.
    fn recompute(&mut self, row: RowSlot, column: ColumnSlot) {
        let Some((cell, due)) = self.compute(row, column) else { return };
        if let Some(due) = due {
            self.dues.insert((due, row, column));
        }
        self.set_cell(row, column, Some(cell));
    }

    fn compute(&self, row: RowSlot, column: ColumnSlot) -> Option<(Cell, Option<Timestamp>)> {
        let pods = self.pods_at(row, column);
        Some(self.facts(row, column, &pods)?.cell())
    }

    /// The pods of a cell that the controller sees, in its order.
    fn pods_at(&self, row: RowSlot, column: ColumnSlot) -> Vec<&Pod> {
        let uids = self.rows.get(row.0).and_then(|row| row.occupants.get(&column));
        let known = uids.into_iter().flatten().filter_map(|uid| self.pods.get(uid)).map(|placed| &placed.pod);
        let mut pods: Vec<&Pod> = known.filter(|pod| !pod.is_gone()).collect();
        pods.sort_by(|a, b| controller_order(a, b));
        pods
    }

    fn facts<'a>(&'a self, row: RowSlot, column: ColumnSlot, pods: &'a [&'a Pod]) -> Option<Facts<'a>> {
        let (row, column) = (self.rows.get(row.0)?, self.columns.get(column.0)?);
        let node = column.node.as_ref();
        let verdict = node.map(|node| row.placement.verdict(node));
        // Only asked where it matters: a pod where none should run.
        let unwanted = !pods.is_empty() && verdict.is_some_and(|verdict| !verdict.run);
        Some(Facts {
            daemon_set: &row.daemon_set,
            node,
            knowledge: row.knowledge,
            verdict,
            refused_by_health_only: unwanted
                && node.is_some_and(|node| row.placement.refused_by_health_only(node)),
            pods,
            current: row.current(),
            now: self.now,
        })
    }

    fn set_cell(&mut self, row: RowSlot, column: ColumnSlot, cell: Option<Cell>) {
        let Some(kept) = self.rows.get_mut(row.0) else { return };
        if kept.cells.len() <= column.0 {
            kept.cells.resize(column.0 + 1, None);
        }
        let old = std::mem::replace(&mut kept.cells[column.0], cell);
        if old == cell {
            return;
        }
        self.note_move(row, column, old, cell);
        let Some(kept) = self.rows.get_mut(row.0) else { return };
        let problem = |cell: Option<Cell>| u32::from(cell.is_some_and(|cell| cell.problem));
        if let Some(old) = old {
            kept.tally.remove(old);
        }
        if let Some(new) = cell {
            kept.tally.add(new);
        }
        if let Some(column) = self.columns.get_mut(column.0) {
            column.problems = (column.problems + problem(cell)).saturating_sub(problem(old));
        }
        self.changed.cells = true;
        self.dirty.insert(row);
    }

    /// Notes where a node that exists ceases to be wanted, and where it is wanted again.
    fn note_move(&mut self, row: RowSlot, column: ColumnSlot, old: Option<Cell>, new: Option<Cell>) {
        let (Some(kept), Some(named)) = (self.rows.get(row.0), self.columns.get(column.0)) else { return };
        let uid = &kept.daemon_set.meta.uid;
        let wanted = |cell: Option<Cell>| cell.is_some_and(|cell| cell.run);
        if new.is_none_or(|cell| !cell.node_exists) && old.is_some_and(|cell| cell.node_exists) {
            self.falls.deleted(uid, &named.name);
        } else if wanted(new) {
            self.falls.came_back(uid, &named.name);
        } else if let (true, Some(node), Some(cell)) = (wanted(old), &named.node, new) {
            // A pod that may stay is misscheduled: that is seen anyway.
            let stays = cell.keep && cell.occupied;
            let joining = node.meta.created.is_some_and(|at| self.now.duration_since(at) < JOINING);
            let template = (self.edited == Some(row)).then_some(Why::Template);
            let why = template.or_else(|| Why::of(&kept.placement, node, self.former.get(&column)));
            if let Some(why) = why.filter(|_| !stays && !joining && kept.knowledge == Knowledge::Complete) {
                let left = Left { at: self.now, why };
                self.falls.left(uid, kept.tally.desired, named.name.clone(), left, false);
            }
        }
    }

    fn recompute_row(&mut self, row: RowSlot) {
        for column in self.column_slots() {
            self.recompute(row, column);
        }
        self.dirty.insert(row);
    }

    fn recompute_column(&mut self, column: ColumnSlot) {
        for row in self.row_slots() {
            self.recompute(row, column);
        }
    }

    fn recompute_all(&mut self) {
        for row in self.row_slots() {
            let knowledge = self.look_around(&self.rows[row.0].daemon_set.meta.key.namespace);
            self.rows[row.0].knowledge = knowledge;
            self.recompute_row(row);
        }
    }

    fn row_slots(&self) -> Vec<RowSlot> {
        self.rows.iter().map(|(slot, _)| RowSlot(slot)).collect()
    }

    fn column_slots(&self) -> Vec<ColumnSlot> {
        self.columns.iter().map(|(slot, _)| ColumnSlot(slot)).collect()
    }

    /// Ends a change: notes rows whose status went or ceased to be stale, and says what changed.
    fn settle(&mut self) -> Changed {
        for slot in std::mem::take(&mut self.dirty) {
            let stale = self.computed(slot).is_some_and(|computed| {
                self.rows.get(slot.0).is_some_and(|row| {
                    row.daemon_set.is_observed() && Counts::from(&row.daemon_set.status) != computed
                })
            });
            if let Some(row) = self.rows.get_mut(slot.0) {
                row.stale_since = stale.then(|| row.stale_since.unwrap_or(self.now));
            }
        }
        self.former.clear();
        std::mem::take(&mut self.changed)
    }
}

impl Row {
    /// What is up to date for this DaemonSet.
    #[must_use]
    pub fn current(&self) -> Current<'_> {
        Current {
            hash: self.current_hash.as_ref(),
            template_generation: self.daemon_set.template_generation.as_ref(),
        }
    }

    /// What can be seen for its cells.
    #[must_use]
    pub fn knowledge(&self) -> Knowledge {
        self.knowledge
    }

    /// The cell of a node.
    #[must_use]
    pub fn cell(&self, column: ColumnSlot) -> Option<Cell> {
        self.cells.get(column.0).copied().flatten()
    }
}
