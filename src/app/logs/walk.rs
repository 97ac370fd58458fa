//! Steps through the rows of a log from any place in it: what is not in sight costs nothing.
//!
//! A place is the name of a line and a row in it, so it stays where it is while lines come and go.

use jiff::Timestamp;

use super::rows::{Form, rows};
use crate::domain::log::{LineKey, LogBuffer, StreamId};

/// A row of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub key: LineKey,
    pub row: usize,
}

/// Which lines are shown.
#[derive(Clone, Copy)]
pub(super) enum Shown<'a> {
    All,
    /// Only these, which are sorted, and so many lines around each.
    Around(&'a [LineKey], usize),
}

/// Lines as a walker sees them.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub buffer: &'a LogBuffer,
    pub shown: Shown<'a>,
    /// Only lines of these; none for all.
    pub of: Option<&'a [StreamId]>,
    pub form: Form,
}

impl Walk<'_> {
    /// The first shown line at or after an index.
    pub fn next(&self, mut index: usize) -> Option<usize> {
        loop {
            index = self.next_matching(index)?;
            if self.is_of(index) {
                return Some(index);
            }
            index += 1;
        }
    }

    /// The last shown line at or before an index.
    pub fn previous(&self, mut index: usize) -> Option<usize> {
        loop {
            index = self.previous_matching(index)?;
            if self.is_of(index) {
                return Some(index);
            }
            index = index.checked_sub(1)?;
        }
    }

    /// Whether lines before a shown one are left out that do not match.
    pub fn is_after_gap(&self, index: usize) -> bool {
        let all = Walk { shown: Shown::All, ..*self };
        let before = index.checked_sub(1).and_then(|index| all.previous(index));
        before.is_some() && before != index.checked_sub(1).and_then(|index| self.previous(index))
    }

    fn is_of(&self, index: usize) -> bool {
        let is_of = |of: &[StreamId]| self.buffer.get(index).is_some_and(|entry| of.contains(&entry.stream));
        self.of.is_none_or(is_of)
    }

    fn next_matching(&self, index: usize) -> Option<usize> {
        let at = self.buffer.get(index)?;
        let Shown::Around(matches, around) = self.shown else { return Some(index) };
        let from = self.buffer.get(index.saturating_sub(around)).map_or(at.key, |entry| entry.key);
        let found = matches[matches.partition_point(|key| *key < from)..]
            .iter()
            .find(|key| self.buffer.find(**key).is_some())?;
        Some(self.buffer.place_of(*found).saturating_sub(around).max(index))
    }

    fn previous_matching(&self, index: usize) -> Option<usize> {
        let index = index.min(self.buffer.len().checked_sub(1)?);
        let Shown::Around(matches, around) = self.shown else { return Some(index) };
        let until = self.buffer.get((index + around).min(self.buffer.len() - 1))?.key;
        let found = matches[..matches.partition_point(|key| *key <= until)]
            .iter()
            .rev()
            .find(|key| self.buffer.find(**key).is_some())?;
        Some((self.buffer.place_of(*found) + around).min(index))
    }

    fn height(&self, index: usize) -> usize {
        self.buffer.get(index).map_or(0, |entry| rows(entry, self.form).len())
    }

    fn place(&self, index: usize, row: usize) -> Option<Place> {
        Some(Place { key: self.buffer.get(index)?.key, row })
    }

    /// The last row that was not printed later.
    pub fn until(&self, at: Timestamp) -> Option<Place> {
        let index = self.previous(self.buffer.place_after(at).checked_sub(1)?)?;
        self.place(index, self.height(index).saturating_sub(1))
    }

    /// The first row of all.
    pub fn first(&self) -> Option<Place> {
        self.place(self.next(0)?, 0)
    }

    /// The last row of all.
    pub fn last(&self) -> Option<Place> {
        let index = self.previous(usize::MAX)?;
        self.place(index, self.height(index).saturating_sub(1))
    }

    /// The same place, or the nearest one that is shown.
    pub fn settle(&self, place: Place) -> Option<Place> {
        let index = self.buffer.place_of(place.key);
        let same = self.buffer.get(index).is_some_and(|entry| entry.key == place.key);
        match self.next(index) {
            Some(next) if next == index && same => {
                self.place(index, place.row.min(self.height(index).saturating_sub(1)))
            }
            Some(next) => self.place(next, 0),
            None => self.last(),
        }
    }

    /// So many rows further down, or up; at the end, the last or first row.
    pub fn step(&self, place: Place, rows: isize) -> Option<Place> {
        let place = self.settle(place)?;
        let mut index = self.buffer.place_of(place.key);
        let mut left = rows.unsigned_abs();
        let mut row = place.row;
        loop {
            if rows < 0 {
                if row >= left {
                    return self.place(index, row - left);
                }
                let Some(previous) = index.checked_sub(1).and_then(|index| self.previous(index)) else {
                    return self.place(index, 0);
                };
                left -= row + 1;
                index = previous;
                row = self.height(index).saturating_sub(1);
            } else {
                let height = self.height(index);
                if row + left < height {
                    return self.place(index, row + left);
                }
                let Some(next) = self.next(index + 1) else {
                    return self.place(index, height.saturating_sub(1));
                };
                left -= height - row;
                index = next;
                row = 0;
            }
        }
    }

    /// Whether `place` is one of the `height` rows from `top` on.
    pub fn is_in_sight(&self, top: Place, place: Place, height: usize) -> bool {
        let last = self.step(top, isize::try_from(height.saturating_sub(1)).unwrap_or_default());
        place >= top && last.is_some_and(|last| place <= last)
    }
}
