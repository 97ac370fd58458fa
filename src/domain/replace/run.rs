//! The machine that goes through a plan. It is told what happened and says what to do; it does nothing itself.

mod answer;
mod follow;
mod hold;
mod person;
mod slots;
mod start;

use jiff::{SignedDuration, Timestamp};

pub(super) use self::slots::is_down;
use super::liveness::{Stale, stale};
use super::plan::Plan;
use super::work::{Step, Work};
use crate::domain::command::Command;
use crate::domain::id::{NodeName, ObjectRef, Uid};
use crate::domain::inventory::{Inventory, RowSlot};
use crate::domain::object::Pod;

pub use hold::{End, Hold, RunState};

/// After a disconnection so long has to be live before it goes on.
const SETTLED: SignedDuration = SignedDuration::from_secs(15);
/// After so many disconnections a person has to say that it goes on.
const FLAPS: u32 = 3;
/// A deletion without an answer has to show in the pod within this time.
const ANSWER: SignedDuration = SignedDuration::from_secs(30);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Read the DaemonSet, the node, the pod and (where wanted) the node's pods afresh.
    Check {
        /// The node.
        node: NodeName,
        /// Its uid; none where its object is gone.
        node_uid: Option<Uid>,
        /// The pod that is to be deleted.
        pod: ObjectRef,
        /// Also all pods of the node.
        with_pods: bool,
    },
    /// Delete or evict the pod.
    Send {
        /// The node.
        node: NodeName,
        /// The write.
        command: Box<Command>,
    },
    /// Read the node's pods.
    ReadPods(NodeName),
}

/// A replacement that is going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    plan: Plan,
    works: Vec<Work>,
    state: RunState,
    /// How many failures are still allowed.
    patience: u32,
    flaps: u32,
    /// A read failed, and none has worked since: what comes of it is the same disconnection.
    is_shaky: bool,
    live_since: Option<Timestamp>,
    /// What is not live now.
    stale: Option<Stale>,
    /// Neighbours that a person lets pass.
    passed: Vec<Uid>,
    /// The waves that may begin.
    opened: usize,
    /// When the last wave was done.
    baking_since: Option<Timestamp>,
    /// Why nothing can begin though it goes on; empty where something is in flight.
    waits_for: String,
}

/// How far a replacement is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Course {
    /// Nodes done.
    pub done: usize,
    /// Nodes that failed.
    pub failed: usize,
    /// Nodes left as they are.
    pub skipped: usize,
    /// Nodes whose pod is being replaced.
    pub in_flight: usize,
    /// Nodes whose turn has not come.
    pub queued: usize,
    /// Nodes done an hour from the first deletion to the last one done; none before one is done.
    pub per_hour: Option<f64>,
    /// How long it still takes, by what nodes took so far; none where it does not go on by itself.
    pub left: Option<SignedDuration>,
}

impl Replacement {
    /// Begins with a plan; nothing is done before the first [`Replacement::step`].
    #[must_use]
    pub fn new(plan: Plan, now: Timestamp) -> Self {
        let works = plan.candidates.iter().cloned().map(|candidate| Work::new(candidate, now)).collect();
        let patience = plan.options.max_failures.max(1);
        Self {
            plan,
            works,
            state: RunState::Running,
            patience,
            flaps: 0,
            is_shaky: false,
            live_since: None,
            stale: None,
            passed: Vec::new(),
            opened: 0,
            baking_since: None,
            waits_for: String::new(),
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The nodes, in the plan's order.
    #[must_use]
    pub fn works(&self) -> &[Work] {
        &self.works
    }

    /// How the whole of it stands.
    #[must_use]
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// What is not live now: pods in flight are unknown since.
    #[must_use]
    pub fn stale(&self) -> Option<&Stale> {
        self.stale.as_ref()
    }

    /// Why nothing can begin though it goes on; empty where something is in flight.
    #[must_use]
    pub fn waits_for(&self) -> &str {
        if self.state == RunState::Running { &self.waits_for } else { "" }
    }

    /// The work on a node that is in flight.
    #[must_use]
    pub fn in_flight(&self, node: &NodeName) -> Option<&Work> {
        self.works.iter().find(|work| work.candidate.node == *node && work.step.is_in_flight())
    }

    /// Nothing more will happen, whatever comes.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, RunState::Finished | RunState::Aborted | RunState::Outdated(_))
            && !self.works.iter().any(|work| work.step.is_in_flight())
    }

    /// The nodes that are not as planned: not done yet, failed, or left as they were, outdated pod and all. Without what
    /// somebody else replaced, and what went with its node.
    pub fn left(&self, inventory: &Inventory) -> impl Iterator<Item = &Work> {
        let slot = inventory.row_of(&self.plan.daemon_set.uid);
        self.works.iter().filter(move |work| match work.step {
            Step::Done => false,
            Step::Skipped(_) => {
                let view = slot.zip(inventory.column_of(&work.candidate.node));
                let view = view.and_then(|(row, column)| inventory.view(row, column));
                let is_old = |pod: &&Pod| pod.meta.uid == work.candidate.pod.uid && !pod.is_deleting();
                view.is_some_and(|view| view.pods.iter().copied().any(|pod| is_old(&pod)))
            }
            _ => true,
        })
    }

    /// How far it is.
    #[must_use]
    pub fn course(&self) -> Course {
        let mut course = Course::default();
        for work in &self.works {
            match &work.step {
                Step::Done => course.done += 1,
                Step::Failed(_) => course.failed += 1,
                Step::Skipped(_) => course.skipped += 1,
                Step::Queued => course.queued += 1,
                _ => course.in_flight += 1,
            }
        }
        let took: Vec<SignedDuration> = self.works.iter().filter_map(Work::took).collect();
        let count = i32::try_from(took.len()).unwrap_or(i32::MAX);
        let each =
            if count == 0 { self.plan.usual } else { took.into_iter().sum::<SignedDuration>() / count };
        // Up to the last one done, so that it stands still while nothing goes on.
        let first = self.works.iter().filter_map(|work| work.deleted).min();
        let last = self.works.iter().filter(|work| work.step == Step::Done).map(|work| work.since).max();
        course.per_hour = first.zip(last).map(|(first, last)| {
            let hours = last.duration_since(first).as_secs_f64().max(1.0) / 3600.0;
            f64::from(count) / hours
        });
        let open = self.works.iter().filter(|work| !work.step.is_over());
        let goes_on = self.state == RunState::Running && self.waits_for.is_empty();
        course.left = goes_on.then(|| self.plan.estimate_of(open.map(|work| work.candidate.wave), each));
        course
    }

    /// Something may have changed, or time went by.
    pub fn step(&mut self, inventory: &Inventory) -> Vec<Order> {
        let now = inventory.now();
        if !self.is_live(inventory, now) {
            return Vec::new();
        }
        let Some(slot) = inventory.row_of(&self.plan.daemon_set.uid) else {
            let gone = format!("{} is gone", self.plan.daemon_set.key);
            for work in self.works.iter_mut().filter(|work| work.step.is_in_flight()) {
                work.enter(Step::Failed("the DaemonSet is gone".to_owned()), now);
            }
            self.end(End::Changed(gone), now);
            return Vec::new();
        };
        if matches!(self.state, RunState::Held(Hold::Trouble { again: Some(at), .. }) if at <= now) {
            self.state = RunState::Running;
        }
        let mut orders = self.follow(inventory, slot, now);
        self.judge_plan(inventory, slot);
        self.judge_failures();
        self.judge_rest();
        if self.state == RunState::Running {
            orders.extend(self.start(inventory, slot, now));
        }
        orders
    }

    /// When to step again though nothing was heard.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let limit = self.plan.ready_timeout;
        let works = self.works.iter().filter(|work| work.step.is_in_flight()).flat_map(|work| {
            let timer = match work.step {
                Step::Soaking { until } | Step::Watching { until } => Some(until),
                _ => None,
            };
            let waits = matches!(work.step, Step::Deleting | Step::Starting);
            let late = work.deleted.filter(|_| waits).map(|at| at + limit + SignedDuration::from_millis(1));
            let answer = work.deleted.filter(|_| work.unanswered);
            [timer, late, answer.map(|at| at + ANSWER + SignedDuration::from_millis(1))]
        });
        let settled = self.live_since.filter(|_| matches!(self.state, RunState::Held(Hold::Settling(_))));
        let again = match self.state {
            RunState::Held(Hold::Trouble { again, .. }) => again,
            _ => None,
        };
        let baked = self.baking_since.filter(|_| self.state == RunState::Running);
        let baked = baked.map(|since| since + self.plan.options.bake());
        works.flatten().chain(settled.map(|since| since + SETTLED)).chain(again).chain(baked).min()
    }

    /// Whether what is known is of now; holds while it is not, and for a while after.
    fn is_live(&mut self, inventory: &Inventory, now: Timestamp) -> bool {
        // Which watch is named may change; since when nothing is certain any more does not.
        let before = self.stale.take().and_then(|stale| stale.since);
        self.stale = stale(inventory, &self.plan.daemon_set.key.namespace)
            .map(|stale| Stale { since: before.or(stale.since).or(Some(now)), ..stale });
        if let Some(stale) = &self.stale {
            if self.live_since.take().is_some() && !std::mem::take(&mut self.is_shaky) {
                self.flaps += 1;
            }
            // Whatever else would lift by itself: nothing is certain before it was live for a while.
            let lifts =
                matches!(self.state, RunState::Running | RunState::Held(_)) && !self.state.needs_person();
            if lifts {
                self.state = RunState::Held(Hold::Stale(stale.clone()));
            }
            return false;
        }
        let since = *self.live_since.get_or_insert(now);
        if matches!(self.state, RunState::Held(Hold::Stale(_) | Hold::Settling(_))) {
            if self.flaps >= FLAPS {
                self.state = RunState::Held(Hold::Flapping);
            } else if now.duration_since(since) >= SETTLED {
                self.state = RunState::Running;
            } else {
                self.state = RunState::Held(Hold::Settling(since));
            }
        }
        true
    }

    /// Whether the plan is still for this DaemonSet, as far as the watch tells.
    fn judge_plan(&mut self, inventory: &Inventory, slot: RowSlot) {
        let Some(row) = inventory.row(slot) else { return };
        let generation = row.daemon_set.meta.generation;
        if generation != self.plan.generation {
            let (key, was) = (&self.plan.daemon_set.key, self.plan.generation);
            let words =
                format!("{key} was changed (generation {was}, now {generation}); look at it and plan again");
            self.end(End::Changed(words), inventory.now());
        }
    }

    /// Nothing of the plan is left: what a person holds has ended as well, and so has what somebody else took over.
    fn judge_rest(&mut self) {
        if !self.works.iter().all(|work| work.step.is_over()) {
            return;
        }
        match &self.state {
            RunState::Held(_) => self.state = RunState::Finished,
            RunState::Outdated(End::TakenOver { by, .. }) => {
                let words = format!("{by} replaced the rest; nothing is left");
                self.state = RunState::Outdated(End::DoneByOthers(words));
            }
            _ => {}
        }
    }

    fn judge_failures(&mut self) {
        let going = matches!(self.state, RunState::Running | RunState::Held(_));
        if !going || self.failures() < self.patience {
            return;
        }
        let last = self.works.iter().filter_map(|work| match &work.step {
            Step::Failed(why) => Some((work.since, format!("{}: {why}", work.candidate.node))),
            _ => None,
        });
        let (_, words) = last.max().unwrap_or_default();
        self.state = RunState::Halted(words);
    }

    fn failures(&self) -> u32 {
        let failed = self.works.iter().filter(|work| matches!(work.step, Step::Failed(_))).count();
        u32::try_from(failed).unwrap_or(u32::MAX)
    }
}

/// The first names, and how many more there are.
pub(super) fn named(nodes: &[String]) -> String {
    const NAMED: usize = 5;
    let more = nodes.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", nodes.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}
