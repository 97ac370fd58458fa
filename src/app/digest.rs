//! The words on the screen that depend on data and time, made once a frame.
//!
//! Judging a rollout walks over its pods, so it is not done for every event; and comparing two digests tells whether
//! the passing of time changed anything that can be seen.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::describe;
use super::lines::{cadence, thousands};
use super::model::Model;
use super::sparkline::sparkline;
use crate::domain::absence::uncovered;
use crate::domain::age::{age, human_duration};
use crate::domain::cell::CellState;
use crate::domain::event::{LinkState, Watch, WatchKind};
use crate::domain::id::Uid;
use crate::domain::inventory::{Inventory, Row, RowSlot};
use crate::domain::progress::course;
use crate::domain::rights::unseen;
use crate::domain::rollout::{RolloutState, rollout, row_why};

/// With more cells to look at than this, they are judged once a second instead of once a frame.
const MANY_CELLS: u32 = 20_000;
/// How often then.
const SELDOM: SignedDuration = SignedDuration::from_secs(1);

/// A request of ours that has no answer for so long tells that the server is silent.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// A row's rollout in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLine {
    /// How it stands.
    pub state: RolloutState,
    /// State and why in one line.
    pub words: String,
}

/// A number with its word, for the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Like `2 FAILING`.
    pub text: String,
    /// The state of the counted cells; none where rollouts are counted.
    pub state: Option<CellState>,
}

/// The words on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// The rows that can be seen.
    pub rows: HashMap<RowSlot, RowLine>,
    /// What is wrong, worst first.
    pub tags: Vec<Tag>,
    /// How the watches stand.
    pub link: String,
    /// Whether all of them are live.
    pub is_live: bool,
    /// Why not, if there is more to say.
    pub link_detail: Option<String>,
    /// The explanation of what is selected.
    pub sentence: String,
    /// How the open dialog stands.
    pub dialog: Vec<String>,
    /// How soon any of it can read differently by time alone.
    pub cadence: Option<SignedDuration>,
    /// How the rollouts stood when they were judged last.
    pub(super) rollouts: Rollouts,
}

/// The rollouts of all rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollouts {
    states: HashMap<RowSlot, RolloutState>,
    /// Nodes without a pod that should be there.
    uncovered: usize,
    judged: Option<Timestamp>,
}

impl PartialEq for Rollouts {
    /// When they were judged cannot be seen.
    fn eq(&self, other: &Self) -> bool {
        self.states == other.states && self.uncovered == other.uncovered
    }
}
impl Eq for Rollouts {}

impl Rollouts {
    /// The DaemonSets whose rollouts are stuck.
    pub(super) fn stuck(&self, inventory: &Inventory) -> BTreeSet<Uid> {
        let stuck = self.states.iter().filter(|(_, state)| **state == RolloutState::Stuck);
        stuck.filter_map(|(slot, _)| Some(inventory.row(*slot)?.daemon_set.meta.uid.clone())).collect()
    }
}

impl Digest {
    /// Makes all words anew.
    pub(super) fn of(model: &Model) -> Self {
        let rollouts = rollouts(model);
        let mut digest = Self { tags: tags(model, &rollouts), rollouts, ..Self::default() };
        digest.link(model);
        let visible =
            model.grid.rows.iter().skip(model.scroll.list).take(usize::from(model.layout.list.height));
        let rows = if model.transposed { None } else { Some(visible) };
        for slot in rows.into_iter().flatten() {
            if let Some(line) = row_line(model, *slot) {
                digest.rows.insert(*slot, line);
            }
        }
        digest.sentence = describe::selection(model);
        digest.dialog = model.dialog.as_ref().map_or_else(Vec::new, |dialog| {
            crate::app::dialog::status(model, dialog).into_iter().map(|line| line.text).collect()
        });
        let page = model.screens.last().filter(|open| !open.screen.is_text()).map(|open| &open.page);
        let lines = page.iter().flat_map(|page| &page.lines).map(|line| line.text.as_str());
        digest.cadence = digest.texts().chain(lines).filter_map(cadence).min();
        digest
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let rows = self.rows.values().map(|line| line.words.as_str());
        let link = [self.link.as_str(), self.link_detail.as_deref().unwrap_or_default()];
        let dialog = self.dialog.iter().map(String::as_str);
        rows.chain(dialog).chain(link).chain([self.sentence.as_str()])
    }

    /// The watch that is worst off speaks for all.
    fn link(&mut self, model: &Model) {
        let links = model.inventory.links();
        let rank = |state: &LinkState| match state {
            LinkState::Retrying { .. } => 0,
            LinkState::Denied { .. } => 1,
            LinkState::Connecting => 2,
            LinkState::Syncing { .. } => 3,
            LinkState::Live { .. } => 4,
        };
        let worst = links.iter().min_by_key(|(_, state)| rank(state));
        let others = links.values().filter(|state| rank(state) < 2).count().saturating_sub(1);
        let more = if others > 0 { format!(" (and {others} more)") } else { String::new() };
        let silence = unanswered_since(model).map(|since| model.now.duration_since(since));
        let silence = silence.filter(|silence| *silence >= PATIENCE);
        (self.link, self.is_live) = match worst {
            None => ("connecting".to_owned(), false),
            // A watch is silent for a minute before it is given up; what we ask ourselves tells sooner.
            Some((_, LinkState::Live { .. })) => match silence {
                Some(silence) => (format!("no answer for {}", human_duration(silence.as_secs())), false),
                None => ("live".to_owned(), true),
            },
            Some((watch, state)) => (format!("{}{more}", link_words(watch, state, model.now)), false),
        };
        self.link_detail = worst.and_then(|(watch, state)| match state {
            LinkState::Retrying { why, .. } => Some(format!("{watch} as they were: {why}")),
            LinkState::Denied { why } if watch.kind == WatchKind::Nodes => {
                let number = unseen(&model.inventory).map(|unseen| format!(" ({})", unseen.words()));
                let number = number.unwrap_or_default();
                Some(format!(
                    "nodes may not be read{number}, cells show pods only; ! names the role to ask for: {why}"
                ))
            }
            LinkState::Denied { why } => {
                Some(format!("{watch} may not be read; ! names the role to ask for: {why}"))
            }
            LinkState::Connecting | LinkState::Syncing { .. } | LinkState::Live { .. } => None,
        });
    }
}

/// Since when the longest of our own requests has had no answer; server time.
fn unanswered_since(model: &Model) -> Option<Timestamp> {
    let writes = model.writes.iter().map(|(_, write)| write).filter(|write| write.lost.is_none());
    writes.map(|write| write.sent).chain(model.answers.unanswered_since()).min()
}

/// When the server's silence will be worth a word.
pub(super) fn silence_due(model: &Model) -> Option<Timestamp> {
    unanswered_since(model).map(|since| since + PATIENCE).filter(|at| *at > model.now)
}

/// How one watch stands.
pub(super) fn link_words(watch: &Watch, state: &LinkState, now: Timestamp) -> String {
    match state {
        LinkState::Connecting => format!("connecting for {watch}"),
        LinkState::Syncing { received, expected } => {
            let of = expected.map(|all| format!(" of {}", thousands(all as usize))).unwrap_or_default();
            format!("syncing {watch} {}{of}", thousands(*received as usize))
        }
        LinkState::Live { .. } => format!("{watch} live"),
        LinkState::Retrying { since, .. } => format!("{watch} not live for {}", age(Some(*since), now)),
        LinkState::Denied { .. } => format!("{watch} DENIED"),
    }
}

fn rollouts(model: &Model) -> Rollouts {
    let known = &model.digest.rollouts;
    let rows = || model.inventory.rows();
    let unfinished = |tally: &crate::domain::counts::Tally| tally.complete < tally.desired;
    // Looking for nodes that lack a pod walks over every cell, at a tenth of the price.
    let cells = rows().count() * model.inventory.columns().count() / 10;
    let judging: u32 =
        rows().filter(|(_, row)| unfinished(&row.tally)).map(|(_, row)| row.tally.desired).sum();
    let recent = known.judged.is_some_and(|judged| model.now.duration_since(judged) < SELDOM);
    let cost = u32::try_from(cells).unwrap_or(u32::MAX).saturating_add(judging);
    if cost > MANY_CELLS && recent && rows().all(|(slot, _)| known.states.contains_key(&slot)) {
        return known.clone();
    }
    let states =
        rows().filter_map(|(slot, _)| Some((slot, rollout(&model.inventory, slot)?.state))).collect();
    let namespace = model.lens.filter.namespace.as_ref();
    let counted = |row: &Row| namespace.is_none_or(|name| row.daemon_set.meta.key.namespace == *name);
    let shown: Vec<RowSlot> = rows().filter(|(_, row)| counted(row)).map(|(slot, _)| slot).collect();
    let uncovered = uncovered(&model.inventory, shown.iter().copied(), &model.settings.everywhere);
    Rollouts { states, uncovered, judged: Some(model.now) }
}

fn tags(model: &Model, rollouts: &Rollouts) -> Vec<Tag> {
    let namespace = model.lens.filter.namespace.as_ref();
    let counted = |row: &Row| namespace.is_none_or(|name| row.daemon_set.meta.key.namespace == *name);
    let mut sums = [0_u32; 13];
    let mut problems = 0;
    for (_, row) in model.inventory.rows().filter(|(_, row)| counted(row)) {
        problems += row.tally.problems;
        for (sum, count) in sums.iter_mut().zip(row.tally.states) {
            *sum += count;
        }
    }
    let known = |slot: &RowSlot| model.inventory.row(*slot).is_some_and(counted);
    let of = |wanted| rollouts.states.iter().filter(|(slot, state)| **state == wanted && known(slot)).count();
    let mut tags = Vec::new();
    for (state, word) in [(RolloutState::Stuck, "STUCK"), (RolloutState::Paused, "PAUSED")] {
        if of(state) > 0 {
            tags.push(Tag { text: format!("{} {word}", of(state)), state: None });
        }
    }
    let unanswered = model.writes.iter().filter(|(_, write)| write.lost.is_some()).count();
    let waiting = model.writes.iter().len() - unanswered;
    for (count, words) in [(unanswered, "SENT, OUTCOME UNKNOWN"), (waiting, "SENT")] {
        if count > 0 {
            tags.insert(0, Tag { text: format!("{count} {words}"), state: None });
        }
    }
    for (count, words) in [(model.otherwise.len(), "NOT AS FORETOLD"), (model.expected.len(), "EXPECTED")] {
        if count > 0 {
            tags.push(Tag { text: format!("{count} {words}"), state: None });
        }
    }
    let mut told = 0;
    for state in CellState::ALL.into_iter().filter(|state| state.is_problem()) {
        let count = sums[state.severity()];
        told += count;
        if count > 0 {
            let text = match state {
                CellState::Lost => lost_nodes(&model.inventory),
                state => format!("{} {}", thousands(count as usize), state_word(state).to_uppercase()),
            };
            tags.push(Tag { text, state: Some(state) });
        }
    }
    if rollouts.uncovered > 0 {
        let text = format!("{} UNCOVERED", thousands(rollouts.uncovered));
        tags.push(Tag { text, state: Some(CellState::Missing) });
    }
    if let Some(unseen) = unseen(&model.inventory) {
        tags.push(Tag {
            text: format!("{} NOT SEEN", thousands(unseen.nodes())),
            state: Some(CellState::Unknown),
        });
    }
    // What is a problem without a bad state is a deletion that does not end.
    if problems > told {
        let text = format!("{} NOT ENDING", thousands((problems - told) as usize));
        tags.push(Tag { text, state: Some(CellState::Terminating) });
    }
    tags
}

/// Lost nodes are counted as nodes: each is lost for every DaemonSet that has a pod on it.
fn lost_nodes(inventory: &Inventory) -> String {
    let is_lost = |column| {
        let mut cells = inventory.rows().filter_map(|(_, row)| row.cell(column));
        cells.any(|cell| cell.state == CellState::Lost)
    };
    let lost = inventory.columns().filter(|(slot, column)| column.problems > 0 && is_lost(*slot)).count();
    format!("{} NODE{} LOST", thousands(lost), if lost == 1 { "" } else { "S" })
}

/// A state in words for people.
#[must_use]
pub(super) fn state_word(state: CellState) -> &'static str {
    match state {
        CellState::NotReady => "not ready",
        other => other.name(),
    }
}

/// How a rollout that moves goes, where all counters were asked for: bars, rate, time left.
fn course_words(model: &Model, slot: RowSlot, state: RolloutState) -> Option<String> {
    const WIDTH: usize = 8;
    let moves = matches!(state, RolloutState::Progressing | RolloutState::Stuck);
    let asked = model.counters == Some(true);
    let uid = &model.inventory.row(slot).filter(|_| moves && asked)?.daemon_set.meta.uid;
    let samples: Vec<_> = model.progress.samples(uid).copied().collect();
    let shape = (WIDTH, model.settings.capabilities.unicode);
    let bars = sparkline(&samples, |sample| sample.updated, model.now, shape);
    let course = course(&model.inventory, slot)?;
    let left = course.left.map(|left| format!(" {} left", human_duration(left.as_secs())));
    Some(format!("{bars}{}", left.unwrap_or_default()))
}

/// State and why in one line.
pub(super) fn row_line(model: &Model, slot: RowSlot) -> Option<RowLine> {
    let state = rollout(&model.inventory, slot)?.state;
    let why = row_why(&model.inventory, slot);
    let own = model.replacement.as_ref().and_then(|replacing| replacing.row_words(&model.inventory, slot));
    let words = match state {
        _ if own.is_some() => own.unwrap_or_default(),
        RolloutState::Complete if why.is_empty() => "complete".to_owned(),
        RolloutState::Complete | RolloutState::Degraded => why,
        RolloutState::Stale if model.inventory.fall(slot).is_some() => why,
        RolloutState::Unknown => String::new(),
        RolloutState::Paused => why.replacen("paused", "PAUSED", 1),
        RolloutState::Progressing => format!("progressing: {why}"),
        RolloutState::Waiting => format!("WAITING: {why}"),
        RolloutState::Stuck => format!("STUCK {why}"),
        RolloutState::Unobserved => format!("UNOBSERVED: {why}"),
        RolloutState::Stale => format!("STALE: {why}"),
    };
    let words = match course_words(model, slot, state) {
        Some(course) => format!("{course}; {words}"),
        None => words,
    };
    Some(RowLine { state, words })
}
