//! The nodes behind a number.

use super::Screen;
use crate::app::cursor::CountColumn;
use crate::app::digest::state_word;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::cell::Cell;
use crate::domain::explanation::word;
use crate::domain::id::Uid;
use crate::domain::inventory::Column;

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
    let cells = || model.inventory.columns().filter_map(|(slot, column)| Some((column, row.cell(slot)?)));
    let mut behind: Vec<_> = cells().filter(|(_, cell)| counts(*cell)).collect();
    // The others are what one looks for, where most are counted.
    let mut missing: Vec<_> = cells().filter(|(_, cell)| wanted(*cell) && !counts(*cell)).collect();
    let by = |(column, cell): &(&Column, Cell)| (cell.state, column.name.clone());
    behind.sort_by_key(by);
    missing.sort_by_key(by);
    page.fact(format!("{} ({})", count.meaning(), behind.len()));
    let list = |page: &mut Page, title: &str, cells: &[(&Column, Cell)]| {
        if !cells.is_empty() {
            page.heading(format!("{title} ({})", cells.len()));
        }
        for (column, cell) in cells {
            let view =
                model.inventory.column_of(&column.name).and_then(|column| model.inventory.view(slot, column));
            let word = view.map(|view| word(&view)).filter(|word| word != cell.state.name());
            let word = word.map(|word| format!("  {word}")).unwrap_or_default();
            page.told(cell.problem, state_word(cell.state), 14, format!("{}{word}", column.name));
            page.leading(Screen::Cell { daemon_set: uid.clone(), node: column.name.clone() });
        }
    };
    if !matches!(count, CountColumn::Bad | CountColumn::Misscheduled) {
        list(&mut page, "Wanted, but not counted", &missing);
    }
    list(&mut page, "Counted", &behind);
    Some(page)
}
