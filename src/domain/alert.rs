//! The alerts of kubernetes-mixin about DaemonSets: which of their clauses hold now, with numbers and nodes.
//!
//! `alerts/apps_alerts.libsonnet`. They compare the controller's own counters, so these are asked here too, also where
//! our counting differs; the nodes behind them are ours.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::age::age;
use super::cell::Cell;
use super::id::NodeName;
use super::inventory::{Inventory, Row, RowSlot};
use super::progress::{Progress, Seen};

/// An alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alert {
    /// `KubeDaemonSetRolloutStuck`: a counter is off for 15 minutes, and none was updated in the last 5.
    RolloutStuck,
    /// `KubeDaemonSetNotScheduled`: fewer current than desired for 10 minutes.
    NotScheduled,
    /// `KubeDaemonSetMisScheduled`: some misscheduled for 15 minutes.
    MisScheduled,
}

/// `updatedNumberScheduled` has to stand still for so long before a rollout counts as stuck.
const STILL: SignedDuration = SignedDuration::from_mins(5);

impl Alert {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RolloutStuck, Self::NotScheduled, Self::MisScheduled];

    /// The name in the rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RolloutStuck => "KubeDaemonSetRolloutStuck",
            Self::NotScheduled => "KubeDaemonSetNotScheduled",
            Self::MisScheduled => "KubeDaemonSetMisScheduled",
        }
    }

    /// For how long a clause has to hold before the alert fires.
    #[must_use]
    pub fn patience(self) -> &'static str {
        match self {
            Self::NotScheduled => "10m",
            Self::RolloutStuck | Self::MisScheduled => "15m",
        }
    }

    /// Reads a name, long or short, in any case.
    ///
    /// # Errors
    /// Lists the names there are.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let short = |name: &str| name.to_ascii_lowercase().trim_start_matches("kubedaemonset").to_owned();
        let found = Self::ALL.into_iter().find(|alert| short(alert.name()) == short(raw));
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("no alert {raw:?}; there are {} (the beginning can be left out)", names.join(", "))
        })
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A comparison of the alert's rule that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Like `available 862 is not desired 873`.
    pub words: String,
    /// The nodes that make it hold, by our counting.
    pub nodes: Vec<NodeName>,
}

/// What an alert says of a DaemonSet now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which alert.
    pub alert: Alert,
    /// The clauses that hold; the alert needs one of them.
    pub clauses: Vec<Clause>,
    /// For a stuck rollout: when the status' number of updated nodes changed. The rule asks for `changes()` of that very
    /// number; the pods' own times say nothing of it, since it also falls.
    pub last_change: Option<Seen>,
    /// The numbers, for the words that none holds.
    numbers: String,
}

/// Asks an alert's rule of a DaemonSet; `progress` is what was seen of the status' numbers.
#[must_use]
pub fn finding(inventory: &Inventory, slot: RowSlot, alert: Alert, progress: &Progress) -> Option<Finding> {
    let row = inventory.row(slot)?;
    let status = &row.daemon_set.status;
    let desired = status.desired;
    let nodes = |counts: fn(Cell) -> bool| nodes(inventory, row, counts);
    let clause = |name: &str, count: u32, lacks: fn(Cell) -> bool| {
        let words = || format!("{name} {count} is not desired {desired}");
        (count != desired).then(|| Clause { words: words(), nodes: nodes(lacks) })
    };
    let current = || clause("current", status.current, |cell| wanted(cell) && !cell.occupied);
    let misscheduled = || {
        let words = format!("misscheduled {} is not 0", status.misscheduled);
        let nodes = || nodes(|cell| cell.node_exists && !cell.run && cell.occupied);
        (status.misscheduled != 0).then(|| Clause { words, nodes: nodes() })
    };
    let clauses = match alert {
        Alert::RolloutStuck => vec![
            current(),
            misscheduled(),
            clause("updated", status.up_to_date, |cell| wanted(cell) && !cell.updated),
            clause("available", status.available, |cell| wanted(cell) && !cell.available),
        ],
        Alert::NotScheduled => vec![current()],
        Alert::MisScheduled => vec![misscheduled()],
    };
    let last_change = progress.updated_changed(&row.daemon_set.meta.uid);
    let numbers = match alert {
        Alert::RolloutStuck => format!(
            "current {}, updated {}, available {} of desired {desired}, misscheduled {}",
            status.current, status.up_to_date, status.available, status.misscheduled
        ),
        Alert::NotScheduled => format!("current {} of desired {desired}", status.current),
        Alert::MisScheduled => format!("misscheduled {}", status.misscheduled),
    };
    Some(Finding {
        alert,
        clauses: clauses.into_iter().flatten().collect(),
        last_change: last_change.filter(|_| alert == Alert::RolloutStuck),
        numbers,
    })
}

fn wanted(cell: Cell) -> bool {
    cell.node_exists && cell.run
}

fn nodes(inventory: &Inventory, row: &Row, counts: fn(Cell) -> bool) -> Vec<NodeName> {
    let mut names: Vec<NodeName> = inventory
        .columns()
        .filter(|(column, _)| row.cell(*column).is_some_and(counts))
        .map(|(_, named)| named.name.clone())
        .collect();
    names.sort();
    names
}

impl Finding {
    /// Whether the rule holds at this moment; whether the alert fires depends on for how long it has.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.clauses.is_empty() && !self.moved_lately(now)
    }

    fn moved_lately(&self, now: Timestamp) -> bool {
        matches!(self.last_change, Some(Seen::Changed(at)) if now.duration_since(at) < STILL)
    }

    /// What is to be said, line by line.
    #[must_use]
    pub fn lines(&self, now: Timestamp) -> Vec<String> {
        if self.clauses.is_empty() {
            return vec![format!("none of its clauses holds now: {}", self.numbers)];
        }
        let mut lines: Vec<String> = Vec::new();
        for clause in &self.clauses {
            let nodes = match clause.nodes.as_slice() {
                [] => "; no node behind it: the status is not refreshed".to_owned(),
                few if few.len() <= 3 => format!(": {}", join(few)),
                first => format!(": {} and {} more", join(&first[..2]), clause.nodes.len() - 2),
            };
            lines.push(format!("{}{nodes}", clause.words));
        }
        let patience = self.alert.patience();
        let fires = format!("it fires once this holds for {patience}");
        let span = |at| age(Some(at), now);
        lines.push(match self.last_change {
            Some(Seen::Changed(at)) if self.moved_lately(now) => format!(
                "does not hold now: updated changed {} ago, and the rule wants 5m of standstill",
                span(at)
            ),
            Some(Seen::Watched(at)) if now.duration_since(at) < STILL => format!(
                "since when updated has not changed is not known: watching for {}; the rule wants 5m of standstill, and {fires}",
                span(at)
            ),
            Some(Seen::Changed(at)) => format!("updated has not changed for {}, {fires}", span(at)),
            Some(Seen::Watched(at)) => {
                format!("updated has not changed for {} or longer, as long as watched; {fires}", span(at))
            }
            None => fires,
        });
        lines
    }
}

fn join(nodes: &[NodeName]) -> String {
    nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_known_by_long_and_short_names() {
        for (raw, alert) in [
            ("KubeDaemonSetRolloutStuck", Alert::RolloutStuck),
            ("rolloutstuck", Alert::RolloutStuck),
            ("NotScheduled", Alert::NotScheduled),
            ("KUBEDAEMONSETMISSCHEDULED", Alert::MisScheduled),
        ] {
            assert_eq!(Alert::parse(raw), Ok(alert), "{raw}");
        }
        let told = Alert::parse("KubePodCrashLooping").unwrap_err();
        assert!(Alert::ALL.iter().all(|alert| told.contains(alert.name())), "{told}");
    }
}
