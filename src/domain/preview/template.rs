//! What a new or edited DaemonSet manifest would do to pods, node by node.
//!
//! Placement follows the template at once; old pods go when a `RollingUpdate` reaches them (`rollingUpdate`, also on
//! nodes that are kept but no longer wanted: there nothing comes back). `OnDelete` replaces nothing by itself.

use jiff::SignedDuration;

use super::{Impact, Outcome, evicted, made_again, refusal};
use crate::domain::id::Uid;
use crate::domain::inventory::{CellView, Inventory};
use crate::domain::object::{DaemonSet, Node, Pod, UpdateStrategy};
use crate::domain::placement::Placement;
use crate::domain::reason::Ruling;
use crate::domain::text::Text;

/// A manifest against what the cluster has.
#[derive(Clone, Copy, Debug)]
pub struct TemplateEdit<'a> {
    /// The DaemonSet as the manifest wants it.
    pub after: &'a DaemonSet,
    /// The DaemonSet that it changes; none where it is new.
    pub live: Option<&'a Uid>,
    /// Whether the template changes.
    pub changed: bool,
    /// The hash of the stored revision that already holds the new template: its pods are up to date.
    pub revision: Option<&'a Text>,
}

/// What happens, to which pods, and why.
type Happening = (Outcome, String, Vec<Text>);

/// What changes on every node.
#[must_use]
pub fn template_impact(inventory: &Inventory, edit: &TemplateEdit<'_>) -> Vec<Impact> {
    let placement = Placement::new(&edit.after.template);
    let row = edit.live.and_then(|uid| inventory.row_of(uid));
    let mut impacts = Vec::new();
    for (slot, column) in inventory.columns() {
        let Some(node) = &column.node else { continue };
        let view = row.and_then(|row| inventory.view(row, slot));
        let happenings = match &view {
            Some(view) => edit.on_node(view, node, &placement),
            None => created(node, &placement),
        };
        impacts.extend(happenings.into_iter().map(|(outcome, reason, pods)| {
            let (is_stuck, reason) = super::ending(node, outcome, &pods, reason);
            Impact {
                node: column.name.clone(),
                daemon_set_uid: edit.live.cloned().unwrap_or_default(),
                daemon_set: edit.after.meta.key.clone(),
                outcome,
                reason,
                pods,
                after: SignedDuration::ZERO,
                is_stuck,
            }
        }));
    }
    impacts
}

impl TemplateEdit<'_> {
    /// How many pods keep an old template until somebody deletes them: those of a changed `OnDelete` set.
    #[must_use]
    pub fn left_behind(&self, inventory: &Inventory) -> usize {
        let row = self.live.and_then(|uid| inventory.row_of(uid));
        match row {
            Some(row) if self.changed && self.after.strategy == UpdateStrategy::OnDelete => {
                inventory.pods_of(row).filter(|pod| !pod.is_deleting() && !self.is_current(pod)).count()
            }
            _ => 0,
        }
    }

    fn is_current(&self, pod: &Pod) -> bool {
        self.revision.is_some() && self.revision == pod.revision.as_ref()
    }

    /// Whether a rolling update that this edit sets going deletes a pod.
    fn rolls(&self, view: &CellView<'_>, pod: &Pod) -> bool {
        let was = &view.row.daemon_set.strategy;
        match (&self.after.strategy, self.changed) {
            (UpdateStrategy::OnDelete, _) => false,
            (UpdateStrategy::RollingUpdate { .. }, true) => !self.is_current(pod),
            // Pods that an OnDelete set left behind; what rolls already is not this edit's doing.
            (UpdateStrategy::RollingUpdate { .. }, false) => {
                *was == UpdateStrategy::OnDelete && !view.is_updated(pod)
            }
        }
    }

    fn on_node(&self, view: &CellView<'_>, node: &Node, after: &Placement) -> Vec<Happening> {
        let before = &view.row.placement;
        let (was, is) = (before.verdict(node), after.verdict(node));
        let staying: Vec<&Pod> = view.pods.iter().copied().filter(|pod| !pod.is_deleting()).collect();
        let names = |pods: &[&Pod]| pods.iter().map(|pod| pod.meta.key.name.clone()).collect::<Vec<Text>>();
        if staying.is_empty() {
            return if is.run && !was.run { created(node, after) } else { Vec::new() };
        }
        if !is.keep {
            let stops = was.keep;
            let reason = || refusal(after, node, Ruling::Stop);
            return if stops { vec![(Outcome::Stop, reason(), names(&staying))] } else { Vec::new() };
        }
        let old: Vec<&Pod> = staying.iter().copied().filter(|pod| self.rolls(view, pod)).collect();
        let why = if self.changed { "the template changes" } else { "the strategy becomes RollingUpdate" };
        let mut happenings = Vec::new();
        if is.run {
            if !old.is_empty() {
                let reason = format!("{why}; {}", limits(&self.after.strategy));
                happenings.push((Outcome::Replace, reason, names(&old)));
            }
            if let (None, Some((taint, seconds))) = (evicted(before, node), evicted(after, node)) {
                happenings.push((Outcome::EvictLoop, made_again(taint, seconds), names(&staying)));
            }
        } else if !old.is_empty() {
            let refused = refusal(after, node, Ruling::Refuse);
            let reason = format!("{why}, and nothing replaces the pod here: {refused}");
            happenings.push((Outcome::RemoveOnRollout, reason, names(&old)));
        } else if was.run {
            let reason = refusal(after, node, Ruling::Refuse);
            happenings.push((Outcome::KeepMisscheduled, reason, names(&staying)));
        }
        happenings
    }
}

/// What happens on a node that has no pod yet.
fn created(node: &Node, placement: &Placement) -> Vec<Happening> {
    if !placement.verdict(node).run {
        return Vec::new();
    }
    let mut happenings = vec![(Outcome::Start, wanted(placement, node), Vec::new())];
    let again = evicted(placement, node).map(|(taint, seconds)| made_again(taint, seconds));
    happenings.extend(again.map(|reason| (Outcome::EvictLoop, reason, Vec::new())));
    happenings
}

/// Why a node is wanted.
fn wanted(placement: &Placement, node: &Node) -> String {
    let reasons = placement.reasons(node, true);
    reasons.iter().map(|reason| reason.detail.as_str()).collect::<Vec<_>>().join("; ")
}

/// The limits of a rolling update, in words.
fn limits(strategy: &UpdateStrategy) -> String {
    match strategy {
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } if max_surge.resolve(1) > 0 => {
            format!("replaced with maxSurge {max_surge}, maxUnavailable {max_unavailable}")
        }
        UpdateStrategy::RollingUpdate { max_unavailable, .. } => {
            format!("replaced with maxUnavailable {max_unavailable}")
        }
        UpdateStrategy::OnDelete => "replaced when somebody deletes it".to_owned(),
    }
}
