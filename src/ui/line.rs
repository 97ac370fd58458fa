//! Text put on one line: measured in cells, cut with a mark, never wider than its place.

use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Canvas;
use super::theme::Role;

/// The width of a text in cells.
pub(super) fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// `text` in at most `room` cells, its end replaced by `mark` where it is longer.
pub(super) fn cut_end(text: &str, room: u16, mark: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut cut = take(text.chars(), room.saturating_sub(width(mark)));
    if room > 0 {
        cut.push_str(mark);
    }
    cut
}

/// `text` in at most `room` cells, its beginning replaced by `mark` where it is longer: the ends of names differ.
pub(super) fn cut_start(text: &str, room: u16, mark: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let kept = take(text.chars().rev(), room.saturating_sub(width(mark)));
    let mark = if room > 0 { mark } else { "" };
    mark.chars().chain(kept.chars().rev()).collect()
}

fn take(characters: impl Iterator<Item = char>, room: u16) -> String {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or_default();
            used <= usize::from(room)
        })
        .collect()
}

impl Canvas<'_> {
    /// Writes a text at a place, cut at the end to `room`; where it ended.
    pub(super) fn put(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let room = room.min(self.area.width.saturating_sub(x));
        if y >= self.area.height || room == 0 {
            return x;
        }
        let text = cut_end(text, room, self.theme.glyphs().ellipsis());
        self.buffer.set_stringn(x, y, &text, usize::from(room), style).0
    }

    /// Writes a number or word so that it ends before `x + room`.
    pub(super) fn put_right(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) {
        let pad = room.saturating_sub(width(text));
        self.put(x + pad, y, room - pad, text, style);
    }

    /// Changes the style of a stretch without touching its text.
    pub(super) fn tint(&mut self, x: u16, y: u16, room: u16, style: Style) {
        for x in x..(x + room).min(self.area.width) {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_style(style);
            }
        }
    }

    /// A rule over the whole width with words in it.
    pub(super) fn rule(&mut self, y: u16) {
        let style = self.theme.style(Role::Frame);
        let line = self.theme.glyphs().rule().repeat(usize::from(self.area.width));
        self.put(0, y, self.area.width, &line, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_it_does_not_fit() {
        assert_eq!(cut_end("fluent-bit", 10, "…"), "fluent-bit");
        assert_eq!(cut_end("fluent-bit", 6, "…"), "fluen…");
        assert_eq!(cut_start("fluent-bit", 6, "…"), "…t-bit");
        // A wide character that does not fit whole is left out.
        assert_eq!(cut_end("日本語", 4, "…"), "日…");
        assert_eq!([cut_end("ab", 0, "…"), cut_start("ab", 0, "…")], ["", ""]);
    }
}
