//! The DaemonSets, one a line: mark, worst glyph, name, counts, rollout and why, cells.

use ratatui::style::Style;

use super::line::cut_start;
use super::theme::Role;
use super::{Canvas, bars, matrix};
use crate::app::layout::{ListColumns, Mode};
use crate::app::{ColumnPlace, CountColumn, Focus, RowPlace, number};
use crate::domain::cell::CellState;
use crate::domain::inventory::{Row, RowSlot};
use crate::domain::rollout::RolloutState;

/// Draws headings and rows.
pub(super) fn draw(canvas: &mut Canvas) {
    headings(canvas);
    let (first, ..) = canvas.model.scrolled();
    let list = canvas.model.layout().list;
    let rows: Vec<RowSlot> =
        canvas.model.grid().rows.iter().skip(first).take(usize::from(list.height)).copied().collect();
    for (y, slot) in (list.top..).zip(rows) {
        row(canvas, y, slot);
    }
}

/// The line of the headings nearest to the rows.
pub(super) fn heading_line(canvas: &Canvas) -> u16 {
    let head = canvas.model.layout().head;
    head.top + head.height - 1
}

fn headings(canvas: &mut Canvas) {
    let columns = canvas.model.layout().columns;
    let y = heading_line(canvas);
    let style = canvas.theme.style(Role::Heading);
    let hidden = canvas.model.grid().hidden_rows;
    let name = if hidden > 0 {
        format!(
            "DAEMONSET {} of {}",
            canvas.model.grid().rows.len(),
            canvas.model.inventory().totals().daemon_sets
        )
    } else {
        "DAEMONSET".to_owned()
    };
    canvas.put(ListColumns::NAME_AT, y, columns.name, &name, style);
    for (x, count) in count_places(columns) {
        canvas.put_right(x, y, columns.count, count.heading(), style);
    }
    if columns.why > 0 {
        let words = if columns.why >= 13 { "ROLLOUT / WHY" } else { "WHY" };
        canvas.put(columns.why_at(), y, columns.why, words, style);
    }
    let cursor = canvas.model.cursor().clone();
    if cursor.row == RowPlace::Header {
        let style = canvas.theme.style(Role::Cursor);
        match cursor.column {
            ColumnPlace::Name => canvas.tint(ListColumns::NAME_AT, y, columns.name, style),
            ColumnPlace::Count(count) => tint_count(canvas, y, count, style),
            ColumnPlace::Node(_) | ColumnPlace::Group(_) => {}
        }
    }
    match canvas.model.layout().mode {
        Mode::Words | Mode::Matrix => matrix::headings(canvas),
        Mode::Bars => bars::headings(canvas),
        Mode::Transposed | Mode::TooSmall => {}
    }
}

fn count_places(columns: ListColumns) -> impl Iterator<Item = (u16, CountColumn)> {
    let start = columns.counts_at();
    (0..).map(move |at: u16| start + at * columns.count).zip(columns.counters.columns().iter().copied())
}

fn tint_count(canvas: &mut Canvas, y: u16, wanted: CountColumn, style: Style) {
    let columns = canvas.model.layout().columns;
    if let Some((x, _)) = count_places(columns).find(|(_, count)| *count == wanted) {
        canvas.tint(x + 1, y, columns.count - 1, style);
    }
}

fn row(canvas: &mut Canvas, y: u16, slot: RowSlot) {
    let Some(row) = canvas.model.inventory().row(slot) else { return };
    let columns = canvas.model.layout().columns;
    let is_selected = canvas.model.selected_row() == Some(slot);
    let base = if canvas.model.is_stale() { Role::Faint } else { Role::Text };
    let base = canvas.theme.style(if is_selected { Role::Beside } else { base });
    if is_selected {
        canvas.put(0, y, 1, ">", canvas.theme.style(Role::Beside));
    }
    if is_marked(canvas, row) {
        canvas.put(0, y, 1, "*", canvas.theme.style(Role::Title));
    }
    if let Some(state) = worst(canvas, row) {
        canvas.put(1, y, 1, canvas.theme.glyphs().state(state), canvas.theme.cell(state));
    }
    let name =
        cut_start(&row.daemon_set.meta.key.to_string(), columns.name, canvas.theme.glyphs().ellipsis());
    canvas.put(ListColumns::NAME_AT, y, columns.name, &name, base);
    counts(canvas, y, slot, row, base);
    why(canvas, y, slot);
    match canvas.model.layout().mode {
        Mode::Words | Mode::Matrix => matrix::cells(canvas, y, slot, row),
        Mode::Bars => bars::row(canvas, y, slot),
        Mode::Transposed | Mode::TooSmall => {}
    }
    if is_selected && canvas.model.focus() == Focus::List {
        let style = canvas.theme.style(Role::Cursor);
        match canvas.model.cursor().column {
            ColumnPlace::Name => canvas.tint(ListColumns::NAME_AT, y, columns.name, style),
            ColumnPlace::Count(count) => tint_count(canvas, y, count, style),
            ColumnPlace::Group(_) => bars::tint(canvas, y, style),
            ColumnPlace::Node(_) => {}
        }
    }
}

/// Whether the DaemonSet or a cell of it is marked; where it is selected as well, that is seen by its name.
fn is_marked(canvas: &Canvas, row: &Row) -> bool {
    canvas.model.marks().touches(&row.daemon_set.meta.uid)
}

/// The worst state that is a problem; a desired count that fell shows like pods that are missing.
fn worst(canvas: &Canvas, row: &Row) -> Option<CellState> {
    let fell = canvas.model.inventory().falls().of(&row.daemon_set.meta.uid).map(|_| CellState::Missing);
    let bad = CellState::ALL.into_iter().find(|state| state.is_problem() && row.tally.of(*state) > 0);
    let bad = bad.into_iter().chain(fell).min();
    bad.or((row.tally.problems > 0).then_some(CellState::Terminating))
}

fn counts(canvas: &mut Canvas, y: u16, slot: RowSlot, row: &Row, base: Style) {
    let columns = canvas.model.layout().columns;
    let (alert, warning) = (canvas.theme.style(Role::Alert), canvas.theme.style(Role::Warning));
    let of = |count| number(canvas.model.inventory(), slot, count);
    let desired = of(CountColumn::Desired);
    let places: Vec<_> = count_places(columns).map(|(x, count)| (x, count, of(count))).collect();
    for (x, count, value) in places {
        let text = match (count, value) {
            (_, None) => "-".to_owned(),
            (CountColumn::UpdatedShare, Some(value)) => format!("{value}%"),
            (_, Some(value)) => value.to_string(),
        };
        let short = value.is_some() && value < desired;
        let style = match count {
            CountColumn::Bad | CountColumn::Misscheduled if value.is_some_and(|value| value > 0) => alert,
            CountColumn::Current | CountColumn::Ready | CountColumn::Available if short => alert,
            CountColumn::UpToDate if short => warning,
            CountColumn::UpdatedShare if row.tally.outdated > 0 => warning,
            _ => base,
        };
        canvas.put_right(x, y, columns.count, &text, style);
    }
}

fn why(canvas: &mut Canvas, y: u16, slot: RowSlot) {
    let columns = canvas.model.layout().columns;
    let Some(line) = canvas.model.digest().rows.get(&slot).filter(|_| columns.why > 0) else { return };
    let role = match line.state {
        RolloutState::Stuck => Role::Alert,
        RolloutState::Paused | RolloutState::Waiting | RolloutState::Unobserved | RolloutState::Stale => {
            Role::Warning
        }
        RolloutState::Complete if line.words == "complete" => Role::Faint,
        RolloutState::Complete
        | RolloutState::Degraded
        | RolloutState::Progressing
        | RolloutState::Unknown => Role::Text,
    };
    canvas.put(columns.why_at(), y, columns.why, &line.words, canvas.theme.style(role));
}
