//! Deleting and evicting one pod, and no other of its name.

use serde_json::json;

use super::{Command, Method, Verb};
use crate::domain::id::ObjectRef;
use crate::domain::text::Text;

/// Deletes a pod; its own grace period holds, and `PodDisruptionBudget`s are not asked.
#[must_use]
pub fn delete_pod(pod: ObjectRef) -> Command {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod.uid.to_string()}
    });
    command(Verb::DeletePod, Method::Delete, pod, &options, "deleted")
}

/// Evicts a pod: refused while a `PodDisruptionBudget` does not allow it.
#[must_use]
pub fn evict_pod(pod: ObjectRef) -> Command {
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.key.name.as_str(), "namespace": pod.key.namespace.as_str()},
        "deleteOptions": {"preconditions": {"uid": pod.uid.to_string()}}
    });
    command(Verb::EvictPod, Method::Evict, pod, &eviction, "evicted")
}

fn command(verb: Verb, method: Method, pod: ObjectRef, body: &serde_json::Value, to: &str) -> Command {
    let from = Text::new(&pod.uid.to_string());
    Command { verb, target: pod, method, body: body.to_string(), from, to: Text::new(to) }
}
