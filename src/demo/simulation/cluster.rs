//! What the simulation knows of the objects: slim, and indexed by what it asks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::mold::{Amount, Mold, bytes, cpu};
use crate::demo::store::{LabelSelector, Stored};
use crate::domain::id::Uid;
use crate::domain::object::{ControllerRevision, DaemonSet, Node, Pod};
use crate::domain::placement::{Placement, Verdict};
use crate::domain::text::Text;

/// A pod.
#[derive(Debug)]
pub struct PodEntry {
    /// The pod.
    pub pod: Pod,
    /// What it shares with its like.
    pub mold: Arc<Mold>,
}

/// A node.
#[derive(Debug)]
pub struct NodeEntry {
    /// The node.
    pub node: Node,
    /// Cpu and memory for pods.
    pub allocatable: Amount,
    /// The number of pods it takes.
    pub pods: usize,
    /// Its address.
    pub address: String,
    /// The network of its pods, like `10.128.7.0/24`.
    pub pod_cidr: String,
}

/// A stored template.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its number.
    pub number: i64,
    /// Its hash label.
    pub hash: Text,
    /// Its data.
    pub data: Arc<Value>,
}

/// A DaemonSet's place on one node.
#[derive(Debug, Default)]
pub struct Slot {
    /// What placement says; none where the node does not exist.
    pub verdict: Option<Verdict>,
    /// The owned pods for that node.
    pub pods: Vec<Uid>,
}

/// A DaemonSet.
#[derive(Debug)]
pub struct SetEntry {
    /// The DaemonSet.
    pub ds: DaemonSet,
    /// `spec.selector`, to match labels in the store.
    pub selector: LabelSelector,
    /// `spec.template`, whole.
    pub template: Arc<Value>,
    /// Its annotations.
    pub annotations: Value,
    /// `spec.revisionHistoryLimit`
    pub history_limit: usize,
    /// `status.collisionCount`
    pub collisions: i64,
    /// Where its pods go.
    pub placement: Placement,
    /// Node by node.
    pub nodes: BTreeMap<Text, Slot>,
    /// Its revisions by name.
    pub revisions: BTreeMap<Text, Revision>,
    /// Owned pods whose labels the selector does not match.
    pub misfits: BTreeSet<Uid>,
    /// Failed pods by node: when the window ends, and how long it was.
    pub backoff: BTreeMap<Text, (Timestamp, i64)>,
}

impl SetEntry {
    fn new(stored: &Stored, ds: DaemonSet) -> Self {
        let value = stored.value();
        Self {
            placement: Placement::new(&ds.template),
            selector: LabelSelector::from_value(&value["spec"]["selector"]).unwrap_or_default(),
            template: Arc::new(value["spec"]["template"].clone()),
            annotations: value["metadata"]["annotations"].clone(),
            history_limit: value["spec"]["revisionHistoryLimit"]
                .as_u64()
                .map_or(10, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            collisions: value["status"]["collisionCount"].as_i64().unwrap_or(0),
            ds,
            nodes: BTreeMap::new(),
            revisions: BTreeMap::new(),
            misfits: BTreeSet::new(),
            backoff: BTreeMap::new(),
        }
    }

    /// Whether a pod is of the current template (`IsPodUpdated`).
    #[must_use]
    pub fn is_updated(&self, pod: &Pod, hash: &str) -> bool {
        pod.revision.as_ref().is_some_and(|revision| *revision == *hash)
            || (self.ds.template_generation.is_some()
                && pod.template_generation == self.ds.template_generation)
    }
}

/// What the simulation knows.
#[derive(Debug, Default)]
pub struct Cluster {
    /// Pods by uid.
    pub pods: HashMap<Uid, PodEntry>,
    /// Nodes by name.
    pub nodes: BTreeMap<Text, NodeEntry>,
    /// DaemonSets by uid.
    pub sets: BTreeMap<Uid, SetEntry>,
    /// Pods by the node they are for.
    pub on_node: BTreeMap<Text, BTreeSet<Uid>>,
    /// Pods without an owner.
    pub orphans: BTreeSet<Uid>,
    /// The names of the disruption budgets, by namespace.
    pub budgets: BTreeMap<Text, BTreeSet<Text>>,
    /// Namespaces whose budgets will be counted in a moment.
    pub late_budgets: BTreeSet<Text>,
    molds: HashMap<(Uid, Text), Arc<Mold>>,
    revision_owners: BTreeMap<(Text, Text), Uid>,
}

impl Cluster {
    /// Takes in a pod; the state before, if it was known.
    pub fn put_pod(&mut self, stored: &Stored, pod: Pod) -> Option<Pod> {
        let uid = pod.meta.uid.clone();
        let mold = self.mold_of(stored, &pod);
        let target = pod.target().map(|node| node.0.clone());
        let owner = pod.meta.owner.as_ref().map(|owner| owner.uid.clone());
        let before = self.pods.get(&uid);
        let moved = before.is_none_or(|b| {
            b.pod.target().map(|n| &n.0) != target.as_ref()
                || b.pod.meta.owner.as_ref().map(|o| &o.uid) != owner.as_ref()
        });
        if moved {
            self.unlink(&uid);
            if let Some(target) = &target {
                self.on_node.entry(target.clone()).or_default().insert(uid.clone());
            }
            match &owner {
                None => {
                    self.orphans.insert(uid.clone());
                }
                Some(owner) => self.link(owner, target, &uid),
            }
        }
        if let Some(set) = owner.as_ref().and_then(|owner| self.sets.get_mut(owner)) {
            if set.selector.matches(&stored.labels) {
                set.misfits.remove(&uid);
            } else {
                set.misfits.insert(uid.clone());
            }
        }
        self.pods.insert(uid, PodEntry { pod, mold }).map(|before| before.pod)
    }

    /// Forgets a pod.
    pub fn drop_pod(&mut self, uid: &Uid) -> Option<Pod> {
        self.unlink(uid);
        self.pods.remove(uid).map(|entry| entry.pod)
    }

    fn link(&mut self, owner: &Uid, target: Option<Text>, uid: &Uid) {
        let Some(set) = self.sets.get_mut(owner) else { return };
        if let Some(target) = target {
            set.nodes.entry(target).or_default().pods.push(uid.clone());
        }
    }

    fn unlink(&mut self, uid: &Uid) {
        let Some(entry) = self.pods.get(uid) else { return };
        self.orphans.remove(uid);
        let target = entry.pod.target().map(|node| node.0.clone());
        if let Some(target) = &target
            && let Some(pods) = self.on_node.get_mut(target)
        {
            pods.remove(uid);
            if pods.is_empty() {
                self.on_node.remove(target);
            }
        }
        let owner = entry.pod.meta.owner.as_ref().map(|owner| &owner.uid);
        let Some(set) = owner.and_then(|owner| self.sets.get_mut(owner)) else { return };
        set.misfits.remove(uid);
        let Some(slot) = target.as_ref().and_then(|target| set.nodes.get_mut(target)) else { return };
        slot.pods.retain(|known| known != uid);
        if slot.pods.is_empty() && slot.verdict.is_none() {
            set.nodes.remove(&target.unwrap_or_default());
        }
    }

    /// Pods with the same owner and template hash are alike, so only the first is read.
    fn mold_of(&mut self, stored: &Stored, pod: &Pod) -> Arc<Mold> {
        if let Some(entry) = self.pods.get(&pod.meta.uid) {
            return Arc::clone(&entry.mold);
        }
        let (Some(owner), Some(hash)) = (&pod.meta.owner, &pod.revision) else {
            return Arc::new(Mold::read(&stored.value()));
        };
        let key = (owner.uid.clone(), hash.clone());
        Arc::clone(self.molds.entry(key).or_insert_with(|| Arc::new(Mold::read(&stored.value()))))
    }

    /// Takes in a node; the state before, if it was known.
    pub fn put_node(&mut self, stored: &Stored, node: Node) -> Option<Node> {
        let value = stored.value();
        let amounts = &value["status"]["allocatable"];
        let text = |key: &str| amounts[key].as_str().unwrap_or_default();
        let addresses = value["status"]["addresses"].as_array().into_iter().flatten();
        let address = addresses.into_iter().find(|a| a["type"] == "InternalIP");
        let entry = NodeEntry {
            allocatable: Amount { cpu: cpu(text("cpu")), memory: bytes(text("memory")) },
            // A node that does not say how many takes what a kubelet takes by default.
            pods: text("pods").parse().unwrap_or(110),
            address: address.and_then(|a| a["address"].as_str()).unwrap_or("10.0.0.1").to_owned(),
            pod_cidr: value["spec"]["podCIDR"].as_str().unwrap_or("10.244.0.0/24").to_owned(),
            node,
        };
        let name = entry.node.meta.key.name.clone();
        let known = self.nodes.get(&name).map(|n| &n.node);
        if known.is_none_or(|n| n.meta.labels != entry.node.meta.labels || n.taints != entry.node.taints) {
            for set in self.sets.values_mut() {
                set.nodes.entry(name.clone()).or_default().verdict = Some(set.placement.verdict(&entry.node));
            }
        }
        self.nodes.insert(name, entry).map(|before| before.node)
    }

    /// Forgets a node; its pods stay.
    pub fn drop_node(&mut self, name: &str) {
        self.nodes.remove(name);
        for set in self.sets.values_mut() {
            if let Some(slot) = set.nodes.get_mut(name) {
                slot.verdict = None;
                if slot.pods.is_empty() {
                    set.nodes.remove(name);
                }
            }
        }
    }

    /// Takes in a DaemonSet.
    pub fn put_set(&mut self, stored: &Stored, ds: DaemonSet) {
        let uid = ds.meta.uid.clone();
        let mut new = SetEntry::new(stored, ds);
        if let Some(old) = self.sets.remove(&uid) {
            let same_place = old.ds.template == new.ds.template;
            new.nodes = old.nodes;
            new.revisions = old.revisions;
            new.misfits = old.misfits;
            // Any edit of the spec resets the backoff of failed pods (semantics §2.4).
            if old.ds.status.observed_generation == new.ds.status.observed_generation {
                new.backoff = old.backoff;
            }
            if !same_place {
                self.place(&mut new);
            }
        } else {
            self.place(&mut new);
            self.find_owned(&uid, &mut new);
        }
        self.sets.insert(uid, new);
    }

    fn find_owned(&self, owner: &Uid, set: &mut SetEntry) {
        let mut found: Vec<(&Uid, &Text)> = self
            .pods
            .iter()
            .filter(|(_, entry)| entry.pod.meta.owner.as_ref().is_some_and(|o| o.uid == *owner))
            .filter_map(|(uid, entry)| Some((uid, &entry.pod.target()?.0)))
            .collect();
        // The map's own order is another one in every run.
        found.sort();
        for (uid, node) in found {
            set.nodes.entry(node.clone()).or_default().pods.push(uid.clone());
        }
    }

    fn place(&self, set: &mut SetEntry) {
        for (name, entry) in &self.nodes {
            set.nodes.entry(name.clone()).or_default().verdict = Some(set.placement.verdict(&entry.node));
        }
    }

    /// Forgets a DaemonSet.
    pub fn drop_set(&mut self, uid: &Uid) {
        self.sets.remove(uid);
        self.molds.retain(|(owner, _), _| owner != uid);
    }

    /// Takes in a revision; its owner.
    pub fn put_revision(&mut self, stored: &Stored, revision: ControllerRevision) -> Option<Uid> {
        let key = (revision.meta.key.namespace.clone(), revision.meta.key.name.clone());
        let owner = revision.meta.owner.as_ref().map(|owner| owner.uid.clone());
        let name = revision.meta.key.name;
        if let Some(known) = self.revision_owners.remove(&key)
            && let Some(set) = self.sets.get_mut(&known)
        {
            set.revisions.remove(&name);
        }
        let set = owner.as_ref().and_then(|owner| self.sets.get_mut(owner))?;
        let data = Arc::new(stored.value()["data"].take());
        set.revisions.insert(name, Revision { number: revision.revision, hash: revision.hash, data });
        let owner = owner?;
        self.revision_owners.insert(key, owner.clone());
        Some(owner)
    }

    /// Forgets a revision; its owner.
    pub fn drop_revision(&mut self, namespace: &str, name: &str) -> Option<Uid> {
        let owner = self.revision_owners.remove(&(Text::new(namespace), Text::new(name)))?;
        self.sets.get_mut(&owner)?.revisions.remove(name);
        Some(owner)
    }

    /// The pods for a node, in a fixed order.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = (&Uid, &PodEntry)> {
        self.on_node.get(node).into_iter().flatten().filter_map(|uid| Some((uid, self.pods.get(uid)?)))
    }
}
