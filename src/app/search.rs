//! A search in lines: a regular expression, in any case unless it has a capital letter.

use regex::{Regex, RegexBuilder};

use super::page::Line;

/// A search.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// As typed.
    pub typed: String,
    /// Whether it is being typed.
    pub is_typing: bool,
    /// The lines that match.
    pub found: Vec<usize>,
    /// The line from which it began.
    pub(super) began: usize,
    pub(super) pattern: Option<Regex>,
}

impl Search {
    /// Reads what was typed; what is no regular expression is searched for as it is.
    pub(super) fn read(&mut self, lines: &[Line]) {
        let any_case = !self.typed.chars().any(char::is_uppercase);
        let build = |text: &str| RegexBuilder::new(text).case_insensitive(any_case).build();
        self.pattern = if self.typed.is_empty() {
            None
        } else {
            build(&self.typed).or_else(|_| build(&regex::escape(&self.typed))).ok()
        };
        self.look(lines);
    }

    /// Finds the matching lines, after lines changed.
    pub(super) fn look(&mut self, lines: &[Line]) {
        let Some(pattern) = &self.pattern else {
            self.found.clear();
            return;
        };
        let matching = lines.iter().enumerate().filter(|(_, line)| pattern.is_match(&line.text));
        self.found = matching.map(|(at, _)| at).collect();
    }

    /// Whether something is searched for.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.pattern.is_some()
    }

    /// Whether a text matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }

    /// The next matching line, or the previous one, in a circle.
    pub(super) fn next(&self, at: usize, forward: bool) -> Option<usize> {
        if forward {
            self.found.iter().find(|found| **found > at).or(self.found.first()).copied()
        } else {
            self.found.iter().rev().find(|found| **found < at).or(self.found.last()).copied()
        }
    }

    /// The first matching line at or after `at`, else the first.
    pub(super) fn from(&self, at: usize) -> Option<usize> {
        self.found.iter().find(|found| **found >= at).or(self.found.first()).copied()
    }

    /// Where in a row of text it matches, in bytes.
    #[must_use]
    pub fn places(&self, row: &str) -> Vec<std::ops::Range<usize>> {
        let pattern = self.pattern.as_ref();
        let matches = pattern.into_iter().flat_map(|pattern| pattern.find_iter(row));
        matches.map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }
}
