//! A node: its health, room and labels, and all that runs on it.

use std::collections::BTreeSet;

use super::events::{absence, events};
use super::{Screen, node_ref, pod_ref};
use crate::app::describe;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::explanation::state_words;
use crate::domain::id::NodeName;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::inventory::{Column, ColumnSlot};
use crate::domain::object::{Node, NodeCondition, Pod};
use crate::domain::pod_status::PodStatus;
use crate::domain::quantity::Quantity;
use crate::domain::rights::hides_nodes;

/// The resources whose room is told; pods come after, and nothing requests them.
const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn column<'a>(model: &'a Model, name: &NodeName) -> Option<(ColumnSlot, &'a Column)> {
    let slot = model.inventory.column_of(name)?;
    Some((slot, model.inventory.column_at(slot)?))
}

/// The events, its room, and its other pods.
pub(super) fn needed(model: &Model, name: &NodeName) -> BTreeSet<Inquiry> {
    let node = column(model, name).and_then(|(_, column)| column.node.as_ref()).map(node_ref);
    let of_node = node.into_iter().flat_map(|node| [Inquiry::Object(node.clone()), Inquiry::Events(node)]);
    of_node.chain([Inquiry::PodsOnNode(name.clone())]).collect()
}

/// The lines; none when neither it nor a pod on it is there any more.
pub(super) fn page(model: &Model, name: &NodeName) -> Option<Page> {
    let (slot, column) = column(model, name)?;
    let mut page = Page::new(format!("node {name}"));
    let is_well = column.node.as_ref().map_or(hides_nodes(&model.inventory), Node::is_ready);
    page.fact_or_problem(!is_well, describe::node(model, column));
    if let Some(node) = &column.node {
        let parts = [
            ("roles ", node.roles().join(",")),
            ("kubelet ", node.kubelet_version.to_string()),
            ("", node.container_runtime.to_string()),
            ("kernel ", node.kernel_version.to_string()),
            ("", node.os_image.to_string()),
        ];
        let known = parts.iter().filter(|(_, part)| !part.is_empty());
        let words: Vec<String> = known.map(|(name, part)| format!("{name}{part}")).collect();
        if !words.is_empty() {
            page.fact(words.join(", "));
        }
    }
    page.heading("Conditions");
    conditions(model, column, &mut page);
    page.heading("DaemonSets");
    daemon_sets(model, slot, &mut page);
    room(model, slot, column, &mut page);
    other_pods(model, name, &mut page);
    if let Some(node) = &column.node {
        page.heading("Labels");
        for (key, value) in node.meta.labels.iter() {
            page.fact(format!("{key}={value}"));
        }
        events(model, &mut page, &[node_ref(node)]);
    }
    Some(page)
}

/// Conditions and taints; also told on the pages of the node's cells.
pub(super) fn health(model: &Model, column: &Column, page: &mut Page) {
    page.heading(format!("Node {}", column.name));
    page.leading(Screen::Node(column.name.clone()));
    conditions(model, column, page);
}

fn conditions(model: &Model, column: &Column, page: &mut Page) {
    let Some(node) = &column.node else {
        if hides_nodes(&model.inventory) {
            page.fact("not known: nodes may not be read (! names the role to ask for)");
        } else {
            page.problem("the Node object is gone");
        }
        return;
    };
    let mut conditions: Vec<&NodeCondition> = node.conditions.iter().collect();
    conditions.sort_by_key(|condition| (!is_bad(condition), condition.kind != "Ready"));
    for condition in conditions {
        let (is_problem, words) = condition_words(model, condition);
        page.told(is_problem, &condition.kind, 22, words);
    }
    let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    page.told(false, "taints", 22, if taints.is_empty() { "none".to_owned() } else { taints.join(", ") });
    if node.unschedulable {
        page.told(false, "cordoned", 22, "new pods stay away; daemon pods tolerate it and come all the same");
    }
}

/// Ready should be True and every pressure False.
fn is_bad(condition: &NodeCondition) -> bool {
    condition.status != Some(condition.kind == "Ready")
}

fn condition_words(model: &Model, condition: &NodeCondition) -> (bool, String) {
    let is_problem = is_bad(condition);
    let status = match condition.status {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let why = if condition.message.is_empty() { &condition.reason } else { &condition.message };
    (is_problem, format!("{status} for {}: {why}", age(condition.since, model.now)))
}

/// Every DaemonSet's cell with its reason, worst first.
fn daemon_sets(model: &Model, slot: ColumnSlot, page: &mut Page) {
    let mut cells: Vec<_> = model
        .inventory
        .rows()
        .filter_map(|(row, _)| model.inventory.view(row, slot))
        .map(|view| {
            (view.cell, view.row.daemon_set.meta.clone(), state_words(&view), view.column.name.clone())
        })
        .collect();
    cells.sort_by(|a, b| (a.0.state, &a.1.key).cmp(&(b.0.state, &b.1.key)));
    let widest = cells.iter().map(|(_, meta, ..)| meta.key.to_string().len()).max().unwrap_or_default();
    for (cell, meta, words, node) in cells {
        page.told(cell.problem, &meta.key.to_string(), widest.min(36), words);
        page.signed(cell.state);
        page.leading(Screen::Cell { daemon_set: meta.uid, node });
    }
}

/// Capacity and allocatable, and what the daemon pods here request of it by their templates.
fn room(model: &Model, slot: ColumnSlot, column: &Column, page: &mut Page) {
    let Some(node) = &column.node else { return };
    page.heading("Room");
    let inquiry = Inquiry::Object(node_ref(node));
    let Some(Answer::Object(Some(raw))) = model.answers.get(&inquiry) else {
        let (kind, words) = absence(model, &inquiry, "capacity");
        page.say(kind, words);
        return;
    };
    let amount = |part: &str, resource: &str| {
        Quantity::parse(raw.at(&format!("/status/{part}/{resource}"))?.as_str()?)
    };
    let (cpu, memory, pods) = requested(model, slot);
    page.fact(format!("{:<20} {:>12} {:>12}  daemon pods request", "", "capacity", "allocatable"));
    for resource in RESOURCES {
        let (Some(capacity), Some(free)) = (amount("capacity", resource), amount("allocatable", resource))
        else {
            continue;
        };
        let text =
            |quantity: Quantity| if resource == "cpu" { quantity.as_cpu() } else { quantity.as_bytes() };
        let asked = match resource {
            "cpu" => Some(cpu),
            "memory" => Some(memory),
            _ => None,
        };
        let asked = asked.map(|asked| {
            let share = asked.percent_of(free).map(|share| format!(" ({share}%)")).unwrap_or_default();
            format!("{}{share}", text(asked))
        });
        let asked = asked.unwrap_or_default();
        page.fact(format!("{resource:<20} {:>12} {:>12}  {asked}", text(capacity), text(free)));
    }
    let (Some(capacity), Some(free)) = (amount("capacity", "pods"), amount("allocatable", "pods")) else {
        return;
    };
    page.fact(format!("{:<20} {:>12} {:>12}  {pods}", "pods", capacity.as_cpu(), free.as_cpu()));
}

/// What the daemon pods of a node request, by the templates of their DaemonSets, and how many they are.
fn requested(model: &Model, slot: ColumnSlot) -> (Quantity, Quantity, usize) {
    let (mut cpu, mut memory, mut pods) = (Quantity::default(), Quantity::default(), 0);
    for (row, _) in model.inventory.rows() {
        let Some(view) = model.inventory.view(row, slot).filter(|view| !view.pods.is_empty()) else {
            continue;
        };
        pods += view.pods.len();
        for container in &view.row.daemon_set.template.containers {
            for _ in &view.pods {
                cpu = cpu.plus(container.resources.requests.cpu);
                memory = memory.plus(container.resources.requests.memory);
            }
        }
    }
    (cpu, memory, pods)
}

/// The pods there that are no DaemonSet's.
fn other_pods(model: &Model, name: &NodeName, page: &mut Page) {
    let inquiry = Inquiry::PodsOnNode(name.clone());
    let Some(Answer::Pods(pods)) = model.answers.get(&inquiry) else {
        page.heading("Other pods");
        let (kind, words) = absence(model, &inquiry, "the other pods of the node");
        page.say(kind, words);
        return;
    };
    let is_daemon = |pod: &&Pod| pod.meta.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet");
    let mut others: Vec<&Pod> = pods.iter().filter(|pod| !is_daemon(pod)).collect();
    others.sort_by(|a, b| a.meta.key.cmp(&b.meta.key));
    page.heading(format!("Other pods ({})", others.len()));
    let widest = others.iter().map(|pod| pod.meta.key.to_string().len()).max().unwrap_or_default();
    for pod in &others {
        let status = PodStatus::of(pod);
        let is_problem = !pod.ready && !pod.phase.is_terminal();
        let words = format!(
            "{}  ready {}  restarts {}  age {}",
            status.word,
            status.ready_text(),
            status.restarts_text(model.now),
            age(pod.meta.created, model.now)
        );
        page.told(is_problem, &pod.meta.key.to_string(), widest.min(40), words);
        page.leading(Screen::Yaml(pod_ref(pod)));
    }
    if others.is_empty() {
        page.faint("none");
    }
}
