//! The menu of actions.

use super::Canvas;
use super::line::width;
use super::popup::frame;
use super::theme::Role;
use crate::app::lines::wrap;
use crate::app::viewport::follow;
use crate::app::{Entry, entries};

/// The menu is not made wider than this.
const WIDEST: u16 = 100;

/// Draws the open menu, if it is open.
pub(super) fn draw(canvas: &mut Canvas) {
    let Some(palette) = canvas.model.palette().cloned() else { return };
    let entries = entries(canvas.model);
    let marked = entries.get(palette.at).and_then(|entry| entry.why.clone());
    let below = if palette.hint.is_empty() { marked.unwrap_or_default() } else { palette.hint.clone() };
    let wide = canvas.area.width.saturating_sub(2).min(WIDEST);
    let lines = wrap(&below, usize::from(wide.saturating_sub(4)));
    // The height does not jump from entry to entry: as many lines as the longest reason takes.
    let whys = entries.iter().filter_map(|entry| entry.why.as_deref());
    let most =
        whys.map(|why| wrap(why, usize::from(wide.saturating_sub(4))).len()).chain([lines.len()]).max();
    let most = u16::try_from(most.unwrap_or(1)).unwrap_or(1).min(canvas.area.height / 3);
    let high = u16::try_from(entries.len().max(1)).unwrap_or(u16::MAX).saturating_add(3 + most);
    let title = if palette.is_whole { "every action and screen" } else { "what can be done here" };
    let Some(inner) = frame(canvas, wide, high, title) else {
        return;
    };
    let room = inner.width.saturating_sub(2);
    let style = canvas.theme.style(Role::Key);
    let x = canvas.put(inner.x + 1, inner.y, room, ":", style);
    let x = canvas.put(x, inner.y, room, &palette.typed, canvas.theme.style(Role::Heading));
    canvas.put(x, inner.y, 1, " ", canvas.theme.style(Role::Cursor));
    let end = inner.bottom().saturating_sub(most);
    let list = usize::from(inner.height.saturating_sub(1 + most));
    let top = follow(0, list, entries.len(), palette.at);
    let names = entries.iter().map(|entry| width(entry.binding.hint)).max().unwrap_or_default();
    for (y, (at, entry)) in (inner.y + 1..end).zip(entries.iter().enumerate().skip(top)) {
        line(canvas, (inner.x, y), inner.width, names, entry, at == palette.at);
    }
    let role = if palette.hint.is_empty() { Role::Warning } else { Role::Alert };
    for (y, text) in (end.max(inner.y + 1)..inner.bottom()).zip(&lines) {
        canvas.put(inner.x + 1, y, room, text, canvas.theme.style(role));
    }
}

/// Key, name, and what it does or why it cannot be done.
fn line(canvas: &mut Canvas, (x, y): (u16, u16), room: u16, names: u16, entry: &Entry, is_marked: bool) {
    let faint = entry.why.is_some();
    let text = match (is_marked, faint) {
        (true, _) => Role::Cursor,
        (false, true) => Role::Faint,
        (false, false) => Role::Text,
    };
    let style = canvas.theme.style(text);
    if is_marked {
        canvas.tint(x, y, room, style);
    }
    let key_style = if is_marked || faint { style } else { canvas.theme.style(Role::Key) };
    let key = entry.binding.keys.first().map(ToString::to_string).unwrap_or_default();
    canvas.put(x + 1, y, 6, &key, key_style);
    canvas.put(x + 8, y, names, entry.binding.hint, style);
    let words = entry.why.as_deref().or(entry.about.as_deref()).unwrap_or(entry.binding.description);
    let at = x + 8 + names + 2;
    canvas.put(at, y, (x + room).saturating_sub(at + 1), words, style);
}
