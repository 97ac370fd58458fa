//! One cause: since when, the first thing to do, what its nodes share, and the nodes.

use std::collections::BTreeSet;

use super::events::absence;
use super::problems::count;
use super::{Screen, daemon_set_ref, node_ref};
use crate::app::model::Model;
use crate::app::page::{LineKind, Page};
use crate::domain::absence::Why;
use crate::domain::age::age;
use crate::domain::cause::{Cause, CauseKey};
use crate::domain::explanation::sentence;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::manager::{Manager, of_label, of_taints};
use crate::domain::object::Event;
use crate::domain::raw::RawObject;

/// Why a node left a DaemonSet is asked of one of the nodes; why pods are missing, of the DaemonSet's events.
pub(super) fn needed(model: &Model, key: &CauseKey) -> BTreeSet<Inquiry> {
    inquiry(model, key).into_iter().collect()
}

fn inquiry(model: &Model, key: &CauseKey) -> Option<Inquiry> {
    let row = model.inventory.row(model.inventory.row_of(key.daemon_set()?)?)?;
    match key {
        CauseKey::Fell(uid) => {
            let (name, _) = model.inventory.falls().of(uid)?.left.first_key_value()?;
            let column = model.inventory.column_at(model.inventory.column_of(name)?)?;
            Some(Inquiry::Object(node_ref(column.node.as_ref()?)))
        }
        CauseKey::Missing(_) => Some(Inquiry::Events(daemon_set_ref(&row.daemon_set))),
        _ => None,
    }
}

/// The lines; none when it is no more.
pub(super) fn page(model: &Model, key: &CauseKey) -> Option<Page> {
    let (cause, shared) = model.problems.with_shared().find(|(cause, _)| cause.key == *key)?;
    let mut page = Page::new(cause.words.clone());
    page.fact(&cause.words);
    page.signed(key.state());
    // Its only node needs no choosing: keys on the first line are about it.
    if let [(slot, column)] = cause.cells.as_slice()
        && let (Some(row), Some(named)) = (model.inventory.row(*slot), model.inventory.column_at(*column))
    {
        let daemon_set = row.daemon_set.meta.uid.clone();
        page.leading(Screen::Cell { daemon_set, node: named.name.clone() });
    } else if let [only] = cause.nodes.as_slice() {
        page.leading(Screen::Node(only.clone()));
    }
    if let Some((oldest, newest)) = cause.since {
        let (first, last) = (age(Some(oldest), model.now), age(Some(newest), model.now));
        let words = if first == last {
            format!("since {first}")
        } else {
            format!("the first {first} ago, the last {last} ago")
        };
        page.fact(words);
    }
    asked(model, &mut page, key);
    page.heading("First thing to do");
    page.fact(&cause.step);
    if !shared.is_empty() {
        page.heading("What its nodes share");
    }
    for shared in shared {
        page.fact(shared.to_string());
    }
    nodes(model, &mut page, cause);
    Some(page)
}

/// Its cells, or its nodes where several DaemonSets meet on them.
fn nodes(model: &Model, page: &mut Page, cause: &Cause) {
    let marks = &model.marks;
    if cause.sets.len() > 1 {
        page.heading(format!("DaemonSets ({})", cause.sets.len()));
        for row in cause.sets.iter().filter_map(|slot| model.inventory.row(*slot)) {
            let on = cause
                .cells
                .iter()
                .filter(|(slot, _)| model.inventory.row_of(&row.daemon_set.meta.uid) == Some(*slot));
            let on = match cause.nodes.len() {
                1 => String::new(),
                _ => format!(" on {}", count(on.count(), "node")),
            };
            page.fact(format!("{}{on}", row.daemon_set.meta.key));
            page.leading(Screen::DaemonSet(row.daemon_set.meta.uid.clone()));
        }
    }
    if !cause.nodes.is_empty() {
        page.heading(format!("Nodes ({}); Enter says why, Space marks", cause.nodes.len()));
    }
    let mut known = BTreeSet::new();
    for (slot, column) in &cause.cells {
        let (Some(row), Some(named)) = (model.inventory.row(*slot), model.inventory.column_at(*column))
        else {
            continue;
        };
        if !known.insert(*column) {
            continue;
        }
        let uid = &row.daemon_set.meta.uid;
        let marked = if marks.holds(Some(uid), &named.name) { "[marked] " } else { "" };
        page.fact(format!("{marked}{}", sentence(&model.inventory, *slot, *column)));
        page.signed(row.cell(*column).map(|cell| cell.state).unwrap_or_default());
        page.leading(Screen::Cell { daemon_set: uid.clone(), node: named.name.clone() });
    }
}

/// What was asked about it.
fn asked(model: &Model, page: &mut Page, key: &CauseKey) {
    let Some(inquiry) = inquiry(model, key) else { return };
    match model.answers.get(&inquiry) {
        Some(Answer::Object(Some(object))) => page.fact(writer(model, key, object)),
        Some(Answer::Events(events)) => {
            let failed = |event: &&Event| event.reason == "FailedCreate";
            match events.iter().rfind(failed) {
                Some(event) => page.problem(format!(
                    "FailedCreate {} ago: {}",
                    age(event.last_seen, model.now),
                    event.message
                )),
                None => {
                    page.fact(
                        "no FailedCreate event of the last hour: the controller may be behind, or away",
                    );
                }
            }
        }
        _ => {
            let (kind, words) = absence(model, &inquiry, "more about it");
            if kind == LineKind::Problem { page.problem(words) } else { page.faint(words) }
        }
    }
}

/// Who changed the node, as far as its managedFields tell.
fn writer(model: &Model, key: &CauseKey, object: &RawObject) -> String {
    let fall = key.daemon_set().and_then(|uid| model.inventory.falls().of(uid));
    let first = fall.and_then(|fall| fall.left.first_key_value());
    let Some((node, left)) = first else { return String::new() };
    let when = |manager: &Manager| match manager.at {
        Some(at) => format!(" {} ago", age(Some(at), model.now)),
        None => String::new(),
    };
    let told = match &left.why {
        Why::Label { key, .. } => of_label(object, key).map(|manager| {
            let when = when(&manager);
            if manager.owns {
                format!("label {key} of {node} was written by {}{when}", manager.name)
            } else {
                // Of a label that is gone, nothing says who removed it.
                format!("the labels of {node} were last written by {}{when}", manager.name)
            }
        }),
        Why::Taint(_) => of_taints(object).map(|manager| {
            format!("the taints of {node} were written by {}{}", manager.name, when(&manager))
        }),
        Why::Template | Why::Other(_) => None,
    };
    told.unwrap_or_else(|| format!("who changed {node} is not told by its managedFields"))
}
