//! Lines of many streams in one order by time, bounded in bytes; what is dropped is counted.
//!
//! Lines keep the order of their own stream whatever their times say; between streams time decides, and then the order
//! of arrival. A late line goes to its place. A line is named by a key that it keeps, so that a place in the text is
//! never lost while lines come and go.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use super::decode::{Line, Run, Style, parts};
use super::level::Level;
use super::request::StreamId;

/// So many bytes of lines are held where nobody says otherwise, those that wait included.
pub const DEFAULT_MEMORY: usize = 32 * 1024 * 1024;
/// For every so many entries the buffer keeps an empty place at most.
const SPARE: usize = 8;
/// Allocators give out memory in multiples of so many bytes, and take about as many for themselves.
const ALLOCATOR: usize = 16;
/// One part of so many is for lines that wait to be taken in.
pub const WAITING_SHARE: usize = 4;

/// How many bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one stream, where there are many.
    pub stream: usize,
    /// Of all streams.
    pub all: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::sharing(DEFAULT_MEMORY)
    }
}

impl Limits {
    /// Of so many bytes in all: a quarter waits to be taken in at most, and one of many streams has an eighth of what is
    /// kept, so that a loud one leaves room for the others.
    #[must_use]
    pub fn sharing(bytes: usize) -> Self {
        let all = bytes - bytes / WAITING_SHARE;
        Self { stream: all / 8, all }
    }

    /// What one of so many streams may take: where there are few, its part of the whole.
    fn of_one(self, streams: usize) -> usize {
        self.stream.max(self.all / streams.max(1))
    }
}

/// The name and the place of a line: by time, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// When it was printed; where the server did not say, when the line before it was.
    pub at: Timestamp,
    arrival: u64,
}

/// A line in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub key: LineKey,
    /// Where it comes from.
    pub stream: StreamId,
    /// The text.
    pub text: Box<str>,
    runs: Box<[Run]>,
    /// How bad it is, where it says so.
    pub level: Option<Level>,
    /// How many bytes were cut off its end.
    pub cut: u32,
    /// Not printed by the container: said by dsgrid about its stream.
    pub is_note: bool,
}

impl Entry {
    /// The styled parts in order: they cover the whole text.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Style)> {
        parts(&self.text, &self.runs)
    }

    /// What it takes in memory, with the allocator's own share and the empty places kept for others.
    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of::<Self>() / SPARE + held(&self.text, &self.runs)
    }
}

/// What the text of a line takes outside of its entry, with the allocator's own share.
#[must_use]
pub fn held(text: &str, runs: &[Run]) -> usize {
    let chunk = |bytes: usize| if bytes == 0 { 0 } else { (bytes + ALLOCATOR).next_multiple_of(ALLOCATOR) };
    chunk(text.len()) + chunk(size_of_val(runs))
}

#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    bytes: usize,
    lines: usize,
    dropped: u64,
    last: Option<Timestamp>,
}

/// Lines of many streams in one order.
#[derive(Debug, Default)]
pub struct LogBuffer {
    entries: VecDeque<Entry>,
    lanes: HashMap<StreamId, Lane>,
    limits: Limits,
    bytes: usize,
    arrivals: u64,
    dropped: u64,
    thinned: u64,
}

impl LogBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes lines of a stream in their order; gives their keys, of which the oldest may be dropped again already.
    pub fn push(
        &mut self,
        stream: StreamId,
        lines: impl IntoIterator<Item = Line>,
        now: Timestamp,
    ) -> Vec<LineKey> {
        let fresh = lines.into_iter().map(|line| (line, false)).collect();
        self.merge(stream, fresh, now)
    }

    /// Puts in what dsgrid has to say about a stream, after all its lines so far.
    pub fn note(&mut self, stream: StreamId, text: &str, at: Timestamp) -> LineKey {
        let line = Line { text: text.into(), at: Some(at), ..Line::default() };
        // Lines that come later may be older than a note: they keep their own times.
        let last = self.lanes.get(&stream).and_then(|lane| lane.last);
        let key = self.merge(stream, vec![(line, true)], at)[0];
        if let Some(lane) = self.lanes.get_mut(&stream) {
            lane.last = last;
        }
        key
    }

    /// Says something else in the place of what was said, if it is there still.
    pub fn reword(&mut self, note: LineKey, text: &str) {
        let place = self.place_of(note);
        let Some(entry) = self.entries.get_mut(place).filter(|entry| entry.key == note && entry.is_note)
        else {
            return;
        };
        let before = entry.bytes();
        entry.text = text.into();
        let after = entry.bytes();
        self.bytes = self.bytes + after - before;
        if let Some(lane) = self.lanes.get_mut(&entry.stream) {
            lane.bytes = lane.bytes + after - before;
        }
    }

    fn merge(&mut self, stream: StreamId, lines: Vec<(Line, bool)>, now: Timestamp) -> Vec<LineKey> {
        let lane = self.lanes.entry(stream).or_default();
        let mut fresh = VecDeque::with_capacity(lines.len());
        for (line, is_note) in lines {
            let at = line.at.or(lane.last).unwrap_or(now);
            let at = lane.last.map_or(at, |last| last.max(at));
            lane.last = Some(at);
            let key = LineKey { at, arrival: self.arrivals };
            self.arrivals += 1;
            let cut = u32::try_from(line.cut).unwrap_or(u32::MAX);
            let (text, runs, level) = (line.text, line.runs, line.level);
            let entry = Entry { key, stream, text, runs, level, cut, is_note };
            lane.bytes += entry.bytes();
            lane.lines += 1;
            self.bytes += entry.bytes();
            fresh.push_back(entry);
        }
        let keys = fresh.iter().map(|entry| entry.key).collect();
        self.place(fresh);
        self.shrink(stream);
        keys
    }

    /// Merges ordered entries into the order; costs no more than the entries that are later than the first of them.
    fn place(&mut self, mut fresh: VecDeque<Entry>) {
        let Some(first) = fresh.front().map(|entry| entry.key) else { return };
        let mut later = self.entries.split_off(self.entries.partition_point(|entry| entry.key < first));
        let len = self.entries.len() + fresh.len() + later.len();
        if len > self.entries.capacity() {
            // Doubled, it would hold as much again as nobody counts.
            self.entries.reserve_exact(len + len / SPARE - self.entries.len());
        }
        while let (Some(a), Some(b)) = (fresh.front(), later.front()) {
            let side = if a.key < b.key { &mut fresh } else { &mut later };
            self.entries.extend(side.pop_front());
        }
        self.entries.append(&mut fresh);
        self.entries.append(&mut later);
    }

    /// Drops the oldest until the limits hold.
    fn shrink(&mut self, stream: StreamId) {
        let most = self.limits.of_one(self.lanes.len());
        let over = |lane: &Lane, limit: usize| lane.bytes > limit && lane.lines > 1;
        while self.bytes > self.limits.all && self.entries.len() > 1 {
            self.drop_front();
        }
        while self.lanes.get(&stream).is_some_and(|lane| over(lane, most))
            && self.entries.front().is_some_and(|entry| entry.stream == stream)
        {
            self.drop_front();
        }
        let Some(lane) = self.lanes.get_mut(&stream).filter(|lane| over(lane, most)) else {
            return;
        };
        // Lines of others lie before: one pass makes room for some time.
        let room = most - most / 8;
        self.thinned += 1;
        self.entries.retain(|entry| {
            let goes = entry.stream == stream && over(lane, room);
            if goes {
                lane.bytes -= entry.bytes();
                lane.lines -= 1;
                lane.dropped += 1;
                self.bytes -= entry.bytes();
                self.dropped += 1;
            }
            !goes
        });
    }

    fn drop_front(&mut self) {
        let Some(entry) = self.entries.pop_front() else { return };
        self.bytes -= entry.bytes();
        self.dropped += 1;
        if let Some(lane) = self.lanes.get_mut(&entry.stream) {
            lane.bytes -= entry.bytes();
            lane.lines -= 1;
            lane.dropped += 1;
        }
    }

    /// Counts lines that were lost before they came here.
    pub fn count_dropped(&mut self, stream: StreamId, lines: u64) {
        self.dropped += lines;
        self.lanes.entry(stream).or_default().dropped += lines;
    }

    /// Forgets every line of every stream, and what was dropped.
    pub fn clear(&mut self) {
        *self = Self { limits: self.limits, arrivals: self.arrivals, ..Self::default() };
    }

    /// The number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the lines take in memory, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How often lines were dropped that older ones of other streams lie before.
    #[must_use]
    pub fn thinned(&self) -> u64 {
        self.thinned
    }

    /// How many lines of a stream were dropped.
    #[must_use]
    pub fn dropped_of(&self, stream: StreamId) -> u64 {
        self.lanes.get(&stream).map_or(0, |lane| lane.dropped)
    }

    /// When the last line of a stream was printed.
    #[must_use]
    pub fn last_of(&self, stream: StreamId) -> Option<Timestamp> {
        self.lanes.get(&stream)?.last
    }

    /// The line at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    /// All lines, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The place of a line; where it is gone, that of the next one.
    #[must_use]
    pub fn place_of(&self, key: LineKey) -> usize {
        self.entries.partition_point(|entry| entry.key < key)
    }

    /// The place of the first line that was printed later.
    #[must_use]
    pub fn place_after(&self, at: Timestamp) -> usize {
        self.entries.partition_point(|entry| entry.key.at <= at)
    }

    /// The line of that name; none where it was dropped.
    #[must_use]
    pub fn find(&self, key: LineKey) -> Option<&Entry> {
        self.get(self.place_of(key)).filter(|entry| entry.key == key)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
    }

    fn line(millis: i64, text: &str) -> Line {
        Line { at: Some(at(millis)), text: text.into(), ..Line::default() }
    }

    fn texts(buffer: &LogBuffer) -> Vec<String> {
        buffer.iter().map(|entry| entry.text.to_string()).collect()
    }

    #[test]
    fn a_late_line_goes_to_its_place_and_keys_stay() {
        let mut buffer = LogBuffer::default();
        let keys = buffer.push(StreamId(1), [line(10, "a"), line(30, "c")], at(0));
        buffer.push(StreamId(2), [line(20, "b"), line(30, "d")], at(0));
        assert_eq!(texts(&buffer), ["a", "b", "c", "d"]);
        assert_eq!(buffer.place_of(keys[1]), 2);
        assert_eq!(&*buffer.find(keys[1]).unwrap().text, "c");
    }

    #[test]
    fn a_stream_keeps_its_own_order_whatever_its_times_say() {
        let mut buffer = LogBuffer::default();
        let no_time = Line { text: "c".into(), ..Line::default() };
        buffer.push(StreamId(1), [line(20, "a"), line(10, "b"), no_time], at(0));
        buffer.push(StreamId(2), [line(15, "x")], at(0));
        assert_eq!(texts(&buffer), ["x", "a", "b", "c"]);
    }

    #[test]
    fn a_note_comes_after_the_lines_of_its_stream() {
        let mut buffer = LogBuffer::default();
        buffer.push(StreamId(1), [line(20, "a")], at(0));
        buffer.note(StreamId(1), "restarted", at(10));
        assert_eq!(texts(&buffer), ["a", "restarted"]);
        assert!(buffer.get(1).unwrap().is_note);
    }

    #[test]
    fn a_note_leaves_the_times_of_later_lines_alone() {
        let mut buffer = LogBuffer::default();
        buffer.push(StreamId(1), [line(20, "a")], at(0));
        buffer.note(StreamId(1), "broke", at(50));
        buffer.push(StreamId(1), [line(40, "b"), line(60, "c")], at(70));
        assert_eq!(texts(&buffer), ["a", "b", "broke", "c"]);
        assert_eq!(buffer.get(1).unwrap().key.at, at(40));
    }

    #[test]
    fn all_shares_together_are_the_whole() {
        let limits = Limits::default();
        assert_eq!(limits.all + DEFAULT_MEMORY / WAITING_SHARE, DEFAULT_MEMORY);
        assert_eq!(limits.stream * 8, limits.all);
    }

    #[test]
    fn a_flood_of_one_stream_leaves_the_others_alone_and_is_counted() {
        let mut buffer = LogBuffer::new(Limits { stream: 1_000, all: 20_000 });
        buffer.push(StreamId(2), [line(0, "quiet")], at(0));
        for n in 0..10_000 {
            buffer.push(StreamId(1), [line(n + 1, "loud")], at(0));
            assert!(buffer.bytes() < 11_000, "{} bytes", buffer.bytes());
        }
        assert_eq!(&*buffer.get(0).unwrap().text, "quiet");
        assert_eq!(buffer.dropped() + u64::try_from(buffer.len()).unwrap(), 10_001);
        assert_eq!(buffer.dropped_of(StreamId(1)), buffer.dropped());
    }

    #[test]
    fn few_streams_have_more_of_the_whole_each() {
        let mut buffer = LogBuffer::new(Limits { stream: 1_000, all: 8_000 });
        let mut most = [0; 10];
        for n in 0..10 {
            for m in 0..100 {
                buffer.push(StreamId(n), [line(i64::from(m), "loud")], at(0));
            }
            most[n as usize] = buffer.lanes[&StreamId(n)].bytes;
        }
        let share = |streams: usize| 8_000 / streams;
        assert!(most[0] > share(1) * 3 / 4 && most[0] <= share(1), "{most:?}");
        assert!(most[1] > share(2) * 3 / 4 && most[1] <= share(2), "{most:?}");
        assert!(most[9] > 1_000 * 3 / 4 && most[9] <= 1_000, "{most:?}");
        assert!(buffer.bytes() <= 8_000);
    }

    #[test]
    fn a_flood_of_all_streams_is_bounded_by_the_whole() {
        let mut buffer = LogBuffer::new(Limits { stream: 10_000, all: 30_000 });
        for n in 0..20_000 {
            let stream = StreamId(u32::try_from(n % 16).unwrap());
            buffer.push(stream, [line(n, "a line of some length")], at(0));
            assert!(buffer.bytes() <= 30_000);
        }
        buffer.push(StreamId(0), [line(20_001, &"x".repeat(40_000))], at(0));
        assert_eq!(buffer.len(), 1, "a line larger than the whole is still shown");
    }

    proptest! {
        #[test]
        fn any_arrival_gives_one_order(
            batches in proptest::collection::vec((0..4_u32, proptest::collection::vec(0..50_i64, 1..8)), 1..40)
        ) {
            let mut buffer = LogBuffer::default();
            let mut said: HashMap<StreamId, Vec<String>> = HashMap::new();
            let mut clock: HashMap<u32, i64> = HashMap::new();
            for (n, (stream, steps)) in batches.iter().enumerate() {
                let clock = clock.entry(*stream).or_default();
                let lines: Vec<Line> = steps.iter().enumerate().map(|(m, step)| {
                    *clock += step;
                    line(*clock, &format!("{stream} {n} {m}"))
                }).collect();
                said.entry(StreamId(*stream)).or_default().extend(lines.iter().map(|line| line.text.to_string()));
                buffer.push(StreamId(*stream), lines, at(0));
            }
            prop_assert!(buffer.iter().zip(buffer.iter().skip(1)).all(|(a, b)| a.key < b.key));
            for (stream, expected) in said {
                let kept: Vec<String> =
                    buffer.iter().filter(|entry| entry.stream == stream).map(|entry| entry.text.to_string()).collect();
                prop_assert_eq!(kept, expected);
            }
            let bytes: usize = buffer.iter().map(Entry::bytes).sum();
            prop_assert_eq!(bytes, buffer.bytes());
        }
    }
}
