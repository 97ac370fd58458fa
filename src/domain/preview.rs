//! What a change of labels, taints or cordons would do to daemon pods, before it is sent.
//!
//! The recipe of `podsShouldBeOnNode` and `syncNodeUpdate` (DaemonSet controller) and of the taint manager: the verdict
//! before is held against the verdict after, together with the pods that are there. The update strategy plays no
//! part: `OnDelete` does not hold back a change of placement.

pub mod edit;
pub mod rollout;
pub mod template;

use std::collections::BTreeMap;

use jiff::SignedDuration;
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
    /// How long after the change it happens: a toleration may hold for a while.
    pub after: SignedDuration,
    /// Whether the pods are deleted and yet stay Terminating: only the kubelet ends a pod, and this one does not answer.
    pub is_stuck: bool,
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
            let (outcome, reason, pods, after) = outcome(&view, before, &after)?;
            let (is_stuck, reason) = ending(before, outcome, &pods, reason);
            let meta = &view.row.daemon_set.meta;
            let (daemon_set_uid, daemon_set) = (meta.uid.clone(), meta.key.clone());
            Some(Impact {
                node: node.clone(),
                daemon_set_uid,
                daemon_set,
                outcome,
                reason,
                pods,
                after,
                is_stuck,
            })
        })
        .collect();
    impacts.sort_by(|a, b| (a.outcome, &a.daemon_set).cmp(&(b.outcome, &b.daemon_set)));
    impacts
}

/// Whether the pods that are to end cannot, and the reason with that said.
fn ending(node: &Node, outcome: Outcome, pods: &[Text], reason: String) -> (bool, String) {
    let ends = match outcome {
        Outcome::Stop | Outcome::EvictLoop | Outcome::RemoveOnRollout | Outcome::Replace => !pods.is_empty(),
        Outcome::KeepMisscheduled | Outcome::Start => false,
    };
    if ends && node.is_out_of_order() {
        return (true, format!("{reason}; it is deleted, and cannot end: the node is NotReady"));
    }
    (false, reason)
}

/// What happens to one DaemonSet, why, to which pods, and how long after the change.
type Happening = (Outcome, String, Vec<Text>, SignedDuration);

fn outcome(view: &CellView<'_>, before: &Node, after: &Node) -> Option<Happening> {
    let placement = &view.row.placement;
    let (was, is) = (placement.verdict(before), placement.verdict(after));
    let staying: Vec<&Pod> = view.pods.iter().copied().filter(|pod| !pod.is_deleting()).collect();
    let is_there = !staying.is_empty();
    let names = || staying.iter().map(|pod| pod.meta.key.name.clone()).collect();
    let at_once = |outcome, reason, pods| Some((outcome, reason, pods, SignedDuration::ZERO));
    if was.keep && !is.keep && is_there {
        let unbound = staying.iter().all(|pod| pod.node_name.is_none());
        let late =
            if unbound { "; a pod that is not scheduled yet goes at the controller's next look" } else { "" };
        return at_once(Outcome::Stop, format!("{}{late}", refusal(placement, after, Ruling::Stop)), names());
    }
    let evicted = evicted(placement, after);
    if !was.run && is.run && !is_there {
        // The controller makes none beside one that is there, though it be Terminating (`podsShouldBeOnNode`).
        let is_ending = !view.pods.is_empty();
        if is_ending && before.is_out_of_order() {
            return None;
        }
        let later = if is_ending { "; once the pod that is Terminating there has ended" } else { "" };
        let again = evicted.map(|(taint, seconds)| format!("; but {}", made_again(taint, seconds)));
        let reason = format!("{}{later}{}", permission(placement, before), again.unwrap_or_default());
        return at_once(Outcome::Start, reason, Vec::new());
    }
    // Where pods are evicted already, this change is not what does it.
    let was_evicted = self::evicted(placement, before).is_some();
    match evicted.filter(|_| is.keep) {
        Some((taint, seconds)) if is.run && !(was.run && was_evicted) => {
            let after = SignedDuration::from_secs(seconds.max(0));
            Some((Outcome::EvictLoop, made_again(taint, seconds), names(), after))
        }
        Some((taint, seconds)) if !is.run && is_there && (was.run || !was_evicted) => {
            let refused = refusal(placement, after, Ruling::Refuse);
            let reason =
                format!("taint {taint} is tolerated for {seconds} s only, and no pod comes again: {refused}");
            Some((Outcome::Stop, reason, names(), SignedDuration::from_secs(seconds.max(0))))
        }
        None if was.run && !is.run && is_there => {
            at_once(Outcome::KeepMisscheduled, refusal(placement, after, Ruling::Refuse), names())
        }
        _ => None,
    }
}

/// The taint of a node because of which the taint manager evicts first, and after how many seconds: of each taint the
/// first toleration that matches decides, of those the shortest (`getMinTolerationTime`).
fn evicted<'a>(placement: &Placement, node: &'a Node) -> Option<(&'a Taint, i64)> {
    let seconds = |taint: &'a Taint| {
        let first = placement.tolerations().iter().find(|toleration| toleration.tolerates(taint))?;
        Some((taint, first.toleration.seconds?))
    };
    let evicting = node.taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute);
    evicting.filter_map(seconds).min_by_key(|(_, seconds)| *seconds)
}

fn made_again(taint: &Taint, seconds: i64) -> String {
    format!("taint {taint} is tolerated for {seconds} s only, then the pod is evicted and made again")
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
    format!("now it matches; before: {}", refused.join("; "))
}
