//! What came of what was ordered.

use jiff::Timestamp;

use super::slots::Slots;
use super::{End, FLAPS, Hold, Order, Replacement, RunState, SETTLED};
use crate::domain::cell::available_from;
use crate::domain::command::{Outcome, delete_pod, evict_pod};
use crate::domain::id::NodeName;
use crate::domain::inventory::Inventory;
use crate::domain::object::Pod;
use crate::domain::replace::check::{Fresh, Verdict, verdict};
use crate::domain::replace::liveness::stale;
use crate::domain::replace::neighbour::{BLIP, Judgement, judge, neighbours};
use crate::domain::replace::work::Step;

impl Replacement {
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
            Ok(fresh) if fresh.pods.is_none() && !self.plan.options.without_neighbours => {
                let words = format!(
                    "the pods of {node} were not listed, so its neighbours cannot be looked after; plan again without \
                     neighbours"
                );
                self.state = RunState::Held(Hold::Trouble { words, again: None });
                return None;
            }
            Ok(fresh) => fresh,
            Err(why) => {
                self.trouble(format!("{node} could not be checked: {why}"), now);
                return None;
            }
        };
        match verdict(&self.plan, &self.works[at].candidate, &fresh) {
            Verdict::Halt(why) => self.end(End::Changed(why), now),
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
        let is_available =
            |pod| available_from(pod, row.daemon_set.min_ready_seconds).is_some_and(|at| at <= now);
        let is_down = !fresh.pod.as_ref().is_some_and(is_available);
        if !Slots::of(self, row, inventory).has_room(column, is_down) {
            // The watch may be a moment behind what was just read: reading again at once would tell the same.
            let words = format!("{}: no room any more, others are down", self.works[at].candidate.node);
            self.wait(words, Some(now + BLIP));
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
        match outcome {
            Outcome::Done(_) | Outcome::Gone => work.unanswered = false,
            // Whether it was done shows in the pod.
            Outcome::Unknown(_) => {}
            Outcome::LostRace(_) => work.enter(Step::Skipped("its pod is another one now".to_owned()), now),
            Outcome::Denied(words) | Outcome::Refused(words) => {
                work.enter(Step::Failed(words.to_string()), now);
            }
            Outcome::Budget(words) => {
                let since = *work.refused_since.get_or_insert(now);
                let limit = self.plan.ready_timeout;
                if now.duration_since(since) >= limit {
                    let why = format!("not allowed to be evicted for {} s: {words}", limit.as_secs());
                    work.enter(Step::Failed(why), now);
                    return;
                }
                work.back_to_queue(now);
                let words = format!("{node} cannot be evicted now: {words}");
                self.wait(words, Some((now + BLIP).min(since + limit)));
            }
            Outcome::NotSent(words) => {
                work.back_to_queue(now);
                self.trouble(format!("{node} was not deleted: {words}"), now);
            }
        }
    }

    /// A read or write did not work: it goes on by itself after a while, but not for ever.
    pub(super) fn trouble(&mut self, words: String, now: Timestamp) {
        // Without a connection nothing can be read: that is one disconnection, and counted as one.
        if self.stale.is_some() {
            return;
        }
        self.flaps += 1;
        let again = (self.flaps < FLAPS).then(|| now + SETTLED);
        self.wait(words, again);
    }

    /// Pods in flight cannot be looked at: nothing is deleted before they can, however long that takes.
    fn unread(&mut self, words: String, now: Timestamp) {
        if self.stale.is_none() {
            self.flaps += u32::from(!std::mem::replace(&mut self.is_shaky, true));
            self.wait(words, (self.flaps < FLAPS).then(|| now + SETTLED));
        }
    }

    fn wait(&mut self, words: String, again: Option<Timestamp>) {
        // What a person wants, and what only a person can lift, stays.
        if !matches!(self.state, RunState::Running | RunState::Held(_)) || self.state.needs_person() {
            return;
        }
        self.state = RunState::Held(Hold::Trouble { words, again });
    }

    /// The pods of a node at the end of its soak.
    pub fn pods_read(&mut self, node: &NodeName, pods: Result<&[Pod], String>, now: Timestamp) {
        self.is_shaky &= pods.is_err();
        let found =
            self.works.iter_mut().find(|work| work.candidate.node == *node && work.step == Step::Judging);
        let Some(work) = found else { return };
        let step = match pods {
            Err(why) => {
                work.enter(Step::Watching { until: now + BLIP }, now);
                self.unread(format!("the neighbours on {node} could not be looked at: {why}"), now);
                return;
            }
            // The watch may be a moment behind what was just read.
            Ok(pods) if !work.is_soaked_among(pods, self.plan.soak, now) => {
                Step::Watching { until: now + BLIP }
            }
            Ok(pods) => match judge(&work.neighbours, pods, &self.passed, now) {
                Judgement::Well => Step::Done,
                Judgement::Blipping(until) => Step::Watching { until },
                Judgement::Harmed(harmed) => {
                    let why: Vec<&str> = harmed.iter().map(|one| one.why.as_str()).collect();
                    let why = format!("another pod of the node is worse off: {}", why.join("; "));
                    work.harmed = harmed;
                    Step::Failed(why)
                }
            },
        };
        work.enter(step, now);
        self.judge_failures();
    }
}
