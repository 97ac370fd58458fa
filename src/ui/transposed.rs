//! Nodes as rows, DaemonSets as columns: "one node bad in five sets" is one line here.

use super::Canvas;
use super::line::cut_start;
use super::matrix::vertical;
use super::theme::Role;
use crate::app::layout::ListColumns;
use crate::app::{ColumnPlace, RowPlace};
use crate::domain::cell::CellState;
use crate::domain::inventory::{Column, ColumnSlot, RowSlot};
use crate::domain::rights::hides_nodes;

/// A DaemonSet has this much, so that names beside each other can be read.
const STRIDE: u16 = 2;

/// Draws headings and nodes.
pub(super) fn draw(canvas: &mut Canvas) {
    let rows = rows(canvas);
    headings(canvas, &rows);
    let (first, ..) = canvas.model.scrolled();
    let list = canvas.model.layout().list;
    let nodes: Vec<ColumnSlot> =
        canvas.model.grid().columns.iter().skip(first).take(usize::from(list.height)).copied().collect();
    for (y, slot) in (list.top..).zip(nodes) {
        node(canvas, y, slot, &rows);
    }
}

/// The DaemonSets in sight and where they stand.
fn rows(canvas: &Canvas) -> Vec<(u16, RowSlot)> {
    let columns = canvas.model.layout().columns;
    let (_, first, _) = canvas.model.scrolled();
    let places = (0..columns.cells / STRIDE).map(|at| columns.cells_at + at * STRIDE);
    places.zip(canvas.model.grid().rows.iter().skip(first).copied()).collect()
}

fn headings(canvas: &mut Canvas, rows: &[(u16, RowSlot)]) {
    let layout = canvas.model.layout();
    let (head, columns) = (layout.head, layout.columns);
    let y = head.top + head.height - 1;
    let style = canvas.theme.style(Role::Heading);
    let hidden = canvas.model.grid().hidden_columns;
    let title =
        if hidden > 0 { format!("NODE {}", canvas.model.grid().columns.len()) } else { "NODE".to_owned() };
    canvas.put(ListColumns::NAME_AT, y, columns.name, &title, style);
    canvas.put_right(columns.counts_at(), y, columns.count, "BAD", style);
    canvas.put(why_at(columns), y, columns.why, "STATUS", style);
    let cursor = canvas.model.cursor().clone();
    let selected = canvas.model.selected_row();
    if cursor == (crate::app::Cursor { row: RowPlace::Header, column: ColumnPlace::Name }) {
        canvas.tint(ListColumns::NAME_AT, y, columns.name, canvas.theme.style(Role::Cursor));
    }
    for (x, slot) in rows {
        let Some(row) = canvas.model.inventory().row(*slot) else { continue };
        let role = match (selected == Some(*slot), &cursor.column) {
            (true, ColumnPlace::Name) => Role::Cursor,
            (true, _) => Role::Beside,
            (false, _) if row.tally.problems > 0 => Role::Alert,
            (false, _) => Role::Text,
        };
        let style = canvas.theme.style(role);
        vertical(canvas, *x, head.top, head.height, &row.daemon_set.meta.key.name, style);
    }
}

fn why_at(columns: ListColumns) -> u16 {
    columns.counts_at() + columns.count + 2
}

fn node(canvas: &mut Canvas, y: u16, slot: ColumnSlot, rows: &[(u16, RowSlot)]) {
    let Some(column) = canvas.model.inventory().column_at(slot) else { return };
    let columns = canvas.model.layout().columns;
    let is_selected = canvas.model.selected_column() == Some(slot);
    let on_header = canvas.model.cursor().row == RowPlace::Header;
    let (status, is_ready) = status(column, hides_nodes(canvas.model.inventory()));
    let name_role = match (is_selected, on_header) {
        (true, true) => Role::Cursor,
        (true, false) => Role::Beside,
        (false, _) => Role::Text,
    };
    if is_selected {
        canvas.put(0, y, 1, ">", canvas.theme.style(Role::Beside));
    }
    let name = cut_start(column.name.as_str(), columns.name, canvas.theme.glyphs().ellipsis());
    canvas.put(ListColumns::NAME_AT, y, columns.name, &name, canvas.theme.style(name_role));
    let bad = if column.problems > 0 { Role::Alert } else { Role::Faint };
    let problems = column.problems.to_string();
    canvas.put_right(columns.counts_at(), y, columns.count, &problems, canvas.theme.style(bad));
    let style = canvas.theme.style(if is_ready { Role::Faint } else { Role::Warning });
    canvas.put(why_at(columns), y, columns.why, &status, style);
    let selected = canvas.model.selected_row();
    for (x, slot_of_row) in rows {
        let state = canvas.model.inventory().cell(*slot_of_row, slot);
        let state = state.map_or(CellState::Unknown, |cell| cell.state);
        let (mut glyph, mut style) = (canvas.theme.glyphs().state(state), canvas.theme.cell(state));
        let row = canvas.model.inventory().row(*slot_of_row);
        if let Some((sign, _, expected)) = row.and_then(|row| canvas.expected(row, slot)) {
            (glyph, style) = (sign, expected);
        }
        if canvas.is_marked(row, slot) {
            style = style.patch(canvas.theme.style(Role::Marked));
        }
        let is_in_flight = canvas.is_in_flight(canvas.model.inventory().row(*slot_of_row), slot);
        if is_in_flight {
            style = style.patch(canvas.theme.style(Role::InFlight));
        }
        if is_selected && selected == Some(*slot_of_row) {
            style = style.patch(canvas.theme.style(Role::Cursor));
        }
        let glyph = if is_in_flight { canvas.theme.glyphs().in_flight() } else { glyph };
        canvas.put(*x, y, 1, glyph, style);
    }
}

/// Ready or why not, and whether that is all.
fn status(column: &Column, hides_nodes: bool) -> (String, bool) {
    match &column.node {
        None if hides_nodes => ("not readable".to_owned(), true),
        None => ("gone".to_owned(), false),
        Some(node) => (node.status_word(), node.is_ready() && !node.unschedulable),
    }
}
