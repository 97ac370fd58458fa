//! The cursor goes to what is wrong.

use super::motion::node_index;
use crate::app::cursor::{ColumnPlace, Focus, RowPlace};
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::problems;
use crate::domain::cause::{Cause, Weight};
use crate::domain::inventory::{ColumnSlot, RowSlot};
use crate::domain::rollout::rollout;

/// To the next cause of problems, or the previous one, in a circle.
pub(super) fn cause(model: &mut Model, direction: isize) {
    problems::refresh(model);
    let mut causes: Vec<Cause> = model.problems.causes().cloned().collect();
    // A cause none of whose nodes is left has no place in the grid.
    causes.retain(|cause| cause.key.weight() == Weight::Problem && !cause.cells.is_empty());
    if causes.is_empty() {
        let hidden = model.grid.hidden_rows + model.grid.hidden_columns > 0;
        let words =
            if hidden { "nothing shown is wrong; some is hidden by the filter" } else { "nothing is wrong" };
        model.notice = Some(Notice::said(words, model.now));
        return;
    }
    let length = causes.len();
    let next = match (place(model, &causes), direction > 0) {
        (None, true) => 0,
        (None, false) => length - 1,
        (Some(at), true) => (at + 1) % length,
        (Some(at), false) => (at + length - 1) % length,
    };
    let (row, column) = causes[next].cells[0];
    let words = format!("cause {} of {length}: {}", next + 1, causes[next].words);
    go_to(model, row, column);
    model.last_cause = Some(causes.swap_remove(next).key);
    model.notice = Some(Notice::said(words, model.now));
}

/// The cause that the cursor is on. One cell can have several; the one it was brought to counts.
fn place(model: &Model, causes: &[Cause]) -> Option<usize> {
    let here = model.selected_row().zip(model.selected_column())?;
    let holds = |cause: &&Cause| cause.cells.contains(&here);
    let last = causes.iter().position(|cause| Some(&cause.key) == model.last_cause.as_ref() && holds(&cause));
    last.or_else(|| causes.iter().position(|cause| holds(&cause)))
}

/// To the node that holds up this row's rollout; from there to the next such node.
pub(super) fn blocker(model: &mut Model) {
    let Some(row) = model.selected_row() else {
        model.notice = Some(Notice::said("select a DaemonSet first", model.now));
        return;
    };
    let blockers = rollout(&model.inventory, row).map(|rollout| rollout.blockers).unwrap_or_default();
    let shown: Vec<(ColumnSlot, &str)> = blockers
        .iter()
        .filter_map(|blocker| Some((model.inventory.column_of(&blocker.node)?, blocker.why.as_str())))
        .filter(|(column, _)| model.grid.columns.contains(column))
        .collect();
    let here = model.selected_column();
    let at = shown.iter().position(|(column, _)| Some(*column) == here);
    let next = at.map_or(0, |at| (at + 1) % shown.len());
    let words = match shown.get(next) {
        Some((column, why)) => {
            let words = format!("blocker {} of {}: {why}", next + 1, shown.len());
            go_to(model, row, *column);
            words
        }
        None if blockers.is_empty() => "nothing blocks a rollout here".to_owned(),
        None => "what blocks it is hidden by the filter".to_owned(),
    };
    model.notice = Some(Notice::said(words, model.now));
}

pub(super) fn go_to(model: &mut Model, row: RowSlot, column: ColumnSlot) {
    let (Some(to_row), Some(to_column)) = (model.inventory.row(row), model.inventory.column_at(column))
    else {
        return;
    };
    model.cursor.row = RowPlace::DaemonSet(to_row.daemon_set.meta.uid.clone());
    model.cursor.column = ColumnPlace::Node(to_column.name.clone());
    model.has_moved = true;
    model.last_move = Some(model.now);
    if model.layout.map.is_some() && node_index(model).is_some() {
        model.focus = Focus::Map;
    }
}
