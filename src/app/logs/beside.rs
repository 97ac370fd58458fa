//! Two nodes side by side, or one over the other: one that is ill and a healthy one, at the same time.

use super::streams::Streams;
use crate::domain::id::NodeName;
use crate::domain::log::StreamId;

/// Screens of at least so many columns show two nodes side by side.
const WIDE: u16 = 100;
/// Other screens of at least so many rows show one over the other; on smaller ones their lines are merged.
const HIGH: u16 = 16;

/// How two nodes share a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halves {
    /// Left and right, with a line between them.
    Columns,
    /// One over the other.
    Rows,
}

impl Halves {
    /// What fits.
    pub(super) fn of((width, height): (u16, u16)) -> Option<Self> {
        let rows = (height >= HIGH).then_some(Self::Rows);
        if width >= WIDE { Some(Self::Columns) } else { rows }
    }
}

/// One of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Left or above: the node that is looked into.
    #[default]
    Ill,
    /// Right or below: the node it is set beside.
    Healthy,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ill => Self::Healthy,
            Self::Healthy => Self::Ill,
        }
    }
}

/// Two nodes of one DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The node that is looked into.
    pub ill: NodeName,
    /// The healthy one.
    pub healthy: NodeName,
    /// Which of them the cursor is on.
    pub side: Side,
    ill_streams: Vec<StreamId>,
    healthy_streams: Vec<StreamId>,
}

impl Beside {
    /// With the cursor on the ill one.
    #[must_use]
    pub fn new(ill: NodeName, healthy: NodeName) -> Self {
        Self { ill, healthy, side: Side::Ill, ill_streams: Vec::new(), healthy_streams: Vec::new() }
    }

    /// Takes in which streams there are.
    pub(super) fn sort(&mut self, streams: &Streams) {
        let of = |node: &NodeName| {
            streams.iter().filter(|(_, stream)| stream.target.node == *node).map(|(id, _)| id).collect()
        };
        (self.ill_streams, self.healthy_streams) = (of(&self.ill), of(&self.healthy));
    }

    /// The streams of a side.
    #[must_use]
    pub fn streams(&self, side: Side) -> &[StreamId] {
        match side {
            Side::Ill => &self.ill_streams,
            Side::Healthy => &self.healthy_streams,
        }
    }
}
