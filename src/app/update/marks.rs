//! Marks are set and taken away.

use std::ops::Range;

use super::motion::{node_at, node_index, row_at};
use super::{motion, screen};
use crate::app::action::Action;
use crate::app::cursor::{ColumnPlace, Cursor, RowPlace};
use crate::app::marks::{Mark, of_cause};
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::screen::Screen;

fn say(model: &mut Model, words: impl Into<String>) {
    model.notice = Some(Notice::said(words, model.now));
}

/// How many are marked now.
fn tell(model: &mut Model) {
    let words = match model.marks.len() {
        0 => "nothing is marked".to_owned(),
        _ => format!("{} marked; Esc takes the marks away", model.marks.words()),
    };
    say(model, words);
}

/// Carries out what is done with marks.
pub(super) fn act(model: &mut Model, action: Action) {
    match action {
        Action::Mark => mark(model),
        Action::MarkRange => range(model),
        Action::MarkGroup => mark_group(model),
        Action::MarkShown => mark_shown(model),
        other => sweep(model, other),
    }
}

/// Marks what is selected, or takes its mark away.
fn mark(model: &mut Model) {
    let Some(open) = model.screens.last() else {
        let marks = selected(model);
        if marks.is_empty() {
            say(model, "select a DaemonSet, a node or a cell first");
            return;
        }
        model.marks.toggle(&model.inventory, marks);
        tell(model);
        return;
    };
    let marks = open.leads().map(|to| behind(model, to)).unwrap_or_default();
    if marks.is_empty() {
        // Nothing to mark here: Space turns the page, as it does in every pager.
        screen::moved(model, Action::PageDown);
        return;
    }
    model.marks.toggle(&model.inventory, marks);
    screen::refresh(model);
    tell(model);
}

/// What a line leads to.
fn behind(model: &Model, to: &Screen) -> Vec<Mark> {
    match to {
        Screen::Cause(key) => {
            let cause = model.problems.find(key);
            cause.map(|cause| of_cause(&model.inventory, cause).collect()).unwrap_or_default()
        }
        Screen::Cell { daemon_set, node } => vec![Mark::Cell(daemon_set.clone(), node.clone())],
        Screen::Node(node) => vec![Mark::Node(node.clone())],
        Screen::DaemonSet(uid) => vec![Mark::DaemonSet(uid.clone())],
        _ => Vec::new(),
    }
}

/// What is selected; of a group, the cells of the row, or on the heading its nodes.
fn selected(model: &Model) -> Vec<Mark> {
    match model.selected_group() {
        Some(group) => in_columns(model, group.start..group.end),
        None => mark_of(&model.cursor.row, &model.cursor.column).into_iter().collect(),
    }
}

fn mark_of(row: &RowPlace, column: &ColumnPlace) -> Option<Mark> {
    match (row, column) {
        (RowPlace::Header, ColumnPlace::Node(node)) => Some(Mark::Node(node.clone())),
        (RowPlace::DaemonSet(uid), ColumnPlace::Node(node)) => Some(Mark::Cell(uid.clone(), node.clone())),
        (RowPlace::DaemonSet(uid), _) => Some(Mark::DaemonSet(uid.clone())),
        (RowPlace::Header, _) => None,
    }
}

/// The selected row in these columns.
fn in_columns(model: &Model, columns: Range<usize>) -> Vec<Mark> {
    columns.filter_map(|at| mark_of(&model.cursor.row, &node_at(model, at))).collect()
}

/// Begins a range, or marks what lies between its beginning and the cursor; begun and ended on the same node, the whole
/// group of the node.
fn range(model: &mut Model) {
    let Some(anchor) = model.anchor.take() else {
        if selected(model).is_empty() {
            say(model, "select a DaemonSet, a node or a cell first");
            return;
        }
        model.anchor = Some(model.cursor.clone());
        say(
            model,
            "range begun; v again marks up to the cursor, at the same place the whole group, Esc drops it",
        );
        return;
    };
    let here = model.cursor.clone();
    let marks = if anchor == here { group(model) } else { between(model, &anchor, &here) };
    model.marks.add(&model.inventory, marks);
    tell(model);
}

/// Marks what is selected, in every column of its group.
fn mark_group(model: &mut Model) {
    add(model, group);
}

/// Marks what is selected, in every column that is shown; of names and counts, the DaemonSets that are shown. On a
/// screen, the cells and nodes of its lines.
fn mark_shown(model: &mut Model) {
    add(model, |model| {
        if let Some(open) = model.screens.last() {
            let all = open.page.lines.iter().filter_map(|line| line.leads.as_ref());
            let marks = all.flat_map(|to| behind(model, to));
            return marks.filter(|mark| !matches!(mark, Mark::DaemonSet(_))).collect();
        }
        if node_index(model).is_none() && model.selected_group().is_none() {
            let rows = (1..=model.grid.rows.len()).map(|at| row_at(model, at));
            return rows.filter_map(|row| mark_of(&row, &ColumnPlace::Name)).collect();
        }
        in_columns(model, 0..model.grid.columns.len())
    });
}

fn add(model: &mut Model, marks: impl Fn(&Model) -> Vec<Mark>) {
    let marks = marks(model);
    if marks.is_empty() {
        say(model, "there is no DaemonSet, node or cell here to mark");
        return;
    }
    model.marks.add(&model.inventory, marks);
    screen::refresh(model);
    tell(model);
}

/// What is selected, in every column of its group.
fn group(model: &Model) -> Vec<Mark> {
    let Some(at) = node_index(model) else { return selected(model) };
    let group = model.grid.groups.iter().find(|group| (group.start..group.end).contains(&at));
    group.map(|group| in_columns(model, group.start..group.end)).unwrap_or_default()
}

/// The rectangle that two places span, in the order of the screen.
fn between(model: &Model, from: &Cursor, to: &Cursor) -> Vec<Mark> {
    let row = |cursor: &Cursor| match &cursor.row {
        RowPlace::Header => Some(0),
        RowPlace::DaemonSet(uid) => {
            let slot = model.inventory.row_of(uid)?;
            model.grid.rows.iter().position(|row| *row == slot).map(|at| at + 1)
        }
    };
    let column = |cursor: &Cursor| {
        if let ColumnPlace::Group(label) = &cursor.column {
            let group = model.grid.groups.iter().find(|group| group.label == *label)?;
            return Some((group.start, group.end - 1));
        }
        let slot = model.inventory.column_of(cursor.column.node()?)?;
        let at = model.grid.columns.iter().position(|column| *column == slot)?;
        Some((at, at))
    };
    // What one end named may be gone; then the other end is all there is.
    let row_b = row(to).unwrap_or_default();
    let row_a = row(from).unwrap_or(row_b);
    let columns: Vec<ColumnPlace> = match (column(from), column(to)) {
        (Some(a), Some(b)) => (a.0.min(b.0)..=a.1.max(b.1)).map(|at| node_at(model, at)).collect(),
        // Of names and counts, the DaemonSets are meant.
        _ => vec![ColumnPlace::Name],
    };
    let rows = (row_a.min(row_b)..=row_a.max(row_b)).map(|at| row_at(model, at));
    rows.flat_map(|row| columns.iter().filter_map(move |column| mark_of(&row, column))).collect()
}

/// Moves and marks what was left and what was come to.
fn sweep(model: &mut Model, action: Action) {
    let before = selected(model);
    let step = match action {
        Action::MarkUp => Action::MoveUp,
        Action::MarkDown => Action::MoveDown,
        Action::MarkLeft => Action::MoveLeft,
        _ => Action::MoveRight,
    };
    motion::moved(model, step);
    let came = selected(model);
    model.marks.add(&model.inventory, before.into_iter().chain(came));
    tell(model);
}

/// Drops a range that was begun, or else all marks; whether there was something to drop.
pub(super) fn drop_all(model: &mut Model) -> bool {
    let dropped = model.anchor.take().is_some() || model.marks.clear();
    if dropped {
        screen::refresh(model);
    }
    dropped
}
