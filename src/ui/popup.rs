//! A framed place in the middle, over everything else.

use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use super::Canvas;
use super::line::cut_end;
use super::theme::Role;

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
    // Half a sign of what is behind would read as part of the frame.
    let left = x.saturating_sub(1);
    let right = (x + wide + 1).min(canvas.area.width);
    Clear.render(Rect::new(left, y, right - left, high), canvas.buffer);
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
