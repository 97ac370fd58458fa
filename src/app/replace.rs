//! The replacement that this dsgrid carries out: the machine, its claim on the DaemonSet, and what is told of it.

mod aim;
mod claim;
mod form;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

pub(super) use self::aim::aims;
pub(super) use self::claim::{Keeper, Told};
pub(super) use self::form::{about, fields, filled, outlook};
use super::action::Action;
use crate::domain::age::human_duration;
use crate::domain::command::Ticket;
use crate::domain::id::{NodeName, Uid};
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::Claim;
use crate::domain::replace::evidence::Evidence;
use crate::domain::replace::plan::Plan;
use crate::domain::replace::run::{Hold, Replacement, RunState};
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
    /// What somebody asked for that wants to be said twice, and when.
    pub(super) asked: Option<(Action, Timestamp)>,
    /// Grows whenever somebody should look: halted, or over.
    rings: u32,
    listed: Listed,
}

/// Which nodes are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Listed {
    /// All of the plan.
    #[default]
    All,
    /// Those whose turn is now or later.
    Left,
    /// Those that are done, failed or skipped.
    Over,
}

impl Listed {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::All => "all nodes of the plan",
            Self::Left => "only nodes that are not done yet",
            Self::Over => "only nodes that are done, failed or skipped",
        }
    }

    /// Whether a node is listed.
    pub(super) fn has(self, work: &Work) -> bool {
        match self {
            Self::All => true,
            Self::Left => !work.step.is_over(),
            Self::Over => work.step.is_over(),
        }
    }
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
            asked: None,
            rings: 0,
            listed: Listed::All,
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
        self.claim.is_settled(&self.run) && self.tickets.is_empty() && self.searched.is_empty()
    }

    /// How many writes wait for an answer; the last word on the DaemonSet is one of them before it is sent.
    pub(super) fn open_writes(&self) -> usize {
        self.tickets.len() + usize::from(!self.claim.is_settled(&self.run))
    }

    /// What is told of it on its DaemonSet, as it is now; none where that is another one, or it is over.
    pub(super) fn claim_on(&self, daemon_set: &Uid, now: Timestamp) -> Option<Claim> {
        let is_it = self.is_active() && self.run.plan().daemon_set.uid == *daemon_set;
        is_it.then(|| self.claim.claim(&self.run, now))
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

    /// What a person can do with it now.
    pub(super) fn choices(&self) -> Vec<Action> {
        match self.run.state() {
            RunState::Held(hold) if hold.needs_person() => vec![Action::GoOn, Action::Abort],
            RunState::Running | RunState::Held(_) => vec![Action::Hold, Action::Abort],
            RunState::Halted(_) if self.run.harmed().next().is_some() => {
                vec![Action::LetPass, Action::GoOn, Action::Abort]
            }
            RunState::Halted(_) => vec![Action::GoOn, Action::Abort],
            RunState::Finished | RunState::Aborted | RunState::Outdated(_) => Vec::new(),
        }
    }

    /// Which nodes are listed.
    #[must_use]
    pub(super) fn listed(&self) -> Listed {
        self.listed
    }

    /// Lists other nodes.
    pub(super) fn list_next(&mut self) -> &'static str {
        self.listed = match self.listed {
            Listed::All => Listed::Left,
            Listed::Left => Listed::Over,
            Listed::Over => Listed::All,
        };
        self.listed.words()
    }

    /// Whether what was pressed twice is meant.
    pub(super) fn means_it(&mut self, action: Action, now: Timestamp) -> bool {
        let asked = self.asked.replace((action, now));
        asked.is_some_and(|(before, asked)| before == action && now.duration_since(asked) <= MEANT)
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
            // Whoever holds or aborts it sits before the screen.
            let by_hand = matches!(self.state, RunState::Held(Hold::Person) | RunState::Aborted);
            if (self.state.needs_person() || self.run.is_over()) && !by_hand {
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
