//! The cursor moves over two axes of identities: names, counts and nodes one way, DaemonSets the other.

use crate::app::action::Action;
use crate::app::cursor::{ColumnPlace, Focus, RowPlace};
use crate::app::layout::Mode;
use crate::app::model::Model;
use crate::app::viewport::{map_step, step};
use crate::domain::grid::Group;

/// Moves the cursor.
pub(super) fn moved(model: &mut Model, action: Action) {
    model.has_moved = true;
    model.last_move = Some(model.now);
    if model.focus == Focus::Map {
        in_map(model, action);
        return;
    }
    let page = isize::try_from(model.layout.list.height.saturating_sub(1).max(1)).unwrap_or(1);
    match action {
        Action::MoveUp => vertical(model, -1),
        Action::MoveDown => vertical(model, 1),
        Action::PageUp => vertical(model, -page),
        Action::PageDown => vertical(model, page),
        Action::HalfPageUp => vertical(model, -(page / 2).max(1)),
        Action::HalfPageDown => vertical(model, (page / 2).max(1)),
        Action::MoveLeft => horizontal(model, -1),
        Action::MoveRight => horizontal(model, 1),
        // The first row is below the line of nodes.
        Action::GoToTop => {
            vertical(model, isize::MIN / 2);
            vertical(model, 1);
        }
        Action::GoToBottom => vertical(model, isize::MAX / 2),
        Action::GoToStart => horizontal(model, isize::MIN / 2),
        Action::GoToEnd => horizontal(model, isize::MAX / 2),
        _ => {}
    }
}

fn vertical(model: &mut Model, delta: isize) {
    if model.transposed { along_columns(model, delta) } else { along_rows(model, delta) }
}

fn horizontal(model: &mut Model, delta: isize) {
    if model.transposed { along_rows(model, delta) } else { along_columns(model, delta) }
}

fn along_rows(model: &mut Model, delta: isize) {
    // Above the names of the nodes stand those of their groups.
    if model.layout.mode == Mode::Matrix && model.cursor.row == RowPlace::Header {
        match group_index(model) {
            Some(group) if delta != -1 => {
                model.cursor.column = first_of(model, group);
                if delta == 1 {
                    return;
                }
            }
            None if delta == -1 && model.lens.group_by.is_some() && model.has_node() => {
                let group = group_of_node(model);
                return go_to_group(model, group);
            }
            _ => {}
        }
    }
    let at = step(row_index(model), delta, model.grid.rows.len() + 1);
    model.cursor.row = row_at(model, at);
}

fn along_columns(model: &mut Model, delta: isize) {
    if let Some(group) = group_index(model).filter(|_| bars(model).is_empty()) {
        return go_to_group(model, Some(step(group, delta, model.grid.groups.len())));
    }
    let at = step(column_index(model), delta, column_count(model));
    model.cursor.column = column_at(model, at);
}

/// 0 is the line of nodes.
pub(super) fn row_index(model: &Model) -> usize {
    let slot = model.selected_row();
    let place = slot.and_then(|slot| model.grid.rows.iter().position(|row| *row == slot));
    place.map_or(0, |at| at + 1)
}

pub(super) fn row_at(model: &Model, at: usize) -> RowPlace {
    let slot = at.checked_sub(1).and_then(|at| model.grid.rows.get(at));
    let row = slot.and_then(|slot| model.inventory.row(*slot));
    row.map_or(RowPlace::Header, |row| RowPlace::DaemonSet(row.daemon_set.meta.uid.clone()))
}

/// The counts that the cursor can be on.
fn counts(model: &Model) -> &'static [crate::app::cursor::CountColumn] {
    if model.transposed { &[] } else { model.layout.columns.counters.columns() }
}

/// Whether the cursor reaches nodes without the map.
fn reaches_nodes(model: &Model) -> bool {
    matches!(model.layout.mode, Mode::Words | Mode::Matrix | Mode::Transposed)
}

/// The groups that have a bar of their own, which the cursor can be on.
fn bars(model: &Model) -> &[Group] {
    let has_bars = model.layout.mode == Mode::Bars && model.layout.columns.bar > 0;
    if has_bars && model.lens.group_by.is_some() { &model.grid.groups } else { &[] }
}

/// Whether a group can be selected: by its bar, by its heading above the nodes, or by its label in the map.
pub(super) fn holds_groups(model: &Model) -> bool {
    let in_map = model.focus == Focus::Map && model.layout.map.is_some();
    let above = model.layout.mode == Mode::Matrix && model.cursor.row == RowPlace::Header;
    !bars(model).is_empty() || (model.lens.group_by.is_some() && (in_map || above))
}

fn group_index(model: &Model) -> Option<usize> {
    let selected = model.selected_group()?;
    model.grid.groups.iter().position(|group| group == selected)
}

/// The group of the selected node.
fn group_of_node(model: &Model) -> Option<usize> {
    let at = node_index(model)?;
    model.grid.groups.iter().position(|group| (group.start..group.end).contains(&at))
}

fn go_to_group(model: &mut Model, at: Option<usize>) {
    if let Some(group) = at.and_then(|at| model.grid.groups.get(at)) {
        model.cursor.column = ColumnPlace::Group(group.label.clone());
    }
}

fn first_of(model: &Model, group: usize) -> ColumnPlace {
    node_at(model, model.grid.groups.get(group).map_or(0, |group| group.start))
}

/// From a group to the first of its nodes; whether a group was selected.
pub(super) fn enter_group(model: &mut Model) -> bool {
    let Some(group) = group_index(model) else { return false };
    model.cursor.column = first_of(model, group);
    true
}

fn column_count(model: &Model) -> usize {
    let cells = if reaches_nodes(model) { model.grid.columns.len() } else { bars(model).len() };
    1 + counts(model).len() + cells
}

fn column_index(model: &Model) -> usize {
    match &model.cursor.column {
        ColumnPlace::Name => 0,
        ColumnPlace::Count(count) => {
            counts(model).iter().position(|shown| shown == count).map_or(0, |at| at + 1)
        }
        ColumnPlace::Node(_) => node_index(model).map_or(0, |at| at + 1 + counts(model).len()),
        ColumnPlace::Group(_) => group_index(model).map_or(0, |at| at + 1 + counts(model).len()),
    }
}

fn column_at(model: &Model, at: usize) -> ColumnPlace {
    let counts = counts(model);
    match at.checked_sub(1) {
        None => ColumnPlace::Name,
        Some(at) => match counts.get(at) {
            Some(count) => ColumnPlace::Count(*count),
            None if reaches_nodes(model) => node_at(model, at - counts.len()),
            None => {
                let group = bars(model).get(at - counts.len());
                group.map_or(ColumnPlace::Name, |group| ColumnPlace::Group(group.label.clone()))
            }
        },
    }
}

/// Where the selected node is among the shown ones.
pub(super) fn node_index(model: &Model) -> Option<usize> {
    let slot = model.selected_column()?;
    model.grid.columns.iter().position(|column| *column == slot)
}

/// The node at a place; the name where there is none.
pub(super) fn node_at(model: &Model, at: usize) -> ColumnPlace {
    let column = model.grid.columns.get(at).and_then(|slot| model.inventory.column_at(*slot));
    column.map_or(ColumnPlace::Name, |column| ColumnPlace::Node(column.name.clone()))
}

fn in_map(model: &mut Model, action: Action) {
    let Some(map) = &model.layout.map else { return };
    let group = group_index(model);
    let at = node_index(model).or_else(|| Some(model.selected_group()?.start)).unwrap_or_default();
    let is_first = model.grid.groups.iter().any(|group| group.start == at);
    match (group, action) {
        (Some(group), Action::MoveUp) => return go_to_group(model, group.checked_sub(1)),
        (Some(group), Action::MoveDown) => return go_to_group(model, Some(group + 1)),
        (Some(group), Action::MoveRight) => {
            model.cursor.column = first_of(model, group);
            return;
        }
        (Some(0), Action::MoveLeft) => return,
        // The label of a group stands before the first of its nodes.
        (None, Action::MoveLeft) if is_first && map.label > 0 => {
            return go_to_group(model, group_of_node(model));
        }
        _ => {}
    }
    let page = isize::try_from(map.band.height.saturating_sub(1).max(1)).unwrap_or(1);
    let line = map.lines.iter().find(|line| (line.start..line.end).contains(&at));
    let to = match action {
        Action::MoveUp => map_step(&map.lines, at, -1),
        Action::MoveDown => map_step(&map.lines, at, 1),
        Action::PageUp => map_step(&map.lines, at, -page),
        Action::PageDown => map_step(&map.lines, at, page),
        Action::HalfPageUp => map_step(&map.lines, at, -(page / 2).max(1)),
        Action::HalfPageDown => map_step(&map.lines, at, (page / 2).max(1)),
        Action::MoveLeft => at.saturating_sub(1),
        Action::MoveRight => step(at, 1, model.grid.columns.len()),
        Action::GoToTop => 0,
        Action::GoToBottom => model.grid.columns.len().saturating_sub(1),
        Action::GoToStart => line.map_or(at, |line| line.start),
        Action::GoToEnd => line.map_or(at, |line| line.end - 1),
        _ => at,
    };
    model.cursor.column = node_at(model, to);
}

/// Between the list and the map; where there is no map, between the names and the nodes.
pub(super) fn switch_focus(model: &mut Model) {
    model.has_moved = true;
    model.last_move = Some(model.now);
    let leaving = model.has_node() || model.focus == Focus::Map;
    if leaving {
        model.cursor.column = ColumnPlace::Name;
        model.focus = Focus::List;
        return;
    }
    if model.cursor.row == RowPlace::Header && !model.transposed {
        model.cursor.row = row_at(model, 1);
    }
    let known = model.last_node.as_ref().and_then(|name| model.inventory.column_of(name));
    let at = known.and_then(|slot| model.grid.columns.iter().position(|column| *column == slot));
    if !enter_group(model) {
        model.cursor.column = node_at(model, at.unwrap_or_default());
    }
    if model.layout.map.is_some() && model.has_node() {
        model.focus = Focus::Map;
    }
}
