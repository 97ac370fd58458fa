//! Two nodes side by side: one that is ill and a healthy one, at the same time.

use super::streams::Streams;
use crate::domain::id::NodeName;
use crate::domain::log::StreamId;

/// Screens of at least so many columns show two nodes side by side; on smaller ones their lines are merged.
pub const SIDE_BY_SIDE: u16 = 100;

/// One of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Left: the node that is looked into.
    #[default]
    Ill,
    /// Right: the node it is set beside.
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
