//! The nodes behind a line of a DaemonSet's page: of a revision, of a rule that leaves them out, of a stale counter.

use super::count::list;
use super::{NodesOf, Screen};
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::exclusion::exclusions;
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::RowSlot;
use crate::domain::object::Pod;
use crate::domain::staleness::{stale_nodes, stale_why};
use crate::domain::text::Text;

/// The nodes with a pod of a revision, by name.
pub(super) fn on_revision(model: &Model, slot: RowSlot, hash: &Text) -> Vec<NodeName> {
    let of_it = |pod: &&Pod| pod.revision.as_ref() == Some(hash) && !pod.is_gone();
    let pods = model.inventory.pods_of(slot).filter(of_it);
    let mut nodes: Vec<NodeName> = pods.filter_map(|pod| pod.target().cloned()).collect();
    nodes.sort();
    nodes.dedup();
    nodes
}

/// The lines; none when the DaemonSet is gone.
pub(super) fn page(model: &Model, uid: &Uid, of: &NodesOf) -> Option<Page> {
    let slot = model.inventory.row_of(uid)?;
    let key = &model.inventory.row(slot)?.daemon_set.meta.key;
    let (words, nodes) = match of {
        NodesOf::Revision(hash) => {
            (format!("on {}", model.inventory.revision_label(uid, hash)), on_revision(model, slot, hash))
        }
        NodesOf::LeftOut(what) => {
            let found = exclusions(&model.inventory, slot).into_iter().find(|rule| rule.what == *what);
            (format!("left out by {what}"), found.map(|rule| rule.nodes).unwrap_or_default())
        }
        NodesOf::Stale => {
            let why =
                stale_why(&model.inventory, slot).unwrap_or_else(|| "the status is right again".to_owned());
            (why, stale_nodes(&model.inventory, slot))
        }
    };
    let mut page = Page::new(format!("{key} {words}"));
    page.fact(&words);
    page.leading(Screen::DaemonSet(uid.clone()));
    let mut columns: Vec<_> = nodes.iter().filter_map(|name| model.inventory.column_of(name)).collect();
    columns.sort_by_key(|column| model.inventory.cell(slot, *column).map(|cell| cell.state));
    list(model, &mut page, uid, slot, "Nodes", &columns);
    if columns.is_empty() {
        page.faint("no node");
    }
    Some(page)
}
