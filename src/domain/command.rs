//! A write to the cluster as data: exactly what is sent, on which condition, and what came of it.
//!
//! A dialog shows [`Command::body`]; the cluster floor sends those same bytes, once, and never again by itself.

mod delete;
mod difference;
mod force_delete;
pub(in crate::domain) mod patch;
mod pause;
mod refusal;
mod restart;
mod resume;
mod subject;
mod throttle;
mod undo;

use super::id::ObjectRef;
use super::raw::RawObject;
use super::text::{Text, sanitize};

pub use delete::{delete_pod, evict_pod};
pub use difference::difference;
pub use force_delete::force_delete;
pub use pause::{PauseBy, pause};
pub use refusal::Refusal;
pub use restart::{RESTARTED_AT, restart};
pub use resume::{ResumeTo, forget, resume};
pub use throttle::{Limits, throttle};
pub use undo::{Undo, undo};

/// By which an answer to a write is known again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a person wants done, in the words of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Pause a rollout.
    Pause,
    /// Resume a paused rollout.
    Resume,
    /// Restart all pods by a rollout.
    Restart,
    /// Go back to an earlier revision.
    Undo,
    /// Change `maxUnavailable` or `maxSurge`.
    Throttle,
    /// Delete a pod.
    DeletePod,
    /// Delete a pod of a dead node without waiting for its kubelet.
    ForceDeletePod,
    /// Evict a pod, which asks the `PodDisruptionBudget`s.
    EvictPod,
    /// Change labels of a node.
    Label,
    /// Change taints of a node.
    Taint,
    /// Mark a node unschedulable.
    Cordon,
    /// Mark a node schedulable.
    Uncordon,
    /// Say on the DaemonSet that its pods are being replaced, or no longer.
    Replace,
    /// Remove or change dsgrid's own annotation.
    Annotate,
}

impl Verb {
    /// The word of the journal and of messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Restart => "restart",
            Self::Undo => "undo",
            Self::Throttle => "throttle",
            Self::DeletePod => "delete",
            Self::ForceDeletePod => "force-delete",
            Self::EvictPod => "evict",
            Self::Label => "label",
            Self::Taint => "taint",
            Self::Cordon => "cordon",
            Self::Uncordon => "uncordon",
            Self::Replace => "replace",
            Self::Annotate => "annotate",
        }
    }
}

/// The kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `PATCH` with a JSON patch (RFC 6902).
    JsonPatch,
    /// `PATCH` with a merge patch (RFC 7386).
    MergePatch,
    /// `PATCH` with a strategic merge patch.
    StrategicMergePatch,
    /// `DELETE` with delete options.
    Delete,
    /// `POST` to a pod's `eviction` subresource.
    Evict,
}

impl Method {
    /// The HTTP method.
    #[must_use]
    pub fn http(self) -> &'static str {
        match self {
            Self::JsonPatch | Self::MergePatch | Self::StrategicMergePatch => "PATCH",
            Self::Delete => "DELETE",
            Self::Evict => "POST",
        }
    }

    /// The body's media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::JsonPatch => "application/json-patch+json",
            Self::MergePatch => "application/merge-patch+json",
            Self::StrategicMergePatch => "application/strategic-merge-patch+json",
            Self::Delete | Self::Evict => "application/json",
        }
    }
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What for.
    pub verb: Verb,
    /// To which object. Its uid is also part of the body's preconditions: an object made anew under the same name is
    /// another one.
    pub target: ObjectRef,
    /// The kind of request.
    pub method: Method,
    /// The body, byte for byte.
    pub body: String,
    /// What it changes, for the journal: from.
    pub from: Text,
    /// What it changes, for the journal: to.
    pub to: Text,
}

impl Command {
    /// The body for people: sanitised lines. What is sent is [`Command::body`].
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.body.lines().map(|line| sanitize(line).into_owned()).collect()
    }
}

/// A write that was built and not sent yet: what is confirmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The write.
    pub command: Command,
    /// The object as it would be; none where it would be gone.
    pub after: Option<RawObject>,
    /// What it does, does not do and should be thought of, each a clause; pods are foretold by
    /// [`super::preview::rollout::Forecast`].
    pub notes: Vec<String>,
}

/// What came of a write. It is tried once.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The server did it; its answer.
    Done(RawObject),
    /// Nothing was written: the object is not as it was when the person decided. As it is now, if it could be read.
    LostRace(Option<RawObject>),
    /// Nothing was written: the object is gone, or another one has its name.
    Gone,
    /// Nothing was written: we may not (403), with the server's words.
    Denied(Text),
    /// Nothing was written: a `PodDisruptionBudget` does not allow it now (429), with the server's words.
    Budget(Text),
    /// Nothing was written: the server refused, with its words.
    Refused(Text),
    /// Nothing was sent, or it certainly did not arrive.
    NotSent(Text),
    /// It was sent, and no answer came: whether it was done shows only in the object.
    Unknown(Text),
}

impl Outcome {
    /// The word of the journal and of documents.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::LostRace(_) => "lostRace",
            Self::Gone => "gone",
            Self::Denied(_) => "denied",
            Self::Budget(_) => "budget",
            Self::Refused(_) => "refused",
            Self::NotSent(_) => "notSent",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The words that came with it; empty where its name says everything.
    #[must_use]
    pub fn words(&self) -> Text {
        match self {
            Self::Done(_) | Self::LostRace(_) | Self::Gone => Text::default(),
            Self::Denied(words)
            | Self::Budget(words)
            | Self::Refused(words)
            | Self::NotSent(words)
            | Self::Unknown(words) => words.clone(),
        }
    }
}
#[cfg(test)]
mod tests;
