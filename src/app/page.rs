//! A full screen of lines: facts, problems, and lines that lead somewhere.

use super::screen::Screen;
use crate::domain::cell::CellState;
use crate::domain::diff::{self, DiffLine};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A heading.
    Heading,
    /// A fact.
    Fact,
    /// A fact that is a problem.
    Problem,
    /// Of less importance: what is being asked for, what is not there.
    Faint,
    /// Stands only in the newer of two texts.
    Added,
    /// Stands only in the older of two texts.
    Removed,
}

/// One line, before it is wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// The words.
    pub text: String,
    /// How many columns what follows the first row is indented.
    pub hang: usize,
    /// Where Enter leads from it.
    pub leads: Option<Screen>,
    /// The sign that stands before it.
    pub sign: Option<Sign>,
}

/// The sign of a cell, before a line about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Of its state.
    State(CellState),
    /// Of a cell whose pod this dsgrid replaces just now.
    InFlight,
}

impl From<CellState> for Sign {
    fn from(state: CellState) -> Self {
        Self::State(state)
    }
}

impl Line {
    fn plain(kind: LineKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hang: 2, leads: None, sign: None }
    }

    /// A heading.
    #[must_use]
    pub fn heading(text: impl Into<String>) -> Self {
        Self::plain(LineKind::Heading, text)
    }

    /// A fact.
    #[must_use]
    pub fn fact(text: impl Into<String>) -> Self {
        Self::plain(LineKind::Fact, text)
    }

    /// Of less importance.
    #[must_use]
    pub fn faint(text: impl Into<String>) -> Self {
        Self::plain(LineKind::Faint, text)
    }

    /// A line of a difference, with its sign before it.
    #[must_use]
    pub fn diff(line: &DiffLine) -> Self {
        let kind = match line.kind {
            diff::LineKind::Same => LineKind::Fact,
            diff::LineKind::Added => LineKind::Added,
            diff::LineKind::Removed => LineKind::Removed,
            diff::LineKind::Skipped => LineKind::Faint,
        };
        let text = match kind {
            LineKind::Faint => format!("@@ {} @@", line.text),
            _ => format!("{} {}", line.kind.mark(), line.text),
        };
        Self::plain(kind, text)
    }

    /// A fact that is a problem.
    #[must_use]
    pub fn problem(text: impl Into<String>) -> Self {
        Self::plain(LineKind::Problem, text)
    }
}

/// A full screen of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Whose facts.
    pub title: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// What it is about is not there any more; the lines are what was seen last.
    pub is_gone: bool,
}

/// The heading under which events are; a key leads there.
pub(super) const EVENTS: &str = "Events";

impl Page {
    /// An empty page.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    fn push(&mut self, kind: LineKind, text: impl Into<String>, hang: usize) {
        self.lines.push(Line { kind, text: text.into(), hang, leads: None, sign: None });
    }

    /// A heading, with an empty line before it.
    pub(super) fn heading(&mut self, text: impl Into<String>) {
        if !self.lines.is_empty() {
            self.push(LineKind::Fact, "", 0);
        }
        self.push(LineKind::Heading, text, 0);
    }

    /// A fact.
    pub(super) fn fact(&mut self, text: impl AsRef<str>) {
        self.say(LineKind::Fact, text);
    }

    /// A fact in two columns: what follows the first row stands under the second.
    pub(super) fn told(&mut self, is_problem: bool, name: &str, width: usize, text: impl AsRef<str>) {
        let kind = if is_problem { LineKind::Problem } else { LineKind::Fact };
        self.push(kind, format!("  {name:<width$} {}", text.as_ref()), width + 3);
    }

    /// A line of a kind.
    pub(super) fn say(&mut self, kind: LineKind, text: impl AsRef<str>) {
        self.push(kind, format!("  {}", text.as_ref()), 4);
    }

    /// A fact, or a problem.
    pub(super) fn fact_or_problem(&mut self, is_problem: bool, text: impl AsRef<str>) {
        self.say(if is_problem { LineKind::Problem } else { LineKind::Fact }, text);
    }

    /// A fact that is a problem.
    pub(super) fn problem(&mut self, text: impl AsRef<str>) {
        self.say(LineKind::Problem, text);
    }

    /// Something of less importance.
    pub(super) fn faint(&mut self, text: impl AsRef<str>) {
        self.say(LineKind::Faint, text);
    }

    /// A line just as it is.
    pub(super) fn raw(&mut self, text: String) {
        self.push(LineKind::Fact, text, 2);
    }

    /// Before the last line stands this sign.
    pub(super) fn signed(&mut self, sign: impl Into<Sign>) {
        if let Some(line) = self.lines.last_mut() {
            line.sign = Some(sign.into());
        }
    }

    /// The last line leads there.
    pub(super) fn leading(&mut self, to: Screen) {
        if let Some(line) = self.lines.last_mut() {
            line.leads = Some(to);
        }
    }

    /// What this page was about is gone: what was seen last stays, under a word that says so.
    pub(super) fn gone(&mut self) {
        if self.is_gone {
            return;
        }
        self.is_gone = true;
        let seen_last = std::mem::take(&mut self.lines);
        self.problem("Not there any more: deleted, or made anew as another object. Esc goes back.");
        if !seen_last.is_empty() {
            self.heading("Seen last");
            self.lines.extend(seen_last);
        }
    }
}
