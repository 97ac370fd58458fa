//! The change of nodes: its lines, and below a rule what is typed, what it would do and what can be pressed.

use super::Canvas;
use super::line::{cut_end, width};
use super::theme::Role;
use crate::app::relabel_page;

/// Draws it, if one is open; whether one is.
pub(super) fn draw(canvas: &mut Canvas) -> bool {
    let Some(page) = relabel_page(canvas.model) else { return false };
    let room = canvas.area.width.saturating_sub(3);
    canvas.rule(1);
    let title = cut_end(&page.title, room.saturating_sub(4), canvas.theme.glyphs().ellipsis());
    canvas.put(1, 1, room, &format!(" {title} "), canvas.theme.style(Role::Heading));
    let lines = page.lines.iter().enumerate().skip(page.top).take(page.visible);
    for (y, (at, line)) in (2..).zip(lines) {
        canvas.put(2, y, room, &line.text, canvas.theme.style(Role::from(line.kind)));
        if page.cursor == Some(at) {
            canvas.put(0, y, 1, ">", canvas.theme.style(Role::Beside));
            canvas.tint(2, y, room, canvas.theme.style(Role::Cursor));
        }
    }
    let bottom = canvas.area.height.saturating_sub(1);
    let below = bottom.saturating_sub(u16::try_from(page.below.len()).unwrap_or(u16::MAX));
    canvas.rule(below.saturating_sub(1));
    if page.lines.len() > page.visible {
        let text = format!(" {}-{} of {} ", page.top + 1, page.top + page.visible, page.lines.len());
        let x = canvas.area.width.saturating_sub(width(&text) + 1);
        canvas.put(x, below.saturating_sub(1), width(&text), &text, canvas.theme.style(Role::Frame));
    }
    for (y, line) in (below..bottom).zip(&page.below) {
        canvas.put(2, y, room, &line.text, canvas.theme.style(Role::from(line.kind)));
    }
    true
}
