//! Which node is begun next, and why none is.

use jiff::Timestamp;

use super::slots::Slots;
use super::{End, Hold, Order, Replacement, RunState, named};
use crate::domain::age::clock;
use crate::domain::inventory::{ColumnSlot, Inventory, RowSlot};
use crate::domain::replace::work::Step;

impl Replacement {
    /// Begins with the next nodes, as far as there is room.
    pub(super) fn start(&mut self, inventory: &Inventory, slot: RowSlot, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        self.waits_for.clear();
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
        if let Some(until) = self.plan.options.until.filter(|until| now + self.plan.usual > *until) {
            self.time_is_up(until, now);
            return orders;
        }
        let mut slots = Slots::of(self, row, inventory);
        let is_idle = !self.works.iter().any(|work| work.step.is_in_flight());
        for (at, column) in self.queue(wave, inventory, &slots) {
            if slots.is_full() {
                break;
            }
            let pods = inventory.view(slot, column).map(|view| view.pods).unwrap_or_default();
            let is_later = self.works[at].candidate.wave != wave;
            // One of a later wave that uses the budget up goes before its time where nothing else can.
            if is_later && !(is_idle && orders.is_empty()) {
                break;
            }
            if pods.iter().any(|pod| pod.is_deleting()) || !slots.has_room(column, true) {
                continue;
            }
            slots.take(column);
            let work = &mut self.works[at];
            work.enter(Step::Checking, now);
            let (node, with_pods) = (work.candidate.node.clone(), !self.plan.options.without_neighbours);
            let (node_uid, pod) = (work.candidate.node_uid.clone(), work.candidate.pod.clone());
            orders.push(Order::Check { node, node_uid, pod, with_pods });
        }
        if orders.is_empty() && is_idle {
            let (others, budget) = (slots.others(inventory), self.plan.budget);
            self.waits_for = format!(
                "the limit of {budget} is used up by nodes without an available pod: {}",
                named(&others)
            );
        }
        orders
    }

    /// Another node would not be done in time: nothing more begins, and it ends when nothing is in flight.
    fn time_is_up(&mut self, until: Timestamp, now: Timestamp) {
        let left = self.works.iter().filter(|work| work.step == Step::Queued).count();
        let nodes = if left == 1 { "node is" } else { "nodes are" };
        let words = format!("its time, until {}, is up: {left} {nodes} left", clock(until, now));
        if self.works.iter().any(|work| work.step.is_in_flight()) {
            self.waits_for = words;
        } else {
            self.end(End::TimeUp(words), now);
        }
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
            let until = since + self.plan.options.bake();
            let next = self.plan.waves.get(wave).map_or("", String::as_str);
            self.waits_for = format!("{next} begins at {}Z", until.strftime("%H:%M:%S"));
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

    /// The queued nodes of a wave: pods that are not available go first, in their own slot. At the end those of later
    /// waves that are not available either.
    fn queue(&self, wave: usize, inventory: &Inventory, slots: &Slots) -> Vec<(usize, ColumnSlot)> {
        let queued = self.works.iter().enumerate().filter(|(_, work)| work.step == Step::Queued);
        let placed = queued.filter_map(|(at, work)| Some((at, inventory.column_of(&work.candidate.node)?)));
        let is_later = |at: usize| self.works[at].candidate.wave != wave;
        let mut queue: Vec<(usize, ColumnSlot)> =
            placed.filter(|(at, column)| !is_later(*at) || slots.is_down(*column)).collect();
        queue.sort_by_key(|(at, column)| (is_later(*at), !slots.is_down(*column)));
        queue
    }
}
