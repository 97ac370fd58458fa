//! What is asked of a container's log, and what comes of it.

use std::fmt;

use jiff::Timestamp;

use super::decode::Line;
use crate::domain::id::ObjectRef;
use crate::domain::text::Text;

/// A stream, by the number its opener gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// How far back a log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Since {
    /// The last seconds, so many.
    Seconds(u32),
    /// From this time on.
    Time(Timestamp),
    /// All there is.
    All,
}

/// One container's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogRequest {
    /// The pod.
    pub pod: ObjectRef,
    /// The container, an init container or a sidecar.
    pub container: Text,
    /// Of the run before this one.
    pub previous: bool,
    /// Whether to go on as lines are printed.
    pub follow: bool,
    /// How far back.
    pub since: Since,
    /// Of what lies back, only the last lines, so many; none for all.
    pub tail: Option<u32>,
    /// At most so many bytes; none for all.
    pub bytes: Option<u32>,
    /// How often the container had been started again when this was asked: a run after that has a log of its own.
    pub restarts: u32,
}

/// What comes of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum LogNews {
    /// Lines in their order.
    Lines(Vec<Line>),
    /// So many lines came faster than they were taken, and are lost: the oldest that waited.
    Lost(u64),
    /// It broke and is opened again; why, for people.
    Broken(Text),
    /// Nothing more comes.
    Ended(LogEnd),
}

/// Why nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogEnd {
    /// The container ended, or everything that was asked for has been read.
    Complete,
    /// The pod is on no node yet (204).
    Unbound,
    /// The container never ran before, or its old log is gone (400).
    NoPrevious,
    /// The container has not been started yet (400); why, in the kubelet's words.
    NotStarted(Text),
    /// The pod is gone (404).
    Gone,
    /// Missing rights (403); the server's words.
    Denied(Text),
    /// The API server cannot reach the kubelet (500, 502, 503); its words.
    KubeletUnreachable(Text),
    /// Anything else, in words.
    Failed(Text),
}

impl LogEnd {
    /// Whether trying again may help while the pod lives.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unbound | Self::NotStarted(_) | Self::KubeletUnreachable(_) | Self::Failed(_))
    }
}

impl fmt::Display for LogEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("end of the log"),
            Self::Unbound => f.write_str("no log yet: the pod is on no node"),
            Self::NoPrevious => {
                f.write_str("no log of a previous run: the container never ended before, or its log is gone")
            }
            Self::NotStarted(why) if why.is_empty() => {
                f.write_str("no log yet: the container has not been started")
            }
            Self::NotStarted(why) => write!(f, "no log yet: the container waits to be started ({why})"),
            Self::Gone => f.write_str("the pod is gone, and its log with it"),
            Self::Denied(why) => write!(f, "not allowed to read logs (get on pods/log is missing): {why}"),
            Self::KubeletUnreachable(why) => write!(f, "the node's kubelet cannot be reached: {why}"),
            Self::Failed(why) => why.fmt(f),
        }
    }
}
