//! How the grid is looked at.

use super::{changed, clock};
use crate::app::cursor::RowPlace;
use crate::app::layout::{Counters, Mode};
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::domain::grid::{Grid, Order};
use crate::domain::inventory::Changed;

/// Projects everything after the lens was changed.
pub(super) fn project(model: &mut Model) {
    model.grid = Grid::project(&model.inventory, &model.lens);
    model.held = Changed::default();
    model.problems.forget();
}

fn say(model: &mut Model, words: &str) {
    model.notice = Some(Notice::said(words, model.now));
}

pub(super) fn toggle_counters(model: &mut Model) {
    model.counters = Some(model.layout.columns.counters == Counters::Compact);
}

pub(super) fn transpose(model: &mut Model) {
    model.transposed = !model.transposed;
}

/// The next order of what the cursor is on: nodes on their headings, else DaemonSets.
pub(super) fn change_order(model: &mut Model) {
    // For both, the order by label is the one by name: groups and namespaces come first anyway.
    let next = |order: Order| match order.next() {
        Order::Label => Order::Label.next(),
        order => order,
    };
    if model.cursor.row == RowPlace::Header && model.has_node() {
        model.lens.column_order = next(model.lens.column_order);
        say(model, &format!("nodes {}", model.lens.column_order.name()));
    } else {
        model.lens.row_order = next(model.lens.row_order);
        say(model, &format!("DaemonSets {}", model.lens.row_order.name()));
    }
    project(model);
}

pub(super) fn toggle_map(model: &mut Model) {
    let shown = model.layout.map.is_some();
    if model.transposed {
        say(model, "there is no map while nodes are rows; t turns them back");
        return;
    }
    model.map = Some(!shown);
    if shown && model.layout.mode == Mode::Bars {
        say(model, "every node in the row, to be scrolled; m brings the map back");
    }
}

pub(super) fn toggle_affected(model: &mut Model) {
    model.lens.only_affected = !model.lens.only_affected;
    let words = if model.lens.only_affected {
        "only DaemonSets and nodes with a problem; x shows all again"
    } else {
        "all DaemonSets and nodes"
    };
    say(model, words);
    project(model);
}

/// Stuck rollouts come first where the worst does; they are judged with the words of a frame. Whether that moved rows.
pub(super) fn lift_stuck(model: &mut Model) -> bool {
    let stuck = model.digest.rollouts.stuck(&model.inventory);
    if model.lens.stuck == stuck {
        return false;
    }
    model.lens.stuck = stuck;
    clock::reorder(model, Changed { cells: true, ..Changed::default() });
    changed(model);
    true
}
