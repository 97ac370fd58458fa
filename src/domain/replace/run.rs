//! The machine that goes through a plan. It is told what happened and says what to do; it does nothing itself.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::check::{Fresh, Verdict, verdict};
use super::liveness::{Stale, stale};
use super::neighbour::{Judgement, judge, neighbours};
use super::plan::Plan;
use super::work::{Rule, Step, Work};
use crate::domain::command::{Command, Outcome, delete_pod, evict_pod};
use crate::domain::id::{NodeName, ObjectRef, Uid};
use crate::domain::inventory::{ColumnSlot, Inventory, Row, RowSlot};
use crate::domain::object::Pod;

/// After a disconnection so long has to be live before it goes on.
const SETTLED: SignedDuration = SignedDuration::from_secs(15);
/// After so many disconnections a person has to say that it goes on.
const FLAPS: u32 = 3;
/// A deletion without an answer has to show in the pod within this time.
const ANSWER: SignedDuration = SignedDuration::from_secs(30);

/// How the whole of it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Going on.
    Running,
    /// Nothing is deleted for now; pods in flight are followed.
    Held(Hold),
    /// Nothing is deleted until a person decides: to go on, or to abort.
    Halted(String),
    /// The plan does not hold any more: only a new one can go on.
    Outdated(String),
    /// Every node is over, or the time is up.
    Finished,
    /// A person ended it.
    Aborted,
}

/// Why nothing is deleted for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A person wants it so.
    Person,
    /// What is known may be old.
    Stale(Stale),
    /// It was disconnected too often to go on by itself.
    Flapping,
    /// A group is done; the next one waits for a person.
    Group(String),
    /// A read or write did not work.
    Trouble(String),
}

impl Hold {
    /// The reason in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Person => "held by you".to_owned(),
            Self::Stale(stale) => format!("{} not live, so nothing is deleted blind", stale.watch),
            Self::Flapping => format!("disconnected {FLAPS} times; go on only if you trust the connection"),
            Self::Group(next) => format!("the group is done; next: {next}"),
            Self::Trouble(words) => words.clone(),
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Read the DaemonSet, the node, the pod and (where wanted) the node's pods afresh.
    Check {
        /// The node.
        node: NodeName,
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
    live_since: Option<Timestamp>,
    /// Neighbours that a person lets pass.
    passed: Vec<Uid>,
    /// The waves that may begin.
    opened: usize,
    /// When the last wave was done.
    baking_since: Option<Timestamp>,
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
            live_since: None,
            passed: Vec::new(),
            opened: 0,
            baking_since: None,
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

    /// Nothing more will happen, whatever comes.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, RunState::Finished | RunState::Aborted | RunState::Outdated(_))
            && !self.works.iter().any(|work| work.step.is_in_flight())
    }

    /// A person holds it.
    pub fn hold(&mut self) {
        if matches!(self.state, RunState::Running | RunState::Held(_)) {
            self.state = RunState::Held(Hold::Person);
        }
    }

    /// A person lets it go on: after a hold, after a halt, in spite of flapping.
    pub fn go_on(&mut self) {
        match &self.state {
            RunState::Held(Hold::Group(_)) => self.opened += 1,
            RunState::Held(Hold::Flapping) => self.flaps = 0,
            RunState::Halted(_) => self.patience = self.failures() + self.plan.options.max_failures.max(1),
            RunState::Held(_) => {}
            RunState::Running | RunState::Outdated(_) | RunState::Finished | RunState::Aborted => return,
        }
        self.state = RunState::Running;
    }

    /// A person ends it; pods in flight are still followed.
    pub fn abort(&mut self) {
        if self.state != RunState::Finished {
            self.state = RunState::Aborted;
        }
    }

    /// A person lets a harmed neighbour pass, wherever it is.
    pub fn let_pass(&mut self, neighbour: Uid) {
        self.passed.push(neighbour);
    }

    /// Something may have changed, or time went by.
    pub fn step(&mut self, inventory: &Inventory) -> Vec<Order> {
        let now = inventory.now();
        let Some(slot) = inventory.row_of(&self.plan.daemon_set.uid) else {
            self.outdated(format!("{} is gone", self.plan.daemon_set.key), now);
            return Vec::new();
        };
        if !self.is_live(inventory, now) {
            return Vec::new();
        }
        let mut orders = self.follow(inventory, slot, now);
        self.judge_plan(inventory, slot);
        self.judge_failures();
        if self.state == RunState::Running {
            orders.extend(self.start(inventory, slot, now));
        }
        orders
    }

    /// When to step again though nothing was heard.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let rule = self.plan.options.ready_timeout();
        let works = self.works.iter().filter(|work| work.step.is_in_flight()).flat_map(|work| {
            let timer = match work.step {
                Step::Soaking { until } | Step::Watching { until } => Some(until),
                _ => None,
            };
            let late = work.deleted.map(|deleted| deleted + rule + SignedDuration::from_millis(1));
            let answer = work.deleted.filter(|_| work.unanswered).map(|deleted| deleted + ANSWER);
            [timer, late, answer]
        });
        let settled = self.live_since.filter(|_| matches!(self.state, RunState::Held(Hold::Stale(_))));
        let baked = self.baking_since.map(|since| since + self.plan.options.bake());
        works.flatten().chain(settled.map(|since| since + SETTLED)).chain(baked).min()
    }

    /// What was read before a deletion.
    pub fn checked(
        &mut self,
        node: &NodeName,
        fresh: Result<Fresh, String>,
        inventory: &Inventory,
    ) -> Option<Order> {
        let now = inventory.now();
        let at =
            self.works.iter().position(|work| work.candidate.node == *node && work.step == Step::Checking)?;
        // Whatever comes of it: until something is sent, its turn has not come.
        self.works[at].enter(Step::Queued, now);
        if self.state != RunState::Running || stale(inventory, &self.plan.daemon_set.key.namespace).is_some()
        {
            return None;
        }
        let fresh = match fresh {
            Ok(fresh) => fresh,
            Err(why) => {
                self.state = RunState::Held(Hold::Trouble(format!("{node} could not be checked: {why}")));
                return None;
            }
        };
        match verdict(&self.plan, &self.works[at].candidate, &fresh) {
            Verdict::Halt(why) => self.outdated(why, now),
            Verdict::Skip(why) => self.works[at].enter(Step::Skipped(why), now),
            Verdict::Go => return self.delete(at, &fresh, inventory),
        }
        None
    }

    fn delete(&mut self, at: usize, fresh: &Fresh, inventory: &Inventory) -> Option<Order> {
        let now = inventory.now();
        let slot = inventory.row_of(&self.plan.daemon_set.uid)?;
        let row = inventory.row(slot)?;
        let column = inventory.column_of(&self.works[at].candidate.node)?;
        if !self.has_room(row, inventory, column) {
            return None;
        }
        let work = &mut self.works[at];
        if !self.plan.options.without_neighbours {
            work.neighbours =
                neighbours(fresh.pods.as_deref().unwrap_or_default(), &self.plan.daemon_set.uid);
        }
        work.deleted = Some(now);
        work.unanswered = true;
        work.enter(Step::Deleting, now);
        let pod = work.candidate.pod.clone();
        let command = if self.plan.options.evict { evict_pod(pod) } else { delete_pod(pod) };
        Some(Order::Send { node: work.candidate.node.clone(), command: Box::new(command) })
    }

    /// What came of a deletion.
    pub fn sent(&mut self, node: &NodeName, outcome: &Outcome, now: Timestamp) {
        let found = self.works.iter_mut().find(|work| work.candidate.node == *node && work.deleted.is_some());
        let Some(work) = found.filter(|work| work.step.is_in_flight()) else { return };
        let trouble = match outcome {
            Outcome::Done(_) | Outcome::Gone => {
                work.unanswered = false;
                return;
            }
            // Whether it was done shows in the pod.
            Outcome::Unknown(_) => return,
            Outcome::LostRace(_) => {
                work.enter(Step::Skipped("its pod is another one now".to_owned()), now);
                return;
            }
            Outcome::Denied(words) | Outcome::Refused(words) => {
                work.enter(Step::Failed(words.to_string()), now);
                return;
            }
            Outcome::Budget(words) => format!("{node} cannot be evicted now: {words}"),
            Outcome::NotSent(words) => format!("{node} was not deleted: {words}"),
        };
        (work.deleted, work.unanswered) = (None, false);
        work.enter(Step::Queued, now);
        if matches!(self.state, RunState::Running | RunState::Held(_)) {
            self.state = RunState::Held(Hold::Trouble(trouble));
        }
    }

    /// The pods of a node at the end of its soak.
    pub fn pods_read(&mut self, node: &NodeName, pods: Result<&[Pod], String>, now: Timestamp) {
        let passed = self.passed.clone();
        let found =
            self.works.iter_mut().find(|work| work.candidate.node == *node && work.step == Step::Judging);
        let Some(work) = found else { return };
        let step = match pods {
            Err(why) => {
                let words = format!("the neighbours on {node} could not be looked at: {why}");
                work.enter(Step::Watching { until: now + super::neighbour::BLIP }, now);
                if self.state == RunState::Running {
                    self.state = RunState::Held(Hold::Trouble(words));
                }
                return;
            }
            Ok(pods) => match judge(&work.neighbours, pods, &passed, now) {
                Judgement::Well => Step::Done,
                Judgement::Blipping(until) => Step::Watching { until },
                Judgement::Harmed(harmed) => {
                    let why: Vec<&str> = harmed.iter().map(|one| one.why.as_str()).collect();
                    Step::Failed(format!("another pod of the node is worse off: {}", why.join("; ")))
                }
            },
        };
        work.enter(step, now);
        self.judge_failures();
    }

    /// Whether what is known is of now; holds while it is not, and for a while after.
    fn is_live(&mut self, inventory: &Inventory, now: Timestamp) -> bool {
        if let Some(stale) = stale(inventory, &self.plan.daemon_set.key.namespace) {
            if self.live_since.take().is_some() {
                self.flaps += 1;
            }
            if self.state == RunState::Running {
                self.state = RunState::Held(Hold::Stale(stale));
            }
            return false;
        }
        let since = *self.live_since.get_or_insert(now);
        if matches!(self.state, RunState::Held(Hold::Stale(_))) {
            if self.flaps >= FLAPS {
                self.state = RunState::Held(Hold::Flapping);
            } else if now.duration_since(since) >= SETTLED {
                self.state = RunState::Running;
            }
        }
        true
    }

    /// Looks at the pods in flight.
    fn follow(&mut self, inventory: &Inventory, slot: RowSlot, now: Timestamp) -> Vec<Order> {
        let rule = Rule { now, soak: self.plan.soak, ready_timeout: self.plan.options.ready_timeout() };
        let (mut orders, mut trouble) = (Vec::new(), None);
        for work in &mut self.works {
            let view = || inventory.view(slot, inventory.column_of(&work.candidate.node)?);
            match work.step {
                Step::Queued => {
                    let view = view();
                    let same = |pod: &&Pod| pod.meta.uid == work.candidate.pod.uid;
                    let there =
                        view.as_ref().is_some_and(|view| view.pods.iter().copied().any(|pod| same(&pod)));
                    if !there {
                        let why = "its pod was replaced by somebody else".to_owned();
                        work.enter(Step::Skipped(why), now);
                    }
                }
                Step::Deleting if work.unanswered && now.duration_since(work.since) > ANSWER => {
                    let view = view();
                    let old = view
                        .iter()
                        .flat_map(|view| &view.pods)
                        .find(|p| p.meta.uid == work.candidate.pod.uid);
                    if old.is_some_and(|old| !old.is_deleting()) {
                        let node = &work.candidate.node;
                        trouble = Some(format!(
                            "no answer came to the deletion on {node}, and its pod is still there"
                        ));
                        (work.deleted, work.unanswered) = (None, false);
                        work.enter(Step::Queued, now);
                    } else {
                        work.look(view.as_ref(), &rule);
                    }
                }
                Step::Deleting | Step::Starting | Step::Soaking { .. } => work.look(view().as_ref(), &rule),
                Step::Watching { until } if until <= now => work.enter(Step::Judging, now),
                _ => continue,
            }
            if work.step == Step::Judging && work.since == now {
                if self.plan.options.without_neighbours || work.neighbours.is_empty() {
                    work.enter(Step::Done, now);
                } else {
                    orders.push(Order::ReadPods(work.candidate.node.clone()));
                }
            }
        }
        if let (Some(words), RunState::Running) = (trouble, &self.state) {
            self.state = RunState::Held(Hold::Trouble(words));
        }
        orders
    }

    /// Whether the plan is still for this DaemonSet, as far as the watch tells.
    fn judge_plan(&mut self, inventory: &Inventory, slot: RowSlot) {
        let Some(row) = inventory.row(slot) else { return };
        let generation = row.daemon_set.meta.generation;
        if generation != self.plan.generation {
            let (key, was) = (&self.plan.daemon_set.key, self.plan.generation);
            let words =
                format!("{key} was changed (generation {was}, now {generation}); look at it and plan again");
            self.outdated(words, inventory.now());
        }
    }

    /// Nothing is deleted by this plan any more.
    fn outdated(&mut self, words: String, now: Timestamp) {
        if matches!(self.state, RunState::Finished | RunState::Aborted) {
            return;
        }
        self.state = RunState::Outdated(words);
        for work in self.works.iter_mut().filter(|work| work.step == Step::Checking) {
            work.enter(Step::Queued, now);
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

    /// Begins with the next nodes, as far as there is room.
    fn start(&mut self, inventory: &Inventory, slot: RowSlot, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        let Some(row) = inventory.row(slot) else { return orders };
        let Some(wave) =
            self.works.iter().filter(|work| !work.step.is_over()).map(|work| work.candidate.wave).min()
        else {
            self.state = RunState::Finished;
            return orders;
        };
        if !self.may_open(wave, now) {
            return orders;
        }
        if self.plan.options.until.is_some_and(|until| now + self.plan.usual > until) {
            if !self.works.iter().any(|work| work.step.is_in_flight()) {
                self.state = RunState::Finished;
            }
            return orders;
        }
        for at in self.queue(wave) {
            let node = self.works[at].candidate.node.clone();
            let Some(column) = inventory.column_of(&node) else { continue };
            let pods = inventory.view(slot, column).map(|view| view.pods).unwrap_or_default();
            if pods.iter().any(|pod| pod.is_deleting()) || !self.has_room(row, inventory, column) {
                continue;
            }
            let work = &mut self.works[at];
            work.enter(Step::Checking, now);
            let with_pods = !self.plan.options.without_neighbours;
            orders.push(Order::Check { node, pod: work.candidate.pod.clone(), with_pods });
        }
        orders
    }

    /// Whether a wave may begin: the one before is done, and was waited for as wished.
    fn may_open(&mut self, wave: usize, now: Timestamp) -> bool {
        let first = self.works.iter().map(|work| work.candidate.wave).min().unwrap_or_default();
        if wave <= self.opened.max(first) {
            self.opened = self.opened.max(wave);
            return true;
        }
        let since = *self.baking_since.get_or_insert(now);
        if now.duration_since(since) < self.plan.options.bake() {
            return false;
        }
        self.baking_since = None;
        if self.plan.options.hold_between_groups {
            let next = self.plan.waves.get(wave).cloned().unwrap_or_default();
            self.opened = wave - 1;
            self.state = RunState::Held(Hold::Group(next));
            return false;
        }
        self.opened = wave;
        true
    }

    /// The queued nodes of a wave: pods that are not available go first, in their own slot.
    fn queue(&self, wave: usize) -> Vec<usize> {
        let queued =
            |at: &usize| self.works[*at].step == Step::Queued && self.works[*at].candidate.wave == wave;
        let mut queue: Vec<usize> = (0..self.works.len()).filter(queued).collect();
        queue.sort_by_key(|at| self.works[*at].candidate.available);
        queue
    }

    /// Whether one more pod may be taken down, here.
    ///
    /// Ours in flight never exceed the budget; and unless this node's pod is unavailable already (it uses its own slot)
    /// all wanted nodes without an available pod, whoever caused it, leave room for one more.
    fn has_room(&self, row: &Row, inventory: &Inventory, here: ColumnSlot) -> bool {
        let budget = usize::try_from(self.plan.budget).unwrap_or(usize::MAX);
        let in_flight = self.works.iter().filter(|work| work.step.is_in_flight());
        let ours: BTreeSet<ColumnSlot> =
            in_flight.filter_map(|work| inventory.column_of(&work.candidate.node)).collect();
        if ours.len() >= budget {
            return false;
        }
        let unavailable = |column: &ColumnSlot| {
            row.cell(*column).is_some_and(|cell| cell.node_exists && cell.run && !cell.available)
        };
        if unavailable(&here) {
            return true;
        }
        let all: BTreeSet<ColumnSlot> =
            inventory.columns().map(|(column, _)| column).filter(unavailable).chain(ours).collect();
        all.len() < budget
    }
}
