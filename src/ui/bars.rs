//! A bar for each group of nodes: sorted from good to bad, with the exact numbers of what is bad.

use ratatui::style::Style;

use super::Canvas;
use super::line::width;
use super::theme::Role;
use crate::app::RowPlace;
use crate::domain::cell::CellState;
use crate::domain::grid::{Group, Histogram};
use crate::domain::inventory::RowSlot;

/// The exact numbers get this much of a bar's width.
const NUMBERS: u16 = 9;

/// Where each bar is, how wide, and the groups in it: one each, or all.
fn places(canvas: &Canvas) -> Vec<(u16, u16, Vec<Group>)> {
    let columns = canvas.model.layout().columns;
    let groups = &canvas.model.grid().groups;
    if columns.cells == 0 || groups.is_empty() {
        return Vec::new();
    }
    if columns.bar == 0 {
        return vec![(columns.cells_at, columns.cells, groups.clone())];
    }
    let starts = (0..).map(|at: u16| columns.cells_at + at * columns.bar);
    starts.zip(groups).map(|(x, group)| (x, columns.bar - 1, vec![group.clone()])).collect()
}

/// Draws the names of the groups and their sizes.
pub(super) fn headings(canvas: &mut Canvas) {
    let y = super::list::heading_line(canvas);
    let style = canvas.theme.style(Role::Heading);
    for (x, room, groups) in places(canvas) {
        let nodes: usize = groups.iter().map(Group::len).sum();
        let label = match groups.as_slice() {
            [group] if canvas.model.lens().group_by.is_some() => group.name(),
            _ => "all",
        };
        let long = format!("{label} {nodes} nodes");
        let text = if width(&long) <= room { long } else { format!("{label} {nodes}") };
        canvas.put(x, y, room, &text, style);
    }
    if canvas.model.cursor().row == RowPlace::Header {
        tint(canvas, y, canvas.theme.style(Role::Cursor));
    }
}

/// Shows where the cursor is on this line.
pub(super) fn tint(canvas: &mut Canvas, y: u16, style: Style) {
    let selected = canvas.model.selected_group().cloned();
    let place = places(canvas).into_iter().find(|(.., groups)| groups.iter().eq(selected.iter()));
    if let Some((x, room, _)) = place {
        canvas.tint(x, y, room, style);
    }
}

/// Draws a row's bars.
pub(super) fn row(canvas: &mut Canvas, y: u16, slot: RowSlot) {
    for (x, room, groups) in places(canvas) {
        let mut histogram = Histogram::default();
        for group in &groups {
            let part = canvas.model.grid().histogram(canvas.model.inventory(), slot, group);
            for (sum, count) in histogram.0.iter_mut().zip(part.0) {
                *sum += count;
            }
        }
        bar(canvas, (x, y), room, &histogram);
    }
}

fn bar(canvas: &mut Canvas, (x, y): (u16, u16), room: u16, histogram: &Histogram) {
    let faint = canvas.model.is_stale();
    let length = room.saturating_sub(NUMBERS);
    for (x, state) in (x..).zip(histogram.bar(usize::from(length))) {
        let mut style = canvas.theme.cell(state);
        if faint {
            style = style.patch(canvas.theme.style(Role::Faint));
        }
        canvas.put(x, y, 1, canvas.theme.glyphs().state(state), style);
    }
    let (mut at, end) = (x + length + 1, x + room);
    let mut numbers: Vec<(CellState, u32)> = histogram.bad().collect();
    // A number that does not fit whole would lie; then the last one stands for the rest.
    while at < end && !numbers.is_empty() {
        let (state, count) = numbers.remove(0);
        let text = format!("{}{count}", canvas.theme.glyphs().state(state));
        let rest: u32 = numbers.iter().map(|(_, count)| count).sum();
        let after = at + width(&text);
        let more = if rest > 0 { format!("+{rest}") } else { String::new() };
        if after + width(&more) > end {
            let all = format!("{}{}", canvas.theme.glyphs().state(state), count + rest);
            canvas.put(at, y, end - at, &all, canvas.theme.cell(state));
            return;
        }
        canvas.put(at, y, end - at, &text, canvas.theme.cell(state));
        at = after + 1;
    }
}
