//! What is seen of the lines: where one is in them, what is searched for, how they are shown.

mod found;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr;

use super::beside::{Beside, Halves, Side};
use super::compare::Compare;
use super::matches::Matches;
use super::rows::{Form, JsonMode};
use super::streams::{Reading, Step, Streams};
use super::tint::Tint;
use super::walk::{Place, Shown, Walk};
use crate::app::search::Search;
use crate::app::text_view::Room;
use crate::domain::inventory::Inventory;
use crate::domain::log::{Entry, Limits, LineKey, LogBuffer, LogEnd, LogNews, Since, StreamId};
use crate::domain::text::Text;

/// How far back, by the keys `0` to `6`: words, from when, and at most so many lines of each pod.
pub const PRESETS: [(&str, Since, Option<u32>); 7] = [
    ("tail 500", Since::All, Some(500)),
    ("all", Since::All, None),
    ("1m", Since::Seconds(60), None),
    ("5m", Since::Seconds(300), None),
    ("15m", Since::Seconds(900), None),
    ("30m", Since::Seconds(1800), None),
    ("1h", Since::Seconds(3600), None),
];

/// Streams that break for the same reason within this time are told of in one line.
const TOGETHER: SignedDuration = SignedDuration::from_secs(10);
/// So many nodes are named in such a line, more are counted.
const MOST_NAMED: usize = 3;
/// Lines around each match, where only matches are shown.
const CONTEXT: usize = 2;
/// So many columns are scrolled sideways at once.
const SIDEWAYS: usize = 16;
/// The widest name before lines.
const WIDEST_NAME: usize = 24;
/// `03:04:05.678 `.
const TIME_WIDTH: usize = 13;

/// The logs that are looked at.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the view")]
pub struct LogView {
    /// Whose, and how they stand.
    pub streams: Streams,
    /// Their lines.
    pub buffer: LogBuffer,
    /// Which of the presets is chosen.
    pub preset: usize,
    /// Whether the newest line stays in sight.
    pub follows: bool,
    /// Whether long lines go on in the next row.
    pub wraps: bool,
    /// Whether each line begins with its time.
    pub has_times: bool,
    /// Whether nothing else is on the screen.
    pub is_full_screen: bool,
    /// How JSON is shown.
    pub json: JsonMode,
    /// Whether only what matches is shown.
    pub only_matches: bool,
    /// So many lines around each match.
    pub context: usize,
    /// The endings, while they are compared.
    pub compare: Option<Compare>,
    /// Two nodes, while they are set side by side.
    pub beside: Option<Beside>,
    /// What the present lines were opened from.
    pub(in crate::app) behind: Option<Box<Behind>>,
    /// The lines that match the search.
    matches: Matches,
    marks: BTreeSet<LineKey>,
    left: usize,
    top: Option<Place>,
    cursor: Option<Place>,
    /// The cursor went to a match since it was last put in sight.
    has_jumped: bool,
    trouble: Option<Trouble>,
    /// The colours of those that are told apart.
    tints: BTreeMap<String, Tint>,
    /// The line with the cursor was dropped since the person last moved.
    has_lost: bool,
    /// The width of the names before the lines; none where there is one stream only.
    names: usize,
    naming: Naming,
    /// How two nodes share the screen, where there are two and each has a half.
    halves: Option<Halves>,
}

/// What was said last about streams that broke.
#[derive(Debug)]
struct Trouble {
    note: LineKey,
    why: Text,
    nodes: BTreeSet<Text>,
    at: Timestamp,
}

/// What one step back leads to.
#[derive(Debug)]
pub(in crate::app) struct Behind {
    /// A comparison, if there was one.
    pub compare: Option<Compare>,
    /// What was read under it.
    pub reading: Reading,
    /// Whether its lines began with their times.
    pub has_times: bool,
}

/// What tells streams apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Naming {
    #[default]
    Node,
    DaemonSet,
    Both,
}

impl LogView {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(reading: Reading, first_stream: u32, limits: Limits) -> Self {
        Self {
            streams: Streams::new(reading, first_stream),
            buffer: LogBuffer::new(limits),
            preset: 0,
            follows: true,
            wraps: true,
            has_times: false,
            is_full_screen: false,
            json: JsonMode::default(),
            only_matches: false,
            context: CONTEXT,
            compare: None,
            beside: None,
            behind: None,
            matches: Matches::default(),
            marks: BTreeSet::new(),
            left: 0,
            top: None,
            cursor: None,
            has_jumped: false,
            trouble: None,
            tints: BTreeMap::new(),
            has_lost: false,
            names: 0,
            naming: Naming::Node,
            halves: None,
        }
    }

    /// Reads something else, or the same afresh: the lines go, how they are shown stays.
    pub(in crate::app) fn restart(&mut self, reading: Reading) {
        self.streams = Streams::new(reading, self.streams.next());
        self.buffer.clear();
        self.matches = Matches::default();
        self.marks.clear();
        self.trouble = None;
        (self.top, self.cursor, self.left, self.follows, self.names) = (None, None, 0, true, 0);
    }

    /// What is to be opened now; what is to be said is put among the lines.
    pub(in crate::app) fn settle(&mut self, inventory: &Inventory, now: Timestamp) -> Vec<Step> {
        let steps = self.streams.settle(inventory);
        for step in &steps {
            if let Step::Note(id, words, at) = step {
                self.buffer.note(*id, words, at.unwrap_or(now));
            }
        }
        steps
    }

    /// Takes in news of a stream.
    pub(in crate::app) fn heard(&mut self, id: StreamId, news: LogNews, search: &Search, now: Timestamp) {
        if self.streams.get(id).is_none() {
            // Closed in the meantime.
            return;
        }
        self.streams.heard(id, &news);
        if let Some((words, at)) = self.streams.announce(id, &news) {
            self.buffer.note(id, &words, at.unwrap_or(now));
        }
        match news {
            LogNews::Lines(lines) => {
                let fresh = self.buffer.push(id, lines, now);
                self.matches.add(&fresh, &self.buffer, search, self.json);
            }
            LogNews::Lost(lines) => self.buffer.count_dropped(id, lines),
            LogNews::Broken(why) => self.broke(id, &why, now),
            LogNews::Ended(end) => {
                // What has ended, ended with its last line.
                let last = self.buffer.last_of(id).filter(|_| end == LogEnd::Complete);
                let now = last.unwrap_or(now);
                self.buffer.note(id, &format!("{}: {end}", self.name(id)), now);
            }
        }
        self.matches.forget_gone(&self.buffer);
        if let Some(oldest) = self.buffer.get(0).map(|entry| entry.key) {
            self.marks = self.marks.split_off(&oldest);
        }
    }

    /// Says what broke; what breaks for many nodes at once is said once.
    fn broke(&mut self, id: StreamId, why: &Text, now: Timestamp) {
        let name = self.name(id);
        if let Some(trouble) = &mut self.trouble
            && trouble.why == *why
            && now.duration_since(trouble.at) <= TOGETHER
            && self.buffer.find(trouble.note).is_some()
        {
            trouble.nodes.insert(name);
            let who = match trouble.nodes.len() {
                1..=MOST_NAMED => trouble.nodes.iter().map(Text::as_str).collect::<Vec<_>>().join(", "),
                nodes => format!("{nodes} nodes"),
            };
            self.buffer.reword(trouble.note, &format!("{who}: {why}; trying again"));
            return;
        }
        let note = self.buffer.note(id, &format!("{name}: {why}; trying again"), now);
        self.trouble = Some(Trouble { note, why: why.clone(), nodes: BTreeSet::from([name]), at: now });
    }

    fn name(&self, id: StreamId) -> Text {
        self.streams.get(id).map(|stream| stream.target.node.0.clone()).unwrap_or_default()
    }

    /// The line with the cursor, and how many there are, from 1.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        let at = self.cursor.map_or(0, |place| self.buffer.place_of(place.key) + 1);
        (at.min(self.buffer.len()), self.buffer.len())
    }

    /// The line with the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        self.buffer.find(self.cursor?.key)
    }

    /// The width of the names before lines, and of the times.
    #[must_use]
    pub fn margins(&self) -> (usize, usize) {
        (self.names, if self.has_times { TIME_WIDTH } else { 0 })
    }

    fn form(&self, room: Room) -> Form {
        let (names, times) = self.margins();
        let taken = times + if names > 0 { names + 1 } else { 0 };
        let width = room.width.saturating_sub(taken).max(10);
        Form { width, wraps: self.wraps, left: self.left, json: self.json }
    }

    fn walk(&self, room: Room) -> Walk<'_> {
        self.walk_of(room, self.beside.as_ref().map(|beside| beside.side))
    }

    fn walk_of(&self, room: Room, side: Option<Side>) -> Walk<'_> {
        let shown =
            if self.only_matches { Shown::Around(self.matches.keys(), self.context) } else { Shown::All };
        let of = side.zip(self.split()).map(|(side, (beside, _))| (side, beside));
        let of = of.map(|(side, beside)| beside.streams(side));
        Walk { buffer: &self.buffer, shown, of, form: self.form(room) }
    }

    /// The two nodes, where they have a half of the screen each, and which halves.
    #[must_use]
    pub fn split(&self) -> Option<(&Beside, Halves)> {
        self.beside.as_ref().zip(self.halves)
    }

    /// The room of the lines on a screen of so many columns and rows.
    #[must_use]
    pub fn room(&self, (width, height): (u16, u16)) -> Room {
        let around = if self.is_full_screen { 1 } else { 3 };
        // Over each half stands its node.
        let (width, height) = match self.halves {
            None => (width, height.saturating_sub(around)),
            Some(Halves::Columns) => ((width - 1) / 2, height.saturating_sub(around + 1)),
            Some(Halves::Rows) => (width, height.saturating_sub(around + 2) / 2),
        };
        Room { width: usize::from(width.saturating_sub(2)), height: usize::from(height) }
    }

    /// What a line's stream is called beside the lines of others, and the whole name of what tells it apart; `short`
    /// shortens the name of a node.
    #[must_use]
    pub fn label<'a>(
        &'a self,
        id: StreamId,
        short: impl Fn(&'a str) -> &'a str,
    ) -> Option<(String, &'a str)> {
        let target = &self.streams.get(id)?.target;
        let (node, daemon_set) = (target.node.as_str(), target.daemon_set.name.as_str());
        Some(match self.naming {
            Naming::Node => match &self.beside {
                Some(beside) if *node == *beside.healthy.0 => (format!("{} ok", short(node)), node),
                Some(_) => (format!("{} ill", short(node)), node),
                None => (short(node).to_owned(), node),
            },
            Naming::DaemonSet => (daemon_set.to_owned(), daemon_set),
            Naming::Both => (format!("{} {daemon_set}", short(node)), node),
        })
    }

    /// The colour of what tells a stream apart: the same as long as the view is open.
    #[must_use]
    pub fn tint(&self, key: &str) -> Tint {
        self.tints.get(key).copied().unwrap_or_else(|| Tint::of_name(key, &self.tints))
    }

    /// Decides how streams are told apart; `widest` is the widest short name of a node.
    fn name_streams(&mut self, widest: usize) {
        let nodes: BTreeSet<_> = self.streams.iter().map(|(_, stream)| &stream.target.node).collect();
        let sets: BTreeSet<_> = self.streams.iter().map(|(_, stream)| &stream.target.daemon_set).collect();
        let longest = sets.iter().map(|set| set.name.width()).max().unwrap_or_default();
        let (naming, width) = match (nodes.len() > 1, sets.len() > 1) {
            (_, false) if nodes.len() < 2 || self.halves.is_some() => (Naming::Node, 0),
            (_, false) if self.beside.is_some() => (Naming::Node, widest + " ill".len()),
            (_, false) => (Naming::Node, widest),
            (false, true) => (Naming::DaemonSet, longest),
            (true, true) => (Naming::Both, widest + 1 + longest),
        };
        (self.naming, self.names) = (naming, width.min(WIDEST_NAME));
        let ids: Vec<StreamId> = self.streams.iter().map(|(id, _)| id).collect();
        for id in ids {
            let Some(key) = self.label(id, |node| node).map(|(_, key)| key.to_owned()) else { continue };
            if !self.tints.contains_key(&key) {
                let tint = Tint::of_name(&key, &self.tints);
                self.tints.insert(key, tint);
            }
        }
    }

    /// The line with the cursor is not there any more: whether that is news.
    pub(in crate::app) fn loses_place(&mut self) -> bool {
        let is_lost = !self.follows && self.cursor.is_some_and(|at| self.buffer.find(at.key).is_none());
        is_lost && !std::mem::replace(&mut self.has_lost, true)
    }

    /// Puts cursor and scroll in order, after anything changed; `widest` is the widest short name of a node.
    pub(in crate::app) fn arrange(&mut self, size: (u16, u16), widest: usize) {
        self.halves = self.beside.as_ref().and_then(|_| Halves::of(size));
        if let Some(beside) = &mut self.beside {
            beside.sort(&self.streams);
        }
        self.name_streams(widest);
        let room = self.room(size);
        let walk = self.walk(room);
        let cursor = if self.follows { walk.last() } else { self.cursor.and_then(|at| walk.settle(at)) };
        let cursor = cursor.or_else(|| walk.last());
        let Some(at) = cursor else {
            (self.cursor, self.top) = (None, None);
            return;
        };
        let up = -isize::try_from(room.height.saturating_sub(1)).unwrap_or_default();
        let top = self.top.and_then(|top| walk.settle(top));
        let top = match top {
            Some(top) if !self.follows && walk.is_in_sight(top, at, room.height) => Some(top),
            // What was jumped to is shown with what is around it.
            _ if self.has_jumped => walk.step(at, up / 2),
            Some(top) if !self.follows && at < top => Some(at),
            _ => walk.step(at, up),
        };
        // Nothing is left empty below the end while something is hidden above.
        let lowest = walk.last().and_then(|last| walk.step(last, up));
        (self.cursor, self.top, self.has_jumped) = (cursor, top.min(lowest), false);
    }

    /// Moves the cursor by rows; away from the end it stops following.
    pub(in crate::app) fn move_by(&mut self, delta: isize, room: Room) {
        let walk = self.walk(room);
        let Some(at) = self.cursor.and_then(|at| walk.step(at, delta)) else { return };
        let is_last = walk.last() == Some(at);
        self.follows = self.follows && is_last;
        (self.cursor, self.has_lost) = (Some(at), false);
    }

    /// To the beginning or the end; at the end it follows again.
    pub(in crate::app) fn go_to_end(&mut self, end: bool, room: Room) {
        (self.follows, self.has_lost) = (end, false);
        let walk = self.walk(room);
        self.cursor = if end { walk.last() } else { walk.first() };
    }

    /// To the other one of two nodes, at the same time.
    pub(in crate::app) fn switch_side(&mut self, room: Room) {
        let Some(beside) = self.beside.as_mut().filter(|_| self.halves.is_some()) else { return };
        beside.side = beside.side.other();
        let here = self.cursor.map(|place| place.key.at);
        let walk = self.walk(room);
        self.cursor = here.and_then(|at| walk.until(at)).or_else(|| walk.first());
        self.top = None;
    }

    /// Sideways, where lines are not wrapped.
    pub(in crate::app) fn move_sideways(&mut self, right: bool) {
        if !self.wraps {
            self.left = if right { self.left + SIDEWAYS } else { self.left.saturating_sub(SIDEWAYS) };
        }
    }

    /// Wraps, or not.
    pub(in crate::app) fn toggle_wrap(&mut self) {
        (self.wraps, self.left) = (!self.wraps, 0);
    }

    /// Marks the line with the cursor, or takes the mark away; whether it is marked now.
    pub(in crate::app) fn toggle_mark(&mut self) -> Option<bool> {
        let key = self.current()?.key;
        let is_new = self.marks.insert(key);
        if !is_new {
            self.marks.remove(&key);
        }
        Some(is_new)
    }
}
