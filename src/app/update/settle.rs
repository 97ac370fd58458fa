//! After every message: the cursor names something that is there, the layout fits, the cursor is in sight.

use unicode_width::UnicodeWidthStr;

use super::lens::project;
use super::motion::{self, node_at, node_index, row_at, row_index};
use crate::app::cursor::{ColumnPlace, Focus, RowPlace};
use crate::app::labels::NodeLabels;
use crate::app::layout::{Mode, Shape};
use crate::app::model::{Grouping, Model};
use crate::app::viewport::{follow, offset};
use crate::domain::grid::Group;
use crate::domain::id::Uid;
use crate::domain::text::Text;

/// The label by which nodes are grouped unless the user chooses another.
const ZONE: &str = "topology.kubernetes.io/zone";

/// Puts everything in order.
pub(super) fn settle(model: &mut Model) {
    model.labels = NodeLabels::of(&model.inventory, &model.grid);
    regroup(model);
    model.layout = shape(model).layout();
    place_cursor(model);
    scroll(model);
    super::logs::arrange(model);
    let room = model.room();
    if let Some(open) = model.screens.last_mut() {
        open.view.settle(&open.page.lines, room);
    }
}

/// By zone where the nodes do not fit and have one, unless the user chose.
fn regroup(model: &mut Model) {
    if model.grouping != Grouping::Automatic {
        return;
    }
    let whole = Shape { groups: vec![model.grid.columns.len()], grouped: false, ..shape(model) };
    let has_zone = |column: &crate::domain::inventory::Column| {
        column.node.as_ref().is_some_and(|node| node.meta.labels.get(ZONE).is_some())
    };
    let grouped = !whole.nodes_fit() && model.inventory.columns().any(|(_, column)| has_zone(column));
    let group_by = grouped.then(|| Text::new(ZONE));
    if model.lens.group_by != group_by {
        model.lens.group_by = group_by;
        project(model);
    }
}

/// The numbers that the layout is made from. Widths come from all DaemonSets, so that a filter does not move columns.
fn shape(model: &Model) -> Shape {
    let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
    let (mut name, mut bare, mut most) = (0, 0, 0);
    for (slot, row) in model.inventory.rows() {
        let key = &row.daemon_set.meta.key;
        bare = bare.max(width(&key.name));
        name = name.max(width(&key.namespace).saturating_add(1).saturating_add(width(&key.name)));
        let desired = crate::app::describe::number(&model.inventory, slot, crate::app::CountColumn::Desired);
        most = most.max(desired.unwrap_or_default());
    }
    let digits = most.checked_ilog10().map_or(1, |log| log + 1);
    Shape {
        size: model.size,
        rows: model.grid.rows.len(),
        groups: model.grid.groups.iter().map(Group::len).collect(),
        grouped: model.lens.group_by.is_some(),
        name: (name, bare),
        digits: u16::try_from(digits).unwrap_or(u16::MAX),
        group_label: model
            .grid
            .groups
            .iter()
            .map(|group| width(group.name()))
            .max()
            .unwrap_or_default()
            .max(2),
        node_label: if model.transposed { model.labels.whole } else { model.labels.width },
        transposed: model.transposed,
        map: model.map,
        counters: model.counters,
    }
}

fn place_cursor(model: &mut Model) {
    if !model.has_moved {
        start(model);
    }
    if model.cursor.row != RowPlace::Header && row_index(model) == 0 {
        // What was selected is gone: what stands in its place is.
        let at = model.last_place.0.clamp(1, model.grid.rows.len().max(1));
        model.cursor.row = row_at(model, at);
    }
    match &model.cursor.column {
        ColumnPlace::Node(_) if node_index(model).is_none() => {
            let at = model.last_place.1.min(model.grid.columns.len().saturating_sub(1));
            model.cursor.column = node_at(model, at);
        }
        ColumnPlace::Count(count) => {
            let shown = model.layout.columns.counters.columns();
            if model.transposed {
                model.cursor.column = ColumnPlace::Name;
            } else if !shown.contains(count) {
                model.cursor.column = ColumnPlace::Count(shown[0]);
            }
        }
        ColumnPlace::Group(_) if !motion::holds_groups(model) || model.selected_group().is_none() => {
            let first = model.selected_group().map(|group| group.start);
            let first = first.filter(|_| model.layout.mode != Mode::Bars);
            model.cursor.column = first.map_or(ColumnPlace::Name, |at| node_at(model, at));
        }
        ColumnPlace::Group(_) | ColumnPlace::Node(_) | ColumnPlace::Name => {}
    }
    model.focus = match (&model.layout.map, model.layout.mode) {
        (None, _) => Focus::List,
        (Some(_), _) if model.selected_group().is_some() => model.focus,
        (Some(_), _) if !model.has_node() => Focus::List,
        // Beside bars, nodes are only in the map.
        (Some(_), Mode::Bars) => Focus::Map,
        (Some(_), _) => model.focus,
    };
    if model.focus == Focus::Map && model.cursor.row == RowPlace::Header {
        model.cursor.row = row_at(model, 1);
    }
    if let Some(node) = model.cursor.column.node() {
        model.last_node = Some(node.clone());
    }
    model.last_place = (row_index(model), node_index(model).unwrap_or(model.last_place.1));
}

/// Before the first key: on the DaemonSet that was asked for, else on the first row, which is the worst.
fn start(model: &mut Model) {
    let asked = asked(model).map(RowPlace::DaemonSet);
    model.cursor.row = asked.unwrap_or_else(|| row_at(model, 1));
}

/// Once something was opened about what is selected, the cursor goes where that goes.
pub(super) fn pin(model: &mut Model) {
    let is_open = model.dialog.is_some()
        || model.relabel.is_some()
        || model.palette.is_some()
        || !model.screens.is_empty();
    if is_open && model.selected_row().is_some() {
        model.has_moved = true;
    }
}

/// The DaemonSet that was asked for, if it is there.
pub(super) fn asked(model: &Model) -> Option<Uid> {
    let name = model.settings.start_at.as_ref()?;
    let mut rows = model.inventory.rows().map(|(_, row)| &row.daemon_set.meta);
    let meta = rows.find(|meta| meta.key.to_string() == name.as_str() || meta.key.name == *name)?;
    Some(meta.uid.clone())
}

/// Scrolls as little as possible so that the cursor is in sight.
fn scroll(model: &mut Model) {
    let node = node_index(model).or_else(|| Some(model.selected_group()?.start));
    let row = row_index(model).saturating_sub(1);
    let groups: Vec<usize> = model.grid.groups.iter().map(Group::len).collect();
    let list = usize::from(model.layout.list.height);
    let cells = usize::from(model.layout.columns.cells);
    let (rows, columns) = (model.grid.rows.len(), model.grid.columns.len());
    if model.transposed {
        model.scroll.list = follow(model.scroll.list, list, columns, node.unwrap_or_default());
        model.scroll.cells = follow(model.scroll.cells, cells / 2, rows, row);
    } else {
        model.scroll.list = follow(model.scroll.list, list, rows, row);
        let extent = crate::app::viewport::extent(&groups);
        let at = node.map_or(0, |at| offset(&groups, at));
        let first = if node.is_some() { model.scroll.cells } else { 0 };
        model.scroll.cells =
            if model.layout.mode == Mode::Matrix { follow(first, cells, extent, at) } else { 0 };
    }
    if let Some(map) = &model.layout.map {
        let line = node.and_then(|at| map.lines.iter().position(|line| (line.start..line.end).contains(&at)));
        let height = usize::from(map.band.height);
        model.scroll.map = follow(model.scroll.map, height, map.lines.len(), line.unwrap_or_default());
    }
}
