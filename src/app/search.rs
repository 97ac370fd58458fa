//! A search in lines: a regular expression, in any case unless it has a capital letter.

use regex::Regex;

use super::page::Line;
use crate::domain::pattern::pattern;

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
    /// What was searched for before.
    before: String,
    pattern: Option<Regex>,
}

impl Search {
    /// Begins to be typed anew.
    pub(super) fn begin(&mut self, at: usize, lines: &[Line]) {
        self.before = std::mem::take(&mut self.typed);
        (self.is_typing, self.began) = (true, at);
        self.forget(lines);
    }

    /// Reads what was typed; what is no regular expression changes nothing.
    pub(super) fn read(&mut self, lines: &[Line]) -> Result<(), String> {
        if self.typed.is_empty() {
            self.forget(lines);
            return Ok(());
        }
        let any_case = !self.typed.chars().any(char::is_uppercase);
        self.pattern = Some(pattern(&self.typed, any_case)?);
        self.look(lines);
        Ok(())
    }

    /// Ends the typing; where no regular expression was typed, what was searched for before is searched for again.
    pub(super) fn keep(&mut self, lines: &[Line]) -> Result<(), String> {
        self.is_typing = false;
        let read = self.read(lines);
        if read.is_err() {
            self.typed = std::mem::take(&mut self.before);
            // It was one before.
            let _ = self.read(lines);
        }
        read
    }

    /// Searches for nothing.
    pub(super) fn forget(&mut self, lines: &[Line]) {
        self.typed.clear();
        self.pattern = None;
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
