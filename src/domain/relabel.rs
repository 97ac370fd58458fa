//! Changing labels, taints and cordons of one or many nodes: what is there, what uses it, what is better left alone.
//!
//! What a change does to pods is [`super::preview`]; here is what an editor shows before it, and what is sent after it.

pub mod batch;
pub mod guard;
pub mod harm;
pub mod patch;
pub mod sight;

use std::collections::{BTreeMap, BTreeSet};

use super::id::{NodeName, ObjectKey};
use super::inventory::Inventory;
use super::object::{DaemonSet, Node, Taint, TaintEffect};
use super::preview::NodeChange;
use super::text::Text;
use guard::{Guard, guard};

/// So many values are told one by one: names of hosts all differ.
const VALUES: usize = 5;

/// One label key on the chosen nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelLine {
    /// The key.
    pub key: Text,
    /// The values, each with the nodes that have it; no value for the nodes without the label.
    pub values: BTreeMap<Option<Text>, Vec<NodeName>>,
    /// The DaemonSets whose node selector or required node affinity names the key.
    pub used_by: Vec<ObjectKey>,
    /// Whether it is better left alone.
    pub guard: Guard,
}

impl LabelLine {
    /// The value that all chosen nodes have.
    #[must_use]
    pub fn common(&self) -> Option<&Text> {
        match self.values.keys().collect::<Vec<_>>().as_slice() {
            [Some(value)] => Some(value),
            _ => None,
        }
    }

    /// How many of the chosen nodes lack the label.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.values.get(&None).map_or(0, Vec::len)
    }

    /// The values in words: `m5`, or `m5 on 3, m6 on 2, missing on 1`.
    #[must_use]
    pub fn words(&self) -> String {
        if let Some(value) = self.common() {
            return shown(value).to_owned();
        }
        let mut parts: Vec<(usize, String)> = self
            .values
            .iter()
            .filter_map(|(value, nodes)| {
                Some((nodes.len(), format!("{} on {}", shown(value.as_ref()?), nodes.len())))
            })
            .collect();
        parts.sort_by_key(|(nodes, _)| std::cmp::Reverse(*nodes));
        if parts.is_empty() {
            return if self.missing() == 1 { "missing" } else { "missing on all" }.to_owned();
        }
        let more = parts.len().saturating_sub(VALUES);
        let mut words: Vec<String> = parts.into_iter().take(VALUES).map(|(_, words)| words).collect();
        if more > 0 {
            words.push(format!("{more} other values"));
        }
        if self.missing() > 0 {
            words.push(format!("missing on {}", self.missing()));
        }
        words.join(", ")
    }
}

/// An empty value is one, too.
fn shown(value: &Text) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

/// The labels of these nodes: those that DaemonSets use first, also where no chosen node has them; then by key.
#[must_use]
pub fn label_lines(inventory: &Inventory, nodes: &[&Node]) -> Vec<LabelLine> {
    let uses = label_uses(inventory);
    let on_nodes = nodes.iter().flat_map(|node| node.meta.labels.iter().map(|(key, _)| key));
    let keys: BTreeSet<&Text> = on_nodes.chain(uses.keys()).collect();
    let mut lines: Vec<LabelLine> = keys
        .into_iter()
        .map(|key| {
            let mut values: BTreeMap<Option<Text>, Vec<NodeName>> = BTreeMap::new();
            for node in nodes {
                values.entry(node.meta.labels.get(key).cloned()).or_default().push(node.name());
            }
            let used_by = uses.get(key).cloned().unwrap_or_default();
            LabelLine { key: key.clone(), values, used_by, guard: guard(key) }
        })
        .collect();
    lines.sort_by(|a, b| (a.used_by.is_empty(), &a.key).cmp(&(b.used_by.is_empty(), &b.key)));
    lines
}

/// The label keys that placement rules name, with the DaemonSets whose rules they are.
#[must_use]
pub fn label_uses(inventory: &Inventory) -> BTreeMap<Text, Vec<ObjectKey>> {
    let mut uses: BTreeMap<Text, BTreeSet<ObjectKey>> = BTreeMap::new();
    for (_, row) in inventory.rows() {
        for key in keys_of(&row.daemon_set) {
            uses.entry(key.clone()).or_default().insert(row.daemon_set.meta.key.clone());
        }
    }
    uses.into_iter().map(|(key, sets)| (key, sets.into_iter().collect())).collect()
}

fn keys_of(daemon_set: &DaemonSet) -> impl Iterator<Item = &Text> {
    let template = &daemon_set.template;
    let selected = template.node_selector.iter().map(|(key, _)| key);
    let terms = template.required_affinity.iter().flat_map(|terms| terms.iter());
    selected.chain(terms.flat_map(|term| term.match_expressions.iter().map(|expression| &expression.key)))
}

/// What a change would put in the place of something else, in words: kubectl wants `--overwrite` for it.
#[must_use]
pub fn overwritten(node: &Node, change: &NodeChange) -> Vec<String> {
    let name = &node.meta.key.name;
    let labels = change.labels.iter().filter_map(|(key, value)| {
        let (known, new) = (node.meta.labels.get(key)?, value.as_ref()?);
        (known != new).then(|| format!("{name} has the label {key}={known}"))
    });
    let taints = change.add_taints.iter().filter_map(|taint| {
        let same_place = |known: &&Taint| known.key == taint.key && known.effect == taint.effect;
        let known = node.taints.iter().find(same_place)?;
        (known != taint).then(|| format!("{name} has the taint {known}"))
    });
    labels.chain(taints).collect()
}

/// The taints that are to be removed and that none of these nodes has: kubectl refuses that.
#[must_use]
pub fn missing_taints(nodes: &[&Node], change: &NodeChange) -> Vec<(Text, Option<TaintEffect>)> {
    let is_there = |(key, effect): &&(Text, Option<TaintEffect>)| {
        let meant =
            |taint: &Taint| taint.key == *key && effect.as_ref().is_none_or(|effect| *effect == taint.effect);
        nodes.iter().any(|node| node.taints.iter().any(meant))
    };
    change.remove_taints.iter().filter(|removed| !is_there(removed)).cloned().collect()
}

/// The label keys of the cluster that begin with what was typed: those that DaemonSets use first.
#[must_use]
pub fn known_keys(inventory: &Inventory, typed: &str) -> Vec<Text> {
    let used: BTreeSet<Text> = label_uses(inventory).into_keys().collect();
    let on_nodes: BTreeSet<Text> = nodes(inventory)
        .flat_map(|node| node.meta.labels.iter().map(|(key, _)| key.clone()))
        .filter(|key| !used.contains(key))
        .collect();
    used.into_iter().chain(on_nodes).filter(|key| key.starts_with(typed)).collect()
}

/// The values of a key that begin with what was typed: on nodes or in a DaemonSet's rules, the most frequent first.
#[must_use]
pub fn known_values(inventory: &Inventory, key: &str, typed: &str) -> Vec<Text> {
    let mut counts: BTreeMap<Text, usize> = BTreeMap::new();
    for value in nodes(inventory).filter_map(|node| node.meta.labels.get(key)) {
        *counts.entry(value.clone()).or_default() += 1;
    }
    for (_, row) in inventory.rows() {
        let template = &row.daemon_set.template;
        let terms = template.required_affinity.iter().flat_map(|terms| terms.iter());
        let expressions =
            terms.flat_map(|term| &term.match_expressions).filter(|expression| expression.key == *key);
        let asked = expressions.filter(|expression| matches!(expression.operator.as_str(), "In" | "NotIn"));
        for value in template.node_selector.get(key).into_iter().chain(asked.flat_map(|asked| &asked.values))
        {
            counts.entry(value.clone()).or_default();
        }
    }
    let mut values: Vec<(Text, usize)> =
        counts.into_iter().filter(|(value, _)| value.starts_with(typed)).collect();
    values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    values.into_iter().map(|(value, _)| value).collect()
}

fn nodes(inventory: &Inventory) -> impl Iterator<Item = &Node> {
    inventory.columns().filter_map(|(_, column)| column.node.as_ref())
}
