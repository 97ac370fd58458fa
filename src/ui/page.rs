//! A page over the grid: help or details.

use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use super::Canvas;
use super::line::{cut_end, width};
use super::theme::Role;
use crate::app::{LineKind, page};

/// Draws the open page, if one is open.
pub(super) fn draw(canvas: &mut Canvas) {
    let Some(page) = page(canvas.model) else { return };
    let height = u16::try_from(page.visible).unwrap_or(u16::MAX).saturating_add(2);
    let Some(inner) = frame(canvas, page.width, height, &page.title) else { return };
    for (y, line) in (inner.y..inner.bottom()).zip(page.lines.iter().skip(page.top)) {
        let role = match line.kind {
            LineKind::Heading => Role::Heading,
            LineKind::Fact => Role::Text,
            LineKind::Problem => Role::Alert,
        };
        canvas.put(inner.x + 1, y, inner.width - 2, &line.text, canvas.theme.style(role));
    }
    if page.lines.len() > page.visible {
        let text = format!(" {}-{} of {} ", page.top + 1, page.top + page.visible, page.lines.len());
        let x = inner.right().saturating_sub(width(&text) + 1);
        canvas.put(x, inner.bottom(), width(&text), &text, canvas.theme.style(Role::Frame));
    }
}

/// Clears a place in the middle and frames it; what is inside.
pub(super) fn frame(canvas: &mut Canvas, wide: u16, high: u16, title: &str) -> Option<Rect> {
    let (wide, high) = (wide.min(canvas.area.width), high.min(canvas.area.height.saturating_sub(2)));
    if wide < 8 || high < 3 {
        return None;
    }
    let x = (canvas.area.width - wide) / 2;
    // The first line and the keys stay in sight.
    let y = 1 + (canvas.area.height - 2 - high) / 2;
    let area = Rect::new(x, y, wide, high);
    Clear.render(area, canvas.buffer);
    let title = cut_end(title, wide - 6, canvas.theme.glyphs().ellipsis());
    let block = Block::bordered()
        .border_set(canvas.theme.glyphs().border())
        .border_style(canvas.theme.style(Role::Frame))
        .title(format!(" {title} "))
        .title_style(canvas.theme.style(Role::Heading));
    let inner = block.inner(area);
    block.render(area, canvas.buffer);
    Some(inner)
}
