//! The replacement that this dsgrid carries out: the machine, its claim on the DaemonSet, and what is told of it.

mod claim;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

pub(super) use self::claim::{Keeper, Told};
use crate::domain::age::{age, human_duration};
use crate::domain::command::Ticket;
use crate::domain::id::NodeName;
use crate::domain::raw::RawObject;
use crate::domain::replace::evidence::Evidence;
use crate::domain::replace::plan::Plan;
use crate::domain::replace::run::{Replacement, RunState};
use crate::domain::replace::work::{Step, Work};
use crate::domain::text::Text;

/// So many lines are kept of what happened.
const KEPT: usize = 400;
/// A second press within this time means it.
const MEANT: SignedDuration = SignedDuration::from_secs(6);

/// A replacement to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Begin {
    /// What was confirmed.
    pub plan: Plan,
    /// The DaemonSet as it was read then.
    pub read: RawObject,
}

/// The replacement that this dsgrid carries out.
#[derive(Clone, Debug)]
pub struct Replacing {
    pub(super) run: Replacement,
    pub(super) claim: Keeper,
    /// Deletions whose answers are waited for.
    pub(super) tickets: BTreeMap<Ticket, NodeName>,
    /// What happened, the newest last.
    events: VecDeque<Event>,
    /// How many happened before the first that is kept.
    forgotten: usize,
    /// What was found out about failed nodes.
    pub(super) evidence: BTreeMap<NodeName, Evidence>,
    /// The failed nodes that are being looked into.
    pub(super) searched: BTreeSet<NodeName>,
    /// How each node stood when it was last told.
    told: Vec<Step>,
    state: RunState,
    was_stale: bool,
    waited_for: String,
    /// When somebody first asked to abort it.
    pub(super) asked_to_abort: Option<Timestamp>,
    /// Grows whenever somebody should look: halted, or over.
    rings: u32,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When; server time.
    pub at: Timestamp,
    /// Whether it is a problem.
    pub is_problem: bool,
    /// In words.
    pub text: String,
}

impl Replacing {
    /// Begins.
    pub(super) fn new(begin: Begin, by: Text, host: Text, now: Timestamp) -> Self {
        let run = Replacement::new(begin.plan, now);
        let told = run.works().iter().map(|work| work.step.clone()).collect();
        Self {
            claim: Keeper::new(by, host, begin.read, now),
            state: run.state().clone(),
            run,
            tickets: BTreeMap::new(),
            events: VecDeque::new(),
            forgotten: 0,
            evidence: BTreeMap::new(),
            searched: BTreeSet::new(),
            told,
            was_stale: false,
            waited_for: String::new(),
            asked_to_abort: None,
            rings: 0,
        }
    }

    /// The machine.
    #[must_use]
    pub fn run(&self) -> &Replacement {
        &self.run
    }

    /// Whether pods may still be deleted by it: it ends, or is stopped, by a person's word alone.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.run.is_over()
    }

    /// Why it is not told on the DaemonSet that this goes on, where it cannot be.
    #[must_use]
    pub fn unclaimed(&self) -> Option<&str> {
        self.claim.refused()
    }

    /// Whether the annotation on the DaemonSet tells how to continue.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.claim.is_kept()
    }

    /// Whether nothing is waited for any more: the end, too, has been told on the DaemonSet, all writes are answered,
    /// and what is at hand of failures is read.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.claim.is_settled() && self.tickets.is_empty() && self.searched.is_empty()
    }

    /// How many writes wait for an answer.
    pub(super) fn open_writes(&self) -> usize {
        self.tickets.len() + usize::from(self.claim.is_waiting())
    }

    /// What happened since so many events; the number to ask with next.
    #[must_use]
    pub fn events_since(&self, seen: usize) -> (Vec<&Event>, usize) {
        let skip = seen.saturating_sub(self.forgotten);
        (self.events.iter().skip(skip).collect(), self.forgotten + self.events.len())
    }

    /// What was found out about a failed node; none where nothing was read yet.
    #[must_use]
    pub fn evidence(&self, node: &NodeName) -> Option<&Evidence> {
        self.evidence.get(node)
    }

    /// Grows whenever somebody should look.
    #[must_use]
    pub fn rings(&self) -> u32 {
        self.rings
    }

    /// For the terminal's title: `HALTED replace logging/agent 3/60`.
    #[must_use]
    pub fn title(&self, now: Timestamp) -> String {
        let course = self.run.course(now);
        let (key, total) = (&self.run.plan().daemon_set.key, self.run.works().len());
        let word = match self.run.state() {
            RunState::Running => "replacing",
            RunState::Held(_) => "held: replace",
            RunState::Halted(_) => "HALTED: replace",
            RunState::Finished => "done: replace",
            RunState::Aborted | RunState::Outdated(_) => "ended: replace",
        };
        format!("{word} {key} {}/{total}", course.done)
    }

    /// Whether what was pressed twice is meant.
    pub(super) fn means_it(&mut self, now: Timestamp) -> bool {
        let meant = self.asked_to_abort.is_some_and(|asked| now.duration_since(asked) <= MEANT);
        self.asked_to_abort = Some(now);
        meant
    }

    /// When something has to be done though nothing was heard.
    pub(super) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        // Shown ages and times left go on second by second while something is in flight.
        let in_flight = self.run.works().iter().any(|work| work.step.is_in_flight());
        let tick = (in_flight && self.is_active()).then(|| now + SignedDuration::from_secs(1));
        [self.run.next_wake(), self.claim.next_wake(&self.run), tick].into_iter().flatten().min()
    }

    pub(super) fn say(&mut self, at: Timestamp, is_problem: bool, text: impl Into<String>) {
        if self.events.len() == KEPT {
            self.events.pop_front();
            self.forgotten += 1;
        }
        self.events.push_back(Event { at, is_problem, text: text.into() });
    }

    /// Tells what changed since it was told last; the nodes that failed since, and whether anything changed.
    pub(super) fn tell(&mut self, now: Timestamp) -> (Vec<NodeName>, bool) {
        let mut failed = Vec::new();
        let mut lines = Vec::new();
        for (work, told) in self.run.works().iter().zip(&mut self.told) {
            if std::mem::discriminant(&work.step) == std::mem::discriminant(told) {
                continue;
            }
            *told = work.step.clone();
            if let Some(text) = told_of(work, now) {
                lines.push((matches!(work.step, Step::Failed(_)), text));
            }
            if matches!(work.step, Step::Failed(_)) {
                failed.push(work.candidate.node.clone());
            }
        }
        let mut changed = !lines.is_empty();
        for (is_problem, text) in lines {
            self.say(now, is_problem, text);
        }
        let is_stale = self.run.stale().is_some();
        if is_stale && !self.was_stale {
            self.unknown(now);
        }
        self.was_stale = is_stale;
        if self.run.waits_for() != self.waited_for {
            changed = true;
            self.run.waits_for().clone_into(&mut self.waited_for);
            if !self.waited_for.is_empty() {
                self.say(now, true, format!("waits: {}", self.waited_for));
            }
        }
        if *self.run.state() != self.state {
            changed = true;
            let is_same = self.state.is_like(self.run.state());
            self.state = self.run.state().clone();
            let words = self.state.why(now);
            let is_problem = matches!(self.state, RunState::Halted(_) | RunState::Outdated(_));
            if !is_same {
                let colon = if words.is_empty() { "" } else { ": " };
                self.say(now, is_problem, format!("{}{colon}{words}", self.state.name()));
            }
            if self.state.needs_person() || self.run.is_over() {
                self.rings += 1;
            }
        }
        (failed, changed)
    }

    /// Nothing is known of the pods in flight any more.
    fn unknown(&mut self, now: Timestamp) {
        let in_flight: Vec<&str> = self.in_flight().map(|work| work.candidate.node.as_str()).collect();
        if !in_flight.is_empty() {
            let text = format!("in flight and unknown from now on: {}", in_flight.join(", "));
            self.say(now, true, text);
        }
    }

    /// The nodes whose pod is being replaced.
    pub fn in_flight(&self) -> impl Iterator<Item = &Work> {
        self.run.works().iter().filter(|work| work.step.is_in_flight())
    }

    /// How a node stands, in words: `soaking 12s`, or `unknown for 40s` while nothing is known.
    #[must_use]
    pub fn standing(&self, work: &Work, now: Timestamp) -> String {
        match (&work.step, self.run.stale()) {
            (step, Some(stale)) if step.is_in_flight() => {
                let since = stale.since.map(|since| format!(" for {}", age(Some(since), now)));
                format!("unknown{}, was {}", since.unwrap_or_default(), step.name())
            }
            (Step::Queued, _) => "queued".to_owned(),
            (Step::Done, _) => {
                let took = work.took().map(|took| format!(" in {}", human_duration(took.as_secs())));
                format!("done{}", took.unwrap_or_default())
            }
            (Step::Failed(why), _) => format!("FAILED: {why}"),
            (Step::Skipped(why), _) => format!("skipped: {why}"),
            (Step::Soaking { until }, _) => {
                let left = until.duration_since(now).as_secs().max(0);
                format!("soaking, {} left", human_duration(left))
            }
            (step, _) => {
                let since = age(Some(work.since), now);
                let waits =
                    if work.waits_for.is_empty() { String::new() } else { format!(": {}", work.waits_for) };
                format!("{} {since}{waits}", step.name())
            }
        }
    }

    /// The nodes that are not done though they were planned, and why.
    #[must_use]
    pub fn remaining(&self) -> Vec<&Work> {
        self.run.works().iter().filter(|work| !work.step.is_over()).collect()
    }
}

/// A step as an event; none for those that say nothing new.
fn told_of(work: &Work, now: Timestamp) -> Option<String> {
    let node = &work.candidate.node;
    Some(match &work.step {
        Step::Queued | Step::Judging | Step::Watching { .. } | Step::Checking => return None,
        Step::Deleting => format!("{node}: deleting {}", work.candidate.pod.key.name),
        Step::Starting => {
            let new = work.new_pod.as_ref().map(|pod| format!(" {}", pod.key.name));
            format!("{node}: starting{}", new.unwrap_or_default())
        }
        Step::Soaking { until } => {
            let left = (until.duration_since(now).as_millis() + 999).max(0) / 1000;
            let left = i64::try_from(left).unwrap_or_default();
            format!("{node}: ready, soaking {}", human_duration(left))
        }
        Step::Done => {
            let took = work.took().map(|took| format!(" in {}", human_duration(took.as_secs())));
            format!("{node}: done{}", took.unwrap_or_default())
        }
        Step::Failed(why) => format!("{node}: FAILED: {why}"),
        Step::Skipped(why) => format!("{node}: skipped: {why}"),
    })
}
