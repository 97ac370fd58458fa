//! The lines that match a search, by name: as many as there are in the buffer, and no more.

use super::rows::{JsonMode, is_match};
use crate::app::search::Search;
use crate::domain::log::{LineKey, LogBuffer};

/// The names of matching lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct Matches {
    keys: Vec<LineKey>,
    /// How often the buffer had been thinned out when they were last gone through.
    thinned: u64,
}

impl Matches {
    /// All of them.
    pub fn keys(&self) -> &[LineKey] {
        &self.keys
    }

    /// Finds all lines that match, or forgets them.
    pub fn look(&mut self, buffer: &LogBuffer, search: &Search, json: JsonMode) {
        let matching = buffer.iter().filter(|entry| is_match(entry, search, json));
        self.keys = if search.is_active() { matching.map(|entry| entry.key).collect() } else { Vec::new() };
        self.thinned = buffer.thinned();
    }

    /// Takes in those of the new lines that match.
    pub fn add(&mut self, fresh: &[LineKey], buffer: &LogBuffer, search: &Search, json: JsonMode) {
        if !search.is_active() {
            return;
        }
        let matches = |key: &LineKey| buffer.find(*key).is_some_and(|entry| is_match(entry, search, json));
        let mut fresh = fresh.iter().copied().filter(matches).peekable();
        let Some(first) = fresh.peek() else { return };
        let later = self.keys.partition_point(|key| key < first);
        self.keys.extend(fresh);
        self.keys[later..].sort();
    }

    /// Forgets those whose lines are gone.
    pub fn forget_gone(&mut self, buffer: &LogBuffer) {
        let oldest = buffer.get(0).map(|entry| entry.key);
        let gone = self.keys.partition_point(|key| oldest.is_none_or(|oldest| *key < oldest));
        self.keys.drain(..gone);
        if std::mem::replace(&mut self.thinned, buffer.thinned()) != buffer.thinned() {
            self.keys.retain(|key| buffer.find(*key).is_some());
        }
    }

    /// The place among them of the next one after a line, or the one before it, in a circle.
    pub fn next(&self, here: LineKey, forward: bool) -> usize {
        if forward {
            let next = self.keys.partition_point(|key| *key <= here);
            if next < self.keys.len() { next } else { 0 }
        } else {
            let before = self.keys.partition_point(|key| *key < here);
            before.checked_sub(1).unwrap_or_else(|| self.keys.len().saturating_sub(1))
        }
    }

    /// The last one at or before a line, else the first.
    pub fn nearest(&self, here: LineKey) -> Option<LineKey> {
        let before = self.keys.partition_point(|key| *key <= here);
        before.checked_sub(1).and_then(|at| self.keys.get(at)).or(self.keys.first()).copied()
    }
}
