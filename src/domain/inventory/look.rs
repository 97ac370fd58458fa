//! Knowledge is looked at.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Column, ColumnSlot, Inventory, Row, RowSlot};
use crate::domain::absence::{Fall, Falls};
use crate::domain::cell::{Cell, Knowledge, available_from};
use crate::domain::counts::Counts;
use crate::domain::event::{LinkState, Scope, Watch, WatchKind};
use crate::domain::id::{NodeName, Uid};
use crate::domain::object::{ControllerRevision, Pod};
use crate::domain::text::Text;

/// A cell with all that explains it.
#[derive(Debug)]
pub struct CellView<'a> {
    /// The DaemonSet's row.
    pub row: &'a Row,
    /// The node's column.
    pub column: &'a Column,
    /// The cell.
    pub cell: Cell,
    /// The pods the controller sees here, in its order.
    pub pods: Vec<&'a Pod>,
    /// The revisions of the DaemonSet.
    pub revisions: &'a [ControllerRevision],
    /// What can be seen.
    pub knowledge: Knowledge,
    /// Whether nothing but the node's health keeps a pod away.
    pub refused_by_health_only: bool,
    /// The time.
    pub now: Timestamp,
}

impl CellView<'_> {
    /// Whether a pod is up to date.
    #[must_use]
    pub fn is_updated(&self, pod: &Pod) -> bool {
        self.row.current().updated(pod)
    }

    /// Whether a pod is available now.
    #[must_use]
    pub fn is_available(&self, pod: &Pod) -> bool {
        let from = available_from(pod, self.row.daemon_set.min_ready_seconds);
        from.is_some_and(|at| at <= self.now)
    }
}

/// Sums over the whole cluster, for the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// DaemonSets.
    pub daemon_sets: usize,
    /// Nodes that exist.
    pub nodes: usize,
    /// Nodes that are Ready.
    pub ready_nodes: usize,
    /// Daemon pods.
    pub pods: usize,
}

impl Inventory {
    /// All DaemonSets.
    pub fn rows(&self) -> impl Iterator<Item = (RowSlot, &Row)> {
        self.rows.iter().map(|(slot, row)| (RowSlot(slot), row))
    }

    /// A DaemonSet.
    #[must_use]
    pub fn row(&self, slot: RowSlot) -> Option<&Row> {
        self.rows.get(slot.0)
    }

    /// Where a DaemonSet is.
    #[must_use]
    pub fn row_of(&self, uid: &Uid) -> Option<RowSlot> {
        self.row_of.get(uid).copied()
    }

    /// All nodes, and the names of nodes that pods still target.
    pub fn columns(&self) -> impl Iterator<Item = (ColumnSlot, &Column)> {
        self.columns.iter().map(|(slot, column)| (ColumnSlot(slot), column))
    }

    /// A node.
    #[must_use]
    pub fn column_at(&self, slot: ColumnSlot) -> Option<&Column> {
        self.columns.get(slot.0)
    }

    /// Where a node is.
    #[must_use]
    pub fn column_of(&self, name: &NodeName) -> Option<ColumnSlot> {
        self.column_of.get(name).copied()
    }

    /// A cell.
    #[must_use]
    pub fn cell(&self, row: RowSlot, column: ColumnSlot) -> Option<Cell> {
        self.rows.get(row.0)?.cell(column)
    }

    /// A cell with all that explains it.
    #[must_use]
    pub fn view(&self, row: RowSlot, column: ColumnSlot) -> Option<CellView<'_>> {
        let pods = self.pods_at(row, column);
        let facts = self.facts(row, column, &pods)?;
        let (knowledge, refused_by_health_only) = (facts.knowledge, facts.refused_by_health_only);
        let (cell, _) = facts.cell();
        let row = self.rows.get(row.0)?;
        Some(CellView {
            row,
            column: self.columns.get(column.0)?,
            cell,
            revisions: self.revisions(&row.daemon_set.meta.uid),
            pods,
            knowledge,
            refused_by_health_only,
            now: self.now,
        })
    }

    /// The revisions of a DaemonSet, in no order.
    #[must_use]
    pub fn revisions(&self, daemon_set: &Uid) -> &[ControllerRevision] {
        self.revisions.get(daemon_set).map_or(&[], Vec::as_slice)
    }

    /// The revision that pods of a hash belong to.
    #[must_use]
    pub fn revision(&self, daemon_set: &Uid, hash: &str) -> Option<&ControllerRevision> {
        self.revisions(daemon_set).iter().find(|revision| revision.hash == *hash)
    }

    /// What people call a revision: the image tag and its number, `3.1.4 (r2)`; the hash while it is not known.
    #[must_use]
    pub fn revision_label(&self, daemon_set: &Uid, hash: &str) -> String {
        self.revision(daemon_set, hash).map_or_else(|| hash.to_owned(), ControllerRevision::label)
    }

    /// The current revision of a DaemonSet.
    #[must_use]
    pub fn current_revision(&self, row: RowSlot) -> Option<&ControllerRevision> {
        let row = self.rows.get(row.0)?;
        self.revision(&row.daemon_set.meta.uid, row.current_hash.as_ref()?)
    }

    /// The counters by our own counting; none while nodes or pods are not known.
    #[must_use]
    pub fn computed(&self, row: RowSlot) -> Option<Counts> {
        let row = self.rows.get(row.0)?;
        (row.knowledge == Knowledge::Complete).then(|| row.tally.counts(row.daemon_set.is_observed()))
    }

    /// The desired counts that fell and that nobody has acknowledged.
    #[must_use]
    pub fn falls(&self) -> &Falls {
        &self.falls
    }

    /// The fall of a DaemonSet's desired count.
    #[must_use]
    pub fn fall(&self, row: RowSlot) -> Option<&Fall> {
        self.falls.of(&self.rows.get(row.0)?.daemon_set.meta.uid)
    }

    pub(in crate::domain) fn falls_mut(&mut self) -> &mut Falls {
        &mut self.falls
    }

    /// Somebody has seen that a DaemonSet's desired count fell; whether it had.
    pub fn acknowledge(&mut self, daemon_set: &Uid) -> bool {
        self.falls.forget(daemon_set)
    }

    /// How the watches stand.
    #[must_use]
    pub fn links(&self) -> &BTreeMap<Watch, LinkState> {
        &self.links
    }

    /// The lists that were complete at least once.
    #[must_use]
    pub fn is_complete(&self, watch: &Watch) -> bool {
        self.complete.contains(watch)
    }

    /// The only namespaces whose DaemonSets were read, by name; empty where those of all were.
    #[must_use]
    pub fn namespaces_seen(&self) -> Vec<&str> {
        let sets = self.complete.iter().filter(|watch| watch.kind == WatchKind::DaemonSets);
        let scopes = sets.map(|watch| match &watch.scope {
            Scope::Namespace(namespace) => Some(namespace.as_str()),
            Scope::Cluster | Scope::DaemonSet(_) => None,
        });
        // One list of all is enough.
        let mut names = scopes.collect::<Option<Vec<&str>>>().unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// A pod.
    #[must_use]
    pub fn pod(&self, uid: &Uid) -> Option<&Pod> {
        self.pods.get(uid).map(|placed| &placed.pod)
    }

    /// The pods of a DaemonSet, in no order.
    pub fn pods_of(&self, row: RowSlot) -> impl Iterator<Item = &Pod> {
        let uids = self.rows.get(row.0).into_iter().flat_map(|row| row.occupants.values().flatten());
        uids.filter_map(|uid| self.pods.get(uid)).map(|placed| &placed.pod)
    }

    /// Sums over the whole cluster.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let nodes = || self.columns.iter().filter_map(|(_, column)| column.node.as_ref());
        Totals {
            daemon_sets: self.rows.len(),
            nodes: nodes().count(),
            ready_nodes: nodes().filter(|node| node.is_ready()).count(),
            pods: self.pods.len() - self.homeless.len(),
        }
    }

    /// The same sums with only the DaemonSets and pods of a namespace, where one is named; nodes have none.
    #[must_use]
    pub fn totals_in(&self, namespace: Option<&Text>) -> Totals {
        let totals = self.totals();
        let Some(namespace) = namespace else { return totals };
        let inside = || {
            self.rows.iter().map(|(_, row)| row).filter(|row| row.daemon_set.meta.key.namespace == *namespace)
        };
        let pods = inside().map(|row| row.occupants.values().map(Vec::len).sum::<usize>()).sum();
        Totals { daemon_sets: inside().count(), pods, ..totals }
    }

    /// The namespaces that hold DaemonSets, sorted.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Text> {
        let all: std::collections::BTreeSet<&Text> =
            self.rows.iter().map(|(_, row)| &row.daemon_set.meta.key.namespace).collect();
        all.into_iter().cloned().collect()
    }
}
