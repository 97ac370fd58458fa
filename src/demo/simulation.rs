//! The half of the embedded cluster that acts: controllers, scheduler, kubelets and node lifecycle.
//!
//! A pure state machine: it reads what changed in the store, does what is due at the time it is told, and writes
//! to the store. It has no clock and no randomness but its seed's, so the same calls give the same cluster.

pub mod cluster;
pub mod mold;
pub mod random;
pub mod timers;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::events::Events;
use super::kubelet::Kubelets;
use super::scenario::director::Director;
use super::store::{Change, ChangeType, DeleteOptions, Kind, Scope, Store, Stored};
use crate::domain::id::Uid;
use crate::domain::object::{Node, Pod, TaintEffect};
use crate::domain::text::Text;
use cluster::Cluster;
use random::{Random, mix};
use timers::{Task, Timers};

/// Rounds of reading and acting in one step; more than this can only be a loop somebody built into objects.
const ROUNDS: usize = 64;

/// The store and the time of a step.
pub struct Io<'a> {
    /// The objects.
    pub store: &'a mut Store,
    /// The time.
    pub now: Timestamp,
}

impl Io<'_> {
    /// Changes an object as the system's parts do; whether it was there and could be changed.
    pub fn edit(&mut self, kind: Kind, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) -> bool {
        let write = |value: &mut Value| {
            change(value);
            Ok(())
        };
        self.store.write(Scope::System, kind, namespace, name, self.now, write).is_ok()
    }

    /// Changes a pod.
    pub fn edit_pod(&mut self, pod: &Pod, change: impl FnOnce(&mut Value)) -> bool {
        self.edit(Kind::Pod, &pod.meta.key.namespace, &pod.meta.key.name, change)
    }

    /// Deletes a pod, if it is still the same one.
    pub fn delete_pod(&mut self, pod: &Pod, grace_seconds: Option<i64>) -> bool {
        let uid = Some(pod.meta.uid.to_string());
        let options = DeleteOptions { uid, grace_seconds, ..DeleteOptions::default() };
        let key = &pod.meta.key;
        self.store.delete(Kind::Pod, &key.namespace, &key.name, &options, self.now).is_ok()
    }

    /// So much later.
    #[must_use]
    pub fn after(&self, delay: Duration) -> Timestamp {
        later(self.now, delay)
    }
}

/// A time and a delay.
#[must_use]
pub fn later(at: Timestamp, delay: Duration) -> Timestamp {
    SignedDuration::try_from(delay)
        .ok()
        .and_then(|delay| at.checked_add(delay).ok())
        .unwrap_or(Timestamp::MAX)
}

/// What has to be looked at.
#[derive(Debug, Default)]
pub struct Wake {
    /// DaemonSets to sync.
    pub sets: BTreeSet<Uid>,
    /// Pods their kubelets look at.
    pub pods: BTreeSet<Uid>,
    /// Pods the scheduler looks at.
    pub unbound: BTreeSet<Uid>,
    /// Nodes the lifecycle controller looks at.
    pub nodes: BTreeSet<Text>,
    /// Pods the taint manager looks at.
    pub tainted: BTreeSet<Uid>,
    /// Namespaces whose budgets are counted.
    pub budgets: BTreeSet<Text>,
}

impl Wake {
    fn is_empty(&self) -> bool {
        self.sets.is_empty()
            && self.pods.is_empty()
            && self.unbound.is_empty()
            && self.nodes.is_empty()
            && self.tainted.is_empty()
            && self.budgets.is_empty()
    }
}

/// The simulated control plane and kubelets.
#[derive(Debug)]
pub struct Simulation {
    pub(in crate::demo) cluster: Cluster,
    pub(in crate::demo) wake: Wake,
    pub(in crate::demo) timers: Timers,
    pub(in crate::demo) random: Random,
    pub(in crate::demo) kubelets: Kubelets,
    pub(in crate::demo) events: Events,
    pub(in crate::demo) director: Director,
    next_syncs: BTreeMap<Uid, Timestamp>,
    late_syncs: BTreeSet<Uid>,
    seed: u64,
    sequence: u64,
    stepped: Timestamp,
}

impl Simulation {
    /// A simulation of what is in a store; everything there is looked at in the first step.
    #[must_use]
    pub fn new(store: &Store, seed: u64, now: Timestamp) -> Self {
        let mut simulation = Self {
            cluster: Cluster::default(),
            wake: Wake::default(),
            timers: Timers::default(),
            random: Random::new(seed),
            kubelets: Kubelets::default(),
            events: Events::default(),
            director: Director::default(),
            next_syncs: BTreeMap::new(),
            late_syncs: BTreeSet::new(),
            seed,
            sequence: store.next_sequence(),
            stepped: now,
        };
        simulation.read_all(store, now);
        simulation
    }

    /// Does everything that is due, until nothing more happens at this time.
    pub fn step(&mut self, store: &mut Store, now: Timestamp) {
        self.stepped = now;
        let mut io = Io { store, now };
        for _ in 0..ROUNDS {
            self.read(io.store, now);
            while let Some(task) = self.timers.pop_due(now) {
                self.fire(&mut io, task);
            }
            if self.wake.is_empty() && self.sequence == io.store.next_sequence() {
                return;
            }
            self.act(&mut io);
        }
    }

    /// When `step` next has something to do, if nobody else changes the store.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.wake.is_empty() { self.timers.next() } else { Some(self.stepped) }
    }

    /// A number for an order that depends on the seed alone.
    pub(in crate::demo) fn shuffled(&self, text: &str) -> u64 {
        mix(self.seed, text)
    }

    fn act(&mut self, io: &mut Io<'_>) {
        for node in std::mem::take(&mut self.wake.nodes) {
            self.check_node(io, &node);
        }
        for pod in std::mem::take(&mut self.wake.tainted) {
            self.check_taints(io, &pod);
        }
        for pod in std::mem::take(&mut self.wake.unbound) {
            self.schedule(io, &pod);
        }
        for pod in std::mem::take(&mut self.wake.pods) {
            self.consider_pod(io, &pod);
        }
        for set in std::mem::take(&mut self.wake.sets) {
            if self.may_sync(io.now, &set) {
                self.sync_set(io, &set);
            }
        }
        for namespace in std::mem::take(&mut self.wake.budgets) {
            self.sync_budgets(io, &namespace);
        }
    }

    /// A sync looks at every node, so on a large cluster it waits for more news: half a second at 5,000 nodes, nothing
    /// below 100.
    fn may_sync(&mut self, now: Timestamp, set: &Uid) -> bool {
        let nodes = u64::try_from(self.cluster.nodes.len()).unwrap_or(0);
        let pause = Duration::from_millis(if nodes < 100 { 0 } else { nodes / 10 });
        if pause.is_zero() {
            return true;
        }
        match self.next_syncs.get(set).copied() {
            Some(next) if next > now => {
                // Planned already by whoever came first, unless that has passed.
                if self.late_syncs.insert(set.clone()) {
                    self.timers.at(next, Task::Sync(set.clone()));
                }
                false
            }
            _ => {
                self.late_syncs.remove(set);
                self.next_syncs.insert(set.clone(), later(now, pause));
                true
            }
        }
    }

    fn fire(&mut self, io: &mut Io<'_>, task: Task) {
        match task {
            Task::Pod(uid) => self.act_on_pod(io, &uid),
            Task::Sync(uid) => {
                self.wake.sets.insert(uid);
            }
            Task::Heartbeat(node) => self.heartbeat(io, &node),
            Task::Silence(node) => self.hear_silence(io, &node),
            Task::NoExecute(node) => self.taint_no_execute(io, &node),
            Task::Evict(uid) => self.evict_when_due(io, &uid),
            Task::Collect(uid) => self.collect_pod(io, &uid),
            Task::Budgets(namespace) => {
                self.cluster.late_budgets.remove(&namespace);
                self.wake.budgets.insert(namespace);
            }
            Task::Campaign(at) => self.run_campaign(io, at),
            Task::Flap(at) => self.flap(io, at),
        }
    }

    /// Reads what changed; where too much did, everything.
    fn read(&mut self, store: &Store, now: Timestamp) {
        let changes: Option<Vec<Change>> =
            store.changes_from(self.sequence).map(|changes| changes.cloned().collect());
        self.sequence = store.next_sequence();
        match changes {
            Some(changes) => {
                for change in changes {
                    self.take_in(&change.object, change.change == ChangeType::Deleted, now);
                }
            }
            None => self.read_all(store, now),
        }
    }

    fn read_all(&mut self, store: &Store, now: Timestamp) {
        self.cluster = Cluster::default();
        self.wake = Wake::default();
        let kinds =
            [Kind::Node, Kind::DaemonSet, Kind::ControllerRevision, Kind::PodDisruptionBudget, Kind::Pod];
        for kind in kinds {
            for stored in store.list(kind, None) {
                self.take_in(stored, false, now);
            }
        }
    }

    fn take_in(&mut self, stored: &Stored, gone: bool, now: Timestamp) {
        match stored.kind {
            Kind::Pod => self.take_in_pod(stored, gone, now),
            Kind::Node => self.take_in_node(stored, gone, now),
            Kind::DaemonSet => {
                let uid = Uid::new(&stored.uid);
                if gone {
                    self.cluster.drop_set(&uid);
                    self.next_syncs.remove(&uid);
                    self.late_syncs.remove(&uid);
                    self.wake.sets.remove(&uid);
                } else if let Some(ds) = decode(stored) {
                    self.cluster.put_set(stored, ds);
                    self.wake.sets.insert(uid);
                }
            }
            Kind::ControllerRevision => {
                let owner = if gone {
                    self.cluster.drop_revision(&stored.namespace, &stored.name)
                } else {
                    decode(stored).and_then(|revision| self.cluster.put_revision(stored, revision))
                };
                self.wake.sets.extend(owner);
            }
            Kind::PodDisruptionBudget => self.take_in_budget(stored, gone, now),
            Kind::Namespace | Kind::Event => {}
        }
    }

    fn take_in_pod(&mut self, stored: &Stored, gone: bool, now: Timestamp) {
        let uid = Uid::new(&stored.uid);
        self.wake_budgets(&stored.namespace, now);
        if gone {
            let before = self.cluster.drop_pod(&uid);
            self.kubelets.forget(&uid);
            self.wake.pods.remove(&uid);
            self.wake.unbound.remove(&uid);
            if let Some(pod) = before {
                self.wake_owner(stored, &pod);
                self.retry_on(&pod);
            }
            return;
        }
        let Some(pod) = decode::<Pod>(stored) else { return };
        self.wake_owner(stored, &pod);
        if pod.node_name.is_none() {
            self.wake.unbound.insert(uid.clone());
        }
        if pod.is_deleting() || pod.phase.is_terminal() {
            self.retry_on(&pod);
        }
        let node = pod.node_name.as_ref().and_then(|name| self.cluster.nodes.get(name.as_str()));
        let node_taints = node.map(|n| &n.node.taints);
        if node_taints.is_some_and(|taints| taints.iter().any(|t| t.effect == TaintEffect::NoExecute)) {
            self.wake.tainted.insert(uid.clone());
        }
        let stranded = node.is_none() && (pod.node_name.is_some() || pod.is_deleting());
        let known = self.cluster.pods.get(&uid).is_some_and(|entry| entry.pod.node_name.is_some());
        if stranded && !known {
            self.plan_collection(&uid, now);
        }
        self.wake.pods.insert(uid);
        self.cluster.put_pod(stored, pod);
    }

    /// What a pod wakes: its owner, or everyone who could adopt it.
    fn wake_owner(&mut self, stored: &Stored, pod: &Pod) {
        match &pod.meta.owner {
            Some(owner) => {
                if self.cluster.sets.contains_key(&owner.uid) {
                    self.wake.sets.insert(owner.uid.clone());
                }
            }
            None => {
                for (uid, set) in &self.cluster.sets {
                    let near = set.ds.meta.key.namespace == *stored.namespace;
                    if near && set.selector.matches(&stored.labels) {
                        self.wake.sets.insert(uid.clone());
                    }
                }
            }
        }
    }

    /// A pod leaves a node: others that wait for it are tried again.
    fn retry_on(&mut self, pod: &Pod) {
        let Some(node) = pod.target() else { return };
        let waiting = self.cluster.pods_on(node.as_str()).filter(|(_, entry)| entry.pod.node_name.is_none());
        let waiting: Vec<Uid> = waiting.map(|(uid, _)| uid.clone()).collect();
        self.wake.unbound.extend(waiting);
    }

    fn take_in_node(&mut self, stored: &Stored, gone: bool, now: Timestamp) {
        let name = Text::new(&stored.name);
        let pods: Vec<(Uid, bool)> = self
            .cluster
            .pods_on(&name)
            .map(|(uid, entry)| (uid.clone(), entry.pod.node_name.is_some()))
            .collect();
        if gone {
            self.cluster.drop_node(&name);
            self.wake.nodes.remove(&name);
            for (uid, bound) in pods {
                if bound {
                    self.plan_collection(&uid, now);
                } else {
                    self.wake.unbound.insert(uid);
                }
            }
            return;
        }
        let Some(node) = decode::<Node>(stored) else { return };
        let no_execute = node.taints.iter().any(|t| t.effect == TaintEffect::NoExecute);
        let before = self.cluster.put_node(stored, node);
        let now_known = &self.cluster.nodes[&name].node;
        let moved = before
            .as_ref()
            .is_none_or(|b| b.meta.labels != now_known.meta.labels || b.taints != now_known.taints);
        let had_no_execute =
            before.as_ref().is_some_and(|b| b.taints.iter().any(|t| t.effect == TaintEffect::NoExecute));
        for (uid, bound) in pods {
            if !bound {
                self.wake.unbound.insert(uid);
                continue;
            }
            if moved && (no_execute || had_no_execute) {
                self.wake.tainted.insert(uid.clone());
            }
            if before.is_none() {
                self.wake.pods.insert(uid);
            }
        }
        if before.is_none() {
            self.meet_node(&name, now);
        }
        if before.as_ref() != Some(&self.cluster.nodes[&name].node) {
            self.wake.nodes.insert(name.clone());
        }
        if moved {
            self.wake_sets_of(&name);
        }
    }

    /// Which DaemonSets a changed node wakes (`syncNodeUpdate`); a `NoSchedule` taint on a running pod wakes nobody.
    fn wake_sets_of(&mut self, node: &str) {
        for (uid, set) in &self.cluster.sets {
            let Some(slot) = set.nodes.get(node) else { continue };
            let Some(verdict) = slot.verdict else { continue };
            let bound = |uid: &Uid| self.cluster.pods.get(uid).is_some_and(|e| e.pod.node_name.is_some());
            let scheduled = slot.pods.iter().any(bound);
            let wakes = if scheduled { !verdict.keep || set.ds.status.misscheduled > 0 } else { verdict.run };
            if wakes {
                self.wake.sets.insert(uid.clone());
            }
        }
    }
}

fn decode<T: DeserializeOwned>(stored: &Stored) -> Option<T> {
    serde_json::from_slice(&stored.bytes).ok()
}
