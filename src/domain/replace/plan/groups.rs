//! The groups of nodes, one after the other, after the canaries.

use std::collections::BTreeSet;

use super::Candidate;
use crate::domain::inventory::Inventory;
use crate::domain::object::Node;
use crate::domain::replace::options::Options;
use crate::domain::text::Text;

/// The name of the first wave.
const CANARY: &str = "canary";
/// The group of nodes without the label.
const NO_GROUP: &str = "without the label";

/// The first ones are the canaries, the others come group by group.
pub(super) fn in_waves(
    found: Vec<(usize, Candidate)>,
    groups: &Groups,
    options: &Options,
) -> (Vec<Candidate>, Vec<String>) {
    let canaries = usize::try_from(options.canary).unwrap_or(usize::MAX).min(found.len());
    let (mut waves, mut candidates) = (Vec::new(), Vec::new());
    if canaries > 0 {
        waves.push(CANARY.to_owned());
    }
    let (canary, mut rest): (Vec<_>, Vec<_>) = {
        let mut found = found;
        let rest = found.split_off(canaries);
        (found, rest)
    };
    candidates.extend(canary.into_iter().map(|(_, candidate)| candidate));
    // Stable: within a group the order stays.
    rest.sort_by_key(|(group, _)| *group);
    let mut open = None;
    for (group, candidate) in rest {
        if open != Some(group) {
            open = Some(group);
            waves.push(groups.names[group].clone());
        }
        candidates.push(Candidate { wave: waves.len() - 1, ..candidate });
    }
    (candidates, waves)
}

/// The groups of nodes, in order.
pub(super) struct Groups {
    label: Option<Text>,
    names: Vec<String>,
    /// Whether only the named groups are wanted.
    chosen: bool,
}

impl Groups {
    pub(super) fn of(inventory: &Inventory, options: &Options) -> Result<Self, String> {
        let Some(label) = options.group_by.clone() else {
            if let Some(group) = options.groups.first() {
                return Err(format!("the group {group:?} is of no label; name one with --group-by"));
            }
            return Ok(Self { label: None, names: vec!["all nodes".to_owned()], chosen: false });
        };
        let nodes = inventory.columns().filter_map(|(_, column)| column.node.as_ref());
        let values: BTreeSet<&Text> = nodes.filter_map(|node| node.meta.labels.get(&label)).collect();
        if values.is_empty() {
            return Err(format!("no node has the label {label}"));
        }
        if let Some(unknown) = options.groups.iter().find(|group| !values.contains(group)) {
            let known: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
            return Err(format!("no node has {label}={unknown}; there are {}", known.join(", ")));
        }
        let chosen = !options.groups.is_empty();
        let mut names: Vec<String> = if chosen {
            options.groups.iter().map(ToString::to_string).collect()
        } else {
            values.into_iter().map(ToString::to_string).collect()
        };
        if !chosen {
            names.push(NO_GROUP.to_owned());
        }
        Ok(Self { label: Some(label), names, chosen })
    }

    /// The group of a node; none where the node is in none of the chosen ones.
    pub(super) fn place(&self, node: Option<&Node>) -> Option<usize> {
        let Some(label) = &self.label else { return Some(0) };
        let value = node.and_then(|node| node.meta.labels.get(label));
        let named = value.and_then(|value| self.names.iter().position(|name| *name == value.as_str()));
        named.or_else(|| (!self.chosen).then(|| self.names.len() - 1))
    }
}
