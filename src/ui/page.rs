//! The open screen: title, lines with a cursor, what is searched for.

use super::Canvas;
use super::line::{cut_end, width};
use super::theme::Role;
use crate::app::{Open, Sign, ViewRow};

/// Lines begin here; left of them stand the cursor's mark and the mark of what leads somewhere.
const LEFT: u16 = 2;

/// Draws the open screen.
pub(super) fn draw(canvas: &mut Canvas) {
    let model = canvas.model;
    let Some(open) = model.screen() else { return };
    title(canvas, open);
    for (y, row) in (2..).zip(open.view.visible(&open.page.lines, model.room())) {
        line(canvas, open, y, &row);
    }
}

/// The title, and where in the lines one is.
fn title(canvas: &mut Canvas, open: &Open) {
    let (at, all) = (open.view.at + 1, open.page.lines.len());
    let sideways =
        if open.view.left > 0 { format!("column {}  ", open.view.left + 1) } else { String::new() };
    let place = format!("{sideways}{at}/{all}");
    let room = canvas.area.width.saturating_sub(width(&place) + 4);
    let title = cut_end(&open.page.title, room, canvas.theme.glyphs().ellipsis());
    canvas.rule(1);
    canvas.put(1, 1, room, &format!(" {title} "), canvas.theme.style(Role::Heading));
    let x = canvas.area.width.saturating_sub(width(&place) + 3);
    canvas.put(x, 1, width(&place) + 2, &format!(" {place} "), canvas.theme.style(Role::Frame));
}

fn line(canvas: &mut Canvas, open: &Open, y: u16, row: &ViewRow) {
    let Some(line) = open.page.lines.get(row.line) else { return };
    let role = Role::from(line.kind);
    let room = canvas.area.width.saturating_sub(LEFT + 1);
    canvas.put(LEFT, y, room, &row.text, canvas.theme.style(role));
    if let Some(sign) = line.sign.filter(|_| row.is_first && open.view.left == 0) {
        let (glyphs, theme) = (canvas.theme.glyphs(), canvas.theme);
        let (glyph, style) = match sign {
            Sign::State(state) => (glyphs.state(state), theme.cell(state)),
            Sign::InFlight => (glyphs.in_flight(), theme.style(Role::InFlight)),
        };
        canvas.put(LEFT, y, 1, glyph, style);
    }
    if row.is_first && line.leads.is_some() {
        canvas.put(1, y, 1, canvas.theme.glyphs().leads(), canvas.theme.style(Role::Key));
    }
    if row.line == open.view.at {
        canvas.put(0, y, 1, ">", canvas.theme.style(Role::Beside));
        canvas.tint(LEFT, y, room, canvas.theme.style(Role::Cursor));
    }
    for place in open.view.search.places(&row.text) {
        let x = LEFT + width(&row.text[..place.start]);
        canvas.tint(x, y, width(&row.text[place]), canvas.theme.style(Role::Found));
    }
}
