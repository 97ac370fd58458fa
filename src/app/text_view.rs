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
                // A line of which nothing fits is no beginning.
                least = if fitting == 0 || at == self.at { least } else { (at, rows - fitting) };
                break;
            }
            used += rows;
            least = (at, 0);
        }
        let taller = lines.get(self.at).map_or(0, |line| self.rows(line, room.width).len()) > room.height;
        if self.top == self.at && !taller {
            self.skip = 0;
        }
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
        let last = lines.get(self.at).map_or(0, |line| self.rows(line, room.width).len());
        let hidden = if self.top == self.at { last.saturating_sub(self.skip + room.height) } else { 0 };
        match action {
            // A line taller than the screen is read row by row.
            Action::MoveDown | Action::PageDown if hidden > 0 => {
                self.skip += if action == Action::MoveDown { 1 } else { hidden.min(room.height) };
            }
            Action::MoveUp if self.top == self.at && self.skip > 0 => self.skip -= 1,
            Action::GoToTop => (self.at, self.top, self.skip) = (0, 0, 0),
            Action::MoveRight if !self.wraps => {
                let widest = self.visible(lines, room).iter().map(|row| lines[row.line].text.width()).max();
                let most = widest.unwrap_or_default().saturating_sub(room.width / 2);
                self.left = (self.left + SIDEWAYS).min(most.max(self.left));
            }
            Action::MoveLeft => self.left = self.left.saturating_sub(SIDEWAYS),
            Action::GoToStart => self.left = 0,
            _ => {
                let delta = action.lines(room.height).unwrap_or_default();
                self.at = step(self.at, delta, lines.len());
            }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::page::LineKind;
    use super::*;

    fn lines(texts: &[String]) -> Vec<Line> {
        texts
            .iter()
            .map(|text| Line { kind: LineKind::Fact, text: text.clone(), hang: 2, leads: None, sign: None })
            .collect()
    }

    fn search(typed: &str, lines: &[Line]) -> Search {
        let mut search = Search::default();
        typed.clone_into(&mut search.typed);
        search.read(lines).expect("a regular expression");
        search
    }

    #[test]
    fn rows_that_follow_are_indented() {
        assert_eq!(fold("  one two three", 9, 4), ["  one two", "    three"]);
        assert_eq!(fold("", 9, 4), [""]);
    }

    #[test]
    fn a_column_may_fall_into_a_wide_character() {
        let parts = [(0, "日本"), (1, " 本"), (2, "本語"), (9, "")]
            .map(|(left, part)| (from_column("日本語", left, 4), part));
        for (shown, part) in parts {
            assert_eq!(shown, part);
        }
    }

    #[test]
    fn a_search_is_smart_about_case_and_keeps_to_what_can_be_read() {
        let lines = lines(&["Pod a".to_owned(), "pod (b".to_owned(), "node".to_owned()]);
        for (typed, found) in
            [("pod", vec![0, 1]), ("Pod", vec![0]), ("\\(b", vec![1]), ("^n.de$", vec![2]), ("", vec![])]
        {
            let search = search(typed, &lines);
            assert_eq!(search.found, found, "{typed}");
        }
        let mut search = search("pod", &lines);
        search.begin(0, &lines);
        "(b".clone_into(&mut search.typed);
        assert_eq!(search.keep(&lines), Err("\"(b\" is no regular expression: unclosed group".to_owned()));
        assert_eq!((search.typed.as_str(), &search.found[..]), ("pod", &[0, 1][..]));
        assert_eq!(
            [search.next(1, true), search.next(0, false), search.next(0, true)],
            [Some(0), Some(1), Some(1)]
        );
        assert_eq!(search.places("a pod, a POD"), [2..5, 9..12]);
    }

    const ACTIONS: [Action; 12] = [
        Action::MoveUp,
        Action::MoveDown,
        Action::MoveDown,
        Action::PageUp,
        Action::PageDown,
        Action::HalfPageUp,
        Action::HalfPageDown,
        Action::GoToTop,
        Action::GoToBottom,
        Action::MoveLeft,
        Action::MoveRight,
        Action::GoToStart,
    ];

    proptest! {
        /// Wherever one goes, the cursor's line is in sight and the screen is as full as it can be.
        /// (The least screen has 50 columns; below 4 a wide character would not fit beside the indent.)
        #[test]
        fn the_cursor_stays_in_sight(
            texts in prop::collection::vec("[a-z 日]{0,60}", 0..40),
            keys in prop::collection::vec(0..ACTIONS.len(), 0..60),
            width in 4..30_usize, height in 1..12_usize, wraps: bool,
        ) {
            let (lines, room) = (lines(&texts), Room { width, height });
            let mut view = TextView::new(wraps);
            for key in keys {
                view.moved(ACTIONS[key], &lines, room);
                view.settle(&lines, room);
                let shown = view.visible(&lines, room);
                prop_assert!(shown.len() <= height);
                prop_assert!(shown.iter().all(|row| row.text.width() <= width), "{shown:?}");
                if !lines.is_empty() {
                    prop_assert!(view.at < lines.len());
                    prop_assert!(shown.iter().any(|row| row.line == view.at), "{view:?}");
                    let all: usize = lines.iter().map(|line| view.rows(line, width).len()).sum();
                    prop_assert_eq!(shown.len(), all.min(height));
                }
            }
        }

        /// Going down line by line shows every row, also of lines taller than the screen.
        #[test]
        fn every_row_can_be_read(texts in prop::collection::vec("[a-z ]{0,80}", 1..12), height in 1..6_usize) {
            let (lines, room) = (lines(&texts), Room { width: 10, height });
            let mut view = TextView::new(true);
            let mut seen = std::collections::BTreeSet::new();
            let all: usize = lines.iter().map(|line| view.rows(line, 10).len()).sum();
            for _ in 0..=all {
                let first = view.rows(&lines[view.top], 10).len() - view.skip;
                let shown = view.visible(&lines, room);
                for (at, row) in shown.iter().enumerate() {
                    let skipped = if row.line == view.top { view.skip + at } else {
                        at - first - lines[view.top + 1..row.line].iter().map(|line| view.rows(line, 10).len()).sum::<usize>()
                    };
                    seen.insert((row.line, skipped));
                }
                view.moved(Action::MoveDown, &lines, room);
                view.settle(&lines, room);
            }
            prop_assert_eq!(seen.len(), all);
        }
    }
}
