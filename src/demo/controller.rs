//! The DaemonSet controller: one sync at a time, as `syncDaemonSet` of Kubernetes 1.36 does it.

pub mod manage;
pub mod pods;
pub mod revisions;
pub mod rolling;
pub mod status;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::events::{About, Message};
use super::simulation::cluster::{Cluster, PodEntry, SetEntry};
use super::simulation::timers::Task;
use super::simulation::{Io, Simulation};
use super::store::Kind;
use crate::domain::id::Uid;
use crate::domain::object::{Phase, Pod};
use crate::domain::text::Text;

/// The component's name in events.
const COMPONENT: &str = "daemonset-controller";
/// Creates and deletes in one sync, each.
const BURST: usize = 250;

/// What a sync decided to write.
#[derive(Debug, Default)]
struct Plan {
    create: Vec<Text>,
    delete: Vec<Uid>,
    /// Failed or succeeded pods among them, which are announced.
    ended: Vec<(Uid, Text)>,
    again: Option<Timestamp>,
}

impl Plan {
    fn is_empty(&self) -> bool {
        self.create.is_empty() && self.delete.is_empty()
    }

    fn requeue(&mut self, at: Timestamp) {
        self.again = Some(self.again.map_or(at, |known| known.min(at)));
    }
}

/// A pod as the controller judges it.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, as the controller asks them")]
#[derive(Clone, Debug)]
struct View {
    uid: Uid,
    name: Text,
    created: Option<Timestamp>,
    bound: bool,
    deleting: bool,
    phase: Phase,
    ready: bool,
    available: bool,
    /// By hash label or template generation.
    updated: bool,
    /// By hash label alone.
    current_hash: bool,
}

impl View {
    fn new(set: &SetEntry, uid: &Uid, pod: &Pod, hash: &str, now: Timestamp) -> Self {
        Self {
            uid: uid.clone(),
            name: pod.meta.key.name.clone(),
            created: pod.meta.created,
            bound: pod.node_name.is_some(),
            deleting: pod.is_deleting(),
            phase: pod.phase,
            ready: pod.ready,
            available: available_at(set, pod).is_some_and(|at| at <= now),
            updated: set.is_updated(pod, hash),
            current_hash: pod.revision.as_ref().is_some_and(|revision| *revision == *hash),
        }
    }
}

/// When a ready pod is or becomes available.
fn available_at(set: &SetEntry, pod: &Pod) -> Option<Timestamp> {
    if !pod.ready {
        return None;
    }
    if set.ds.min_ready_seconds == 0 {
        return Some(Timestamp::MIN);
    }
    pod.ready_since?.checked_add(SignedDuration::from_secs(set.ds.min_ready_seconds)).ok()
}

/// The pods that count on one node, in the controller's order (`podByCreationTimestampAndPhase`).
fn views(cluster: &Cluster, set: &SetEntry, pods: &[Uid], hash: &str, now: Timestamp) -> Vec<View> {
    let mut views: Vec<View> = pods
        .iter()
        .filter_map(|uid| Some((uid, cluster.pods.get(uid)?)))
        .filter(|(_, PodEntry { pod, .. })| !pod.is_gone())
        .map(|(uid, entry)| View::new(set, uid, &entry.pod, hash, now))
        .collect();
    views.sort_by(|a, b| (!a.bound, a.created, &a.name).cmp(&(!b.bound, b.created, &b.name)));
    views
}

impl Simulation {
    /// One sync of a DaemonSet.
    pub(super) fn sync_set(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let Some(set) = self.cluster.sets.get(uid) else { return };
        if set.ds.meta.deleting.is_some() || set.selector.0.is_empty() {
            return;
        }
        let Some(hash) = self.current_revision(io, uid) else { return };
        if self.claim_pods(io, uid) {
            // The next sync sees the claimed pods.
            return;
        }
        let mut plan = self.manage(io.now, uid, &hash);
        if plan.is_empty() {
            let again = plan.again;
            plan = self.roll(io.now, uid, &hash);
            plan.again = [plan.again, again].into_iter().flatten().min();
        }
        if let Some(again) = plan.again {
            self.timers.at(again, Task::Sync(uid.clone()));
        }
        self.carry_out(io, uid, &hash, &plan);
        self.clean_history(io, uid, &hash);
        self.write_status(io, uid, &hash);
    }

    fn carry_out(&mut self, io: &mut Io<'_>, uid: &Uid, hash: &str, plan: &Plan) {
        let Some(set) = self.cluster.sets.get(uid) else { return };
        let about = About::new(Kind::DaemonSet, &set.ds.meta);
        let mut said: Vec<(bool, &str, String)> = Vec::new();
        for (uid, node) in &plan.ended {
            let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { continue };
            if pod.phase == Phase::Failed {
                let text =
                    format!("Found failed daemon pod {} on node {node}, will try to kill it", pod.meta.key);
                said.push((true, "FailedDaemonPod", text));
            } else {
                let text = format!(
                    "Found succeeded daemon pod {} on node {node}, will try to delete it",
                    pod.meta.key
                );
                said.push((false, "SucceededDaemonPod", text));
            }
        }
        for node in plan.create.iter().take(BURST) {
            let pod = pods::daemon_pod(set, &set.template, hash, set.ds.template_generation.as_deref(), node);
            match io.store.create(Kind::Pod, pod, io.now) {
                Ok(pod) => said.push((false, "SuccessfulCreate", format!("Created pod: {}", pod.name))),
                Err(refused) => {
                    said.push((true, "FailedCreate", format!("Error creating: {refused}")));
                    // The first failure ends the round; it is tried again later.
                    let later = io.after(std::time::Duration::from_secs(10));
                    self.timers.at(later, Task::Sync(uid.clone()));
                    break;
                }
            }
        }
        for uid in plan.delete.iter().take(BURST) {
            let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { continue };
            if io.delete_pod(pod, None) {
                said.push((false, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.key.name)));
            }
        }
        for (warning, reason, text) in said {
            let message = Message { component: COMPONENT, host: "", warning, reason, text: &text };
            self.events.say(io, &about, message);
        }
    }

    /// Adopts pods that match and lets go of those that no longer do (`ClaimObject`); whether it wrote anything.
    fn claim_pods(&mut self, io: &mut Io<'_>, uid: &Uid) -> bool {
        let Some(set) = self.cluster.sets.get(uid) else { return false };
        let mut wrote = false;
        for pod in set.misfits.iter().filter_map(|uid| self.cluster.pods.get(uid)) {
            if !pod.pod.is_deleting() {
                wrote |= io.edit_pod(&pod.pod, |value| release(value, uid));
            }
        }
        for PodEntry { pod, .. } in self.cluster.orphans.iter().filter_map(|uid| self.cluster.pods.get(uid)) {
            let key = &pod.meta.key;
            if key.namespace != set.ds.meta.key.namespace || pod.is_deleting() {
                continue;
            }
            let stored = io.store.get(Kind::Pod, &key.namespace, &key.name);
            if stored.is_some_and(|stored| set.selector.matches(&stored.labels)) {
                let owner = pods::owner(&set.ds);
                wrote |= io.edit_pod(pod, |value| value["metadata"]["ownerReferences"] = json!([owner]));
            }
        }
        wrote
    }
}

fn release(pod: &mut Value, owner: &Uid) {
    let owner = owner.to_string();
    if let Some(owners) = pod["metadata"]["ownerReferences"].as_array_mut() {
        owners.retain(|reference| reference["uid"] != *owner);
    }
}
