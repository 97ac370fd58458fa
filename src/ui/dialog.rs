//! A question before a change: what it does, the exact request, and below a rule what can be pressed.

use super::Canvas;
use super::line::width;
use super::popup::frame;
use super::theme::Role;
use crate::app::{LineKind, dialog_page};

/// Draws the open dialog, if one is open.
pub(super) fn draw(canvas: &mut Canvas) {
    let Some(page) = dialog_page(canvas.model) else { return };
    let count = |lines: usize| u16::try_from(lines).unwrap_or(u16::MAX);
    let height = count(page.visible).saturating_add(count(page.status.len())).saturating_add(3);
    let Some(inner) = frame(canvas, page.width, height, &page.title) else { return };
    let room = inner.width.saturating_sub(2);
    let below = inner.bottom().saturating_sub(count(page.status.len()));
    for (y, line) in (inner.y..below.saturating_sub(1)).zip(page.lines.iter().skip(page.top)) {
        canvas.put(inner.x + 1, y, room, &line.text, canvas.theme.style(Role::from(line.kind)));
    }
    let rule = canvas.theme.glyphs().rule().repeat(usize::from(inner.width));
    canvas.put(inner.x, below.saturating_sub(1), inner.width, &rule, canvas.theme.style(Role::Frame));
    if page.lines.len() > page.visible {
        let text = format!(" {}-{} of {}, PgDn ", page.top + 1, page.top + page.visible, page.lines.len());
        let x = inner.right().saturating_sub(width(&text) + 1);
        canvas.put(x, below.saturating_sub(1), width(&text), &text, canvas.theme.style(Role::Warning));
    }
    for (y, line) in (below..inner.bottom()).zip(&page.status) {
        let loud = if line.kind == LineKind::Problem { Role::Alert } else { Role::Key };
        canvas.put(inner.x + 1, y, room, &line.text, canvas.theme.style(loud));
    }
}
