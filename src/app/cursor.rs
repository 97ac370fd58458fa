//! What is selected, by identity: rows and columns may move, come and go under it.

use crate::domain::id::{NodeName, Uid};
use crate::domain::text::Text;

/// The selected row: the line of nodes above the grid, or a DaemonSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum RowPlace {
    /// The line above the first DaemonSet.
    #[default]
    Header,
    /// A DaemonSet.
    DaemonSet(Uid),
}

/// The selected column: a name, a count, a node, or a group of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColumnPlace {
    /// The DaemonSets' names.
    #[default]
    Name,
    /// One of the counts.
    Count(CountColumn),
    /// A node.
    Node(NodeName),
    /// The nodes with this value of the grouping label, or without it.
    Group(Option<Text>),
}

impl ColumnPlace {
    /// The node, if one is selected.
    #[must_use]
    pub fn node(&self) -> Option<&NodeName> {
        match self {
            Self::Node(name) => Some(name),
            Self::Name | Self::Count(_) | Self::Group(_) => None,
        }
    }
}

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CountColumn {
    /// Nodes that should run a pod.
    Desired,
    /// Of those, nodes with a pod.
    Current,
    /// Of those, nodes whose pod is ready.
    Ready,
    /// Of those, nodes whose pod is of the current template.
    UpToDate,
    /// Of those, nodes whose pod is available.
    Available,
    /// Nodes with a pod that should have none.
    Misscheduled,
    /// Cells that are not as wanted.
    Bad,
    /// Up to date of desired, in percent.
    UpdatedShare,
}

impl CountColumn {
    /// The six counters of the controller.
    pub const FULL: [Self; 6] =
        [Self::Desired, Self::Current, Self::Ready, Self::UpToDate, Self::Available, Self::Misscheduled];
    /// The three numbers for narrow screens.
    pub const COMPACT: [Self; 3] = [Self::Desired, Self::Bad, Self::UpdatedShare];

    /// The column's heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Desired => "DES",
            Self::Current => "CUR",
            Self::Ready => "RDY",
            Self::UpToDate => "UPD",
            Self::Available => "AVL",
            Self::Misscheduled => "MIS",
            Self::Bad => "BAD",
            Self::UpdatedShare => "UPD%",
        }
    }

    /// What is counted.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Desired => "desired: nodes that should run a pod",
            Self::Current => "current: wanted nodes that have a pod, in whatever state",
            Self::Ready => "ready: wanted nodes whose pod is ready",
            Self::UpToDate => "up-to-date: wanted nodes whose pod is of the current template",
            Self::Available => "available: wanted nodes whose pod is ready for minReadySeconds",
            Self::Misscheduled => "misscheduled: nodes that run a pod and should not",
            Self::Bad => "bad: nodes that are not as wanted",
            Self::UpdatedShare => "up-to-date of desired, in percent",
        }
    }
}

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row.
    pub row: RowPlace,
    /// The column.
    pub column: ColumnPlace,
}

/// In which half of the screen the cursor moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The list of DaemonSets.
    #[default]
    List,
    /// The map of one DaemonSet.
    Map,
}
