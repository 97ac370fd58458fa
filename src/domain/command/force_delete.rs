//! Force-delete: a pod of a dead node, whose kubelet will never say that it ended.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::subject::target;
use super::{Command, Method, Proposal, Verb};
use crate::domain::age::age;
use crate::domain::id::ObjectKind;
use crate::domain::object::{Node, Pod};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// Removes a pod from the API without waiting for its kubelet. The node is none where its object is gone.
///
/// # Errors
/// The pod is not terminating, is within its grace period, or its node is Ready.
pub fn force_delete(pod: &RawObject, node: Option<&RawObject>, now: Timestamp) -> Result<Proposal, Refusal> {
    let target = target(pod, ObjectKind::Pod)?;
    let read: Pod = pod.decode().map_err(|_| Refusal::Malformed("readable pod"))?;
    let until = read.meta.deleting.ok_or(Refusal::NotTerminating)?;
    if until > now {
        return Err(Refusal::WithinGrace(until.to_string()));
    }
    let node: Option<Node> =
        node.map(RawObject::decode).transpose().map_err(|_| Refusal::Malformed("readable node"))?;
    let state = match &node {
        None => "its node object is gone".to_owned(),
        Some(node) if node.is_ready() => return Err(Refusal::NodeIsReady(node.meta.key.name.to_string())),
        Some(node) => {
            let since = node.condition("Ready").and_then(|ready| ready.since);
            format!("{} is NotReady {}", node.meta.key.name, age(since, now))
        }
    };
    let uid = pod.at("/metadata/uid").cloned().unwrap_or(Value::Null);
    let options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": uid},
    });
    let command = Command {
        verb: Verb::ForceDeletePod,
        target,
        method: Method::Delete,
        body: options.to_string(),
        from: Text::new(&format!("terminating since {}", age(Some(until), now))),
        to: Text::new("removed without its kubelet"),
    };
    let notes = vec![
        state,
        "do this only if the machine is off: a container that still runs there is not stopped, and its volumes can \
         be attached elsewhere while it writes"
            .to_owned(),
    ];
    Ok(Proposal { command, after: None, notes })
}
