//! One sentence about what is selected.

use super::cursor::{ColumnPlace, CountColumn, RowPlace};
use super::digest::{link_words, row_line};
use super::lines::thousands;
use super::model::Model;
use crate::domain::age::age;
use crate::domain::cell::CellState;
use crate::domain::counts::Counts;
use crate::domain::explanation::sentence;
use crate::domain::grid::Group;
use crate::domain::inventory::{Column, ColumnSlot, Inventory, RowSlot};
use crate::domain::object::{DaemonSet, UpdateStrategy};

use crate::domain::rights::hides_nodes;
use crate::domain::text::Text;

/// The sentence under the grid.
pub(super) fn selection(model: &Model) -> String {
    match (&model.cursor.row, &model.cursor.column) {
        (RowPlace::Header, ColumnPlace::Node(_)) => model
            .selected_column()
            .and_then(|slot| model.inventory.column_at(slot))
            .map(|column| node(model, column))
            .unwrap_or_default(),
        (RowPlace::Header, ColumnPlace::Group(_)) => {
            model.selected_group().map(|group| nodes_of(model, group)).unwrap_or_default()
        }
        (RowPlace::Header, ColumnPlace::Count(count)) => count.meaning().to_owned(),
        (RowPlace::Header, ColumnPlace::Name) if !model.is_synced() => progress(model),
        (RowPlace::Header, ColumnPlace::Name) if model.grid.rows.is_empty() => String::new(),
        (RowPlace::Header, ColumnPlace::Name) => {
            format!("DaemonSets, {}; below: one a row", model.lens.row_order.name())
        }
        (RowPlace::DaemonSet(_), column) => {
            model.selected_row().map(|row| in_row(model, row, column)).unwrap_or_default()
        }
    }
}

/// What is still to come, watch by watch.
fn progress(model: &Model) -> String {
    let links = model.inventory.links().iter();
    links.map(|(watch, state)| link_words(watch, state, model.now)).collect::<Vec<_>>().join(", ")
}

fn in_row(model: &Model, row: RowSlot, column: &ColumnPlace) -> String {
    match column {
        ColumnPlace::Name => daemon_set(model, row),
        ColumnPlace::Count(column) => count(model, row, *column),
        ColumnPlace::Node(_) => {
            model.selected_column().map(|column| cell(model, row, column)).unwrap_or_default()
        }
        ColumnPlace::Group(_) => {
            model.selected_group().map(|group| cells_of(model, row, group)).unwrap_or_default()
        }
    }
}

/// A group: its label, how many nodes it has and how many of them are not as they should be.
fn nodes_of(model: &Model, group: &Group) -> String {
    let key = model.lens.group_by.as_deref().unwrap_or_default();
    let columns = model.grid.columns_of(group).iter();
    let nodes = || columns.clone().filter_map(|column| model.inventory.column_at(*column)?.node.as_ref());
    let (ready, cordoned) =
        (nodes().filter(|node| node.is_ready()).count(), nodes().filter(|node| node.unschedulable).count());
    let cordoned = if cordoned > 0 { format!(", {cordoned} cordoned") } else { String::new() };
    format!("{}  {} nodes by {key}, {ready} Ready{cordoned}", group.name(), group.len())
}

/// A DaemonSet in a group: how many of its cells are in which state, worst first.
fn cells_of(model: &Model, slot: RowSlot, group: &Group) -> String {
    let Some(row) = model.inventory.row(slot) else { return String::new() };
    let histogram = model.grid.histogram(&model.inventory, slot, group);
    let states = CellState::ALL.into_iter().map(|state| (histogram.of(state), state));
    let states: Vec<String> = states
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{} {}", thousands(count as usize), state.name()))
        .collect();
    format!("{} on {}: {} nodes: {}", row.daemon_set.meta.key, group.name(), group.len(), states.join(", "))
}

/// A cell: what is foretold for it comes first.
fn cell(model: &Model, row: RowSlot, column: ColumnSlot) -> String {
    let words = sentence(&model.inventory, row, column);
    let place = model.inventory.row(row).zip(model.inventory.column_at(column));
    let foretold = place.and_then(|(row, column)| model.expectation(&row.daemon_set.meta.uid, &column.name));
    match foretold {
        None => words,
        Some(expectation) => {
            let since = age(Some(expectation.since), model.now);
            format!("EXPECTED since {since}: {}, not so yet; now {words}", expectation.impact.outcome.name())
        }
    }
}

/// A DaemonSet: how it updates, what is current, how it stands.
fn daemon_set(model: &Model, slot: RowSlot) -> String {
    let Some(row) = model.inventory.row(slot) else { return String::new() };
    let object = &row.daemon_set;
    let mut parts = vec![strategy(object)];
    if let Some(revision) = model.inventory.current_revision(slot) {
        parts.push(model.inventory.revision_label(&object.meta.uid, &revision.hash));
    }
    if let Some(line) = row_line(model, slot).filter(|line| !line.words.is_empty()) {
        parts.push(line.words);
    }
    format!("{}  {}", object.meta.key, parts.join("; "))
}

/// How a DaemonSet updates, in a few words.
pub(super) fn strategy(object: &DaemonSet) -> String {
    match &object.strategy {
        UpdateStrategy::OnDelete => "OnDelete".to_owned(),
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            if object.allows_surge() {
                format!("RollingUpdate maxSurge {max_surge}")
            } else {
                format!("RollingUpdate maxUnavailable {max_unavailable}")
            }
        }
    }
}

/// A number, what it means, and whose it is.
fn count(model: &Model, slot: RowSlot, column: CountColumn) -> String {
    let Some(row) = model.inventory.row(slot) else { return String::new() };
    let key = &row.daemon_set.meta.key;
    let ours = model.inventory.computed(slot);
    let theirs = Counts::from(&row.daemon_set.status);
    let text = |value: Option<u32>| value.map_or("not known".to_owned(), |value| thousands(value as usize));
    let value = number(&model.inventory, slot, column);
    let mut words = format!("{key}  {}: {}", column.meaning(), text(value));
    if let Some(ours) =
        ours.clone().filter(|_| column != CountColumn::Bad && column != CountColumn::UpdatedShare)
    {
        let controller = of(&theirs, column);
        if controller != of(&ours, column) && controller.is_some() {
            words.push_str("; the controller counted ");
            words.push_str(&text(controller));
            words.push_str(", it counts again only when something makes it");
        }
    } else if ours.is_none() {
        words.push_str(" (the controller's count; nodes and pods are not known yet)");
    }
    words
}

/// The number in a row's column; ours where it can be computed, else the controller's.
#[must_use]
pub fn number(inventory: &Inventory, slot: RowSlot, column: CountColumn) -> Option<u32> {
    let row = inventory.row(slot)?;
    let ours = inventory.computed(slot);
    let counts = ours.clone().unwrap_or_else(|| Counts::from(&row.daemon_set.status));
    match column {
        // Without cells nothing can be called bad.
        CountColumn::Bad => ours.map(|_| row.tally.problems),
        CountColumn::UpdatedShare => share(counts.up_to_date?, counts.desired),
        column => of(&counts, column),
    }
}

fn of(counts: &Counts, column: CountColumn) -> Option<u32> {
    match column {
        CountColumn::Desired => Some(counts.desired),
        CountColumn::Current => Some(counts.current),
        CountColumn::Ready => Some(counts.ready),
        CountColumn::UpToDate => counts.up_to_date,
        CountColumn::Available => Some(counts.available),
        CountColumn::Misscheduled => Some(counts.misscheduled),
        CountColumn::Bad | CountColumn::UpdatedShare => None,
    }
}

/// Percent, rounded down so that only all is 100.
fn share(part: u32, whole: u32) -> Option<u32> {
    (part * 100).checked_div(whole)
}

/// A node: its state, kind, taints and problems.
pub(super) fn node(model: &Model, column: &Column) -> String {
    let Some(object) = &column.node else {
        let why = if hides_nodes(&model.inventory) {
            "nodes may not be read: only its pods are known"
        } else {
            "the Node object is gone; pods still target it"
        };
        return format!("{}  {why}", column.name);
    };
    let labels = &object.meta.labels;
    let known = ["topology.kubernetes.io/zone", "node.kubernetes.io/instance-type", "pool"];
    let kind: Vec<&str> = known.iter().filter_map(|key| labels.get(key)).map(Text::as_str).collect();
    let taints: Vec<String> = object.taints.iter().map(ToString::to_string).collect();
    let mut parts = vec![object.status_word()];
    parts.extend((!kind.is_empty()).then(|| kind.join(" ")));
    parts.push(format!("age {}", age(object.meta.created, model.now)));
    parts.extend((!taints.is_empty()).then(|| format!("taints {}", taints.join(" "))));
    parts.push(match column.problems {
        0 => "every DaemonSet as wanted".to_owned(),
        1 => "1 DaemonSet not as wanted".to_owned(),
        many => format!("{many} DaemonSets not as wanted"),
    });
    format!("{}  {}", column.name, parts.join("; "))
}

/// The name to copy for what is selected: a node, a pod, a DaemonSet or a number.
pub(super) fn copyable(model: &Model) -> Option<String> {
    let row = model.selected_row();
    match (&model.cursor.column, row) {
        (ColumnPlace::Node(name), None) => Some(name.to_string()),
        (ColumnPlace::Node(name), Some(row)) => {
            let pod = model.selected_column().and_then(|column: ColumnSlot| {
                let view = model.inventory.view(row, column)?;
                view.pods.first().map(|pod| pod.meta.key.name.to_string())
            });
            pod.or_else(|| Some(name.to_string()))
        }
        (ColumnPlace::Name, Some(row)) => {
            model.inventory.row(row).map(|row| row.daemon_set.meta.key.to_string())
        }
        (ColumnPlace::Count(column), Some(row)) => {
            number(&model.inventory, row, *column).map(|number| number.to_string())
        }
        (ColumnPlace::Group(_), _) => model.selected_group().map(|group| group.name().to_owned()),
        (ColumnPlace::Name | ColumnPlace::Count(_), None) => None,
    }
}
