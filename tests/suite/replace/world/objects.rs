//! The truth of the small cluster as objects of the API.

use dsgrid::domain::object::{ControllerRevision, DaemonSet, Node, Pod};
use jiff::SignedDuration;
use serde_json::json;

use super::{TruePod, World};
use crate::support::build::{daemon_set_json, node, pod_json, read, with};

impl World {
    pub(super) fn daemon_set(&self) -> DaemonSet {
        let set = with(daemon_set_json(&json!({})), "/spec/updateStrategy", json!({"type": "OnDelete"}));
        let set = with(set, "/metadata/generation", json!(self.generation));
        let set = with(set, "/metadata/annotations", json!({}));
        let set = with(set, "/spec/minReadySeconds", json!(self.min_ready));
        read(with(set, "/status/observedGeneration", json!(self.generation)))
    }

    pub(super) fn node(&self, at: usize) -> Node {
        let zone = if at.is_multiple_of(2) { "a" } else { "b" };
        let taints: &[&str] = if self.ready[at] { &[] } else { &["node.kubernetes.io/not-ready:NoSchedule"] };
        let mut node = node(&format!("n{at}"), &[("zone", zone)], taints);
        if !self.ready[at] {
            node.conditions[0].status = Some(false);
        }
        node
    }

    pub(super) fn pod(&self, pod: &TruePod) -> Pod {
        let mut object = with(pod_json(&pod.uid, &format!("n{}", pod.node)), "/metadata/uid", json!(pod.uid));
        object["metadata"]["creationTimestamp"] = json!(pod.created.to_string());
        object["metadata"]["labels"] = json!({"controller-revision-hash": format!("rev{}", pod.revision)});
        if let Some(at) = pod.deleting {
            object["metadata"]["deletionTimestamp"] = json!((at + SignedDuration::from_secs(30)).to_string());
        }
        let since = self.ready_since(pod);
        let said = since.unwrap_or(pod.created).to_string();
        object["status"]["conditions"][0] = json!({
            "type": "Ready", "status": if since.is_some() { "True" } else { "False" }, "lastTransitionTime": said
        });
        if pod.fails {
            object["status"]["containerStatuses"][0]["state"] =
                json!({"waiting": {"reason": "CrashLoopBackOff"}});
            object["status"]["containerStatuses"][0]["lastState"] =
                json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        }
        read(object)
    }

    /// All pods of a node.
    pub(super) fn on(&self, at: usize) -> Vec<Pod> {
        let own = self.pods.iter().filter(|pod| pod.node == at).map(|pod| self.pod(pod));
        own.chain(self.beside(at)).collect()
    }

    fn beside(&self, at: usize) -> Vec<Pod> {
        let Some(neighbour) = self.neighbours.get(at) else { return Vec::new() };
        let pod = with(pod_json("api", &format!("n{at}")), "/metadata/ownerReferences", json!([]));
        let pod = with(pod, "/metadata/namespace", json!("payments"));
        let pod = with(pod, "/metadata/uid", json!(neighbour.uid));
        let pod = with(pod, "/status/containerStatuses/0/restartCount", json!(neighbour.restarts));
        vec![read(match neighbour.broken_since {
            None => pod,
            Some(since) => with(
                pod,
                "/status/conditions/0",
                json!({"type": "Ready", "status": "False", "lastTransitionTime": since.to_string()}),
            ),
        })]
    }

    pub(super) fn revisions(&self) -> Vec<ControllerRevision> {
        let numbers = self.numbers.iter().enumerate();
        let one = |(at, number): (usize, &i64)| {
            read(json!({
                "metadata": {"name": format!("ds-rev{at}"), "namespace": "default", "uid": format!("rev-{at}"),
                    "labels": {"controller-revision-hash": format!("rev{at}")},
                    "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds-uid", "controller": true}]},
                "revision": number,
                "data": {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": format!("a:{at}")}]}}}},
            }))
        };
        numbers.map(one).collect()
    }
}
