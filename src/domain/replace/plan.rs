//! Which nodes are to be replaced, in which order, and which are set apart.

mod groups;
mod words;

use std::collections::BTreeSet;
use std::fmt;

use jiff::SignedDuration;

use self::groups::{Groups, in_waves};

use super::options::Options;
use super::run::is_down;
use crate::domain::explanation::reasons;
use crate::domain::id::{NodeName, ObjectKind, ObjectRef, Uid};
use crate::domain::inventory::{CellView, Inventory, Row, RowSlot};
use crate::domain::object::{Pod, UpdateStrategy};
use crate::domain::reason::Ruling;
use crate::domain::rollout::usual_time;
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// How long a node takes where none was measured.
const USUAL: SignedDuration = SignedDuration::from_secs(30);

/// What is going to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The DaemonSet.
    pub daemon_set: ObjectRef,
    /// Its generation: another one is another plan.
    pub generation: i64,
    /// The hash of the revision that pods are to have.
    pub revision: Text,
    /// That revision for people, `3.2.0 (r3)`.
    pub revision_label: String,
    /// How it is to go.
    pub options: Options,
    /// How many wanted nodes there are.
    pub desired: u32,
    /// On how many of them a pod may be unavailable at once.
    pub budget: u32,
    /// How long a new pod has to stay ready.
    pub soak: SignedDuration,
    /// How long a node may take until its new pod is available.
    pub ready_timeout: SignedDuration,
    /// The nodes, in order.
    pub candidates: Vec<Candidate>,
    /// The waves' names, in order; every candidate belongs to one.
    pub waves: Vec<String>,
    /// The nodes with outdated pods that are left out, and why.
    pub apart: Vec<Apart>,
    /// Nodes that are without an available pod already, and are not planned: they use the budget up.
    pub down: Vec<NodeName>,
    /// How long one node usually takes, soak included.
    pub usual: SignedDuration,
    /// Whether that was measured on this set's own pods, and not only assumed.
    pub is_measured: bool,
}

/// A node whose pod is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub node: NodeName,
    /// Its uid; none where it is not known.
    pub node_uid: Option<Uid>,
    /// The outdated pod.
    pub pod: ObjectRef,
    /// The place of its wave in [`Plan::waves`].
    pub wave: usize,
    /// Whether the outdated pod is available.
    pub available: bool,
    /// Whether the node is cordoned: daemon pods tolerate that.
    pub cordoned: bool,
}

/// A node with an outdated pod that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// The node.
    pub node: NodeName,
    /// Why.
    pub why: String,
}

/// Why nothing can be planned, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// Something that was named does not exist.
    Wrong(String),
    /// The DaemonSet is not one that can be replaced by hand now.
    NotNow(String),
}

impl fmt::Display for NoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(words) | Self::NotNow(words)) = self;
        f.write_str(words)
    }
}

/// Makes a plan for a DaemonSet.
///
/// # Errors
/// Why nothing can be planned, and what to do.
pub fn plan(inventory: &Inventory, slot: RowSlot, options: Options) -> Result<Plan, NoPlan> {
    let row = inventory.row(slot).ok_or_else(|| NoPlan::NotNow("the DaemonSet is gone".to_owned()))?;
    let revision = plannable(inventory, slot, row).map_err(NoPlan::NotNow)?;
    let chosen = chosen(inventory, &options).map_err(NoPlan::Wrong)?;
    let groups = Groups::of(inventory, &options).map_err(NoPlan::Wrong)?;
    let (mut found, mut apart) = (Vec::new(), Vec::new());
    for (column, named) in inventory.columns() {
        if chosen.as_ref().is_some_and(|chosen| !chosen.contains(&named.name)) {
            continue;
        }
        let Some(view) = inventory.view(slot, column) else { continue };
        let Some(pod) = outdated(&view) else {
            if options.nodes.contains(&named.name.0) {
                apart.push(Apart { node: named.name.clone(), why: not_outdated(&view).to_owned() });
            }
            continue;
        };
        let Some(group) = groups.place(named.node.as_ref()) else { continue };
        match set_apart(&view, pod) {
            Some(why) if !options.include_set_apart => {
                apart.push(Apart { node: named.name.clone(), why });
            }
            _ => found.push((group, candidate(&view, pod))),
        }
    }
    let first = |candidate: &Candidate| options.unhealthy_first && !candidate.available;
    found.sort_by(|(a_group, a), (b_group, b)| {
        (!first(a), a_group, &a.node).cmp(&(!first(b), b_group, &b.node))
    });
    apart.sort_by(|a, b| a.node.cmp(&b.node));
    let (candidates, waves) = in_waves(found, &groups, &options);
    let set = &row.daemon_set;
    let desired = row.tally.desired;
    let down = down_beside(inventory, row, &candidates);
    let soak = options.soak(set.min_ready_seconds);
    let measured = usual_time(inventory, slot);
    let usual = measured.unwrap_or(USUAL);
    Ok(Plan {
        daemon_set: ObjectRef {
            kind: ObjectKind::DaemonSet,
            key: set.meta.key.clone(),
            uid: set.meta.uid.clone(),
        },
        generation: set.meta.generation,
        revision_label: inventory.revision_label(&set.meta.uid, &revision),
        revision,
        budget: options.max_in_flight.resolve(desired).min(desired).max(1),
        desired,
        soak,
        ready_timeout: options.ready_timeout(usual),
        usual: usual + soak,
        is_measured: measured.is_some(),
        options,
        candidates,
        waves,
        apart,
        down,
    })
}

/// The nodes without an available pod that are not planned.
fn down_beside(inventory: &Inventory, row: &Row, candidates: &[Candidate]) -> Vec<NodeName> {
    let planned: BTreeSet<&NodeName> = candidates.iter().map(|candidate| &candidate.node).collect();
    let down = inventory.columns().filter(|(slot, _)| row.cell(*slot).is_some_and(is_down));
    let down = down.filter(|(_, column)| !planned.contains(&column.name));
    down.map(|(_, column)| column.name.clone()).collect()
}

/// The nodes that were asked for; none where all are.
fn chosen(inventory: &Inventory, options: &Options) -> Result<Option<BTreeSet<NodeName>>, String> {
    if options.nodes.is_empty() && options.node_selector.is_none() {
        return Ok(None);
    }
    let known: BTreeSet<&NodeName> = inventory.columns().map(|(_, column)| &column.name).collect();
    let named: BTreeSet<NodeName> = options.nodes.iter().cloned().map(NodeName).collect();
    if let Some(unknown) = named.iter().find(|node| !known.contains(node)) {
        return Err(format!("there is no node {unknown}"));
    }
    let Some(written) = &options.node_selector else { return Ok(Some(named)) };
    let selector = Selector::parse(written).map_err(|error| error.to_string())?;
    let selected = inventory.columns().filter_map(|(_, column)| column.node.as_ref());
    let selected = selected.filter(|node| selector.matches(&node.meta.labels));
    let selected: BTreeSet<NodeName> = selected.map(|node| NodeName(node.meta.key.name.clone())).collect();
    if selected.is_empty() {
        return Err(format!("no node has the labels {written}"));
    }
    let both = |node: &NodeName| named.is_empty() || named.contains(node);
    Ok(Some(selected.into_iter().filter(both).collect()))
}

/// Why there is nothing to replace on a node that was named.
fn not_outdated(view: &CellView<'_>) -> &'static str {
    match view.pods.iter().any(|pod| !pod.is_deleting()) {
        true => "its pod is up to date",
        false if view.pods.is_empty() => "no pod of this DaemonSet is there",
        false => "its pod is being deleted already",
    }
}

/// The hash of the current revision, if the set is one that can be replaced by hand.
fn plannable(inventory: &Inventory, slot: RowSlot, row: &Row) -> Result<Text, String> {
    let set = &row.daemon_set;
    let key = &set.meta.key;
    if set.meta.deleting.is_some() {
        return Err(format!("{key} is being deleted"));
    }
    if set.strategy != UpdateStrategy::OnDelete {
        return Err(format!(
            "{key} is updated by its controller (RollingUpdate), which would replace pods beside you; pause it first"
        ));
    }
    if !set.is_observed() {
        return Err(format!(
            "the controller has not seen the newest spec of {key} yet; try again in a moment"
        ));
    }
    if inventory.computed(slot).is_none() {
        return Err(format!("the nodes or pods of {key} are not known, so nothing can be planned"));
    }
    let revision = inventory.current_revision(slot).map(|revision| revision.hash.clone());
    revision.ok_or_else(|| format!("the revisions of {key} are not known, so outdated pods cannot be told"))
}

/// The pod here that is to be replaced: not being deleted, and not of the current template.
#[must_use]
pub fn outdated<'a>(view: &CellView<'a>) -> Option<&'a Pod> {
    view.pods.iter().copied().find(|pod| !pod.is_deleting() && !view.is_updated(pod))
}

/// Why a pod that is deleted here would not come back, if so.
fn set_apart(view: &CellView<'_>, pod: &Pod) -> Option<String> {
    let Some(node) = &view.column.node else { return Some("the node is gone".to_owned()) };
    if !node.is_ready() {
        return Some("the node is not Ready: a new pod would not start".to_owned());
    }
    if !view.cell.run {
        let all = reasons(view, false);
        let refused =
            |reason: &&crate::domain::reason::Reason| matches!(reason.verdict, Ruling::Refuse | Ruling::Stop);
        let why: Vec<&str> = all.iter().filter(refused).map(|reason| reason.detail.as_str()).collect();
        return Some(format!("it should not run here and would not come back: {}", why.join("; ")));
    }
    let said = pod.scheduling.as_ref().filter(|scheduling| scheduling.reason == "Unschedulable")?;
    Some(format!("its outdated pod is unschedulable itself: {}", said.message))
}

fn candidate(view: &CellView<'_>, pod: &Pod) -> Candidate {
    let node = view.column.node.as_ref();
    Candidate {
        node: view.column.name.clone(),
        node_uid: node.map(|node| node.meta.uid.clone()),
        pod: ObjectRef { kind: ObjectKind::Pod, key: pod.meta.key.clone(), uid: pod.meta.uid.clone() },
        wave: 0,
        available: view.is_available(pod),
        cordoned: node.is_some_and(|node| node.unschedulable),
    }
}
