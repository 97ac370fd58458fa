//! The sentence about what is selected, and what is wrong with the links.

use super::Canvas;
use super::line::cut_end;
use super::theme::Role;
use crate::app::lines::wrap;

/// Draws the lines under the grid.
pub(super) fn draw(canvas: &mut Canvas) {
    let band = canvas.model.layout().detail;
    let digest = canvas.model.digest();
    let room = canvas.area.width.saturating_sub(2);
    // A broken link takes the last line: what is shown above may be old.
    let link = digest.link_detail.clone();
    let height = if link.is_some() && band.height > 1 { band.height - 1 } else { band.height };
    let mut lines = wrap(&digest.sentence, usize::from(room));
    if lines.len() > usize::from(height) {
        let rest = lines.split_off(usize::from(height) - 1).join(" ");
        lines.push(cut_end(&rest, room, canvas.theme.glyphs().ellipsis()));
    }
    let text = canvas.theme.style(Role::Text);
    for (y, line) in (band.top..).zip(lines) {
        canvas.put(1, y, room, &line, text);
    }
    if let Some(words) = link.filter(|_| height < band.height) {
        let style = canvas.theme.style(Role::Warning);
        canvas.put(1, band.top + height, room, &words, style);
    }
}
