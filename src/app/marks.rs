//! What is marked, by identity: a mark never outlives what it marks.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::thousands;
use crate::domain::cause::Cause;
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::Inventory;

/// Something that is marked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// A DaemonSet on a node.
    Cell(Uid, NodeName),
    /// A node.
    Node(NodeName),
    /// A DaemonSet.
    DaemonSet(Uid),
}

/// What is marked, each with the uid that its node had then: another node may come under the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<Mark, Option<Uid>>);

impl Marks {
    /// How many marks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are, in words: `3`, or `2 cells, 60 nodes` where they are of several kinds.
    #[must_use]
    pub fn words(&self) -> String {
        let count = |is_kind: fn(&Mark) -> bool| self.0.keys().filter(|mark| is_kind(mark)).count();
        let kinds = [
            (count(|mark| matches!(mark, Mark::Cell(..))), "cell", "cells"),
            (count(|mark| matches!(mark, Mark::Node(_))), "node", "nodes"),
            (count(|mark| matches!(mark, Mark::DaemonSet(_))), "DaemonSet", "DaemonSets"),
        ];
        let kinds: Vec<_> = kinds.into_iter().filter(|(count, ..)| *count > 0).collect();
        if kinds.len() < 2 {
            return thousands(self.len());
        }
        let words = kinds.iter().map(|(count, one, many)| {
            format!("{} {}", thousands(*count), if *count == 1 { one } else { many })
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The marks, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.0.keys()
    }

    /// The nodes that are marked, themselves or in a cell; each once.
    #[must_use]
    pub fn nodes(&self) -> BTreeSet<&NodeName> {
        let node = |mark| match mark {
            &Mark::Cell(_, ref node) | &Mark::Node(ref node) => Some(node),
            Mark::DaemonSet(_) => None,
        };
        self.0.keys().filter_map(node).collect()
    }

    /// Whether a cell is marked, or a node where no DaemonSet is named.
    #[must_use]
    pub fn holds(&self, daemon_set: Option<&Uid>, node: &NodeName) -> bool {
        match daemon_set {
            // Most of the time nothing is marked, and this is asked for every cell that is drawn.
            _ if self.0.is_empty() => false,
            Some(uid) => self.0.contains_key(&Mark::Cell(uid.clone(), node.clone())),
            None => self.0.contains_key(&Mark::Node(node.clone())),
        }
    }

    /// Whether a DaemonSet is marked, or one of its cells.
    #[must_use]
    pub fn touches(&self, daemon_set: &Uid) -> bool {
        self.0.keys().any(|mark| match mark {
            Mark::Cell(uid, _) | Mark::DaemonSet(uid) => uid == daemon_set,
            Mark::Node(_) => false,
        })
    }

    /// Whether every cell of a cause is marked.
    #[must_use]
    pub fn has_all(&self, inventory: &Inventory, cause: &Cause) -> bool {
        !self.0.is_empty()
            && !cause.cells.is_empty()
            && of_cause(inventory, cause).all(|mark| self.0.contains_key(&mark))
    }

    /// Marks all of these; where all are marked already, takes the marks away.
    pub(super) fn toggle(&mut self, inventory: &Inventory, marks: Vec<Mark>) {
        if marks.iter().all(|mark| self.0.contains_key(mark)) {
            for mark in marks {
                self.0.remove(&mark);
            }
        } else {
            self.add(inventory, marks);
        }
    }

    /// Marks all of these.
    pub(super) fn add(&mut self, inventory: &Inventory, marks: impl IntoIterator<Item = Mark>) {
        for mark in marks {
            let uid = node_uid(inventory, &mark);
            self.0.insert(mark, uid);
        }
    }

    /// Takes all marks away; whether there were any.
    pub(super) fn clear(&mut self) -> bool {
        !std::mem::take(&mut self.0).is_empty()
    }

    /// What is gone is not marked any more; whether something was.
    pub(super) fn prune(&mut self, inventory: &Inventory) -> bool {
        let before = self.0.len();
        self.0.retain(|mark, marked| {
            let is_there = match mark {
                Mark::Cell(uid, node) => {
                    inventory.row_of(uid).is_some() && inventory.column_of(node).is_some()
                }
                Mark::Node(node) => inventory.column_of(node).is_some(),
                Mark::DaemonSet(uid) => inventory.row_of(uid).is_some(),
            };
            let is_same = match (&*marked, node_uid(inventory, mark)) {
                (Some(then), Some(now)) => *then == now,
                // Pods outlive their node for a while, and their cell with them.
                (Some(_), None) => !matches!(mark, Mark::Node(_)),
                (None, now) => {
                    *marked = now;
                    true
                }
            };
            is_there && is_same
        });
        self.0.len() != before
    }
}

/// The uid of the node that a mark is about.
fn node_uid(inventory: &Inventory, mark: &Mark) -> Option<Uid> {
    let (Mark::Cell(_, node) | Mark::Node(node)) = mark else { return None };
    let column = inventory.column_at(inventory.column_of(node)?)?;
    Some(column.node.as_ref()?.meta.uid.clone())
}

/// The cells of a cause as marks.
pub(super) fn of_cause(inventory: &Inventory, cause: &Cause) -> impl Iterator<Item = Mark> {
    cause.cells.iter().filter_map(|(row, column)| {
        let row = inventory.row(*row)?;
        Some(Mark::Cell(row.daemon_set.meta.uid.clone(), inventory.column_at(*column)?.name.clone()))
    })
}
