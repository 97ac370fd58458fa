//! The taint manager and the pod garbage collector.

use std::time::Duration;

use jiff::Timestamp;

use crate::demo::events::{About, Message};
use crate::demo::kubelet::status::set_condition;
use crate::demo::simulation::cluster::PodEntry;
use crate::demo::simulation::random::seconds_of;
use crate::demo::simulation::timers::Task;
use crate::demo::simulation::{Io, Simulation, later};
use crate::demo::store::Kind;
use crate::domain::id::Uid;
use crate::domain::object::{Node, TaintEffect};

/// The collector's loop, and how long a vanished node is given to come back.
const LOOP_SECONDS: u64 = 20;
const QUARANTINE_SECONDS: u64 = 40;

/// What a node's `NoExecute` taints mean to a pod.
enum Fate {
    Stay,
    Leave(Duration),
}

impl Simulation {
    fn fate(&self, uid: &Uid) -> Fate {
        let Some(PodEntry { pod, mold }) = self.cluster.pods.get(uid) else { return Fate::Stay };
        if pod.is_deleting() || pod.phase.is_terminal() {
            return Fate::Stay;
        }
        let node = pod.node_name.as_ref().and_then(|name| self.cluster.nodes.get(name.as_str()));
        let Some(node) = node else { return Fate::Stay };
        let mut stay: Option<i64> = None;
        for taint in node.node.taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute) {
            // The first that matches counts, not the longest.
            match mold.tolerations.iter().find(|t| t.tolerates(taint)) {
                None => return Fate::Leave(Duration::ZERO),
                Some(t) => stay = [stay, t.seconds].into_iter().flatten().min(),
            }
        }
        stay.map_or(Fate::Stay, |seconds| {
            Fate::Leave(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        })
    }

    /// A pod's node has, or had, `NoExecute` taints.
    pub(in crate::demo) fn check_taints(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { return };
        let node = pod.node_name.as_ref().and_then(|name| self.cluster.nodes.get(name.as_str()));
        if pod.is_deleting() && node.is_some_and(|node| out_of_service(&node.node)) {
            let delay = Duration::from_millis(self.random.below(LOOP_SECONDS * 1_000));
            self.timers.at(later(io.now, delay), Task::Collect(uid.clone()));
        }
        match self.fate(uid) {
            Fate::Leave(delay) if delay.is_zero() => self.evict(io, uid),
            Fate::Leave(delay) => {
                if let std::collections::btree_map::Entry::Vacant(entry) =
                    self.director.evictions.entry(uid.clone())
                {
                    let due = later(io.now, delay);
                    entry.insert(due);
                    self.timers.at(due, Task::Evict(uid.clone()));
                }
            }
            Fate::Stay => {
                if self.director.evictions.remove(uid).is_some()
                    && let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid)
                    && !pod.is_deleting()
                {
                    let text = format!("Cancelling deletion of Pod {}", pod.meta.key);
                    self.events.say(io, &About::new(Kind::Pod, &pod.meta), manager_says(&text));
                }
            }
        }
    }

    pub(in crate::demo) fn evict_when_due(&mut self, io: &mut Io<'_>, uid: &Uid) {
        if self.director.evictions.get(uid).is_some_and(|due| *due <= io.now) {
            self.evict(io, uid);
        }
    }

    fn evict(&mut self, io: &mut Io<'_>, uid: &Uid) {
        self.director.evictions.remove(uid);
        let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { return };
        if pod.is_deleting() {
            return;
        }
        let text = format!("Marking for deletion Pod {}", pod.meta.key);
        self.events.say(io, &About::new(Kind::Pod, &pod.meta), manager_says(&text));
        let why = ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
        let now = io.now;
        io.edit_pod(pod, |value| {
            set_condition(&mut value["status"], "DisruptionTarget", true, Some(why), now);
        });
        io.delete_pod(pod, None);
    }

    /// The collector will look at a pod that has lost its node: 40 to 60 seconds from now, at its next round.
    pub(in crate::demo) fn plan_collection(&mut self, uid: &Uid, now: Timestamp) {
        let unbound = self.cluster.pods.get(uid).is_some_and(|e| e.pod.node_name.is_none());
        let quarantine = if unbound { 0 } else { QUARANTINE_SECONDS };
        let delay = quarantine * 1_000 + self.random.below(LOOP_SECONDS * 1_000);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a minute")]
        let delay = seconds_of(delay as f64 / 1_000.0);
        self.timers.at(later(now, delay), Task::Collect(uid.clone()));
    }

    pub(in crate::demo) fn collect_pod(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid) else { return };
        let now = io.now;
        match &pod.node_name {
            Some(node) if self.cluster.nodes.get(node.as_str()).is_some_and(|n| !out_of_service(&n.node)) => {
                return;
            }
            Some(node) if self.cluster.nodes.contains_key(node.as_str()) && !pod.is_deleting() => return,
            None if !pod.is_deleting() => return,
            Some(_) | None => {}
        }
        let why = ("DeletionByPodGC", "PodGC: node no longer exists");
        let terminal = pod.phase.is_terminal();
        io.edit_pod(pod, |value| {
            if !terminal {
                value["status"]["phase"] = "Failed".into();
            }
            set_condition(&mut value["status"], "DisruptionTarget", true, Some(why), now);
        });
        io.delete_pod(pod, Some(0));
    }
}

/// Whether somebody has said that a node is off, so that its pods can be forced away.
fn out_of_service(node: &Node) -> bool {
    !node.is_ready() && node.taints.iter().any(|taint| taint.key == "node.kubernetes.io/out-of-service")
}

fn manager_says(text: &str) -> Message<'_> {
    Message {
        component: "taint-eviction-controller",
        host: "",
        warning: false,
        reason: "TaintManagerEviction",
        text,
    }
}
