//! The last line: the filter or search being typed, a message, or the keys that make sense now.

use unicode_width::UnicodeWidthStr;

use super::line::{cut_start, width};
use super::theme::Role;
use super::{Canvas, logs};
use crate::app::keymap::Context;
use crate::app::{Hint, hints};

/// What stands before the steps that can be taken.
const STEPS: &str = "next:";

/// Draws the line.
pub(super) fn draw(canvas: &mut Canvas) {
    let y = canvas.model.layout().hints;
    let (filter, is_typing) = canvas.model.typed();
    let filter = filter.to_owned();
    if is_typing {
        let x = typed(canvas, y, &filter);
        match canvas.model.notice().cloned() {
            Some(notice) => {
                let style = canvas.theme.style(Role::Alert);
                canvas.put(x + 2, y, canvas.area.width, &notice.text, style);
            }
            None => keys(canvas, (x + 2, canvas.area.width), y),
        }
    } else if let Some(notice) = canvas.model.notice().cloned() {
        let style = canvas.theme.style(if notice.is_error { Role::Alert } else { Role::Heading });
        canvas.put(1, y, canvas.area.width.saturating_sub(2), &notice.text, style);
    } else {
        let x = if filter.is_empty() { 1 } else { kept(canvas, y, &filter) };
        let until = canvas.area.width - logs::foot(canvas, y);
        keys(canvas, (x, until), y);
    }
}

/// The filter with a cursor behind it; a long one shows its end.
fn typed(canvas: &mut Canvas, y: u16, filter: &str) -> u16 {
    let room = canvas.area.width / 2;
    let filter = cut_start(filter, room, canvas.theme.glyphs().ellipsis());
    let x = canvas.put(1, y, 1, "/", canvas.theme.style(Role::Key));
    let x = canvas.put(x, y, room, &filter, canvas.theme.style(Role::Heading));
    canvas.put(x, y, 1, " ", canvas.theme.style(Role::Cursor))
}

/// A filter that stays must not be forgotten.
fn kept(canvas: &mut Canvas, y: u16, filter: &str) -> u16 {
    let room = canvas.area.width / 4;
    let text = cut_start(&format!("/{filter}"), room, canvas.theme.glyphs().ellipsis());
    canvas.put(1, y, room, &text, canvas.theme.style(Role::Warning)) + 2
}

/// As many keys as fit between two columns; the last two, help and the way out, always.
fn keys(canvas: &mut Canvas, (mut x, until): (u16, u16), y: u16) {
    let mut shown = hints(canvas.model);
    let total = |shown: &[Hint]| {
        let steps = if shown.iter().any(|hint| hint.is_step) { STEPS.width() + 1 } else { 0 };
        let words = |hint: &Hint| if hint.words.is_empty() { 2 } else { hint.words.width() + 3 };
        shown.iter().map(|hint| hint.key.width() + words(hint)).sum::<usize>() + steps
    };
    let is_screen = matches!(
        canvas.model.context_of_keys(),
        Context::Page | Context::Text | Context::Logs | Context::Endings | Context::Editor
    );
    let least = if canvas.model.context_of_keys() == Context::Grid || is_screen { 2 } else { 0 };
    while usize::from(x) + total(&shown) > usize::from(until) + 1 && shown.len() > least {
        shown.remove(shown.len() - 1 - least);
    }
    let (key_style, text_style) = (canvas.theme.style(Role::Key), canvas.theme.style(Role::Text));
    let first = shown.iter().position(|hint| hint.is_step);
    for (at, hint) in shown.iter().enumerate() {
        if Some(at) == first {
            x = canvas.put(x, y, width(STEPS), STEPS, canvas.theme.style(Role::Heading)) + 1;
        }
        x = canvas.put(x, y, width(&hint.key), &hint.key, key_style) + 1;
        if hint.words.is_empty() {
            x += 1;
        } else {
            x = canvas.put(x, y, width(&hint.words), &hint.words, text_style) + 2;
        }
    }
}
