//! A small cluster that does what it is told, and judges every deletion by its own truth.

mod law;
mod objects;

use std::collections::VecDeque;

use dsgrid::domain::command::Outcome;
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::{NodeName, Uid};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::replace::check::Fresh;
use dsgrid::domain::replace::options::Options;
use dsgrid::domain::replace::plan::{NoPlan, Plan, plan};
use dsgrid::domain::replace::run::{Order, Replacement, RunState};
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};

use self::law::Law;
use crate::support::build::now;

/// How long a pod takes to end, and to start, in seconds.
const ENDING: i64 = 3;
const STARTING: i64 = 7;

#[derive(Clone, Debug)]
struct TruePod {
    uid: String,
    node: usize,
    revision: usize,
    fails: bool,
    created: Timestamp,
    deleting: Option<Timestamp>,
}

/// A pod as the watches told of it.
#[derive(Clone, Debug)]
struct Told {
    node: usize,
    is_current: bool,
    ready_since: Option<Timestamp>,
}

/// Another pod of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beside {
    uid: String,
    restarts: u32,
    broken_since: Option<Timestamp>,
}

/// How the watches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watches {
    Live,
    /// Live as far as one can see, and nothing comes.
    Silent,
    Lost,
}

/// What becomes of the next deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It is done, and the answer gets lost.
    AnswerLost,
    /// It gets lost, and so nobody answers.
    Lost,
    /// There is no connection.
    NotSent,
    /// A budget does not allow it.
    Budget,
    /// The server refuses.
    Refused,
}

/// The cluster.
pub struct World {
    /// The server's time.
    pub now: Timestamp,
    /// What the replacement sees.
    pub inventory: Inventory,
    pub new_pods_fail: bool,
    pub next_check_fails: bool,
    pub next_read_fails: bool,
    pub mishap: Option<Mishap>,
    /// How many pods were deleted by the replacement.
    pub deletions: usize,
    /// On how many nodes a pod was unavailable at once, at the worst.
    pub most_unavailable: usize,
    /// So long a pod has to be ready to be available, in seconds.
    min_ready: i64,
    /// A pod beside each of the set's; none where nobody looks at them.
    neighbours: Vec<Beside>,
    /// So far the clock of dsgrid is ahead.
    skew: SignedDuration,
    generation: i64,
    /// The revisions' numbers; the highest is current.
    numbers: Vec<i64>,
    ready: Vec<bool>,
    /// Since when each node is Ready.
    up_since: Vec<Timestamp>,
    pods: Vec<TruePod>,
    made: usize,
    watches: Watches,
    /// The DaemonSet and the nodes' readiness as they were told last.
    told: Option<(i64, Vec<bool>)>,
    /// The pods as they were told last.
    told_pods: Vec<Told>,
    /// What was ordered and has not come about.
    pending: VecDeque<Order>,
    law: Law,
}

impl World {
    /// So many nodes `n0`…, in zones a and b by turns, each with an outdated pod that is ready.
    pub fn new(nodes: usize) -> Self {
        let mut world = Self {
            now: now(),
            inventory: Inventory::new(now()),
            new_pods_fail: false,
            next_check_fails: false,
            next_read_fails: false,
            mishap: None,
            deletions: 0,
            most_unavailable: 0,
            min_ready: 0,
            neighbours: Vec::new(),
            skew: SignedDuration::ZERO,
            generation: 2,
            numbers: vec![1, 2],
            ready: vec![true; nodes],
            up_since: vec![now() - SignedDuration::from_hours(2); nodes],
            pods: Vec::new(),
            made: 0,
            watches: Watches::Live,
            told: None,
            told_pods: Vec::new(),
            pending: VecDeque::new(),
            law: Law::default(),
        };
        for node in 0..nodes {
            world.make(node, 0);
            world.pods[node].created = world.now - SignedDuration::from_hours(1);
        }
        world.tell();
        world.link();
        world
    }

    /// With another pod beside each of the set's.
    pub fn with_neighbours(mut self) -> Self {
        let beside = |node| Beside { uid: format!("api-{node}"), restarts: 0, broken_since: None };
        self.neighbours = (0..self.ready.len()).map(beside).collect();
        self
    }

    /// Where pods have to be ready for so long to be available.
    pub fn with_min_ready(mut self, seconds: i64) -> Self {
        self.min_ready = seconds;
        self.told = None;
        self.tell();
        self
    }

    fn make(&mut self, node: usize, revision: usize) {
        let (uid, fails) = (format!("pod-{}", self.made), revision > 0 && self.new_pods_fail);
        self.made += 1;
        self.pods.push(TruePod { uid, node, revision, fails, created: self.now, deleting: None });
    }

    /// The place of the current revision.
    fn current(&self) -> usize {
        (0..self.numbers.len()).max_by_key(|at| self.numbers[*at]).expect("there is one")
    }

    pub fn plan(&self, options: Options) -> Result<Plan, NoPlan> {
        let slot = self.inventory.row_of(&Uid::new("ds-uid")).expect("there is the set");
        plan(&self.inventory, slot, options)
    }

    pub fn all_new(&self) -> bool {
        let current = self.current();
        self.pods.iter().all(|pod| pod.revision == current) && self.pods.len() == self.ready.len()
    }

    pub fn replace_all(&mut self) {
        let current = self.current();
        self.pods.iter_mut().for_each(|pod| pod.revision = current);
        self.tell();
    }

    pub fn set_ready(&mut self, at: usize, ready: bool) {
        let at = at % self.ready.len();
        if !std::mem::replace(&mut self.ready[at], ready) && ready {
            self.up_since[at] = self.now;
        }
        self.settle();
    }

    /// The pod that was made as the so manieth fails, or no longer.
    pub fn breaks(&mut self, at: usize, fails: bool) {
        self.pods[at].fails = fails;
        self.tell();
    }

    pub fn other_deletes(&mut self, at: usize) {
        let pods = self.pods.len();
        if pods > 0 {
            let pod = &mut self.pods[at % pods];
            pod.deleting.get_or_insert(self.now);
        }
        self.settle();
    }

    /// Somebody edits the template.
    pub fn edit_spec(&mut self) {
        let newest = self.numbers.iter().max().copied().unwrap_or_default();
        self.numbers.push(newest + 1);
        self.generation += 1;
        self.tell();
    }

    /// Somebody goes back to the first template.
    pub fn undo(&mut self) {
        let newest = self.numbers.iter().max().copied().unwrap_or_default();
        self.numbers[0] = newest + 1;
        self.generation += 1;
        self.tell();
    }

    pub fn neighbour_restarts(&mut self, at: usize) {
        self.beside_at(at, |beside, _| beside.restarts += 1);
    }

    pub fn neighbour_breaks(&mut self, at: usize) {
        self.beside_at(at, |beside, now| beside.broken_since = beside.broken_since.or(Some(now)));
    }

    pub fn neighbour_heals(&mut self, at: usize) {
        self.beside_at(at, |beside, _| beside.broken_since = None);
    }

    /// It is another pod from now on.
    pub fn neighbour_goes(&mut self, at: usize) {
        self.beside_at(at, |beside, _| {
            *beside = Beside { uid: format!("{}x", beside.uid), restarts: 0, broken_since: None };
        });
    }

    fn beside_at(&mut self, at: usize, change: impl Fn(&mut Beside, Timestamp)) {
        let (now, count) = (self.now, self.neighbours.len());
        if count > 0 {
            change(&mut self.neighbours[at % count], now);
        }
    }

    pub fn disconnect(&mut self) {
        if self.is_live() {
            self.law.disconnected();
        }
        self.watches = Watches::Lost;
        self.link();
    }

    pub fn connect(&mut self) {
        if !self.is_live() {
            self.law.connected(self.machine_now());
            self.watches = Watches::Live;
        }
        self.tell();
        self.link();
    }

    /// The watches fall silent, or tell again.
    pub fn lag(&mut self, lags: bool) {
        if self.is_live() {
            self.watches = if lags { Watches::Silent } else { Watches::Live };
        }
        self.tell();
    }

    fn is_live(&self) -> bool {
        self.watches != Watches::Lost
    }

    /// The clock of dsgrid jumps.
    pub fn jump(&mut self, seconds: i64) {
        self.skew += SignedDuration::from_secs(seconds);
    }

    /// The time that the program goes by, which never goes back.
    fn machine_now(&self) -> Timestamp {
        self.inventory.now().max(self.now + self.skew)
    }

    pub fn heal(&mut self) {
        for at in 0..self.ready.len() {
            self.set_ready(at, true);
            self.neighbour_heals(at);
        }
        self.new_pods_fail = false;
        (self.next_check_fails, self.next_read_fails, self.mishap) = (false, false, None);
        // Time goes on until the clock that was ahead is right again.
        self.skew = SignedDuration::ZERO;
        self.now = self.now.max(self.inventory.now());
        self.lag(false);
        // Somebody fixed the image: what failed is made anew.
        self.pods.iter_mut().for_each(|pod| pod.fails = false);
        self.connect();
        self.settle();
    }

    /// Time passes, second by second where something may happen; the watches tell what came of it at the end.
    pub fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds.min(40) {
            self.now += SignedDuration::from_secs(1);
            self.happen();
        }
        self.now += SignedDuration::from_secs((seconds - 40).max(0));
        self.settle();
    }

    fn settle(&mut self) {
        self.happen();
        self.tell();
    }

    /// What the controller and the kubelets have done by now.
    fn happen(&mut self) {
        let (now, ready) = (self.now, &self.ready);
        let ended = |pod: &TruePod| {
            pod.deleting.is_some_and(|at| ready[pod.node] && now.duration_since(at).as_secs() >= ENDING)
        };
        self.pods.retain(|pod| !ended(pod));
        for node in 0..self.ready.len() {
            if self.ready[node] && !self.pods.iter().any(|pod| pod.node == node) {
                self.make(node, self.current());
            }
        }
    }

    /// Since when a pod is ready.
    fn ready_since(&self, pod: &TruePod) -> Option<Timestamp> {
        let started = pod.created + SignedDuration::from_secs(STARTING);
        (!pod.fails && self.ready[pod.node] && started <= self.now)
            .then(|| started.max(self.up_since[pod.node]))
    }

    fn is_available(&self, pod: &TruePod) -> bool {
        let needed = SignedDuration::from_secs(self.min_ready);
        self.ready_since(pod).is_some_and(|since| since + needed <= self.now)
    }

    fn down(&self) -> Vec<usize> {
        let available = |pod: &&TruePod| pod.deleting.is_none() && self.is_available(pod);
        let is_up = |node| self.pods.iter().filter(|pod| pod.node == node).any(|pod| available(&pod));
        (0..self.ready.len()).filter(|node| self.ready[*node] && !is_up(*node)).collect()
    }

    /// Whether a pod that is ready since then is available by the clock of dsgrid.
    fn looks_available(&self, ready_since: Option<Timestamp>) -> bool {
        let needed = SignedDuration::from_secs(self.min_ready);
        ready_since.is_some_and(|since| needed.is_zero() || since + needed <= self.machine_now())
    }

    /// The wanted nodes that have no available pod by what was told.
    fn told_down(&self) -> Vec<usize> {
        let up = |node: usize| {
            self.told_pods.iter().any(|told| told.node == node && self.looks_available(told.ready_since))
        };
        let ready = self.told.as_ref().map(|(_, ready)| ready.clone()).unwrap_or_default();
        (0..ready.len()).filter(|node| ready[*node] && !up(*node)).collect()
    }

    fn index(&self, name: &NodeName) -> usize {
        (0..self.ready.len()).find(|at| format!("n{at}") == name.to_string()).expect("a node")
    }

    /// Steps once; what is ordered waits until it is delivered.
    pub fn step(&mut self, run: &mut Replacement) {
        self.inventory.advance(self.machine_now());
        let orders = run.step(&self.inventory);
        self.pending.extend(orders);
        let mut law = std::mem::take(&mut self.law);
        law.look(run, self);
        self.law = law;
    }

    /// Steps, and does what is ordered until nothing is.
    pub fn turn(&mut self, run: &mut Replacement) {
        self.step(run);
        let mut answers = 0;
        while self.deliver(run, 0) {
            answers += 1;
            assert!(
                answers < 100 * self.ready.len(),
                "it asks for ever without time passing: {:?}",
                run.state()
            );
        }
    }

    /// One of the orders comes about, and is answered; whether there was one. The program steps after each answer.
    pub fn deliver(&mut self, run: &mut Replacement, at: usize) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        let order = self.pending.remove(at % self.pending.len()).expect("it is one of them");
        self.inventory.advance(self.machine_now());
        match order {
            Order::Check { node, node_uid, pod, with_pods } => {
                assert!(node_uid.is_some() && pod.key.name.starts_with("pod-"));
                let fresh = if !self.is_live() || std::mem::take(&mut self.next_check_fails) {
                    Err("no answer within 15 s".to_owned())
                } else {
                    let fresh = self.fresh(&node);
                    Ok(Fresh { pods: fresh.pods.filter(|_| with_pods), ..fresh })
                };
                let before = run.clone();
                let next = run.checked(&node, fresh, &self.inventory);
                if let Some(Order::Send { node, command }) = &next {
                    self.judge(&before, run, node, command);
                }
                self.pending.extend(next);
            }
            Order::Send { node, command } => {
                let outcome = self.arrive(&command.target.uid.to_string());
                run.sent(&node, &outcome, self.machine_now());
                self.settle();
            }
            Order::ReadPods(node) => {
                let at = self.index(&node);
                if !self.is_live() || std::mem::take(&mut self.next_read_fails) {
                    run.pods_read(&node, Err("no answer within 15 s".to_owned()), self.machine_now());
                } else {
                    self.law.read(at, self.neighbours.get(at).cloned(), self.machine_now());
                    run.pods_read(&node, Ok(&self.on(at)), self.machine_now());
                }
            }
        }
        self.step(run);
        true
    }

    /// The program is gone; what it had sent may arrive all the same.
    pub fn crash(&mut self, arrives: bool) {
        for order in std::mem::take(&mut self.pending) {
            if let Order::Send { command, .. } = order
                && arrives
            {
                self.arrive(&command.target.uid.to_string());
            }
        }
        self.law.begun();
        self.settle();
    }

    /// A deletion arrives at the server, which looks at its uid.
    fn arrive(&mut self, uid: &str) -> Outcome {
        let mishap = self.mishap.take();
        match mishap {
            Some(Mishap::NotSent) => return Outcome::NotSent(Text::new("connection refused")),
            Some(Mishap::Budget) => {
                return Outcome::Budget(Text::new("the budget agents needs 3 healthy pods"));
            }
            Some(Mishap::Refused) => return Outcome::Refused(Text::new("a webhook says no")),
            Some(Mishap::Lost) => return Outcome::Unknown(Text::new("no answer")),
            Some(Mishap::AnswerLost) | None => {}
        }
        if !self.is_live() {
            return Outcome::NotSent(Text::new("connection refused"));
        }
        let now = self.now;
        let Some(pod) = self.pods.iter_mut().find(|pod| pod.uid == uid) else { return Outcome::Gone };
        if pod.deleting.is_none() {
            self.deletions += 1;
        }
        pod.deleting.get_or_insert(now);
        if mishap.is_some() {
            return Outcome::Unknown(Text::new("no answer"));
        }
        Outcome::Done(RawObject::default())
    }

    /// Turns for a while, five seconds each.
    pub fn drive(&mut self, run: &mut Replacement, turns: usize) {
        for _ in 0..turns {
            self.turn(run);
            self.most_unavailable = self.most_unavailable.max(self.down().len());
            self.pass(5);
            self.turn(run);
        }
    }

    /// The same, with a person who goes on whenever that is what it waits for.
    pub fn drive_with_a_person(&mut self, run: &mut Replacement, turns: usize) {
        for _ in 0..turns {
            if matches!(run.state(), RunState::Held(_) | RunState::Halted(_)) {
                self.go_on(run);
            }
            if run.is_over() {
                return;
            }
            self.drive(run, 1);
        }
    }

    /// A person lets it go on.
    pub fn go_on(&mut self, run: &mut Replacement) {
        run.go_on();
        self.law.went_on(run);
    }

    /// A person holds it.
    pub fn hold(&mut self, run: &mut Replacement) {
        run.hold();
        self.law.held();
    }

    /// A person lets the first neighbour pass that is worse off.
    pub fn let_pass(&mut self, run: &mut Replacement) {
        let Some((node, uid)) = run.harmed().map(|(node, harmed)| (node.clone(), harmed.uid.clone())).next()
        else {
            return;
        };
        run.let_pass(&uid, self.machine_now());
        self.law.let_pass(self.index(&node), &uid.to_string());
    }

    /// A new plan, as somebody makes who starts again; none where nothing can be planned now.
    pub fn plan_anew(&mut self, options: &Options) -> Option<Replacement> {
        self.inventory.advance(self.machine_now());
        let plan = self.plan(options.clone()).ok()?;
        self.law.begun();
        Some(Replacement::new(plan, self.machine_now()))
    }

    /// The truth as the API server would tell it.
    pub fn fresh(&self, name: &NodeName) -> Fresh {
        let index = self.index(name);
        Fresh {
            daemon_set: Some(self.daemon_set()),
            node: Some(self.node(index)),
            pod: self.pods.iter().find(|pod| pod.node == index).map(|pod| self.pod(pod)),
            claim: None,
            pods: Some(self.on(index)),
        }
    }

    /// The watches tell what is, unless they are broken.
    fn tell(&mut self) {
        if self.watches != Watches::Live {
            return;
        }
        let all = Scope::Cluster;
        // Reading objects is what takes the time: what is as it was is not told again.
        let rest = (self.generation, self.ready.clone());
        if self.told != Some(rest.clone()) {
            let nodes = (0..self.ready.len()).map(|at| self.node(at)).collect();
            for event in [
                ClusterEvent::DaemonSets(Change::Replaced(all.clone(), vec![self.daemon_set()])),
                ClusterEvent::Revisions(Change::Replaced(all.clone(), self.revisions())),
                ClusterEvent::Nodes(Change::Replaced(all.clone(), nodes)),
            ] {
                self.inventory.apply(event);
            }
            self.told = Some(rest);
        }
        let pods = self.pods.iter().map(|pod| self.pod(pod)).collect();
        self.inventory.apply(ClusterEvent::Pods(Change::Replaced(all, pods)));
        self.inventory.advance(self.machine_now());
        let current = self.current();
        let told = |pod: &TruePod| Told {
            node: pod.node,
            is_current: pod.revision == current,
            ready_since: self.ready_since(pod).filter(|_| pod.deleting.is_none()),
        };
        self.told_pods = self.pods.iter().map(told).collect();
    }

    fn link(&mut self) {
        let since = self.now;
        for kind in WatchKind::ALL {
            let watch = Watch { kind, scope: Scope::Cluster };
            let state = if self.is_live() {
                LinkState::Live { since }
            } else {
                LinkState::Retrying { since, why: Text::new("reset") }
            };
            self.inventory.apply(ClusterEvent::Link(watch, state));
        }
    }
}
