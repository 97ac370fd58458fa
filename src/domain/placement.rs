//! Does a DaemonSet want a pod on a node? The controller's own predicate, with every reason.
//!
//! Models `NodeShouldRunDaemonPod` and `predicates` of the DaemonSet controller
//! (`pkg/controller/daemon/daemon_controller.go`): only the template, the node's name, labels and
//! taints count; not `spec.unschedulable`, conditions, capacity, other pods or priority.

mod affinity;
mod tolerations;

pub use tolerations::{EffectiveToleration, Origin, effective_tolerations};

use super::object::{Labels, Node, Taint, TaintEffect, Template};
use super::reason::{Reason, Rule, Ruling};
use affinity::{Affinity, TermVerdict};

/// Labels that only say which binaries run on a node; nearly every template names them.
const PLATFORM: [&str; 4] =
    ["kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch"];

/// What the controller may do on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// Create a pod where there is none.
    pub run: bool,
    /// Leave a pod alone that is there. `run` implies `keep`.
    pub keep: bool,
}

/// The placement rules of one template, made ready to be asked for many nodes.
#[derive(Clone, Debug)]
pub struct Placement {
    node_name: super::text::Text,
    node_selector: Labels,
    affinity: Option<Affinity>,
    tolerations: Vec<EffectiveToleration>,
}

impl Placement {
    /// Reads the rules of a template.
    #[must_use]
    pub fn new(template: &Template) -> Self {
        Self {
            node_name: template.node_name.clone(),
            node_selector: template.node_selector.clone(),
            affinity: template.required_affinity.as_deref().map(Affinity::new),
            tolerations: effective_tolerations(template),
        }
    }

    /// The tolerations that count: the written ones and the controller's own.
    #[must_use]
    pub fn tolerations(&self) -> &[EffectiveToleration] {
        &self.tolerations
    }

    /// The value that the node selector wants of a label.
    #[must_use]
    pub fn selected_value(&self, key: &str) -> Option<&super::text::Text> {
        self.node_selector.get(key)
    }

    /// Decides for a node, without reasons.
    #[must_use]
    pub fn verdict(&self, node: &Node) -> Verdict {
        self.verdict_for(&node.meta.key.name, &node.meta.labels, &node.taints)
    }

    /// Decides for a node that has this name, these labels and these taints.
    #[must_use]
    pub fn verdict_for(&self, name: &str, labels: &Labels, taints: &[Taint]) -> Verdict {
        if !self.selects(name, labels) {
            return Verdict { run: false, keep: false };
        }
        let mut verdict = Verdict { run: true, keep: true };
        for taint in self.untolerated(taints) {
            verdict.run = false;
            verdict.keep &= taint.effect != TaintEffect::NoExecute;
        }
        verdict
    }

    /// The taints that alone keep a pod away, though node name, selector and affinity match; empty where a pod may run
    /// and where something else refuses it as well.
    #[must_use]
    pub fn kept_off_by<'a>(&'a self, node: &'a Node) -> Vec<&'a Taint> {
        // Most nodes have no taint that is not tolerated; matching labels is the dearer half.
        let taints: Vec<&Taint> = self.untolerated(&node.taints).collect();
        if taints.is_empty() || !self.selects(&node.meta.key.name, &node.meta.labels) {
            return Vec::new();
        }
        taints
    }

    /// Whether the template asks for certain nodes: by name, or by a label that says more than which binaries run there.
    #[must_use]
    pub fn asks_for_nodes(&self) -> bool {
        let telling = |key: &str| !PLATFORM.contains(&key);
        !self.node_name.is_empty()
            || self.node_selector.iter().any(|(key, _)| telling(key))
            || self.affinity.as_ref().is_some_and(|affinity| affinity.asks_for_labels(telling))
    }

    /// The value that the node selector wants of a label.
    #[must_use]
    pub fn wanted_value(&self, key: &str) -> Option<&super::text::Text> {
        self.node_selector.get(key)
    }

    fn selects(&self, name: &str, labels: &Labels) -> bool {
        self.names(name)
            && self.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.affinity.as_ref().is_none_or(|affinity| affinity.matches(name, labels))
    }

    /// Whether nothing but the node's own health (a not-ready or unreachable taint) refuses a pod: the node is lost
    /// for now, its pod is not misplaced.
    #[must_use]
    pub fn refused_by_health_only(&self, node: &Node) -> bool {
        let healthy = |taint: &Taint| {
            !matches!(taint.key.as_str(), "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable")
        };
        let others: Vec<Taint> = node.taints.iter().filter(|taint| healthy(taint)).cloned().collect();
        others.len() < node.taints.len()
            && !self.verdict(node).run
            && self.verdict_for(&node.meta.key.name, &node.meta.labels, &others).run
    }

    /// Everything that refuses, stops or (where `allowing`) allows a pod on a node, in the controller's order.
    #[must_use]
    pub fn reasons(&self, node: &Node, allowing: bool) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let (name, labels) = (node.meta.key.name.as_str(), &node.meta.labels);
        self.name_reason(name, &mut reasons);
        self.selector_reasons(labels, &mut reasons);
        self.affinity_reasons(name, labels, &mut reasons);
        self.taint_reasons(&node.taints, &mut reasons);
        if !allowing {
            reasons.retain(|reason| reason.verdict != Ruling::Allow);
        } else if reasons.is_empty() {
            reasons.push(Reason::new(
                Rule::NodeSelector,
                Ruling::Allow,
                "",
                "the template asks for no node name, node selector or required node affinity, and no taint refuses it",
            ));
        }
        reasons
    }

    fn names(&self, name: &str) -> bool {
        self.node_name.is_empty() || self.node_name == *name
    }

    /// The taints that keep a pod away (`FindMatchingUntoleratedTaint`): `PreferNoSchedule` never counts.
    pub fn untolerated<'a>(&'a self, taints: &'a [Taint]) -> impl Iterator<Item = &'a Taint> {
        taints.iter().filter(|taint| decides(taint) && self.tolerating(taint).is_none())
    }

    fn tolerating(&self, taint: &Taint) -> Option<&EffectiveToleration> {
        self.tolerations.iter().find(|toleration| toleration.tolerates(taint))
    }

    fn name_reason(&self, name: &str, reasons: &mut Vec<Reason>) {
        if self.node_name.is_empty() {
            return;
        }
        let (verdict, detail) = if self.names(name) {
            (Ruling::Allow, format!("the template names this node: nodeName {name}"))
        } else {
            (Ruling::Stop, format!("the template names another node: nodeName {}", self.node_name))
        };
        reasons.push(Reason::new(Rule::NodeName, verdict, &self.node_name, &detail));
    }

    fn selector_reasons(&self, labels: &Labels, reasons: &mut Vec<Reason>) {
        for (key, wanted) in self.node_selector.iter() {
            let (verdict, detail) = match labels.get(key) {
                Some(value) if value == wanted => {
                    (Ruling::Allow, format!("the node has label {key}={wanted}"))
                }
                Some(value) => {
                    (Ruling::Stop, format!("nodeSelector wants {key}={wanted}, the node has {key}={value}"))
                }
                None => {
                    (Ruling::Stop, format!("nodeSelector wants {key}={wanted}, the node has no label {key}"))
                }
            };
            reasons.push(Reason::new(Rule::NodeSelector, verdict, key, &detail));
        }
    }

    fn affinity_reasons(&self, name: &str, labels: &Labels, reasons: &mut Vec<Reason>) {
        let Some(affinity) = &self.affinity else { return };
        let verdicts = affinity.terms(name, labels);
        if let Some(TermVerdict { number, detail, key, .. }) = verdicts.iter().find(|term| term.matches) {
            let detail = format!("required node affinity term {number} holds: {detail}");
            reasons.push(Reason::new(Rule::NodeAffinity, Ruling::Allow, key, &detail));
            return;
        }
        if verdicts.is_empty() {
            let detail = "the required node affinity has no terms, so it matches no node";
            reasons.push(Reason::new(Rule::NodeAffinity, Ruling::Stop, "", detail));
        }
        for TermVerdict { number, detail, key, .. } in &verdicts {
            let detail =
                format!("required node affinity term {number} of {} fails: {detail}", verdicts.len());
            reasons.push(Reason::new(Rule::NodeAffinity, Ruling::Stop, key, &detail));
        }
    }

    fn taint_reasons(&self, taints: &[Taint], reasons: &mut Vec<Reason>) {
        for taint in taints.iter().filter(|taint| decides(taint)) {
            let (verdict, detail) = match self.tolerating(taint) {
                Some(by) => (Ruling::Allow, format!("taint {taint} is tolerated by {by}")),
                None if taint.effect == TaintEffect::NoExecute => {
                    (Ruling::Stop, format!("taint {taint} is not tolerated"))
                }
                None => (Ruling::Refuse, format!("taint {taint} is not tolerated")),
            };
            reasons.push(Reason::new(Rule::Taint, verdict, &taint.key, &detail));
        }
    }
}

/// Whether the controller looks at a taint at all.
fn decides(taint: &Taint) -> bool {
    matches!(taint.effect, TaintEffect::NoSchedule | TaintEffect::NoExecute)
}
