//! What was foretold, held against what the cluster then did.

use jiff::{SignedDuration, Timestamp};

use super::explanation::word;
use super::id::{NodeName, ObjectKey, Uid};
use super::inventory::{CellView, Inventory};
use super::object::Node;
use super::preview::{Impact, Outcome};
use super::text::Text;

/// A cluster that has not done what was foretold within this time of when it was due has done otherwise.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(1);

/// One foretold cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What is to happen.
    pub impact: Impact,
    /// Since when; server time.
    pub since: Timestamp,
}

/// How it stands with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not yet.
    Waiting,
    /// It happened.
    Met,
    /// It did not happen in time; what is there instead.
    Otherwise(String),
}

impl Expectation {
    /// When waiting ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.since + self.impact.after + PATIENCE
    }

    /// Looks whether it has come true.
    ///
    /// A DaemonSet or node that is gone, or a template that changed since, has nothing to do with what was foretold:
    /// that counts as met, as nothing is left to wait for.
    #[must_use]
    pub fn fate(&self, inventory: &Inventory) -> Fate {
        let row = inventory.row_of(&self.impact.daemon_set_uid);
        let column = inventory.column_of(&self.impact.node);
        let Some(view) = row.zip(column).and_then(|(row, column)| inventory.view(row, column)) else {
            return Fate::Met;
        };
        if self.has_happened(&view) {
            return Fate::Met;
        }
        if inventory.now() < self.until() {
            return Fate::Waiting;
        }
        let place = format!("{} on {}", self.impact.daemon_set, self.impact.node);
        let is_stuck = view.pods.iter().any(|pod| pod.is_deleting())
            && view.column.node.as_ref().is_some_and(Node::is_out_of_order);
        let why = if is_stuck { ", deleted, and cannot end: the node is NotReady" } else { "" };
        let state = format!("{}{why}", word(&view));
        let in_time = match self.impact.after.as_secs() {
            0 => "within a minute".to_owned(),
            seconds => format!("within {} s", seconds + PATIENCE.as_secs()),
        };
        let words = match self.impact.outcome {
            Outcome::Start => format!("{place}: no pod started {in_time}, it is {state}"),
            Outcome::Stop | Outcome::RemoveOnRollout => {
                format!("{place}: the pod did not stop {in_time}, it is {state}")
            }
            Outcome::Replace => format!("{place}: the pod was not replaced {in_time}, it is {state}"),
            Outcome::EvictLoop => format!("{place}: the pod was not evicted {in_time}, it is {state}"),
            Outcome::KeepMisscheduled => {
                format!("{place}: the pod was to stay though not wanted, and it is {state}")
            }
        };
        Fate::Otherwise(words)
    }

    fn has_happened(&self, view: &CellView<'_>) -> bool {
        let mut staying = view.pods.iter().filter(|pod| !pod.is_deleting());
        let mut named = view.pods.iter().filter(|pod| self.impact.pods.contains(&pod.meta.key.name));
        match self.impact.outcome {
            Outcome::Start => view.cell.run && staying.next().is_some(),
            Outcome::Stop | Outcome::RemoveOnRollout | Outcome::Replace | Outcome::EvictLoop => {
                // On a node that does not answer, being deleted is not the end of a pod; unless just that was foretold.
                let ends = self.impact.is_stuck
                    || view.column.node.as_ref().is_none_or(|node| !node.is_out_of_order());
                named.all(|pod| pod.is_gone() || (pod.is_deleting() && ends))
            }
            Outcome::KeepMisscheduled => !view.cell.run && staying.next().is_some(),
        }
    }
}

/// Pods of a DaemonSet on a changed node of which nothing was foretold: they are to stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bystander {
    /// The DaemonSet's uid.
    pub daemon_set_uid: Uid,
    /// The DaemonSet.
    pub daemon_set: ObjectKey,
    /// The node.
    pub node: NodeName,
    /// The pods.
    pub pods: Vec<Text>,
    /// Since when; server time.
    pub since: Timestamp,
}

/// The pods on a node that are wanted there, and of which nothing is foretold.
#[must_use]
pub fn bystanders(
    inventory: &Inventory,
    node: &NodeName,
    foretold: &[Impact],
    since: Timestamp,
) -> Vec<Bystander> {
    let Some(column) = inventory.column_of(node) else { return Vec::new() };
    let of_row = |slot| {
        let view = inventory.view(slot, column).filter(|view| view.cell.run)?;
        let meta = &view.row.daemon_set.meta;
        let is_foretold =
            foretold.iter().any(|impact| impact.node == *node && impact.daemon_set_uid == meta.uid);
        let staying = view.pods.iter().filter(|pod| !pod.is_deleting() && !pod.is_gone());
        let pods: Vec<Text> = staying.map(|pod| pod.meta.key.name.clone()).collect();
        let (daemon_set_uid, daemon_set) = (meta.uid.clone(), meta.key.clone());
        (!is_foretold && !pods.is_empty()).then(|| Bystander {
            daemon_set_uid,
            daemon_set,
            node: node.clone(),
            pods,
            since,
        })
    };
    inventory.rows().filter_map(|(slot, _)| of_row(slot)).collect()
}

impl Bystander {
    /// When looking ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.since + PATIENCE
    }

    /// Looks whether they stay; only what stops because the node is not wanted any more is told.
    #[must_use]
    pub fn fate(&self, inventory: &Inventory) -> Fate {
        let row = inventory.row_of(&self.daemon_set_uid);
        let Some((row, column)) = row.zip(inventory.column_of(&self.node)) else { return Fate::Met };
        let is_over = || if inventory.now() < self.until() { Fate::Waiting } else { Fate::Met };
        if inventory.cell(row, column).is_none_or(|cell| cell.run) {
            return is_over();
        }
        let Some(view) = inventory.view(row, column) else { return Fate::Met };
        let stays = |name: &Text| {
            view.pods.iter().any(|pod| pod.meta.key.name == *name && !pod.is_deleting() && !pod.is_gone())
        };
        let Some(node) = view.column.node.as_ref().filter(|_| !self.pods.iter().all(stays)) else {
            return is_over();
        };
        let reasons = view.row.placement.reasons(node, false);
        let rule = reasons.first().map(|reason| format!(": {}", reason.detail)).unwrap_or_default();
        let (set, node) = (&self.daemon_set, &self.node);
        Fate::Otherwise(format!("{set} on {node}: the pod stops, which was not foretold{rule}"))
    }
}
