//! What is asked once: events, budgets, whole objects, the pods of a node, and rights.

use serde::Deserialize;
use serde_json::{Value, json};

use super::connect::Connection;
use super::error::Error;
use super::list::{PAGE, WITHIN, first_page, gather};
use super::wire::{Ask, Replied, Write, encode, nullable};
use crate::domain::id::{NodeName, ObjectKind, ObjectRef, Uid};
use crate::domain::inquiry::{Answer, Inquiry, Permission};
use crate::domain::object::{Event, Pod, PodDisruptionBudget};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

impl Connection {
    /// Answers a question by asking the cluster once.
    ///
    /// A right that cannot be found out counts as given: then the server decides when it is used.
    ///
    /// # Errors
    /// The question was not answered.
    pub async fn answer(&self, inquiry: &Inquiry) -> Result<Answer, Error> {
        Ok(match inquiry {
            Inquiry::Events(object) => Answer::Events(self.events(object).await?),
            Inquiry::Budgets(namespace) => Answer::Budgets(self.budgets(namespace).await?),
            Inquiry::Object(object) => Answer::Object(self.object(object).await?),
            Inquiry::PodsOnNode(node) => Answer::Pods(self.pods_on_node(node).await?),
            Inquiry::Access(permission) => self.access(permission).await,
            // The cluster knows nothing of it; `Journal::read` does.
            Inquiry::Journal => Answer::Journal(Vec::new()),
        })
    }

    /// Which of these permissions are missing, with the server's reasons; asked side by side.
    ///
    /// One that cannot be found out counts as given, as in [`Connection::answer`].
    pub async fn missing_permissions<'a>(&self, asked: &'a [Permission]) -> Vec<(&'a Permission, Text)> {
        let answers = futures::future::join_all(asked.iter().map(|permission| self.access(permission))).await;
        let answered = asked.iter().zip(answers);
        answered
            .filter_map(|(permission, answer)| match answer {
                Answer::Access { allowed: false, reason } => Some((permission, reason)),
                _ => None,
            })
            .collect()
    }

    /// Found as `kubectl describe` finds them, oldest first. There is no watch cache for events: each question is read
    /// from etcd, so it is bounded to one page.
    async fn events(&self, object: &ObjectRef) -> Result<Vec<Event>, Error> {
        let (place, fields) = match object.kind {
            // A kubelet writes the node's name where the uid belongs, and node events are in the namespace "default".
            ObjectKind::Node => (
                "/api/v1/events".to_owned(),
                format!("involvedObject.kind=Node,involvedObject.name={}", object.key.name),
            ),
            ObjectKind::DaemonSet | ObjectKind::Pod | ObjectKind::ControllerRevision => (
                format!("/api/v1/namespaces/{}/events", encode(&object.key.namespace)),
                format!("involvedObject.uid={}", object.uid),
            ),
        };
        let path = format!("{place}?fieldSelector={}&limit={PAGE}", encode(&fields));
        let ask = Ask { path, doing: format!("list the events of the {object}"), within: WITHIN };
        let mut events: Vec<Event> = first_page(&self.wire, &ask).await?;
        events.sort_by_key(|event| event.last_seen);
        Ok(events)
    }

    async fn budgets(&self, namespace: &Text) -> Result<Vec<PodDisruptionBudget>, Error> {
        let ask = |token: &str| Ask {
            path: format!(
                "/apis/policy/v1/namespaces/{}/poddisruptionbudgets?limit={PAGE}{}",
                encode(namespace),
                next(token)
            ),
            doing: format!("list poddisruptionbudgets in the namespace {namespace}"),
            within: WITHIN,
        };
        match gather(&self.wire, ask, |_| true, |_| {}).await {
            Ok(listed) => Ok(listed.objects),
            // A server without this API has no budgets.
            Err(error) if error.is_absent() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// An object as it is now; none if it is gone or another one has its name.
    pub(super) async fn object(&self, object: &ObjectRef) -> Result<Option<RawObject>, Error> {
        let ask = Ask { path: object.path(), doing: format!("get the {object}"), within: WITHIN };
        let body = match self.wire.read(&ask).await {
            Ok((body, _)) => body,
            Err(error) if error.is_absent() => return Ok(None),
            Err(error) => return Err(error),
        };
        let found: Value =
            serde_json::from_slice(&body).map_err(|error| self.wire.unreadable(&ask, &error))?;
        let uid = found.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        Ok((Uid::new(uid) == object.uid).then(|| RawObject::new(found)))
    }

    async fn pods_on_node(&self, node: &NodeName) -> Result<Vec<Pod>, Error> {
        let fields = encode(&format!("spec.nodeName={node}"));
        let ask = |token: &str| Ask {
            path: format!("/api/v1/pods?fieldSelector={fields}&limit={PAGE}{}", next(token)),
            doing: format!("list all pods of the node {node}"),
            within: WITHIN,
        };
        Ok(gather(&self.wire, ask, |_| true, |_| {}).await?.objects)
    }

    async fn access(&self, permission: &Permission) -> Answer {
        let allowed = |why: &str| {
            tracing::debug!(?permission, why, "a right cannot be found out and counts as given");
            Answer::Access { allowed: true, reason: Text::default() }
        };
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": permission.verb, "group": permission.group, "resource": permission.resource,
                "subresource": permission.subresource, "namespace": permission.namespace,
            }},
        })
        .to_string();
        let write = Write {
            method: "POST",
            path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(),
            content_type: "application/json",
            body: &review,
            doing: "ask for our rights".to_owned(),
        };
        match self.wire.write(&write).await {
            Ok(Replied::Good(body)) => match serde_json::from_slice::<Review>(&body) {
                Ok(Review { status: Some(verdict) }) => {
                    Answer::Access { allowed: verdict.allowed, reason: verdict.reason }
                }
                _ => allowed("the answer is no review"),
            },
            Ok(Replied::Bad(status)) => allowed(&status.message),
            Ok(Replied::Unauthorized(_)) => allowed("credentials that have run out"),
            Err(_) => allowed("no answer"),
        }
    }
}

fn next(token: &str) -> String {
    if token.is_empty() { String::new() } else { format!("&continue={}", encode(token)) }
}

#[derive(Deserialize)]
struct Review {
    status: Option<Verdict>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Verdict {
    #[serde(deserialize_with = "nullable")]
    allowed: bool,
    reason: Text,
}

#[cfg(test)]
mod tests;
