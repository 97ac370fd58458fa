//! What the model wants done. Effects are data; the shell carries them out.

use crate::domain::absence::Sighting;
use crate::domain::command::{Command, Ticket, Verb};
use crate::domain::id::{NodeName, ObjectRef, Uid};
use crate::domain::inquiry::Inquiry;
use crate::domain::log::{LogRequest, StreamId};
use crate::domain::replace::evidence::Search;
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// What is read afresh before a pod is deleted, within fifteen seconds in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The DaemonSet.
    pub daemon_set: ObjectRef,
    /// The node's name, by which the answer is known again.
    pub node: NodeName,
    /// The node; none where its object is gone.
    pub node_object: Option<ObjectRef>,
    /// The pod.
    pub pod: ObjectRef,
    /// Also all pods of the node.
    pub with_pods: bool,
}

/// Work for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Give the terminal back to the shell until the user continues the program.
    Suspend,
    /// Receive everything anew.
    Relist,
    /// Put a text on the clipboard.
    CopyToClipboard(String),
    /// Save a text to a new file in the current directory; `Msg::Saved` tells where.
    SaveFile {
        /// The file's name; one that is taken gets a number.
        name: String,
        /// What is saved.
        text: String,
    },
    /// List the pods that a DaemonSet's own selector finds, once: adopted pods carry no hash label, so no watch
    /// sees them.
    ListDaemonSetPods {
        /// The DaemonSet.
        daemon_set: Uid,
        /// Its namespace.
        namespace: Text,
        /// Its selector.
        selector: Selector,
    },
    /// Read everything a deletion depends on afresh; `Msg::ReplacementChecked` brings it.
    CheckReplacement(Box<Check>),
    /// Read all pods of a node; `Msg::NeighboursRead` brings them.
    ReadNeighbours(NodeName),
    /// Read what is at hand of a node that failed; `Msg::EvidenceRead` brings it.
    ReadEvidence {
        /// The node.
        node: NodeName,
        /// Where to look.
        search: Box<Search>,
    },
    /// Read a log; news of it come under this number.
    OpenLog(StreamId, Box<LogRequest>),
    /// Read it no longer.
    CloseLog(StreamId),
    /// Keep what is wanted where, for the next look at this context.
    RememberDesired(Box<Sighting>),
    /// Ask the cluster this once; `Msg::Answered` brings the answer.
    Ask(Inquiry),
    /// Tell the journal of a change that was wanted and refused before it was sent.
    JournalRefusal {
        /// What for.
        verb: Verb,
        /// Of which object.
        target: ObjectRef,
        /// Why it was refused.
        why: Text,
    },
    /// Send this write once; `Msg::Sent` brings what came of it.
    Send {
        /// By which the answer is known again.
        ticket: Ticket,
        /// What is sent.
        command: Box<Command>,
        /// Only let the server check it (`dryRun=All`): nothing is written.
        dry_run: bool,
    },
}
