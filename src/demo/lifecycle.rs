//! Nodes: heartbeats, taints for their conditions, eviction, and pods of nodes that are gone.

pub mod eviction;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::{About, Message};
use super::kubelet::Outage;
use super::kubelet::status::set_condition;
use super::simulation::timers::Task;
use super::simulation::{Io, Simulation, later};
use super::store::{Kind, time_text};
use crate::domain::object::{Node, TaintEffect};
use crate::domain::text::Text;

/// Between two status reports of a kubelet that has nothing new to say.
const HEARTBEAT: Duration = Duration::from_secs(300);
/// How long a silent node is believed in.
const GRACE: Duration = Duration::from_secs(50);
/// From a `NotReady` node's first taint to the second.
const EXECUTE_DELAY: Duration = Duration::from_secs(5);

/// Who says that a node is lost.
const CONTROLLER: &str = "node-controller";

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// The conditions that a kubelet reports when all is well: type, status, reason, message.
pub(super) const HEALTHY: [(&str, &str, &str, &str); 4] = [
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

/// The taints that a node's conditions and cordon ask for, all `NoSchedule`, with whether they do.
fn condition_taints(node: &Node) -> [(&'static str, bool); 7] {
    let is = |kind: &str| node.condition(kind).is_some_and(|c| c.status == Some(true));
    let ready = node.condition("Ready");
    [
        (NOT_READY, ready.is_some_and(|c| c.status == Some(false))),
        (UNREACHABLE, ready.is_some_and(|c| c.status.is_none())),
        ("node.kubernetes.io/unschedulable", node.unschedulable),
        ("node.kubernetes.io/memory-pressure", is("MemoryPressure")),
        ("node.kubernetes.io/disk-pressure", is("DiskPressure")),
        ("node.kubernetes.io/pid-pressure", is("PIDPressure")),
        ("node.kubernetes.io/network-unavailable", is("NetworkUnavailable")),
    ]
}

/// Which of the two not-ready taints a node should have with `NoExecute`.
fn execute_taint(node: &Node) -> Option<&'static str> {
    match node.condition("Ready")?.status {
        Some(true) => None,
        Some(false) => Some(NOT_READY),
        None => Some(UNREACHABLE),
    }
}

fn has(node: &Node, key: &str, effect: &TaintEffect) -> bool {
    node.taints.iter().any(|taint| taint.key == *key && taint.effect == *effect)
}

/// Adds or removes a taint in JSON.
pub(super) fn put_taint(node: &mut Value, key: &str, effect: &str, wanted: bool, now: Timestamp) {
    let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let known = taints.iter().any(|t| t["key"] == key && t["effect"] == effect);
    if wanted && !known {
        taints.push(json!({"key": key, "effect": effect, "timeAdded": time_text(now)}));
    } else if !wanted {
        taints.retain(|t| t["key"] != key || t["effect"] != effect);
    }
    node["spec"]["taints"] = taints.into();
}

/// Writes what a kubelet reports.
pub(super) fn report(node: &mut Value, ready: bool, now: Timestamp) {
    for (kind, status, reason, message) in HEALTHY {
        let (status, reason, message) = if kind == "Ready" && !ready {
            ("False", "KubeletNotReady", "container runtime network not ready: cni plugin not initialized")
        } else {
            (status, reason, message)
        };
        put_condition(node, kind, status, reason, message, now);
        if let Some(conditions) = node["status"]["conditions"].as_array_mut()
            && let Some(condition) = conditions.iter_mut().find(|c| c["type"] == kind)
        {
            condition["lastHeartbeatTime"] = time_text(now).into();
        }
    }
}

fn put_condition(node: &mut Value, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
    if !node["status"]["conditions"].is_array() {
        node["status"]["conditions"] = json!([]);
    }
    let Some(conditions) = node["status"]["conditions"].as_array_mut() else { return };
    let time = time_text(now);
    let mut new = json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastHeartbeatTime": time, "lastTransitionTime": time,
    });
    match conditions.iter_mut().find(|c| c["type"] == kind) {
        Some(known) => {
            new["lastHeartbeatTime"] = known["lastHeartbeatTime"].clone();
            if known["status"] == status {
                new["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = new;
        }
        None => conditions.push(new),
    }
}

impl Simulation {
    /// A node is seen for the first time: its kubelet begins to report, at its own beat.
    pub(super) fn meet_node(&mut self, node: &Text, now: Timestamp) {
        let reports = self.cluster.nodes.get(node).is_some_and(|n| n.node.condition("Ready").is_some());
        // A node that somebody posts without conditions gets them as soon as its kubelet has started.
        let first = if reports {
            Duration::from_millis(self.random.below(u64::try_from(HEARTBEAT.as_millis()).unwrap_or(1)))
        } else {
            Duration::from_secs(2)
        };
        self.timers.at(later(now, first), Task::Heartbeat(node.clone()));
    }

    pub(super) fn heartbeat(&mut self, io: &mut Io<'_>, node: &Text) {
        if !self.cluster.nodes.contains_key(node) {
            return;
        }
        self.timers.at(io.after(HEARTBEAT), Task::Heartbeat(node.clone()));
        self.post_status(io, node);
    }

    /// The kubelet reports, unless nobody would hear it.
    fn post_status(&mut self, io: &mut Io<'_>, node: &Text) {
        let outage = self.kubelets.outage(node);
        if outage == Some(Outage::Silent) {
            return;
        }
        let now = io.now;
        io.edit(Kind::Node, "", node, |value| report(value, outage.is_none(), now));
    }

    /// Lets a node fail, or brings it back; the cluster notices as it really would.
    pub fn set_outage(&mut self, io: &mut Io<'_>, node: &Text, outage: Option<Outage>) {
        self.kubelets.set_outage(node, outage);
        match outage {
            Some(Outage::Silent) => self.timers.at(io.after(GRACE), Task::Silence(node.clone())),
            Some(Outage::NotReady) => {
                self.post_status(io, node);
                self.tell_node(io, node, "kubelet", "NodeNotReady");
            }
            None => {
                self.post_status(io, node);
                self.tell_node(io, node, "kubelet", "NodeReady");
                let pods: Vec<_> = self.cluster.pods_on(node).map(|(uid, _)| uid.clone()).collect();
                self.wake.pods.extend(pods);
            }
        }
    }

    /// Nobody heard of a node for too long: all its conditions become Unknown and its pods unready.
    pub(super) fn hear_silence(&mut self, io: &mut Io<'_>, node: &Text) {
        if self.kubelets.outage(node) != Some(Outage::Silent) {
            return;
        }
        if !self.cluster.nodes.contains_key(node) {
            return;
        }
        let now = io.now;
        io.edit(Kind::Node, "", node, |value| lose(value, now));
        self.mourn(io, node);
    }

    /// What the lifecycle controller says and does once it has lost a node.
    pub(in crate::demo) fn mourn(&mut self, io: &mut Io<'_>, node: &Text) {
        self.tell_node(io, node, CONTROLLER, "NodeNotReady");
        let now = io.now;
        let pods: Vec<_> = self.cluster.pods_on(node).map(|(_, entry)| entry.pod.clone()).collect();
        for pod in pods.iter().filter(|pod| pod.node_name.is_some()) {
            if pod.ready {
                io.edit_pod(pod, |value| set_condition(&mut value["status"], "Ready", false, None, now));
            }
            let text = "Node is not ready";
            let message =
                Message { component: CONTROLLER, host: "", warning: true, reason: "NodeNotReady", text };
            self.events.say(io, &About::new(Kind::Pod, &pod.meta), message);
        }
    }

    /// Says on a node what it has become.
    fn tell_node(&mut self, io: &mut Io<'_>, node: &Text, component: &str, reason: &str) {
        let Some(entry) = self.cluster.nodes.get(node) else { return };
        let about = About::new(Kind::Node, &entry.node.meta);
        let text = format!("Node {node} status is now: {reason}");
        self.events.say(io, &about, Message { component, host: "", warning: false, reason, text: &text });
    }

    /// Puts the taints on a node that its conditions ask for.
    pub(super) fn check_node(&mut self, io: &mut Io<'_>, name: &Text) {
        let Some(entry) = self.cluster.nodes.get(name) else { return };
        let node = &entry.node;
        let wanted = condition_taints(node);
        let execute = execute_taint(node);
        let no_execute = TaintEffect::NoExecute;
        let stale: Vec<&str> = [NOT_READY, UNREACHABLE]
            .into_iter()
            .filter(|key| execute != Some(key) && has(node, key, &no_execute))
            .collect();
        if execute.is_some_and(|key| !has(node, key, &no_execute)) {
            self.timers.at(io.after(EXECUTE_DELAY), Task::NoExecute(name.clone()));
        }
        let differs = wanted.iter().any(|(key, on)| has(node, key, &TaintEffect::NoSchedule) != *on);
        if !differs && stale.is_empty() {
            return;
        }
        let now = io.now;
        io.edit(Kind::Node, "", name, |value| {
            for (key, on) in wanted {
                put_taint(value, key, "NoSchedule", on, now);
            }
            for key in &stale {
                put_taint(value, key, "NoExecute", false, now);
            }
        });
    }

    /// The second taint of a node that is still not ready; none where every node is (full disruption).
    pub(super) fn taint_no_execute(&mut self, io: &mut Io<'_>, name: &Text) {
        if !self.cluster.nodes.values().any(|entry| entry.node.is_ready()) {
            return;
        }
        let Some(key) = self.cluster.nodes.get(name).and_then(|entry| execute_taint(&entry.node)) else {
            return;
        };
        let now = io.now;
        io.edit(Kind::Node, "", name, |value| put_taint(value, key, "NoExecute", true, now));
    }
}

/// What the lifecycle controller writes about a node it has lost.
pub(super) fn lose(node: &mut Value, now: Timestamp) {
    for (kind, ..) in HEALTHY {
        put_condition(
            node,
            kind,
            "Unknown",
            "NodeStatusUnknown",
            "Kubelet stopped posting node status.",
            now,
        );
    }
}
