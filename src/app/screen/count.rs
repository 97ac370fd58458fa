//! The nodes behind a number.

use super::Screen;
use crate::app::cursor::CountColumn;
use crate::app::digest::state_word;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::cell::{Cell, CellState};
use crate::domain::explanation::word;
use crate::domain::id::Uid;
use crate::domain::inventory::{ColumnSlot, RowSlot};

/// The title of the nodes that have a pod and are not wanted, whatever else ails them.
const MISSCHEDULED: &str = "Misscheduled: a pod is there that is not wanted";

/// The lines; none when the DaemonSet is gone.
pub(super) fn page(model: &Model, uid: &Uid, count: CountColumn) -> Option<Page> {
    let slot = model.inventory.row_of(uid)?;
    let row = model.inventory.row(slot)?;
    let wanted = |cell: Cell| cell.node_exists && cell.run;
    let counts = |cell: Cell| match count {
        CountColumn::Desired => wanted(cell),
        CountColumn::Current => wanted(cell) && cell.occupied,
        CountColumn::Ready => wanted(cell) && cell.ready,
        CountColumn::UpToDate | CountColumn::UpdatedShare => wanted(cell) && cell.updated,
        CountColumn::Available => wanted(cell) && cell.available,
        CountColumn::Misscheduled => cell.node_exists && !cell.run && cell.occupied,
        CountColumn::Bad => cell.problem,
    };
    let mut page = Page::new(format!("{} {}", row.daemon_set.meta.key, count.heading()));
    let cells = || model.inventory.columns().filter_map(|(column, _)| Some((column, row.cell(column)?)));
    let those = |chosen: &dyn Fn(Cell) -> bool| {
        let mut chosen: Vec<(ColumnSlot, Cell)> = cells().filter(|(_, cell)| chosen(*cell)).collect();
        let name = |column: ColumnSlot| model.inventory.column_at(column).map(|column| column.name.clone());
        chosen.sort_by_key(|(column, cell)| (cell.state, name(*column)));
        chosen.into_iter().map(|(column, _)| column).collect::<Vec<_>>()
    };
    let behind = those(&counts);
    page.fact(format!("{} ({})", count.meaning(), behind.len()));
    page.leading(Screen::DaemonSet(uid.clone()));
    if !matches!(count, CountColumn::Bad | CountColumn::Misscheduled) {
        // The others are what one looks for, where most are counted.
        let others = those(&|cell| wanted(cell) && !counts(cell));
        list(model, &mut page, uid, slot, "Wanted, but not counted", &others);
    }
    let title = if count == CountColumn::Misscheduled { MISSCHEDULED } else { "Counted" };
    list(model, &mut page, uid, slot, title, &behind);
    Some(page)
}

/// Nodes, a line each, under a title.
pub(super) fn list(
    model: &Model,
    page: &mut Page,
    uid: &Uid,
    slot: RowSlot,
    title: &str,
    columns: &[ColumnSlot],
) {
    if !columns.is_empty() {
        page.heading(format!("{title} ({})", columns.len()));
    }
    for view in columns.iter().filter_map(|column| model.inventory.view(slot, *column)) {
        let (state, name) = (view.cell.state, &view.column.name);
        let word = Some(word(&view)).filter(|word| word != state_word(state) && word != state.name());
        let word = word.map(|word| format!("  {word}")).unwrap_or_default();
        let mut state_is = state_word(state).to_owned();
        if title == MISSCHEDULED && state != CellState::Misscheduled {
            state_is = format!("misscheduled, {state_is}");
        }
        page.told(
            view.cell.problem,
            &state_is,
            if title == MISSCHEDULED { 26 } else { 14 },
            format!("{name}{word}"),
        );
        page.signed(state);
        page.leading(Screen::Cell { daemon_set: uid.clone(), node: name.clone() });
    }
}
