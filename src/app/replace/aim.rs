//! Whose pods are meant to be replaced, and where: what is marked, else what is selected or what the screen names.

use std::collections::BTreeMap;

use crate::app::marks::Mark;
use crate::app::model::Model;
use crate::app::relabel::selected as chosen_nodes;
use crate::app::screen::subject;
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::{Inventory, Row, RowSlot};
use crate::domain::object::UpdateStrategy;
use crate::domain::replace::plan::outdated;

/// A DaemonSet whose pods are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Aim {
    /// The DaemonSet.
    pub daemon_set: Uid,
    /// On these nodes; on all of them where none is named.
    pub nodes: Vec<NodeName>,
}

/// What is meant: more than one where somebody has to choose.
///
/// # Errors
/// Why nothing can be meant, and what to do.
pub(in crate::app) fn aims(model: &Model) -> Result<Vec<Aim>, String> {
    let marked = marked(model);
    let only = if marked.is_empty() { selected(model)? } else { marked };
    // Where many are marked, only those that are replaced by hand can be meant.
    let by_hand = |aim: &Aim| row(&model.inventory, &aim.daemon_set).is_some_and(is_by_hand);
    match only.len() {
        0 | 1 => Ok(only),
        _ if only.iter().any(by_hand) => Ok(only.into_iter().filter(by_hand).collect()),
        _ => Ok(only.into_iter().take(1).collect()),
    }
}

fn row<'a>(inventory: &'a Inventory, uid: &Uid) -> Option<&'a Row> {
    inventory.row(inventory.row_of(uid)?)
}

fn is_by_hand(row: &Row) -> bool {
    row.daemon_set.strategy == UpdateStrategy::OnDelete
}

/// The DaemonSets with a mark; marked nodes are of every one of them.
fn marked(model: &Model) -> Vec<Aim> {
    let (mut sets, mut nodes) = (BTreeMap::<&Uid, Vec<&NodeName>>::new(), Vec::new());
    for mark in model.marks.iter() {
        match mark {
            Mark::Cell(uid, node) => sets.entry(uid).or_default().push(node),
            Mark::DaemonSet(uid) => {
                sets.entry(uid).or_default();
            }
            Mark::Node(node) => nodes.push(node),
        }
    }
    let all_of = |uid: &Uid| model.marks.iter().any(|mark| *mark == Mark::DaemonSet(uid.clone()));
    let aim = |(uid, cells): (&Uid, Vec<&NodeName>)| {
        let cells = if all_of(uid) { Vec::new() } else { cells };
        Aim {
            daemon_set: uid.clone(),
            nodes: cells.into_iter().chain(nodes.iter().copied()).cloned().collect(),
        }
    };
    if !sets.is_empty() {
        return sets.into_iter().map(aim).collect();
    }
    if nodes.is_empty() {
        return Vec::new();
    }
    let nodes: Vec<NodeName> = nodes.into_iter().cloned().collect();
    match subject(model).daemon_set {
        Some(daemon_set) => vec![Aim { daemon_set, nodes }],
        None => on(&model.inventory, &nodes),
    }
}

/// What is selected, or what the screen names.
fn selected(model: &Model) -> Result<Vec<Aim>, String> {
    let subject = subject(model);
    let nodes = chosen_nodes(model);
    match (subject.daemon_set, nodes.as_slice()) {
        (Some(daemon_set), _) => Ok(vec![Aim { daemon_set, nodes }]),
        (None, []) => Err("select a DaemonSet, a node or a cell first, or mark some".to_owned()),
        (None, [first, others @ ..]) => match on(&model.inventory, &nodes) {
            none if none.is_empty() => {
                let more = if others.is_empty() { "" } else { " and the others" };
                Err(format!("no OnDelete or paused DaemonSet has an outdated pod on {first}{more}"))
            }
            found => Ok(found),
        },
    }
}

/// The DaemonSets that are replaced by hand and have an outdated pod on one of the nodes.
fn on(inventory: &Inventory, nodes: &[NodeName]) -> Vec<Aim> {
    let has_outdated = |slot: RowSlot| {
        let columns = nodes.iter().filter_map(|node| inventory.column_of(node));
        columns.filter_map(|column| inventory.view(slot, column)).any(|view| outdated(&view).is_some())
    };
    let found = inventory.rows().filter(|(slot, row)| is_by_hand(row) && has_outdated(*slot));
    found.map(|(_, row)| Aim { daemon_set: row.daemon_set.meta.uid.clone(), nodes: nodes.to_vec() }).collect()
}
