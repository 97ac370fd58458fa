//! What a kubelet refuses before it starts anything (semantics §1.7): such a pod fails, and its controller tries again.

use crate::demo::simulation::cluster::NodeEntry;
use crate::demo::simulation::mold::{Amount, Mold};
use crate::demo::simulation::{Io, Simulation};
use crate::demo::store::time_text;
use crate::domain::object::Pod;

/// Why a pod is refused: the reason, and the sentence.
type Refusal = (&'static str, String);

impl Simulation {
    /// Refuses a pod that its node cannot take; whether it did.
    pub(super) fn refuse_pod(&mut self, io: &mut Io<'_>, pod: &Pod, mold: &Mold) -> bool {
        let refusal = self
            .node_of(pod)
            .and_then(|node| under_pressure(mold, node).or_else(|| self.overfull(pod, mold, node)));
        let Some((reason, text)) = refusal else { return false };
        let now = time_text(io.now);
        io.edit_pod(pod, |value| {
            let status = &mut value["status"];
            status["phase"] = "Failed".into();
            status["reason"] = reason.into();
            status["message"] = format!("Pod was rejected: {text}").into();
            status["startTime"] = now.into();
        });
        self.tell(io, pod, true, reason, &text);
        true
    }

    /// What the scheduler would have seen, for pods that somebody bound past it.
    fn overfull(&self, pod: &Pod, mold: &Mold, node: &NodeEntry) -> Option<Refusal> {
        let mut used = Amount::default();
        for (uid, entry) in self.cluster.pods_on(&node.node.meta.key.name) {
            // Only what the kubelet has admitted counts.
            let admitted = !entry.pod.containers.is_empty() && !entry.pod.phase.is_terminal();
            if *uid != pod.meta.uid && admitted {
                used.cpu += entry.mold.requests.cpu;
                used.memory += entry.mold.requests.memory;
            }
        }
        let lacks = |reason, name: &str, wants: i64, used: i64, has: i64| {
            let text = format!(
                "Node didn't have enough resource: {name}, requested: {wants}, used: {used}, capacity: {has}"
            );
            (wants > 0 && used + wants > has).then_some((reason, text))
        };
        let (wants, has) = (mold.requests, node.allocatable);
        lacks("OutOfcpu", "cpu", wants.cpu, used.cpu, has.cpu)
            .or_else(|| lacks("OutOfmemory", "memory", wants.memory, used.memory, has.memory))
    }
}

/// Critical pods are taken all the same; the toleration of the pressure taint persuades only the scheduler.
fn under_pressure(mold: &Mold, node: &NodeEntry) -> Option<Refusal> {
    let holds = |kind: &&str| node.node.condition(kind).is_some_and(|c| c.status == Some(true));
    let pressures: Vec<&str> = ["DiskPressure", "PIDPressure"].into_iter().filter(holds).collect();
    let refused = !mold.critical && !pressures.is_empty();
    refused.then(|| ("Evicted", format!("The node had condition: [{}]. ", pressures.join(" "))))
}
