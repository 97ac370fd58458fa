//! The map: every node of the selected DaemonSet, a character each, folded group by group.

use super::Canvas;
use super::line::{cut_end, width};
use super::theme::Role;
use crate::app::Focus;
use crate::app::layout::MapArea;
use crate::app::lines::thousands;
use crate::domain::cell::CellState;

/// Draws title and nodes.
pub(super) fn draw(canvas: &mut Canvas) {
    let Some(map) = canvas.model.layout().map.clone() else { return };
    let lines = lines_shown(&map, canvas.model.scrolled().2);
    title(canvas, map.title, width(&lines) + 1);
    let Some(row) = canvas.model.map_row() else { return };
    let (.., first) = canvas.model.scrolled();
    let selected = canvas.model.selected_column().filter(|_| canvas.model.focus() == Focus::Map);
    let visible: Vec<_> = map.lines.iter().skip(first).take(usize::from(map.band.height)).copied().collect();
    let faint = canvas.model.is_stale();
    let mut group = None;
    for (y, line) in (map.band.top..).zip(visible) {
        if map.label > 0 && group.replace(line.group) != Some(line.group) {
            let Some(group) = canvas.model.grid().groups.get(line.group) else { continue };
            let is_selected =
                canvas.model.focus() == Focus::Map && canvas.model.selected_group() == Some(group);
            let role = if is_selected { Role::Cursor } else { Role::Heading };
            let label = if group.label.is_none() { "-" } else { group.name() };
            canvas.put(1, y, map.label - 1, label, canvas.theme.style(role));
        }
        for (x, at) in (map.label + 1..).zip(line.start..line.end) {
            let Some(column) = canvas.model.grid().columns.get(at).copied() else { continue };
            let state =
                canvas.model.inventory().cell(row, column).map_or(CellState::Unknown, |cell| cell.state);
            let (mut glyph, mut style) = (canvas.theme.glyphs().state(state), canvas.theme.cell(state));
            let object = canvas.model.inventory().row(row);
            if let Some((sign, _, expected)) = object.and_then(|row| canvas.expected(row, column)) {
                (glyph, style) = (sign, expected);
            }
            if faint {
                style = style.patch(canvas.theme.style(Role::Faint));
            }
            if canvas.is_marked(object, column) {
                style = style.patch(canvas.theme.style(Role::Marked));
            }
            let is_in_flight = canvas.is_in_flight(canvas.model.inventory().row(row), column);
            if is_in_flight {
                style = style.patch(canvas.theme.style(Role::InFlight));
            }
            if selected == Some(column) {
                style = style.patch(canvas.theme.style(Role::Cursor));
            }
            let glyph = if is_in_flight { canvas.theme.glyphs().in_flight() } else { glyph };
            canvas.put(x, y, 1, glyph, style);
        }
    }
    let x = canvas.area.width.saturating_sub(width(&lines) + 1);
    canvas.put(x, map.title, width(&lines), &lines, canvas.theme.style(Role::Faint));
}

/// The DaemonSet's name and how many of its cells are in each state, clear of `taken` columns on the right.
fn title(canvas: &mut Canvas, y: u16, taken: u16) {
    canvas.rule(y);
    let Some(row) = canvas.model.map_row().and_then(|slot| canvas.model.inventory().row(slot)) else {
        return;
    };
    let heading = canvas.theme.style(Role::Heading);
    let end = canvas.area.width.saturating_sub(2 + taken);
    let name = cut_end(&row.daemon_set.meta.key.to_string(), end / 2, canvas.theme.glyphs().ellipsis());
    let mut x = canvas.put(2, y, end, &format!(" {name} "), heading);
    for state in CellState::ALL {
        let count = row.tally.of(state);
        let text = format!(
            " {} {} {} ",
            canvas.theme.glyphs().state(state),
            thousands(count as usize),
            words(state)
        );
        if count > 0 && x + width(&text) < end {
            x = canvas.put(x, y, end - x, &text, canvas.theme.cell(state));
        }
    }
}

fn words(state: CellState) -> &'static str {
    match state {
        CellState::Excluded => "not wanted",
        CellState::NotReady => "not ready",
        other => other.name(),
    }
}

/// Which lines are in sight, where not all are.
fn lines_shown(map: &MapArea, first: usize) -> String {
    let height = usize::from(map.band.height);
    if map.lines.len() <= height {
        return String::new();
    }
    format!(" lines {}-{} of {} ", first + 1, first + height, map.lines.len())
}
