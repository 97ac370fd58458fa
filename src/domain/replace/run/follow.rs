//! The pods in flight, from the deletion to the end of the soak.

use jiff::Timestamp;

use super::{ANSWER, Hold, Order, Replacement, RunState};
use crate::domain::inventory::{CellView, Inventory, RowSlot};
use crate::domain::object::Pod;
use crate::domain::replace::work::{Rule, Step, Work, is_dead};

impl Replacement {
    /// Looks at the pods in flight.
    pub(super) fn follow(&mut self, inventory: &Inventory, slot: RowSlot, now: Timestamp) -> Vec<Order> {
        let rule = Rule { now, soak: self.plan.soak, ready_timeout: self.plan.ready_timeout };
        let (mut orders, mut unanswered, mut dead) = (Vec::new(), None, None);
        for work in &mut self.works {
            if work.step.is_over() || work.step == Step::Checking {
                continue;
            }
            let view = inventory.column_of(&work.candidate.node);
            let view = view.and_then(|column| inventory.view(slot, column));
            match work.step {
                Step::Queued if old(work, view.as_ref()).is_none() => {
                    let why = "its pod was replaced by somebody else".to_owned();
                    work.enter(Step::Skipped(why), now);
                }
                Step::Deleting if work.unanswered && now.duration_since(work.since) > ANSWER => {
                    if old(work, view.as_ref()).is_some_and(|old| !old.is_deleting()) {
                        unanswered = Some(work.candidate.node.clone());
                        work.back_to_queue(now);
                    } else {
                        work.look(view.as_ref(), &rule);
                    }
                }
                Step::Queued => {}
                _ => work.look(view.as_ref(), &rule),
            }
            if matches!(work.step, Step::Watching { until } if until <= now) {
                work.enter(Step::Judging, now);
            }
            if work.step == Step::Deleting && view.as_ref().is_some_and(is_dead) {
                dead = Some(format!("{}: {}", work.candidate.node, work.waits_for));
            }
            if work.step == Step::Judging && !work.asked {
                if self.plan.options.without_neighbours || work.neighbours.is_empty() {
                    work.enter(Step::Done, now);
                } else {
                    work.asked = true;
                    orders.push(Order::ReadPods(work.candidate.node.clone()));
                }
            }
        }
        if let Some(node) = unanswered {
            self.trouble(
                format!("no answer came to the deletion on {node}, and its pod is still there"),
                now,
            );
        }
        match (dead, &self.state) {
            (Some(words), RunState::Running | RunState::Held(Hold::Dead(_))) => {
                self.state = RunState::Held(Hold::Dead(words));
            }
            (None, RunState::Held(Hold::Dead(_))) => self.state = RunState::Running,
            _ => {}
        }
        orders
    }
}

/// The outdated pod, while it is there.
fn old<'a>(work: &Work, view: Option<&CellView<'a>>) -> Option<&'a Pod> {
    view?.pods.iter().copied().find(|pod| pod.meta.uid == work.candidate.pod.uid)
}
