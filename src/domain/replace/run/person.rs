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

    /// Why going on now is to be thought over once more: so far no node came up, and at least one failed.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let halted = matches!(self.state, RunState::Halted(_));
        let failed = self.failures();
        let came_up = self.works.iter().any(|work| work.step == Step::Done);
        let queued = self.works.iter().filter(|work| work.step == Step::Queued).count();
        let nodes = |is_one: bool| if is_one { "node" } else { "nodes" };
        (halted && !came_up && failed > 0 && queued > 0).then(|| {
            format!(
                "no pod of {} came up so far, on {failed} {}; {queued} {} would be next",
                self.plan.revision_label,
                nodes(failed == 1),
                nodes(queued == 1)
            )
        })
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
