//! News of logs that wait to be taken: bounded in bytes, given out in portions a screen can take in between two keys.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::event::ClusterEvent;
use crate::domain::log::{DEFAULT_MEMORY, Line, LogNews, StreamId, WAITING_SHARE, held};

/// So many lines are given out at once, of all streams together.
const PORTION: usize = 5_000;

/// News that wait, by stream.
pub(in crate::cluster) struct LogLane {
    streams: BTreeMap<StreamId, Waiting>,
    bytes: usize,
    /// So many bytes of lines wait, of all streams together.
    most: usize,
}

impl Default for LogLane {
    fn default() -> Self {
        Self { streams: BTreeMap::new(), bytes: 0, most: DEFAULT_MEMORY / WAITING_SHARE }
    }
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<Line>,
    bytes: usize,
    lost: u64,
    /// What else there is to say, with how many lines are to be given out before.
    words: VecDeque<(usize, LogNews)>,
}

fn weight(line: &Line) -> usize {
    size_of::<Line>() + held(&line.text, &line.runs)
}

impl LogLane {
    /// Of so many bytes for logs in all a part is for those that wait.
    pub(in crate::cluster) fn bound(&mut self, bytes: usize) {
        self.most = bytes / WAITING_SHARE;
    }

    /// Puts news in; where too much waits, the oldest lines of the largest stream are dropped and counted.
    pub(in crate::cluster) fn put(&mut self, stream: StreamId, news: LogNews) {
        let waiting = self.streams.entry(stream).or_default();
        match news {
            LogNews::Lines(lines) => {
                let bytes: usize = lines.iter().map(weight).sum();
                waiting.lines.extend(lines);
                waiting.bytes += bytes;
                self.bytes += bytes;
            }
            other => waiting.words.push_back((waiting.lines.len(), other)),
        }
        while self.bytes > self.most {
            let Some(largest) = self.streams.values_mut().max_by_key(|waiting| waiting.bytes) else { break };
            self.bytes -= largest.lose();
        }
    }

    /// Forgets a stream.
    pub(in crate::cluster) fn forget(&mut self, stream: StreamId) {
        self.bytes -= self.streams.remove(&stream).map_or(0, |waiting| waiting.bytes);
    }

    /// Gives out a portion, each stream its share; more may wait.
    pub(in crate::cluster) fn take(&mut self, events: &mut Vec<ClusterEvent>) {
        let share = PORTION / self.streams.len().max(1);
        for (stream, waiting) in &mut self.streams {
            let before = waiting.bytes;
            events
                .extend(waiting.take(share.max(1)).into_iter().map(|news| ClusterEvent::Log(*stream, news)));
            self.bytes -= before - waiting.bytes;
        }
        self.streams.retain(|_, waiting| !waiting.lines.is_empty() || !waiting.words.is_empty());
    }
}

impl Waiting {
    /// Drops the oldest lines, a batch at a time so that a flood costs little; the bytes that came free.
    fn lose(&mut self) -> usize {
        let count = (self.lines.len() / 8).max(1).min(self.lines.len());
        let freed = self.lines.drain(..count).map(|line| weight(&line)).sum();
        self.lost += u64::try_from(count).unwrap_or(u64::MAX);
        self.bytes -= freed;
        for (before, _) in &mut self.words {
            *before = before.saturating_sub(count);
        }
        freed
    }

    fn take(&mut self, most: usize) -> Vec<LogNews> {
        let mut news: Vec<LogNews> =
            (self.lost > 0).then(|| LogNews::Lost(std::mem::take(&mut self.lost))).into_iter().collect();
        let mut left = most.min(self.lines.len());
        loop {
            let part = self.words.front().map_or(left, |(before, _)| left.min(*before));
            let lines: Vec<Line> = self.lines.drain(..part).collect();
            self.bytes -= lines.iter().map(weight).sum::<usize>();
            left -= part;
            for (before, _) in &mut self.words {
                *before = before.saturating_sub(part);
            }
            if !lines.is_empty() {
                news.push(LogNews::Lines(lines));
            }
            match self.words.pop_front() {
                Some((0, words)) => news.push(words),
                Some(later) => {
                    self.words.push_front(later);
                    return news;
                }
                None if left == 0 => return news,
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log::LogEnd;

    fn lines(from: usize, count: usize, text: &str) -> LogNews {
        LogNews::Lines(
            (from..from + count)
                .map(|n| Line { text: format!("{n} {text}").into(), ..Line::default() })
                .collect(),
        )
    }

    fn take(lane: &mut LogLane) -> Vec<ClusterEvent> {
        let mut events = Vec::new();
        lane.take(&mut events);
        events
    }

    #[test]
    fn portions_are_bounded_and_in_order() {
        let mut lane = LogLane::default();
        lane.put(StreamId(1), lines(0, PORTION + 10, "x"));
        lane.put(StreamId(1), LogNews::Ended(LogEnd::Complete));
        let first = take(&mut lane);
        assert!(
            matches!(&first[..], [ClusterEvent::Log(StreamId(1), LogNews::Lines(lines))] if lines.len() == PORTION)
        );
        let second = take(&mut lane);
        assert!(
            matches!(&second[..], [ClusterEvent::Log(_, LogNews::Lines(lines)), ClusterEvent::Log(_, LogNews::Ended(_))] if lines.len() == 10)
        );
        assert!(take(&mut lane).is_empty());
        assert_eq!(lane.bytes, 0);
    }

    #[test]
    fn words_between_lines_stay_between_them() {
        let mut lane = LogLane::default();
        lane.put(StreamId(1), lines(0, 2, "x"));
        lane.put(StreamId(1), LogNews::Broken("cut".into()));
        lane.put(StreamId(1), lines(2, 1, "x"));
        let counts: Vec<_> = take(&mut lane)
            .into_iter()
            .map(|event| match event {
                ClusterEvent::Log(_, LogNews::Lines(lines)) => lines.len(),
                _ => 0,
            })
            .collect();
        assert_eq!(counts, [2, 0, 1]);
    }

    #[test]
    fn a_flood_is_bounded_and_what_is_lost_is_counted() {
        let mut lane = LogLane::default();
        lane.put(StreamId(2), lines(0, 1, "quiet"));
        for n in 0..400 {
            lane.put(StreamId(1), lines(n * 1000, 1000, "loud"));
            assert!(lane.bytes <= lane.most);
        }
        let (mut got, mut lost, mut quiet) = (0, 0, 0);
        loop {
            let events = take(&mut lane);
            if events.is_empty() {
                break;
            }
            for event in events {
                match event {
                    ClusterEvent::Log(StreamId(1), LogNews::Lines(lines)) => got += lines.len(),
                    ClusterEvent::Log(_, LogNews::Lines(lines)) => quiet += lines.len(),
                    ClusterEvent::Log(_, LogNews::Lost(lines)) => lost += usize::try_from(lines).unwrap(),
                    _ => {}
                }
            }
        }
        assert_eq!((got + lost, quiet), (400_000, 1));
        assert!(lost > 0);
        assert_eq!(lane.bytes, 0);
    }

    #[test]
    fn a_closed_stream_leaves_nothing_behind() {
        let mut lane = LogLane::default();
        lane.put(StreamId(1), lines(0, 10, "x"));
        lane.forget(StreamId(1));
        assert!(take(&mut lane).is_empty() && lane.bytes == 0);
    }
}
