//! Which pods' logs are opened first where there are more than streams.

use std::fmt;

use crate::domain::cell::CellState;
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef};
use crate::domain::inventory::{ColumnSlot, Inventory, RowSlot};
use crate::domain::object::{ContainerState, Pod};
use crate::domain::text::Text;

use super::container::default_container;

/// Streams that are open at once, where nobody says otherwise.
pub const DEFAULT_STREAMS: usize = 16;
/// The most streams: each is a connection to the API server and one from there to a kubelet.
pub const MOST_STREAMS: usize = 64;

/// One pod whose log can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The DaemonSet.
    pub daemon_set: ObjectKey,
    /// The pod.
    pub pod: ObjectRef,
    /// Its node.
    pub node: NodeName,
    /// The container that is meant where none is named.
    pub container: Text,
    /// Whether some container of it crashes again and again, so that the run before says more.
    pub crashing: bool,
    /// The state of its cell.
    pub state: CellState,
}

/// The pods whose logs are read, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Those to open, in this order.
    pub open: Vec<Target>,
    /// How many there are.
    pub of: usize,
    /// Whether they are of several DaemonSets, so that a node can have several of them.
    pub is_mixed: bool,
    /// Whether some of them are failing or outdated.
    pub has_ill: bool,
}

impl fmt::Display for Selection {
    /// `16 of 873 nodes shown`; pods where they are of several DaemonSets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.is_mixed { "pod" } else { "node" };
        match (self.open.len(), self.of) {
            (shown, of) if shown < of => write!(f, "{shown} of {of} {noun}s shown"),
            (1, _) => write!(f, "1 {noun}"),
            (shown, _) => write!(f, "{shown} {noun}s"),
        }
    }
}

impl Selection {
    /// Which come first, where not all are shown: `outdated and failing first`.
    #[must_use]
    pub fn order(&self) -> Option<&'static str> {
        let ill_first = || if self.has_ill { "outdated and failing first" } else { "the first by name" };
        (self.open.len() < self.of).then(ill_first)
    }
}

/// Failing ones first, then outdated ones, then the others.
fn rank(state: CellState) -> u8 {
    match state {
        CellState::Failing | CellState::NotReady | CellState::Lost | CellState::Misscheduled => 0,
        CellState::Outdated => 1,
        _ => 2,
    }
}

/// Chooses the pods of these cells, at most `most`: failing ones first, then outdated ones, then the others, each by
/// node. Of several pods in a cell the controller's first is meant.
#[must_use]
pub fn select(inventory: &Inventory, cells: &[(RowSlot, ColumnSlot)], most: usize) -> Selection {
    let mut targets: Vec<Target> =
        cells.iter().filter_map(|(row, column)| target(inventory, *row, *column)).collect();
    let of = targets.len();
    let first = targets.first().map(|target| &target.daemon_set);
    let is_mixed = targets.iter().any(|target| Some(&target.daemon_set) != first);
    let has_ill = targets.iter().any(|target| rank(target.state) < 2);
    targets.sort_by(|a, b| {
        (rank(a.state), &a.node, &a.daemon_set).cmp(&(rank(b.state), &b.node, &b.daemon_set))
    });
    targets.truncate(most);
    Selection { open: targets, of, is_mixed, has_ill }
}

fn target(inventory: &Inventory, row: RowSlot, column: ColumnSlot) -> Option<Target> {
    let view = inventory.view(row, column)?;
    let pod =
        view.pods.iter().find(|pod| pod.node_name.is_some() && !pod.is_deleting()).or(view.pods.first())?;
    let template = &view.row.daemon_set.template;
    Some(Target {
        daemon_set: view.row.daemon_set.meta.key.clone(),
        pod: ObjectRef { kind: ObjectKind::Pod, key: pod.meta.key.clone(), uid: pod.meta.uid.clone() },
        node: view.column.name.clone(),
        container: crashing_container(pod).or_else(|| default_container(pod, template))?,
        crashing: crashing_container(pod).is_some(),
        state: view.cell.state,
    })
}

/// The container that ended and waits to be started again: its last words are in the run before, and nobody asks for
/// the log of another one first.
fn crashing_container(pod: &Pod) -> Option<Text> {
    let mut all = pod.init_containers.iter().chain(&pod.containers);
    let crashing = all.find(|container| {
        container.last.is_some()
            && matches!(&container.state, ContainerState::Waiting { reason, .. } if *reason == "CrashLoopBackOff")
    });
    crashing.map(|container| container.name.clone())
}
