//! How much a change of nodes hurts: pods that start and stop per DaemonSet, and which of those sets are critical.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::gate::{Gate, gate, stops};
use crate::domain::id::{NodeName, ObjectKey, Uid};
use crate::domain::inventory::Inventory;
use crate::domain::object::{DaemonSet, TaintEffect};
use crate::domain::preview::{Impact, NodeChange, Outcome, impact};
use crate::domain::relabel::sight::unseen;

/// What a change does to one DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetHarm {
    /// The DaemonSet's uid.
    pub uid: Uid,
    /// The DaemonSet.
    pub daemon_set: ObjectKey,
    /// On how many nodes a pod starts.
    pub starts: usize,
    /// On how many nodes its pods stop, or are evicted again and again.
    pub stops: usize,
    /// On how many nodes a pod stays that is no longer wanted.
    pub kept: usize,
    /// On how many nodes it has a pod now.
    pub running: usize,
    /// Why it is critical, if it is.
    pub critical: Option<&'static str>,
}

/// What a change does in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// The DaemonSets that it touches: critical ones that lose pods first, then by the number of stops.
    pub sets: Vec<SetHarm>,
    /// Every DaemonSet and node that it touches, worst first.
    pub impacts: Vec<Impact>,
    /// Whether it adds a `NoExecute` taint, which evicts every pod that does not tolerate it, not only daemon pods.
    pub evicts: bool,
    /// Why it may not be all that happens; see [`unseen`].
    pub unseen: Vec<String>,
}

impl Harm {
    /// Foretells a change on these nodes.
    #[must_use]
    pub fn of(inventory: &Inventory, nodes: &[NodeName], change: &NodeChange) -> Self {
        Self::of_each(inventory, nodes.iter().map(|node| (node, change)))
    }

    /// Foretells a change of its own on each node.
    #[must_use]
    pub fn of_each<'a>(
        inventory: &Inventory,
        changes: impl Iterator<Item = (&'a NodeName, &'a NodeChange)>,
    ) -> Self {
        let (mut impacts, mut evicts) = (Vec::<Impact>::new(), false);
        for (node, change) in changes {
            impacts.extend(impact(inventory, node, change));
            evicts |= change.add_taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute);
        }
        Self { evicts, ..Self::of_impacts(inventory, impacts) }
    }

    /// Sums up what is foretold.
    #[must_use]
    pub fn of_impacts(inventory: &Inventory, mut impacts: Vec<Impact>) -> Self {
        impacts.sort_by(|a, b| (a.outcome, &a.daemon_set, &a.node).cmp(&(b.outcome, &b.daemon_set, &b.node)));
        let mut sets: BTreeMap<&Uid, SetHarm> = BTreeMap::new();
        for impact in &impacts {
            let set = sets.entry(&impact.daemon_set_uid).or_insert_with(|| SetHarm {
                uid: impact.daemon_set_uid.clone(),
                daemon_set: impact.daemon_set.clone(),
                starts: 0,
                stops: 0,
                kept: 0,
                running: running(inventory, &impact.daemon_set_uid),
                critical: daemon_set(inventory, &impact.daemon_set_uid).and_then(critical),
            });
            match impact.outcome {
                Outcome::Stop | Outcome::EvictLoop | Outcome::RemoveOnRollout => set.stops += 1,
                Outcome::KeepMisscheduled => set.kept += 1,
                Outcome::Start | Outcome::Replace => set.starts += 1,
            }
        }
        let mut sets: Vec<SetHarm> = sets.into_values().collect();
        let rank = |set: &SetHarm| (set.critical.is_none() || set.stops == 0, std::cmp::Reverse(set.stops));
        sets.sort_by(|a, b| (rank(a), &a.daemon_set).cmp(&(rank(b), &b.daemon_set)));
        Self { sets, impacts, evicts: false, unseen: unseen(inventory) }
    }

    /// On how many cells pods stop.
    #[must_use]
    pub fn stops(&self) -> usize {
        self.sets.iter().map(|set| set.stops).sum()
    }

    /// On how many cells pods start.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.sets.iter().map(|set| set.starts).sum()
    }

    /// On how many cells pods stay that are no longer wanted.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.sets.iter().map(|set| set.kept).sum()
    }

    /// On how many cells pods are deleted and yet stay, since their node is not ready.
    #[must_use]
    pub fn stuck(&self) -> usize {
        self.impacts.iter().filter(|impact| impact.is_stuck).count()
    }

    /// What is said of each critical DaemonSet that loses pods.
    #[must_use]
    pub fn critical_words(&self) -> Vec<String> {
        let words = |set: &SetHarm| {
            let why = set.critical.unwrap_or_default();
            format!("CRITICAL: {} loses {} of {} pods ({why})", set.daemon_set, set.stops, set.running)
        };
        self.critical().map(words).collect()
    }

    /// The critical DaemonSets that lose pods.
    pub fn critical(&self) -> impl Iterator<Item = &SetHarm> {
        self.sets.iter().filter(|set| set.critical.is_some() && set.stops > 0)
    }

    /// How hard it is to confirm: any critical set and any eviction wants the typed word, and else what stops.
    #[must_use]
    pub fn gate(&self, inventory: &Inventory) -> Gate {
        if let Some(set) = self.critical().next() {
            let (pods, why) = (set.stops, set.critical.unwrap_or_default());
            let pods = if pods == 1 { "a pod".to_owned() } else { format!("{pods} pods") };
            return Gate::TypedName {
                why: format!("it stops {pods} of {}, a critical DaemonSet ({why})", set.daemon_set),
            };
        }
        match gate(&stops(inventory, &self.impacts)) {
            Gate::Yes if self.evicts => {
                Gate::TypedName { why: "a NoExecute taint evicts pods at once".to_owned() }
            }
            Gate::Yes => match self.unseen.first() {
                Some(why) => Gate::TypedName { why: why.clone() },
                None => Gate::Yes,
            },
            gate @ Gate::TypedName { .. } => gate,
        }
    }

    /// What another foretelling of the same change says otherwise, in words; none where it says the same.
    ///
    /// Only what happens where and why counts: other pods in the place of those that were there are no difference.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        type Place<'a> = (&'a NodeName, &'a Uid, Outcome, &'a str, jiff::SignedDuration);
        fn place(impact: &Impact) -> Place<'_> {
            let Impact { node, daemon_set_uid, outcome, reason, after, .. } = impact;
            (node, daemon_set_uid, *outcome, reason, *after)
        }
        let first = |of: &Self, not_in: &Self, said: &str| {
            let known: BTreeSet<Place<'_>> = not_in.impacts.iter().map(place).collect();
            let mut lacking = of.impacts.iter().filter(|impact| !known.contains(&place(impact)));
            let Impact { node, daemon_set, outcome, reason, .. } = lacking.next()?;
            let more = match lacking.count() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            Some(format!("{said} {node} {} {daemon_set}; {reason}{more}", outcome.name()))
        };
        let unseen = now.unseen.iter().filter(|why| !self.unseen.contains(why)).cloned();
        let parts = [first(now, self, "now"), first(self, now, "no longer")];
        let parts: Vec<String> = unseen.chain(parts.into_iter().flatten()).collect();
        (!parts.is_empty()).then(|| format!("it was: {}; {}", self.words(), parts.join("; ")))
    }

    /// In one line: `3 pods stop, 1 starts, 2 stay misscheduled`.
    #[must_use]
    pub fn words(&self) -> String {
        let part = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let parts = [
            part(self.stops(), "pod stops", "pods stop"),
            part(self.starts(), "pod starts", "pods start"),
            part(self.kept(), "pod stays misscheduled", "pods stay misscheduled"),
            part(
                self.stuck(),
                "of them cannot end, its node is NotReady",
                "of them cannot end, their nodes are NotReady",
            ),
        ];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        if words.is_empty() { "no daemon pod starts or stops".to_owned() } else { words.join(", ") }
    }
}

/// Why a DaemonSet is one that its nodes cannot do without.
#[must_use]
pub fn critical(daemon_set: &DaemonSet) -> Option<&'static str> {
    match daemon_set.template.priority_class.as_str() {
        "system-node-critical" => return Some("priority class system-node-critical"),
        "system-cluster-critical" => return Some("priority class system-cluster-critical"),
        _ => {}
    }
    if daemon_set.meta.key.namespace == "kube-system" {
        return Some("in kube-system");
    }
    let tolerates_all = |toleration: &crate::domain::object::Toleration| {
        toleration.key.is_empty() && toleration.effect.is_none()
    };
    let network =
        daemon_set.template.host_network && daemon_set.template.tolerations.iter().any(tolerates_all);
    network.then_some("on the host network and tolerating every taint, as network plugins do")
}

fn daemon_set<'a>(inventory: &'a Inventory, uid: &Uid) -> Option<&'a DaemonSet> {
    let row = inventory.row_of(uid).and_then(|slot| inventory.row(slot))?;
    Some(&row.daemon_set)
}

/// On how many nodes a DaemonSet has a pod.
fn running(inventory: &Inventory, uid: &Uid) -> usize {
    let Some(row) = inventory.row_of(uid).and_then(|slot| inventory.row(slot)) else { return 0 };
    inventory.columns().filter(|(slot, _)| row.cell(*slot).is_some_and(|cell| cell.occupied)).count()
}
