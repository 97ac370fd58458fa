//! A node: its labels, taints and conditions, and what every DaemonSet does on it.

use std::collections::BTreeSet;

use super::{Screen, events, node_ref};
use crate::app::describe;
use crate::app::digest::state_word;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::id::NodeName;
use crate::domain::inquiry::Inquiry;

/// The events.
pub(super) fn needed(model: &Model, name: &NodeName) -> BTreeSet<Inquiry> {
    let column = model.inventory.column_of(name).and_then(|slot| model.inventory.column_at(slot));
    let node = column.and_then(|column| column.node.as_ref());
    node.map(|node| Inquiry::Events(node_ref(node))).into_iter().collect()
}

/// The lines; none when neither it nor a pod on it is there any more.
pub(super) fn page(model: &Model, name: &NodeName) -> Option<Page> {
    let slot = model.inventory.column_of(name)?;
    let column = model.inventory.column_at(slot)?;
    let mut page = Page::new(format!("node {name}"));
    page.fact(describe::node(model, column));
    if let Some(object) = &column.node {
        page.fact(format!(
            "kubelet {}, kernel {}, {}",
            object.kubelet_version, object.kernel_version, object.os_image
        ));
        page.heading("Taints");
        for taint in &object.taints {
            page.fact(taint.to_string());
        }
        if object.taints.is_empty() {
            page.faint("none");
        }
    }
    page.heading("DaemonSets");
    let mut cells: Vec<_> =
        model.inventory.rows().filter_map(|(_, row)| Some((row.cell(slot)?, &row.daemon_set.meta))).collect();
    cells.sort_by(|a, b| (a.0.state, &a.1.key).cmp(&(b.0.state, &b.1.key)));
    for (cell, meta) in cells {
        page.told(cell.problem, state_word(cell.state), 14, meta.key.to_string());
        page.leading(Screen::Cell { daemon_set: meta.uid.clone(), node: name.clone() });
    }
    if let Some(object) = &column.node {
        page.heading("Labels");
        for (key, value) in object.meta.labels.iter() {
            page.fact(format!("{key}={value}"));
        }
        events(model, &mut page, &[node_ref(object)]);
    }
    Some(page)
}
