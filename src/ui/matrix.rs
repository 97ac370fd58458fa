//! The cells beside the list where every node has its own: a character each, or a word for a few.

use ratatui::style::Style;

use super::Canvas;
use super::glyph::word;
use super::line::{cut_start, width};
use super::theme::Role;
use crate::app::layout::{Mode, WORD_WIDTH};
use crate::app::viewport::offset;
use crate::app::{Focus, RowPlace};
use crate::domain::cell::CellState;
use crate::domain::grid::Group;
use crate::domain::inventory::{ColumnSlot, Row, RowSlot};

/// The nodes in sight and where they stand.
fn places(canvas: &Canvas) -> Vec<(u16, ColumnSlot)> {
    let (layout, grid) = (canvas.model.layout(), canvas.model.grid());
    let (_, first, _) = canvas.model.scrolled();
    let (start, room) = (layout.columns.cells_at, usize::from(layout.columns.cells));
    let groups: Vec<usize> = grid.groups.iter().map(Group::len).collect();
    let is_words = layout.mode == Mode::Words;
    let at = |index: usize| if is_words { index * usize::from(WORD_WIDTH) } else { offset(&groups, index) };
    let in_sight = |x: &usize| (first..first + room).contains(x);
    let all = grid.columns.iter().enumerate().map(|(index, slot)| (at(index), *slot));
    all.filter(|(x, _)| in_sight(x))
        .map(|(x, slot)| (start + u16::try_from(x - first).unwrap_or(u16::MAX), slot))
        .collect()
}

/// Draws the names of the nodes, from top to bottom, and the labels of the groups above them.
pub(super) fn headings(canvas: &mut Canvas) {
    let layout = canvas.model.layout();
    let selected = canvas.model.selected_column();
    let on_header = canvas.model.cursor().row == RowPlace::Header;
    let grouped = canvas.model.lens().group_by.is_some() && layout.mode == Mode::Matrix;
    let (top, height) = (layout.head.top + u16::from(grouped), layout.head.height - u16::from(grouped));
    if grouped {
        group_labels(canvas);
    }
    for (x, slot) in places(canvas) {
        let Some(column) = canvas.model.inventory().column_at(slot) else { continue };
        let is_ready = column.node.as_ref().is_some_and(|node| node.is_ready() && !node.unschedulable);
        let role = match (selected == Some(slot), on_header) {
            (true, true) => Role::Cursor,
            (true, false) => Role::Beside,
            (false, _) if is_ready => Role::Faint,
            (false, _) => Role::Warning,
        };
        let style = canvas.theme.style(role);
        let name = canvas.model.node_labels().short(column.name.as_str());
        if layout.mode == Mode::Words {
            let name = cut_start(name, WORD_WIDTH - 1, canvas.theme.glyphs().ellipsis());
            canvas.put(x, top, WORD_WIDTH - 1, &name, style);
        } else {
            vertical(canvas, x, top, height, name, style);
        }
    }
}

/// Writes a text downwards, its end at the bottom.
pub(super) fn vertical(canvas: &mut Canvas, x: u16, top: u16, height: u16, text: &str, style: Style) {
    let characters: Vec<char> = text.chars().filter(|character| width(&character.to_string()) == 1).collect();
    let shown = characters.len().min(usize::from(height));
    let first = top + height - u16::try_from(shown).unwrap_or_default();
    for (y, character) in (first..).zip(&characters[characters.len() - shown..]) {
        canvas.put(x, y, 1, character.encode_utf8(&mut [0; 4]), style);
    }
}

fn group_labels(canvas: &mut Canvas) {
    let layout = canvas.model.layout();
    let places = places(canvas);
    let style = canvas.theme.style(Role::Heading);
    for group in &canvas.model.grid().groups {
        let columns = canvas.model.grid().columns_of(group);
        let mut shown = places.iter().filter(|(_, slot)| columns.contains(slot)).map(|(x, _)| *x);
        let Some(first) = shown.next() else { continue };
        let room = shown.next_back().unwrap_or(first) - first + 1;
        // A name is cut where its group is narrow; nothing at all would read as part of the group beside it.
        let label = if group.label.is_none() { "-" } else { group.name() };
        let label = cut_start(label, room, "");
        canvas.put(first, layout.head.top, room, &label, style);
        if canvas.model.selected_group() == Some(group) && canvas.model.focus() == Focus::List {
            canvas.tint(first, layout.head.top, room, canvas.theme.style(Role::Cursor));
        }
    }
}

/// Draws a row's cells.
pub(super) fn cells(canvas: &mut Canvas, y: u16, slot: RowSlot, row: &Row) {
    let is_words = canvas.model.layout().mode == Mode::Words;
    let is_selected = canvas.model.selected_row() == Some(slot);
    let in_list = canvas.model.focus() == Focus::List;
    let selected = canvas.model.selected_column();
    let faint = canvas.model.is_stale();
    for (x, column) in places(canvas) {
        let state = row.cell(column).map_or(CellState::Unknown, |cell| cell.state);
        let (mut glyph, mut style) = (canvas.theme.glyphs().state(state), canvas.theme.cell(state));
        let mut is_plain = state == CellState::Excluded;
        let mut word = word(state);
        if let Some((sign, to, expected)) = canvas.expected(row, column) {
            (glyph, style, word, is_plain) = (sign, expected, super::glyph::word(to), false);
        }
        if faint {
            style = style.patch(canvas.theme.style(Role::Faint));
        }
        if canvas.is_marked(Some(row), column) {
            style = style.patch(canvas.theme.style(Role::Marked));
        }
        let is_in_flight = canvas.is_in_flight(Some(row), column);
        if is_in_flight {
            style = style.patch(canvas.theme.style(Role::InFlight));
        }
        if is_selected && in_list && selected == Some(column) {
            style = style.patch(canvas.theme.style(Role::Cursor));
        }
        let glyph = if is_in_flight { canvas.theme.glyphs().in_flight() } else { glyph };
        if is_words {
            let text = if is_plain { glyph.to_owned() } else { format!("{glyph} {word}") };
            canvas.put(x, y, WORD_WIDTH - 1, &text, style);
        } else {
            canvas.put(x, y, 1, glyph, style);
        }
    }
}
