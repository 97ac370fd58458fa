//! What happened.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::domain::command::{Outcome, Ticket};
use crate::domain::event::ClusterEvent;
use crate::domain::id::NodeName;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::object::Pod;
use crate::domain::replace::check::Fresh;
use crate::domain::replace::evidence::Evidence;

/// Something that happened, outside or at the keyboard.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The cluster said these things, in this order.
    Cluster(Vec<ClusterEvent>),
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has this many columns and lines.
    Resized(u16, u16),
    /// The local clock shows this.
    Ticked(Timestamp),
    /// A frame is about to be drawn: the words that depend on time are made anew.
    FrameCame,
    /// A frame is on the screen that shows the model as it is.
    FrameDrawn,
    /// The program came back from a suspension.
    Resumed,
    /// Work ended badly; the words are for people.
    WorkFailed(String),
    /// A question was answered; the words of a failure are for people.
    Answered(Inquiry, Result<Answer, String>),
    /// A file was saved: its path, or why not; both are for people.
    Saved(Result<String, String>),
    /// What a deletion depends on was read afresh, or why not.
    ReplacementChecked {
        /// The node.
        node: NodeName,
        /// What was read.
        fresh: Box<Result<Fresh, String>>,
    },
    /// All pods of a node were read, or why not.
    NeighboursRead {
        /// The node.
        node: NodeName,
        /// Its pods.
        pods: Result<Vec<Pod>, String>,
    },
    /// What is at hand of a node that failed was read.
    EvidenceRead {
        /// The node.
        node: NodeName,
        /// What was found.
        evidence: Evidence,
    },
    /// Somebody wants the program to end from outside, as Ctrl-c does.
    Interrupted,
    /// A write was tried.
    Sent {
        /// Which.
        ticket: Ticket,
        /// What came of it.
        outcome: Box<Outcome>,
    },
}
