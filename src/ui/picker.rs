//! A list to choose from.

use super::Canvas;
use super::line::width;
use super::popup::frame;
use super::theme::Role;
use crate::app::viewport::follow;

/// Draws the open list, if one is open.
pub(super) fn draw(canvas: &mut Canvas) {
    let Some(picker) = canvas.model.picker() else { return };
    let name = |entry: &Option<crate::domain::text::Text>| {
        entry.as_ref().map_or_else(|| picker.nothing().to_owned(), ToString::to_string)
    };
    let widest = |texts: &mut dyn Iterator<Item = u16>| texts.max().unwrap_or_default();
    let names = widest(&mut picker.entries.iter().map(|(entry, _)| width(&name(entry))));
    let words = widest(&mut picker.entries.iter().map(|(_, words)| width(words)));
    let wide = (names + words + 8).max(width(picker.title()) + 6);
    let high = u16::try_from(picker.entries.len()).unwrap_or(u16::MAX).saturating_add(2);
    let Some(inner) = frame(canvas, wide, high, picker.title()) else { return };
    let top = follow(0, usize::from(inner.height), picker.entries.len(), picker.at);
    let entries = picker.entries.iter().enumerate().skip(top);
    for (y, (at, (entry, words))) in (inner.y..inner.bottom()).zip(entries) {
        let marked = at == picker.at;
        let style = canvas.theme.style(if marked { Role::Cursor } else { Role::Text });
        if marked {
            canvas.tint(inner.x, y, inner.width, style);
        }
        canvas.put(inner.x + 1, y, inner.width.saturating_sub(2), &name(entry), style);
        let room = width(words);
        let x = inner.right().saturating_sub(room + 1).max(inner.x);
        canvas.put(x, y, room, words, if marked { style } else { canvas.theme.style(Role::Faint) });
    }
}
