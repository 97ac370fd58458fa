//! What was foretold, held against what the cluster then did.

use jiff::{SignedDuration, Timestamp};

use super::explanation::word;
use super::inventory::{CellView, Inventory};
use super::preview::{Impact, Outcome};

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
        let state = word(&view);
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
                named.all(|pod| pod.is_deleting() || pod.is_gone())
            }
            Outcome::KeepMisscheduled => !view.cell.run && staying.next().is_some(),
        }
    }
}
