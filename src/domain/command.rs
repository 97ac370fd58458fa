//! A write to the cluster as data: exactly what is sent, on which condition, and what came of it.
//!
//! A dialog shows [`Command::body`]; the cluster floor sends those same bytes, once, and never again by itself.

use serde_json::json;

use super::id::ObjectRef;
use super::raw::RawObject;
use super::text::Text;

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

/// Deletes a pod, and no other of its name; the pod's own grace period holds.
#[must_use]
pub fn delete_pod(pod: ObjectRef) -> Command {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod.uid.to_string()}
    });
    let (from, to) = (Text::new(&pod.uid.to_string()), Text::new("deleted"));
    Command {
        verb: Verb::DeletePod,
        target: pod,
        method: Method::Delete,
        body: options.to_string(),
        from,
        to,
    }
}

/// Evicts a pod, and no other of its name: refused while a `PodDisruptionBudget` does not allow it.
#[must_use]
pub fn evict_pod(pod: ObjectRef) -> Command {
    let uid = pod.uid.to_string();
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.key.name.as_str(), "namespace": pod.key.namespace.as_str()},
        "deleteOptions": {"preconditions": {"uid": uid}}
    });
    let (from, to) = (Text::new(&uid), Text::new("evicted"));
    Command { verb: Verb::EvictPod, target: pod, method: Method::Evict, body: eviction.to_string(), from, to }
}
