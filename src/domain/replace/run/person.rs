//! What people say to a replacement: hold, go on, let pass, abort.

use jiff::Timestamp;

use super::{End, Hold, Replacement, RunState};
use crate::domain::id::{NodeName, Uid};
use crate::domain::replace::neighbour::Harmed;
use crate::domain::replace::work::Step;

impl Replacement {
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
            RunState::Held(_) => self.flaps = 0,
            RunState::Halted(_) => self.patience = self.failures() + self.plan.options.max_failures.max(1),
            RunState::Running | RunState::Outdated(_) | RunState::Finished | RunState::Aborted => return,
        }
        self.state = RunState::Running;
    }

    /// A person ends it; pods in flight are still followed.
    pub fn abort(&mut self) {
        if !matches!(self.state, RunState::Finished | RunState::Outdated(_)) {
            self.state = RunState::Aborted;
        }
    }

    /// Nothing is deleted by this plan any more.
    pub fn end(&mut self, why: End, now: Timestamp) {
        if matches!(self.state, RunState::Finished | RunState::Aborted) {
            return;
        }
        self.state = RunState::Outdated(why);
        for work in self.works.iter_mut().filter(|work| work.step == Step::Checking) {
            work.enter(Step::Queued, now);
        }
    }

    /// The neighbours that stop it, wherever they are.
    pub fn harmed(&self) -> impl Iterator<Item = (&NodeName, &Harmed)> {
        let failed = self.works.iter().filter(|work| matches!(work.step, Step::Failed(_)));
        failed.flat_map(|work| work.harmed.iter().map(|harmed| (&work.candidate.node, harmed)))
    }

    /// A person lets a harmed neighbour pass: its node is done where nothing else is wrong, and the rest goes on.
    pub fn let_pass(&mut self, neighbour: &Uid, now: Timestamp) {
        self.passed.push(neighbour.clone());
        for work in &mut self.works {
            if work.harmed.is_empty() {
                continue;
            }
            work.harmed.retain(|harmed| harmed.uid != *neighbour);
            if work.harmed.is_empty() && matches!(work.step, Step::Failed(_)) {
                work.enter(Step::Done, now);
            }
        }
        if matches!(self.state, RunState::Halted(_)) && self.failures() < self.patience {
            self.state = RunState::Running;
        }
    }
}
