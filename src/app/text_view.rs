//! A view of many lines: where it is scrolled, on which line the cursor is, what is searched for.
//!
//! Only rows in sight are ever wrapped, so that ten thousand lines cost no more than forty.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::action::Action;
use super::lines::wrap;
use super::page::Line;
use super::search::Search;
use super::viewport::step;

/// So many columns are scrolled sideways at once.
const SIDEWAYS: usize = 8;

/// How many columns and rows there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A row of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRow {
    /// Of which line.
    pub line: usize,
    /// Whether it is the line's first.
    pub is_first: bool,
    /// The characters.
    pub text: String,
}

/// Where a person is in some lines.
#[derive(Clone, Debug, Default)]
pub struct TextView {
    /// The line with the cursor.
    pub at: usize,
    /// The first line in sight.
    pub top: usize,
    /// So many of its rows are above the screen.
    pub skip: usize,
    /// So many columns are left of the screen; none where lines are wrapped.
    pub left: usize,
    /// Whether long lines go on in the next row.
    pub wraps: bool,
    /// What is searched for.
    pub search: Search,
}

impl TextView {
    /// A view from the beginning.
    pub(super) fn new(wraps: bool) -> Self {
        Self { wraps, ..Self::default() }
    }

    /// The rows of one line.
    fn rows(&self, line: &Line, width: usize) -> Vec<String> {
        if !self.wraps {
            return vec![from_column(&line.text, self.left, width)];
        }
        fold(&line.text, width, line.hang)
    }

    /// The rows in sight.
    #[must_use]
    pub fn visible(&self, lines: &[Line], room: Room) -> Vec<ViewRow> {
        let mut visible = Vec::with_capacity(room.height);
        for (at, line) in lines.iter().enumerate().skip(self.top) {
            let skip = if at == self.top { self.skip } else { 0 };
            let rows = self.rows(line, room.width).into_iter().enumerate().skip(skip);
            visible.extend(rows.map(|(row, text)| ViewRow { line: at, is_first: row == 0, text }));
            if visible.len() >= room.height {
                break;
            }
        }
        visible.truncate(room.height);
        visible
    }

    /// Puts the cursor on a line that is there, and in sight, scrolling as little as possible.
    pub(super) fn settle(&mut self, lines: &[Line], room: Room) {
        self.at = self.at.min(lines.len().saturating_sub(1));
        if self.at < self.top {
            (self.top, self.skip) = (self.at, 0);
        }
        let (mut used, mut least) = (0, (self.at, 0));
        // The earliest beginning from which the cursor's line is still whole in sight.
        for at in (0..=self.at.min(lines.len().saturating_sub(1))).rev() {
            let Some(line) = lines.get(at) else { break };
            let rows = self.rows(line, room.width).len();
            if used + rows > room.height {
                let fitting = room.height.saturating_sub(used);
                least = if at == self.at { (at, 0) } else { (at, rows - fitting) };
                break;
            }
            used += rows;
            least = (at, 0);
        }
        let taller = lines.get(self.at).map_or(0, |line| self.rows(line, room.width).len()) > room.height;
        if (self.top, self.skip) < least && !(taller && self.top == self.at) {
            (self.top, self.skip) = least;
        }
        self.fill(lines, room);
    }

    /// Nothing is left empty below the end while something is hidden above.
    fn fill(&mut self, lines: &[Line], room: Room) {
        let mut left = room.height;
        for at in (0..lines.len()).rev() {
            let rows = self.rows(&lines[at], room.width).len();
            if rows >= left {
                let last = (at, rows - left);
                if (self.top, self.skip) > last {
                    (self.top, self.skip) = last;
                }
                return;
            }
            left -= rows;
        }
        (self.top, self.skip) = (0, 0);
    }

    /// Moves the cursor.
    pub(super) fn moved(&mut self, action: Action, lines: &[Line], room: Room) {
        let page = isize::try_from(room.height.saturating_sub(1).max(1)).unwrap_or(1);
        let last = lines.get(self.at).map_or(0, |line| self.rows(line, room.width).len());
        let hidden = if self.top == self.at { last.saturating_sub(self.skip + room.height) } else { 0 };
        match action {
            // A line taller than the screen is read row by row.
            Action::MoveDown | Action::PageDown if hidden > 0 => {
                self.skip += if action == Action::MoveDown { 1 } else { hidden.min(room.height) };
            }
            Action::MoveUp if self.top == self.at && self.skip > 0 => self.skip -= 1,
            Action::MoveUp => self.at = step(self.at, -1, lines.len()),
            Action::MoveDown => self.at = step(self.at, 1, lines.len()),
            Action::PageUp => self.at = step(self.at, -page, lines.len()),
            Action::PageDown => self.at = step(self.at, page, lines.len()),
            Action::HalfPageUp => self.at = step(self.at, -(page / 2).max(1), lines.len()),
            Action::HalfPageDown => self.at = step(self.at, (page / 2).max(1), lines.len()),
            Action::GoToTop => (self.at, self.top, self.skip) = (0, 0, 0),
            Action::GoToBottom => self.at = lines.len().saturating_sub(1),
            Action::MoveRight if !self.wraps => {
                let widest = self.visible(lines, room).iter().map(|row| lines[row.line].text.width()).max();
                let most = widest.unwrap_or_default().saturating_sub(room.width / 2);
                self.left = (self.left + SIDEWAYS).min(most.max(self.left));
            }
            Action::MoveLeft => self.left = self.left.saturating_sub(SIDEWAYS),
            Action::GoToStart => self.left = 0,
            _ => {}
        }
    }
}

/// A text in rows of at most `width` columns; all but the first begin with `hang` spaces.
fn fold(text: &str, width: usize, hang: usize) -> Vec<String> {
    let mut rows = wrap(text, width);
    if rows.len() > 1 {
        let hang = hang.min(width / 2);
        let rest = rows.split_off(1).join(" ");
        rows.extend(wrap(&rest, width - hang).into_iter().map(|row| format!("{:hang$}{row}", "")));
    }
    rows
}

/// The part of a text that begins at a column.
fn from_column(text: &str, left: usize, width: usize) -> String {
    let mut column = 0;
    let mut shown = String::new();
    for character in text.chars() {
        let wide = character.width().unwrap_or_default();
        if column >= left && column + wide <= left + width {
            // Of a wide character that begins left of the screen, its other half is a space.
            shown.push(character);
        } else if column < left && column + wide > left {
            shown.push(' ');
        }
        column += wide;
        if column > left + width {
            break;
        }
    }
    shown
}
