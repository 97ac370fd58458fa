//! The law: what must hold at every deletion and at every node that is done, judged apart from the code under test.

use std::collections::BTreeMap;

use dsgrid::domain::command::{Command, Method};
use dsgrid::domain::id::NodeName;
use dsgrid::domain::replace::run::{Replacement, RunState};
use dsgrid::domain::replace::work::Step;
use jiff::{SignedDuration, Timestamp};

use super::{Beside, World};

/// What the law remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Law {
    /// The connection came back at that time of dsgrid's clock.
    connected: Option<Timestamp>,
    /// How often the connection was lost since a person said to go on.
    flaps: u32,
    /// A person holds it.
    held: bool,
    /// How many had failed when a person said to go on.
    forgiven: usize,
    /// The pods beside, as they were when the deletion was decided on, and when they were judged.
    before: BTreeMap<usize, Option<Beside>>,
    judged: BTreeMap<usize, Judged>,
    /// Those that a person lets pass.
    passed: Vec<String>,
    /// Nodes that are done because a person said so.
    excused: Vec<usize>,
    /// How each node stood when it was looked at last.
    done: Vec<bool>,
}

/// The pod beside, as it was read at the end.
#[derive(Clone, Debug)]
struct Judged {
    beside: Option<Beside>,
    at: Timestamp,
}

fn failures(run: &Replacement) -> usize {
    run.works().iter().filter(|work| matches!(work.step, Step::Failed(_))).count()
}

impl Law {
    /// Another run begins.
    pub(super) fn begun(&mut self) {
        *self = Self::default();
    }

    pub(super) fn connected(&mut self, now: Timestamp) {
        self.connected = Some(now);
    }

    pub(super) fn disconnected(&mut self) {
        self.flaps += 1;
    }

    pub(super) fn held(&mut self) {
        self.held = true;
    }

    pub(super) fn went_on(&mut self, run: &Replacement) {
        // Who looks at it may trust what has just come back.
        *self =
            Self { held: false, connected: None, flaps: 0, forgiven: failures(run), ..std::mem::take(self) };
    }

    pub(super) fn let_pass(&mut self, node: usize, uid: &str) {
        self.passed.push(uid.to_owned());
        self.excused.push(node);
        // A person's word, as going on is.
        (self.held, self.connected) = (false, None);
    }

    pub(super) fn read(&mut self, node: usize, beside: Option<Beside>, at: Timestamp) {
        self.judged.insert(node, Judged { beside, at });
    }

    /// Looks at the run after a step: what is done is done by right, and what goes on says what it waits for.
    pub(super) fn look(&mut self, run: &Replacement, world: &World) {
        self.done.resize(run.works().len(), false);
        for (at, work) in run.works().iter().enumerate() {
            let is_new = work.step == Step::Done && !self.done[at];
            self.done[at] = work.step == Step::Done;
            let node = world.index(&work.candidate.node);
            if is_new && !self.excused.contains(&node) {
                self.done_by_right(node, run, world);
            }
        }
        if world.pending.is_empty() && !run.is_over() {
            says_what_it_waits_for(run, world.machine_now());
        }
    }

    fn done_by_right(&self, node: usize, run: &Replacement, world: &World) {
        let (plan, now) = (run.plan(), world.machine_now());
        let told = world.told_pods.iter().find(|told| told.node == node && told.is_current);
        let since = told.and_then(|told| told.ready_since);
        assert!(
            since.is_some_and(|since| since + plan.soak <= now),
            "n{node} is done, but {told:?} at {now}"
        );
        if plan.options.without_neighbours {
            return;
        }
        let Some(before) = self.before.get(&node).cloned().flatten() else { return };
        let judged = self.judged.get(&node).expect("the neighbours are looked at after the deletion");
        let Some(after) = judged.beside.as_ref().filter(|after| after.uid == before.uid) else { return };
        if before.broken_since.is_some() || self.passed.contains(&before.uid) {
            return;
        }
        let long = |since: Timestamp| judged.at.duration_since(since) >= SignedDuration::from_secs(10);
        let is_worse = after.restarts > before.restarts || after.broken_since.is_some_and(long);
        assert!(!is_worse, "n{node} is done, but its neighbour was {before:?} and is {after:?}");
    }
}

fn says_what_it_waits_for(run: &Replacement, now: Timestamp) {
    let why = run.state().why(now);
    let in_flight: Vec<_> = run.works().iter().filter(|work| work.step.is_in_flight()).collect();
    let says = match run.state() {
        RunState::Running if in_flight.is_empty() => !run.waits_for().is_empty(),
        RunState::Running => in_flight.iter().all(|work| {
            !work.waits_for.is_empty() || matches!(work.step, Step::Soaking { .. } | Step::Watching { .. })
        }),
        RunState::Held(_) | RunState::Halted(_) | RunState::Outdated(_) => !why.is_empty(),
        RunState::Finished | RunState::Aborted => true,
    };
    assert!(says, "it waits and does not say for what: {:?} {in_flight:?}", run.state());
    let wakes = run.next_wake().is_some() || run.state().needs_person() || run.stale().is_some();
    assert!(wakes || in_flight.is_empty(), "nothing wakes it: {:?} {in_flight:?}", run.state());
}

impl World {
    /// A deletion was decided on, by what was read just now: every gate has to allow it.
    pub(super) fn judge(
        &mut self,
        before: &Replacement,
        run: &Replacement,
        node: &NodeName,
        command: &Command,
    ) {
        let (now, plan, law) = (self.machine_now(), run.plan(), &self.law);
        // Not on stale data, not against a person's word, not after failures.
        assert!(self.is_live(), "deleted on stale data");
        assert_eq!(*before.state(), RunState::Running);
        assert!(!law.held, "deleted though a person holds it");
        let settled = |at: Timestamp| now.duration_since(at) >= SignedDuration::from_secs(15);
        assert!(law.connected.is_none_or(settled), "deleted too soon after a disconnection");
        assert!(law.flaps < 3, "deleted after {} disconnections", law.flaps);
        let failed = failures(before).saturating_sub(law.forgiven);
        assert!(
            failed < usize::try_from(plan.options.max_failures).expect("small"),
            "deleted after {failed} failures"
        );
        // Never a pod of another uid, or one that is up to date, or one that goes; only where one would come back.
        let at = self.index(node);
        let pod = self.pods.iter().find(|pod| pod.uid == command.target.uid.to_string());
        let pod = pod.expect("a pod of this uid is there");
        assert_eq!(pod.node, at);
        assert!(pod.revision != self.current(), "an up-to-date pod was deleted");
        assert!(pod.deleting.is_none(), "a pod was deleted twice");
        assert!(self.ready[at], "deleted where no pod would start");
        assert_eq!(plan.generation, self.generation, "deleted by an old plan");
        let method = if plan.options.evict { Method::Evict } else { Method::Delete };
        assert_eq!(command.method, method);
        let uid = format!("\"preconditions\":{{\"uid\":\"{}\"}}", pod.uid);
        assert!(command.body.contains(&uid), "{}", command.body);
        // Never more in flight than the budget, whoever took the pods down.
        let budget = usize::try_from(plan.budget).expect("small");
        let in_flight =
            run.works().iter().filter(|work| work.step.is_in_flight() && work.step != Step::Checking);
        let ours: Vec<usize> = in_flight.map(|work| self.index(&work.candidate.node)).collect();
        assert!(ours.len() <= budget, "{ours:?} in flight of {budget}");
        let mut down: Vec<usize> = self.told_down().into_iter().chain(ours).collect();
        down.sort_unstable();
        down.dedup();
        let own_slot = !self.looks_available(self.ready_since(pod));
        assert!(own_slot || down.len() <= budget, "{down:?} are down, of {budget}");
        // One wave after the other; what is down anyway may come before its time.
        let wave = |name: &NodeName| run.works().iter().find(|work| work.candidate.node == *name);
        let wave = wave(node).expect("it is planned").candidate.wave;
        let earlier = run.works().iter().filter(|work| work.candidate.wave < wave);
        assert!(own_slot || earlier.clone().all(|work| work.step.is_over()), "before its time");
        self.law.before.insert(at, self.neighbours.get(at).cloned());
        self.law.judged.remove(&at);
    }
}
