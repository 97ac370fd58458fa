//! The controller's counters beside ours, and why those it wrote are old.
//!
//! The controller counts again only when something wakes it, and several changes of nodes wake nobody
//! (`daemon_controller.go`: there is no handler for deleted nodes, and `syncNodeUpdate` enqueues seldom).

use super::age::age;
use super::counts::Counts;
use super::id::NodeName;
use super::inventory::{CellView, Inventory, Row, RowSlot};

/// One counter, by the controller and by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its name, in Kubernetes' words.
    pub name: &'static str,
    /// What the status says.
    pub theirs: u32,
    /// What we count; none while that is not known.
    pub ours: Option<u32>,
}

impl Counter {
    /// Whether the controller's number is not that of the cluster.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.ours.is_some_and(|ours| ours != self.theirs)
    }
}

/// All counters of a DaemonSet.
#[must_use]
pub fn counters(inventory: &Inventory, slot: RowSlot) -> Vec<Counter> {
    let Some(row) = inventory.row(slot) else { return Vec::new() };
    let theirs = Counts::from(&row.daemon_set.status);
    let ours = inventory.computed(slot);
    let counter = |name, of: fn(&Counts) -> Option<u32>| Counter {
        name,
        theirs: of(&theirs).unwrap_or_default(),
        ours: ours.as_ref().and_then(of),
    };
    vec![
        counter("desired", |counts| Some(counts.desired)),
        counter("current", |counts| Some(counts.current)),
        counter("ready", |counts| Some(counts.ready)),
        counter("up-to-date", |counts| counts.up_to_date),
        counter("available", |counts| Some(counts.available)),
        counter("unavailable", |counts| Some(counts.unavailable)),
        counter("misscheduled", |counts| Some(counts.misscheduled)),
    ]
}

/// Why the controller has not counted again, as a sentence without a full stop; none where its numbers are right.
#[must_use]
pub fn stale_why(inventory: &Inventory, slot: RowSlot) -> Option<String> {
    let row = inventory.row(slot)?;
    let since = row.stale_since?;
    let causes = Causes::of(inventory, slot, row);
    let waits = "it counts again when a pod of the set or the set itself changes";
    Some(match () {
        () if !causes.gone.is_empty() => format!(
            "{} deleted, and nothing wakes the controller until garbage collection removes the pod there",
            named(&causes.gone, "was", "were")
        ),
        () if !causes.tainted.is_empty() => {
            format!("a NoSchedule taint on {} wakes no controller; {waits}", plain(&causes.tainted))
        }
        () if !causes.unhealthy.is_empty() => format!(
            "{} not ready, which wakes no controller while the pods still say Ready; {waits}",
            named(&causes.unhealthy, "is", "are")
        ),
        () if !causes.unbound.is_empty() => format!(
            "the pod for {} was not scheduled when its node ceased to match, which wakes no controller; {waits}",
            plain(&causes.unbound)
        ),
        () => format!("the controller has not counted for {}; {waits}", age(Some(since), inventory.now())),
    })
}

/// The nodes whose changes made the controller's numbers old, by name; none where they are right or no node tells.
#[must_use]
pub fn stale_nodes(inventory: &Inventory, slot: RowSlot) -> Vec<NodeName> {
    let Some(row) = inventory.row(slot).filter(|row| row.stale_since.is_some()) else { return Vec::new() };
    let causes = Causes::of(inventory, slot, row);
    let mut nodes = [causes.gone, causes.tainted, causes.unhealthy, causes.unbound].concat();
    nodes.sort();
    nodes
}

/// Nodes whose changes wake nobody.
#[derive(Default)]
struct Causes {
    gone: Vec<NodeName>,
    tainted: Vec<NodeName>,
    unhealthy: Vec<NodeName>,
    unbound: Vec<NodeName>,
}

impl Causes {
    fn of(inventory: &Inventory, slot: RowSlot, row: &Row) -> Self {
        let mut causes = Self::default();
        for (column, named) in inventory.columns() {
            let Some(view) = row.cell(column).filter(|cell| cell.occupied).and(inventory.view(slot, column))
            else {
                continue;
            };
            if let Some(list) = causes.list_for(&view) {
                list.push(named.name.clone());
            }
        }
        for list in [&mut causes.gone, &mut causes.tainted, &mut causes.unhealthy, &mut causes.unbound] {
            list.sort();
        }
        causes
    }

    fn list_for(&mut self, view: &CellView<'_>) -> Option<&mut Vec<NodeName>> {
        match (&view.column.node, view.cell.run, view.cell.keep) {
            (None, ..) => Some(&mut self.gone),
            (Some(_), true, _) => None,
            (Some(_), false, true) if view.refused_by_health_only => Some(&mut self.unhealthy),
            (Some(_), false, true) => Some(&mut self.tainted),
            (Some(_), false, false) => {
                view.pods.iter().any(|pod| pod.node_name.is_none()).then_some(&mut self.unbound)
            }
        }
    }
}

fn plain(nodes: &[NodeName]) -> String {
    match nodes {
        [] => String::new(),
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}

fn named(nodes: &[NodeName], one: &str, many: &str) -> String {
    format!("{} {}", plain(nodes), if nodes.len() == 1 { one } else { many })
}
