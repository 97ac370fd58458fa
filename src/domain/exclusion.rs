//! Which nodes a DaemonSet does not want, by the rule that keeps it off.

use std::fmt;

use super::id::NodeName;
use super::inventory::{Inventory, RowSlot};
use super::object::Node;
use super::placement::Placement;
use super::reason::{Rule, Ruling};

/// Nodes that one rule keeps a DaemonSet off; prints like `12 by taint gpu=present:NoSchedule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The rule; where several refuse a node, the first the controller looks at, and selectors come before taints.
    pub rule: Rule,
    /// The rule in words, like `taint gpu=present:NoSchedule` or `selector pool=gpu`.
    pub what: String,
    /// The nodes, by name.
    pub nodes: Vec<NodeName>,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.nodes.len(), self.what)
    }
}

/// All nodes that a DaemonSet does not want, the rule with the most nodes first.
#[must_use]
pub fn exclusions(inventory: &Inventory, slot: RowSlot) -> Vec<Exclusion> {
    let Some(row) = inventory.row(slot) else { return Vec::new() };
    let mut found: Vec<Exclusion> = Vec::new();
    for node in inventory.columns().filter_map(|(_, column)| column.node.as_ref()) {
        let Some((rule, what)) = first_refusal(&row.placement, node) else { continue };
        match found.iter_mut().find(|known| (known.rule, &known.what) == (rule, &what)) {
            Some(known) => known.nodes.push(node.name()),
            None => found.push(Exclusion { rule, what, nodes: vec![node.name()] }),
        }
    }
    for exclusion in &mut found {
        exclusion.nodes.sort();
    }
    found.sort_by(|a, b| b.nodes.len().cmp(&a.nodes.len()).then_with(|| a.what.cmp(&b.what)));
    found
}

/// The first rule that refuses a node, and its words without anything of that node's own.
fn first_refusal(placement: &Placement, node: &Node) -> Option<(Rule, String)> {
    let reasons = placement.reasons(node, false);
    let first = reasons.iter().find(|reason| matches!(reason.verdict, Ruling::Refuse | Ruling::Stop))?;
    let what = match first.rule {
        Rule::Taint => format!("taint {}", placement.untolerated(&node.taints).next()?),
        Rule::NodeSelector => format!("selector {}={}", first.key, placement.selected_value(&first.key)?),
        Rule::NodeName => format!("nodeName {}", first.key),
        _ => "node affinity".to_owned(),
    };
    Some((first.rule, what))
}
