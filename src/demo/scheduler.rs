//! The scheduler: binds daemon pods to the node they are for, or says why it cannot.
//!
//! Resources, host ports, taints and node selectors are checked in the real scheduler's order and words. Preemption
//! is not modelled: a pod that does not fit waits, whatever its priority.

use super::events::{About, Message};
use super::kubelet::status::set_condition;
use super::simulation::cluster::{NodeEntry, PodEntry};
use super::simulation::mold::{Amount, Mold};
use super::simulation::{Io, Simulation};
use super::store::Kind;
use crate::domain::id::Uid;
use crate::domain::object::{Phase, TaintEffect};
use crate::domain::text::Text;

const TOPOLOGY: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/// Why a pod does not go to a node.
#[derive(Debug, PartialEq, Eq)]
enum Obstacle {
    /// What is in the way; whether it would be even on an empty node.
    Reasons(Vec<&'static str>, bool),
}

impl Simulation {
    /// Tries to place a pod.
    pub(super) fn schedule(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let Some(entry) = self.cluster.pods.get(uid) else { return };
        let pod = &entry.pod;
        if pod.node_name.is_some() || pod.is_deleting() || pod.phase != Phase::Pending {
            return;
        }
        let (node, obstacle) = match &pod.affinity_node {
            Some(name) => match self.cluster.nodes.get(name.as_str()) {
                Some(node) => (Some(node), self.obstacle(&entry.mold, node)),
                None => (None, None),
            },
            None => (self.any_node(&entry.mold), None),
        };
        match (node, obstacle) {
            (Some(node), None) => {
                let name = node.node.meta.key.name.clone();
                self.bind(io, uid, &name);
            }
            (_, obstacle) => self.refuse(io, uid, obstacle.as_ref()),
        }
    }

    /// A node for a pod that names none.
    fn any_node(&self, mold: &Mold) -> Option<&NodeEntry> {
        self.cluster.nodes.values().find(|node| {
            let selected = mold
                .node_selector
                .iter()
                .all(|(k, v)| node.node.meta.labels.get(k).is_some_and(|value| *value == **v));
            selected && self.obstacle(mold, node).is_none()
        })
    }

    fn obstacle(&self, mold: &Mold, node: &NodeEntry) -> Option<Obstacle> {
        let one = |reason| Some(Obstacle::Reasons(vec![reason], true));
        let hard = |effect: &TaintEffect| matches!(effect, TaintEffect::NoSchedule | TaintEffect::NoExecute);
        let untolerated = node
            .node
            .taints
            .iter()
            .any(|taint| hard(&taint.effect) && !mold.tolerations.iter().any(|t| t.tolerates(taint)));
        if untolerated {
            return one("node(s) had untolerated taint(s)");
        }
        let (mut used, mut count) = (Amount::default(), 0);
        let mut port_taken = false;
        for (_, PodEntry { pod, mold: other }) in self.cluster.pods_on(&node.node.meta.key.name) {
            if pod.node_name.is_none() || pod.phase.is_terminal() {
                continue;
            }
            used.cpu += other.requests.cpu;
            used.memory += other.requests.memory;
            count += 1;
            port_taken |= other.ports.iter().any(|port| mold.ports.contains(port));
        }
        if port_taken {
            return one("node(s) didn't have free ports for the requested pod ports");
        }
        let (wants, has) = (mold.requests, node.allocatable);
        let mut reasons = Vec::new();
        if count + 1 > node.pods {
            reasons.push("Too many pods");
        }
        if wants.cpu > 0 && wants.cpu > has.cpu - used.cpu {
            reasons.push("Insufficient cpu");
        }
        if wants.memory > 0 && wants.memory > has.memory - used.memory {
            reasons.push("Insufficient memory");
        }
        let hopeless = wants.cpu > has.cpu || wants.memory > has.memory;
        (!reasons.is_empty()).then_some(Obstacle::Reasons(reasons, hopeless))
    }

    fn bind(&mut self, io: &mut Io<'_>, uid: &Uid, node: &Text) {
        let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { return };
        let labels = self.cluster.nodes.get(node).map(|n| &n.node.meta.labels);
        let now = io.now;
        let bound = io.edit_pod(pod, |value| {
            value["spec"]["nodeName"] = node.as_str().into();
            for key in TOPOLOGY {
                if let Some(label) = labels.and_then(|labels| labels.get(key)) {
                    value["metadata"]["labels"][key] = label.as_str().into();
                }
            }
            set_condition(&mut value["status"], "PodScheduled", true, None, now);
        });
        if !bound {
            return;
        }
        let text = format!("Successfully assigned {} to {node}", pod.meta.key);
        let about = About::new(Kind::Pod, &pod.meta);
        let message = scheduler_says(false, "Scheduled", &text);
        // So that the next pod in this round counts this one.
        if let Some(entry) = self.cluster.pods.get_mut(uid) {
            entry.pod.node_name = Some(node.as_str().into());
        }
        self.events.say(io, &about, message);
    }

    fn refuse(&mut self, io: &mut Io<'_>, uid: &Uid, obstacle: Option<&Obstacle>) {
        let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { return };
        let text = unschedulable(self.cluster.nodes.len(), obstacle, pod.affinity_node.is_some());
        if pod.scheduling.as_ref().is_some_and(|known| known.message == *text) {
            return;
        }
        let now = io.now;
        io.edit_pod(pod, |value| {
            let why = Some(("Unschedulable", text.as_str()));
            set_condition(&mut value["status"], "PodScheduled", false, why, now);
        });
        let about = About::new(Kind::Pod, &pod.meta);
        self.events.say(io, &about, scheduler_says(true, "FailedScheduling", &text));
    }
}

fn scheduler_says<'a>(warning: bool, reason: &'a str, text: &'a str) -> Message<'a> {
    Message { component: "default-scheduler", host: "", warning, reason, text }
}

/// The scheduler's message: counted reasons sorted as text, then what preemption could do.
fn unschedulable(nodes: usize, obstacle: Option<&Obstacle>, named: bool) -> String {
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let mut parts = Vec::new();
    let mut hopeful = false;
    let others = if let Some(Obstacle::Reasons(reasons, hopeless)) = obstacle {
        parts.extend(reasons.iter().map(|reason| format!("1 {reason}")));
        hopeful = !hopeless;
        nodes - 1
    } else {
        nodes
    };
    if others > 0 {
        let why = if named {
            "node(s) didn't satisfy plugin(s) [NodeAffinity]"
        } else {
            "node(s) didn't match Pod's node affinity/selector"
        };
        parts.push(format!("{others} {why}"));
    }
    parts.sort();
    let mut after = Vec::new();
    if hopeful {
        after.push("1 No preemption victims found for incoming pod".to_owned());
    }
    let helpless = if hopeful { others } else { nodes };
    if helpless > 0 {
        after.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    format!(
        "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {}.",
        parts.join(", "),
        after.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_the_real_schedulers() {
        let obstacle = Obstacle::Reasons(vec!["Insufficient cpu"], true);
        assert_eq!(
            unschedulable(3, Some(&obstacle), true),
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims \
             to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
        );
        let obstacle = Obstacle::Reasons(vec!["Insufficient cpu"], false);
        assert!(unschedulable(3, Some(&obstacle), true).ends_with(
            "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
        ));
    }
}
