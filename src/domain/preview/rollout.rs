//! What a restart, an undo, a resume or other limits would do to pods, in numbers and in words.

use super::template::{TemplateEdit, template_impact};
use super::{Impact, Outcome};
use crate::domain::inventory::Inventory;
use crate::domain::limits::Limit;
use crate::domain::object::{DaemonSet, UpdateStrategy};
use crate::domain::raw::RawObject;
use crate::domain::rollout::{Held, held};
use crate::domain::text::Text;

/// As many nodes are named; the rest is counted.
const NAMED: usize = 5;

/// What a write of a DaemonSet's spec would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Every change, on every node.
    pub impacts: Vec<Impact>,
    /// Pods of an old template that stay until somebody deletes them.
    pub left_behind: usize,
    /// How many old pods a rollout that goes on has still to replace, whatever this write does.
    pub under_way: usize,
    /// How many nodes a rollout takes at once; none where the controller replaces nothing.
    pub limit: Option<Limit>,
    /// What keeps a rollout that is to move from moving.
    pub held: Option<Held>,
}

impl Forecast {
    /// Foretells a write that makes `after` out of `before`. A revision that holds the new template already is named by
    /// its hash: its pods are not replaced. None where the DaemonSet is not known here, or cannot be read.
    #[must_use]
    pub fn of(
        inventory: &Inventory,
        before: &RawObject,
        after: &RawObject,
        revision: Option<&Text>,
    ) -> Option<Self> {
        let read: DaemonSet = after.decode().ok()?;
        let slot = inventory.row_of(&read.meta.uid)?;
        inventory.computed(slot)?;
        let row = inventory.row(slot)?;
        let changed = before.at("/spec/template") != after.at("/spec/template");
        let edit = TemplateEdit { after: &read, live: Some(&read.meta.uid), changed, revision };
        let impacts = template_impact(inventory, &edit);
        let on_delete = read.strategy == UpdateStrategy::OnDelete;
        let was_rolling = row.daemon_set.strategy != UpdateStrategy::OnDelete;
        let old = || inventory.pods_of(slot).filter(|pod| !pod.is_deleting() && !row.current().updated(pod));
        let limit = Limit::of(&read, row.tally.desired);
        let under_way = if on_delete || changed || !was_rolling { 0 } else { old().count() };
        let moves = |impact: &Impact| matches!(impact.outcome, Outcome::Replace | Outcome::RemoveOnRollout);
        let is_to_move = under_way > 0 || impacts.iter().any(moves);
        Some(Self {
            left_behind: edit.left_behind(inventory),
            held: held(inventory, slot, &read, changed).filter(|_| is_to_move),
            under_way,
            impacts,
            limit,
        })
    }

    /// The pods with this fate.
    #[must_use]
    pub fn pods(&self, outcome: Outcome) -> usize {
        self.with(outcome).map(|impact| impact.pods.len().max(1)).sum()
    }

    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Impact> {
        self.impacts.iter().filter(move |impact| impact.outcome == outcome)
    }

    fn limit_words(&self) -> String {
        self.limit.as_ref().map(|limit| format!("; at once: {limit}")).unwrap_or_default()
    }

    /// In words, the worst first; never empty.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (outcome, verb, fate) in [
            (Outcome::Stop, "deletes", "at once, and none comes back"),
            (Outcome::EvictLoop, "has", "evicted and made again for ever"),
            (Outcome::RemoveOnRollout, "deletes", "without replacing them"),
            (Outcome::KeepMisscheduled, "keeps", "where they are no longer wanted"),
            (Outcome::Replace, "deletes and replaces", ""),
            (Outcome::Start, "starts", ""),
        ] {
            let mut hit: Vec<&Impact> = self.with(outcome).collect();
            let Some(first) = hit.first().map(|impact| impact.reason.clone()) else { continue };
            hit.sort_by(|a, b| a.node.cmp(&b.node));
            let nodes: Vec<&str> = hit.iter().map(|impact| impact.node.as_str()).collect();
            let count = self.pods(outcome);
            let pods = if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") };
            let fate = if fate.is_empty() { String::new() } else { format!(" {fate}") };
            let more = match outcome {
                Outcome::Replace => self.limit_words(),
                // Why nodes are wanted is not what one asks about a pod that starts.
                Outcome::Start => String::new(),
                _ => format!(": {first}"),
            };
            lines.push(format!("{verb} {pods}{fate}, on {}{more}", named(&nodes)));
        }
        if self.under_way > 0 {
            let pods = if self.under_way == 1 { "pod" } else { "pods" };
            lines.push(format!("has {} old {pods} still to replace{}", self.under_way, self.limit_words()));
        }
        if self.left_behind > 0 {
            let pods = if self.left_behind == 1 {
                "1 pod keeps"
            } else {
                &format!("{} pods keep", self.left_behind)
            };
            lines.push(format!(
                "moves 0 pods: the strategy is OnDelete, and {pods} an old template until deleted"
            ));
        }
        if lines.is_empty() {
            lines.push("starts and stops no pod".to_owned());
        }
        lines
    }
}

/// `node-1, node-2 and 3 more`.
fn named(nodes: &[&str]) -> String {
    match nodes.split_at_checked(NAMED) {
        Some((told, rest)) if !rest.is_empty() => format!("{} and {} more", told.join(", "), rest.len()),
        _ => nodes.join(", "),
    }
}
