//! What a change of labels, taints or cordons would do to daemon pods, before it is sent.
//!
//! The recipe of `podsShouldBeOnNode` and `syncNodeUpdate` (DaemonSet controller) and of the taint manager: the verdict
//! before is held against the verdict after, together with the pods that are there. The update strategy plays no
//! part: `OnDelete` does not hold back a change of placement.

pub mod edit;
pub mod rollout;
pub mod template;

use std::collections::BTreeMap;

use serde::Serialize;

use super::id::{NodeName, ObjectKey, Uid};
use super::inventory::{CellView, Inventory};
use super::object::{Labels, Node, Pod, Taint, TaintEffect};
use super::placement::Placement;
use super::reason::Ruling;
use super::text::Text;

/// The taint that the control plane gives a cordoned node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// What happens to the pods of a DaemonSet on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Running pods are deleted, and none comes back.
    Stop,
    /// A pod is evicted again and again: its toleration runs out, and the controller puts a new one there.
    EvictLoop,
    /// The pod stays though it is no longer wanted; once gone it does not come back.
    KeepMisscheduled,
    /// The rolling update deletes old pods, and none comes back: the template no longer wants the node.
    RemoveOnRollout,
    /// The rolling update deletes old pods and creates a new one.
    Replace,
    /// A pod is created.
    Start,
}

impl Outcome {
    /// The name of the JSON contract, like `removeOnRollout`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::EvictLoop => "evictLoop",
            Self::KeepMisscheduled => "keepMisscheduled",
            Self::RemoveOnRollout => "removeOnRollout",
            Self::Replace => "replace",
            Self::Start => "start",
        }
    }
}

/// One DaemonSet on one node that a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The node.
    pub node: NodeName,
    /// The DaemonSet's uid.
    pub daemon_set_uid: Uid,
    /// The DaemonSet.
    pub daemon_set: ObjectKey,
    /// What happens.
    pub outcome: Outcome,
    /// The rule that decides.
    pub reason: String,
    /// The pods it happens to; none where one is created.
    pub pods: Vec<Text>,
}

/// A change to one node's labels, taints or cordon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeChange {
    /// Labels to set, or (none) to remove.
    pub labels: BTreeMap<Text, Option<Text>>,
    /// Taints to add; one of the same key and effect is replaced.
    pub add_taints: Vec<Taint>,
    /// Taints to remove: a key, and the effect unless all of its effects go.
    pub remove_taints: Vec<(Text, Option<TaintEffect>)>,
    /// Cordon or uncordon.
    pub unschedulable: Option<bool>,
}

impl NodeChange {
    /// The node as it would be.
    #[must_use]
    pub fn applied(&self, node: &Node) -> Node {
        let mut changed = node.clone();
        let mut labels: BTreeMap<Text, Text> =
            node.meta.labels.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (key, value) in &self.labels {
            match value {
                Some(value) => labels.insert(key.clone(), value.clone()),
                None => labels.remove(key),
            };
        }
        changed.meta.labels = labels.into_iter().collect::<Labels>();
        let mut taints = node.taints.to_vec();
        let removed = |taint: &Taint| {
            let gone = |(key, effect): &(Text, Option<TaintEffect>)| {
                *key == taint.key && effect.as_ref().is_none_or(|effect| *effect == taint.effect)
            };
            self.remove_taints.iter().any(gone)
        };
        taints.retain(|taint| !removed(taint));
        self.add_taints.iter().for_each(|taint| put(&mut taints, taint.clone()));
        if let Some(cordoned) = self.unschedulable {
            changed.unschedulable = cordoned;
            // The node lifecycle controller follows within milliseconds (`doNoScheduleTaintingPass`).
            taints.retain(|taint| !(taint.key == UNSCHEDULABLE && taint.effect == TaintEffect::NoSchedule));
            if cordoned {
                let (key, value) = (Text::new(UNSCHEDULABLE), Text::default());
                taints.push(Taint { key, value, effect: TaintEffect::NoSchedule });
            }
        }
        changed.taints = taints.into();
        changed
    }

    /// The parts of it that change nothing on a node, in words.
    #[must_use]
    pub fn without_effect(&self, node: &Node) -> Vec<String> {
        let name = &node.meta.key.name;
        let mut idle = Vec::new();
        for (key, value) in &self.labels {
            match (value, node.meta.labels.get(key)) {
                (Some(value), Some(known)) if value == known => {
                    idle.push(format!("{name} has the label {key}={value} already"));
                }
                (None, None) => idle.push(format!("{name} has no label {key} to remove")),
                _ => {}
            }
        }
        for taint in self.add_taints.iter().filter(|taint| node.taints.contains(taint)) {
            idle.push(format!("{name} has the taint {taint} already"));
        }
        for (key, effect) in &self.remove_taints {
            let meant = |taint: &&Taint| {
                taint.key == *key && effect.as_ref().is_none_or(|effect| *effect == taint.effect)
            };
            if !node.taints.iter().any(|taint| meant(&taint)) {
                let effect =
                    effect.as_ref().map(|effect| format!(":{}", effect.as_str())).unwrap_or_default();
                idle.push(format!("{name} has no taint {key}{effect} to remove"));
            }
        }
        match self.unschedulable {
            Some(true) if node.unschedulable => idle.push(format!("{name} is cordoned already")),
            Some(false) if !node.unschedulable => idle.push(format!("{name} is not cordoned")),
            _ => {}
        }
        idle
    }
}

/// Taints are unique by key and effect.
fn put(taints: &mut Vec<Taint>, taint: Taint) {
    match taints.iter_mut().find(|known| known.key == taint.key && known.effect == taint.effect) {
        Some(known) => *known = taint,
        None => taints.push(taint),
    }
}

/// What changes on one node, for every DaemonSet; the worst first.
#[must_use]
pub fn impact(inventory: &Inventory, node: &NodeName, change: &NodeChange) -> Vec<Impact> {
    let Some(column) = inventory.column_of(node) else { return Vec::new() };
    let Some(before) = inventory.column_at(column).and_then(|column| column.node.as_ref()) else {
        return Vec::new();
    };
    let after = change.applied(before);
    let mut impacts: Vec<Impact> = inventory
        .rows()
        .filter_map(|(row, _)| {
            let view = inventory.view(row, column)?;
            let (outcome, reason, pods) = outcome(&view, before, &after)?;
            let meta = &view.row.daemon_set.meta;
            let (daemon_set_uid, daemon_set) = (meta.uid.clone(), meta.key.clone());
            Some(Impact { node: node.clone(), daemon_set_uid, daemon_set, outcome, reason, pods })
        })
        .collect();
    impacts.sort_by(|a, b| (a.outcome, &a.daemon_set).cmp(&(b.outcome, &b.daemon_set)));
    impacts
}

fn outcome(view: &CellView<'_>, before: &Node, after: &Node) -> Option<(Outcome, String, Vec<Text>)> {
    let placement = &view.row.placement;
    let (was, is) = (placement.verdict(before), placement.verdict(after));
    let staying: Vec<&Pod> = view.pods.iter().copied().filter(|pod| !pod.is_deleting()).collect();
    let names = || staying.iter().map(|pod| pod.meta.key.name.clone()).collect();
    if was.keep && !is.keep && !staying.is_empty() {
        let unbound = staying.iter().all(|pod| pod.node_name.is_none());
        let late =
            if unbound { "; a pod that is not scheduled yet goes at the controller's next look" } else { "" };
        return Some((Outcome::Stop, format!("{}{late}", refusal(placement, after, Ruling::Stop)), names()));
    }
    if was.run && !is.run && is.keep && !staying.is_empty() {
        return Some((Outcome::KeepMisscheduled, refusal(placement, after, Ruling::Refuse), names()));
    }
    if !was.run && is.run && staying.is_empty() {
        return Some((Outcome::Start, permission(placement, before), Vec::new()));
    }
    let newly = |taint: &&Taint| !before.taints.contains(taint);
    let evicting =
        after.taints.iter().filter(newly).find_map(|taint| Some((taint, evicted_after(placement, taint)?)));
    match evicting {
        Some((taint, seconds)) if is.run => {
            let reason = format!(
                "taint {taint} is tolerated for {seconds} s only, then the pod is evicted and made again"
            );
            Some((Outcome::EvictLoop, reason, names()))
        }
        _ => None,
    }
}

/// After how many seconds the taint manager evicts: the first toleration that matches decides (`getMinTolerationTime`).
fn evicted_after(placement: &Placement, taint: &Taint) -> Option<i64> {
    if taint.effect != TaintEffect::NoExecute {
        return None;
    }
    placement.tolerations().iter().find(|toleration| toleration.tolerates(taint))?.toleration.seconds
}

/// The first rule that refuses on the changed node, as strong as asked for.
fn refusal(placement: &Placement, node: &Node, ruling: Ruling) -> String {
    let reasons = placement.reasons(node, false);
    let telling = reasons.iter().find(|reason| reason.verdict == ruling).or(reasons.first());
    telling.map(|reason| reason.detail.to_string()).unwrap_or_default()
}

/// What refused before, and no longer does.
fn permission(placement: &Placement, before: &Node) -> String {
    let reasons = placement.reasons(before, false);
    let refused: Vec<&str> = reasons.iter().map(|reason| reason.detail.as_str()).collect();
    format!("no longer: {}", refused.join("; "))
}
