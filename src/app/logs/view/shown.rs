//! What of the lines is shown, copied and saved.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::rows::{LogRow, rows};
use super::super::streams::StreamState;
use super::super::walk::{Place, Walk};
use super::LogView;
use crate::app::keymap::Context;
use crate::app::text_view::Room;
use crate::domain::log::{Entry, LineKey, StreamId};

impl LogView {
    /// What keys are for.
    pub(in crate::app) fn keys(&self) -> Context {
        if self.compare.is_some() { Context::Endings } else { Context::Logs }
    }

    /// The marked lines, else the line with the cursor, for the clipboard.
    #[must_use]
    pub fn copyable(&self) -> Option<String> {
        let marked: Vec<&Entry> = self.marks.iter().filter_map(|key| self.buffer.find(*key)).collect();
        if marked.is_empty() {
            return self.current().map(|entry| entry.text.to_string());
        }
        Some(marked.iter().map(|entry| self.saved(entry)).collect())
    }

    /// What is shown, as it is saved: a line each, after its time and the name of its node.
    #[must_use]
    pub fn text(&self) -> String {
        let walk = self.walk(Room { width: 80, height: 24 });
        let mut text = String::new();
        let mut next = walk.next(0);
        while let Some(index) = next {
            if let Some(entry) = self.buffer.get(index) {
                text.push_str(&self.saved(entry));
            }
            next = walk.next(index + 1);
        }
        text
    }

    fn saved(&self, entry: &Entry) -> String {
        let note = if entry.is_note { "--- " } else { "" };
        format!("{} {} {note}{}\n", entry.key.at, self.name(entry.stream), entry.text)
    }

    /// The rows in sight.
    #[must_use]
    pub fn visible(&self, room: Room) -> Vec<LogRow> {
        let cursor = self.cursor.map(|at| at.key);
        self.top.map_or_else(Vec::new, |top| self.rows_from(self.walk(room), top, cursor, room.height))
    }

    /// The rows in sight of the node without the cursor, up to the time of the others; the cursor stands where that
    /// node was at the time of the cursor.
    #[must_use]
    pub fn visible_beside(&self, room: Room) -> Vec<LogRow> {
        let Some((beside, _)) = self.split() else { return Vec::new() };
        let walk = self.walk_of(room, Some(beside.side.other()));
        let down = isize::try_from(room.height.saturating_sub(1)).unwrap_or_default();
        let own = self.walk(room);
        // What ended stands still: the other node is shown as it was then.
        let is_live = self.follows && !self.has_ended(beside.streams(beside.side));
        let until = self.top.filter(|_| !is_live).and_then(|top| own.step(top, down));
        let bottom = match until {
            Some(place) => walk.until(place.key.at),
            None => walk.last(),
        };
        let Some(bottom) = bottom else { return Vec::new() };
        let Some(top) = walk.step(bottom, -down) else { return Vec::new() };
        let cursor = self.cursor.and_then(|at| walk.until(at.key.at)).map(|at| at.key);
        let mut rows = self.rows_from(walk, top, cursor, room.height);
        rows.retain(|row| row.key <= bottom.key);
        rows
    }

    /// Whether all these streams have ended, and there are some.
    pub(in crate::app::logs) fn has_ended(&self, streams: &[StreamId]) -> bool {
        let has_ended = |id: &StreamId| {
            self.streams.get(*id).is_some_and(|stream| matches!(stream.state, StreamState::Ended(_)))
        };
        !streams.is_empty() && streams.iter().all(has_ended)
    }

    fn rows_from(&self, walk: Walk, top: Place, cursor: Option<LineKey>, height: usize) -> Vec<LogRow> {
        let mut visible = Vec::with_capacity(height);
        let mut next = walk.next(self.buffer.place_of(top.key));
        while let Some(index) = next.filter(|_| visible.len() < height) {
            let Some(entry) = self.buffer.get(index) else { break };
            let is_after_gap = walk.is_after_gap(index);
            let skip = if entry.key == top.key { top.row } else { 0 };
            for (row, parts) in rows(entry, walk.form).into_iter().enumerate().skip(skip) {
                visible.push(LogRow {
                    key: entry.key,
                    stream: entry.stream,
                    is_first: row == 0,
                    time: if row == 0 && self.has_times { time_of_day(entry.key.at) } else { String::new() },
                    parts,
                    level: entry.level,
                    is_after_gap: is_after_gap && row == 0,
                    is_note: entry.is_note,
                    is_cursor: cursor == Some(entry.key),
                    is_marked: self.marks.contains(&entry.key),
                });
            }
            next = walk.next(index + 1);
        }
        visible.truncate(height);
        visible
    }
}

/// The time of a line as it is shown: of the day, in UTC as the server says it.
fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S.%3f").to_string()
}
