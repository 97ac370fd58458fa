//! What of the lines is found by a search, and where one goes from match to match.

use super::super::beside::Side;
use super::super::walk::Place;
use super::LogView;
use crate::app::search::Search;
use crate::domain::log::LineKey;

impl LogView {
    /// Finds all lines that match, or forgets them.
    pub(in crate::app) fn look_for(&mut self, search: &Search) {
        self.matches.look(&self.buffer, search, self.json);
        self.only_matches &= search.is_active();
    }

    /// The number of lines that match.
    #[must_use]
    pub fn found(&self) -> usize {
        self.matches.keys().len()
    }

    /// To the next match or the previous one, in a circle: which it is, from 1.
    pub(in crate::app) fn next_match(&mut self, forward: bool) -> Option<usize> {
        let at = self.matches.next(self.cursor?.key, forward);
        self.go_to(*self.matches.keys().get(at)?);
        Some(at + 1)
    }

    /// To the last match at or before the cursor, else the first: what was printed last is looked for first.
    pub(in crate::app) fn nearest_match(&mut self) {
        if let Some(key) = self.cursor.and_then(|place| self.matches.nearest(place.key)) {
            self.go_to(key);
        }
    }

    fn go_to(&mut self, key: LineKey) {
        (self.follows, self.has_jumped, self.has_lost) = (false, true, false);
        let stream = self.buffer.find(key).map(|entry| entry.stream);
        if let Some((beside, stream)) = self.beside.as_mut().zip(stream) {
            let is_healthy = beside.streams(Side::Healthy).contains(&stream);
            beside.side = if is_healthy { Side::Healthy } else { Side::Ill };
        }
        self.cursor = Some(Place { key, row: 0 });
    }
}
