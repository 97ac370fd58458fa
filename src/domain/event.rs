//! What the cluster tells the model. Everything here is past: it happened there.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::id::Uid;
use super::log::{LogNews, StreamId};
use super::object::{ControllerRevision, DaemonSet, Node, Pod};
use super::text::Text;

/// One thing the cluster said.
#[derive(Clone, Debug)]
pub enum ClusterEvent {
    /// About DaemonSets.
    DaemonSets(Change<DaemonSet>),
    /// About nodes.
    Nodes(Change<Node>),
    /// About pods.
    Pods(Change<Pod>),
    /// About `ControllerRevision`s.
    Revisions(Change<ControllerRevision>),
    /// A watch connected, synced, broke or was refused.
    Link(Watch, LinkState),
    /// The server's clock less ours, from a `Date` header (whole seconds).
    ClockRead(SignedDuration),
    /// About a log that was opened.
    Log(StreamId, LogNews),
}

impl ClusterEvent {
    /// How much work it is to take in, in objects or lines.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Log(_, LogNews::Lines(lines)) => lines.len().max(1),
            _ => 1,
        }
    }
}

/// A change to the objects of one kind.
#[derive(Clone, Debug)]
pub enum Change<T> {
    /// A complete list: what is not in it is gone from that scope.
    Replaced(Scope, Vec<T>),
    /// Added or modified.
    Applied(T),
    /// Deleted, with its last state.
    Deleted(T),
}

/// What a list or watch covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All namespaces, or a kind that has none.
    Cluster,
    /// One namespace.
    Namespace(Text),
    /// The pods that one DaemonSet's own selector finds: also adopted ones, which carry no hash label.
    DaemonSet(Uid),
}

/// The kinds that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WatchKind {
    /// DaemonSets.
    DaemonSets,
    /// Nodes.
    Nodes,
    /// Daemon pods.
    Pods,
    /// `ControllerRevision`s.
    Revisions,
}

impl WatchKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::DaemonSets, Self::Nodes, Self::Pods, Self::Revisions];

    /// The resource's name, as in a URL.
    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::DaemonSets => "daemonsets",
            Self::Nodes => "nodes",
            Self::Pods => "pods",
            Self::Revisions => "controllerrevisions",
        }
    }
}

/// One watch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watch {
    /// What is watched.
    pub kind: WatchKind,
    /// Where.
    pub scope: Scope,
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Cluster | Scope::DaemonSet(_) => f.write_str(self.kind.resource()),
            Scope::Namespace(namespace) => write!(f, "{} in {namespace}", self.kind.resource()),
        }
    }
}

/// How a watch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing has been heard yet.
    Connecting,
    /// A list is being received.
    Syncing {
        /// Objects received so far.
        received: u32,
        /// Objects expected, where the server says.
        expected: Option<u32>,
    },
    /// Complete, and changes come as they happen.
    Live {
        /// Since when.
        since: Timestamp,
    },
    /// Broken; tried again. What was received stays.
    Retrying {
        /// Since when nothing is live.
        since: Timestamp,
        /// Why, for people.
        why: Text,
    },
    /// The server refuses (403).
    Denied {
        /// The server's words.
        why: Text,
    },
}
