//! Lines that wait a moment, so that those of other nodes that were printed before them can come before them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::log::{Line, StreamId};

/// So long a line waits for older ones of other nodes.
const MOMENT: Duration = Duration::from_millis(200);
/// So many lines wait at most: in a flood nothing is gained by more.
const MOST: usize = 20_000;

/// Lines in the order of their times, and when each came.
#[derive(Default)]
pub(super) struct Hold {
    waiting: BTreeMap<(Timestamp, u64), (Duration, StreamId, Line)>,
    /// The time of the last line of each stream: its own order comes before its times.
    last: HashMap<StreamId, Timestamp>,
    arrivals: u64,
}

impl Hold {
    /// Takes a line in that came `now`; all times are since one moment.
    pub(super) fn push(&mut self, stream: StreamId, line: Line, now: Duration) {
        let last = self.last.get(&stream).copied();
        let at = line.at.max(last).unwrap_or(Timestamp::MIN);
        self.last.insert(stream, at);
        self.waiting.insert((at, self.arrivals), (now, stream, line));
        self.arrivals += 1;
    }

    /// When the next line is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.waiting.values().map(|(came, ..)| *came + MOMENT).min()
    }

    /// The lines that have waited long enough, and all that are older than one of them.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(StreamId, Line)> {
        if self.waiting.len() > MOST {
            return self.all();
        }
        let waited =
            |(_, (came, ..)): &(&(Timestamp, u64), &(Duration, StreamId, Line))| *came + MOMENT <= now;
        let Some((_, arrival)) = self.waiting.iter().rev().find(waited).map(|(key, _)| *key) else {
            return Vec::new();
        };
        let mut due = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            let is_last = entry.key().1 == arrival;
            let (_, stream, line) = entry.remove();
            due.push((stream, line));
            if is_last {
                break;
            }
        }
        due
    }

    /// Everything that waits.
    pub(super) fn all(&mut self) -> Vec<(StreamId, Line)> {
        std::mem::take(&mut self.waiting).into_values().map(|(_, stream, line)| (stream, line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn line(millis: i64, text: &str) -> Line {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis);
        Line { at: Some(at), text: text.into(), ..Line::default() }
    }

    fn texts(lines: Vec<(StreamId, Line)>) -> Vec<String> {
        lines.into_iter().map(|(_, line)| line.text.to_string()).collect()
    }

    #[test]
    fn lines_that_come_close_together_come_in_the_order_of_their_times() {
        let (mut hold, ms) = (Hold::default(), Duration::from_millis);
        hold.push(StreamId(1), line(20, "second"), ms(0));
        hold.push(StreamId(2), line(10, "first"), ms(150));
        hold.push(StreamId(2), line(30, "third"), ms(160));
        assert_eq!(hold.next_due(), Some(ms(200)));
        assert_eq!(texts(hold.due(ms(199))), [""; 0]);
        assert_eq!(texts(hold.due(ms(200))), ["first", "second"]);
        assert_eq!(hold.next_due(), Some(ms(360)));
        assert_eq!(texts(hold.due(ms(400))), ["third"]);
        assert_eq!(hold.next_due(), None);
    }

    #[test]
    fn a_stream_keeps_its_own_order_whatever_its_times_say() {
        let mut hold = Hold::default();
        for line in [line(20, "a"), line(10, "b"), Line { text: "c".into(), ..Line::default() }] {
            hold.push(StreamId(1), line, Duration::ZERO);
        }
        hold.push(StreamId(2), line(15, "x"), Duration::ZERO);
        assert_eq!(texts(hold.all()), ["x", "a", "b", "c"]);
    }

    #[test]
    fn a_flood_waits_for_nobody() {
        let mut hold = Hold::default();
        for n in 0..=MOST {
            hold.push(StreamId(1), line(i64::try_from(n).unwrap(), "x"), Duration::ZERO);
        }
        assert_eq!(hold.due(Duration::ZERO).len(), MOST + 1);
    }
}
