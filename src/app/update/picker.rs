//! Lists to choose from.

use std::collections::{BTreeMap, BTreeSet};

use super::lens::project;
use super::{filter, logs};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::model::{Grouping, Model};
use crate::app::picker::{PAGE, Picker, PickerKind};
use crate::app::viewport::step;
use crate::domain::text::Text;

/// Labels by which people think of nodes; offered first.
const USUAL: [&str; 5] = [
    "topology.kubernetes.io/zone",
    "pool",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "kubernetes.io/arch",
];

/// Moves in a list.
pub(super) fn moved(model: &mut Model, action: Action) {
    let Some(picker) = &mut model.picker else { return };
    let Some(delta) = action.lines(PAGE) else { return };
    picker.at = step(picker.at, delta, picker.entries.len());
}

/// Offers the namespaces that hold DaemonSets.
pub(super) fn pick_namespace(model: &mut Model) {
    let count = |namespace: &Text| {
        let of_it = model.inventory.rows().filter(|(_, row)| row.daemon_set.meta.key.namespace == *namespace);
        match of_it.count() {
            1 => "1 DaemonSet".to_owned(),
            many => format!("{many} DaemonSets"),
        }
    };
    let namespaces = model.inventory.namespaces();
    let mut entries = vec![(None, String::new())];
    entries.extend(namespaces.into_iter().map(|name| {
        let words = count(&name);
        (Some(name), words)
    }));
    let at = entries.iter().position(|(name, _)| *name == model.namespace).unwrap_or_default();
    model.picker = Some(Picker { kind: PickerKind::Namespace, entries, at });
}

/// Offers the labels of the nodes, the usual ones first, those that tell every node apart last.
pub(super) fn pick_group(model: &mut Model) {
    let mut values: BTreeMap<&Text, BTreeSet<&Text>> = BTreeMap::new();
    let mut nodes = 0;
    for (_, column) in model.inventory.columns() {
        let Some(node) = &column.node else { continue };
        nodes += 1;
        for (key, value) in node.meta.labels.iter() {
            values.entry(key).or_default().insert(value);
        }
    }
    let rank = |key: &Text, values: usize| {
        let usual = USUAL.iter().position(|usual| *usual == key.as_str()).unwrap_or(USUAL.len());
        (nodes > 1 && values == nodes, usual)
    };
    let mut labels: Vec<(&Text, usize)> =
        values.into_iter().map(|(key, values)| (key, values.len())).collect();
    labels.sort_by_key(|(key, values)| rank(key, *values));
    let mut entries = vec![(None, String::new())];
    entries.extend(labels.into_iter().map(|(key, values)| {
        (Some(key.clone()), format!("{values} value{}", if values == 1 { "" } else { "s" }))
    }));
    let at = entries.iter().position(|(key, _)| *key == model.lens.group_by).unwrap_or_default();
    model.picker = Some(Picker { kind: PickerKind::Group, entries, at });
}

/// Takes the marked entry.
pub(super) fn choose(model: &mut Model) -> Vec<Effect> {
    let Some(mut picker) = model.picker.take() else { return Vec::new() };
    if picker.at >= picker.entries.len() {
        return Vec::new();
    }
    let (entry, _) = picker.entries.swap_remove(picker.at);
    match picker.kind {
        PickerKind::Namespace => {
            model.namespace = entry;
            filter::apply(model);
        }
        PickerKind::Group => {
            model.lens.group_by.clone_from(&entry);
            model.grouping = Grouping::Chosen(entry);
            project(model);
        }
        PickerKind::Container => return logs::choose_container(model, entry),
    }
    Vec::new()
}
