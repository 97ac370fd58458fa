//! `preview label|taint|cordon|uncordon`: changes to nodes.

use crate::cli::args::{AnswerFormat, EditArgs, Global, NodeArgs, PreviewChange};
use crate::cli::document::columns;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::names::{node_not_found, typed_node};
use crate::cli::print;
use crate::cli::snapshot::Snapshot;
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::domain::id::NodeName;
use crate::domain::inventory::Inventory;
use crate::domain::object::Node;
use crate::domain::preview::edit::{is_label_edit, is_taint_edit, read_label_edits, read_taint_edits};
use crate::domain::preview::{Impact, NodeChange, impact};
use crate::domain::selector::Selector;

/// Which nodes change.
enum Targets {
    Named(Vec<NodeName>),
    Selected(Selector),
}

/// Runs the command.
pub(super) async fn run(
    global: &Global,
    output: AnswerFormat,
    change: &PreviewChange,
) -> Result<Outcome, Failure> {
    let (targets, change) = read(change).map_err(Failure::Usage)?;
    let daemon_sets = global.selector.as_deref().map(Selector::parse).transpose();
    let daemon_sets = daemon_sets.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();

    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    // A node's change touches pods in every namespace, whatever -n says.
    let snapshot = super::look(&connection, global, &Scope::Cluster).await?;
    let nodes = find(&snapshot, &targets)?;
    if nodes.is_empty() {
        print::note("no node has such labels");
    }
    for idle in nodes.iter().flat_map(|node| change.without_effect(node)) {
        print::note(&idle);
    }
    let inventory = &snapshot.inventory;
    let chosen = |impact: &Impact| {
        let row = inventory.row_of(&impact.daemon_set_uid).and_then(|slot| inventory.row(slot));
        row.is_some_and(|row| daemon_sets.matches(&row.daemon_set.meta.labels))
    };
    let impacts =
        nodes.iter().flat_map(|node| impact(inventory, &node.name(), &change)).filter(chosen).collect();
    super::show(&connection, output, &snapshot, impacts)
}

/// Tells the nodes from the edits, and reads both.
fn read(change: &PreviewChange) -> Result<(Targets, NodeChange), String> {
    let edits = |args: &EditArgs, is_edit: fn(&str) -> bool| {
        let (edits, nodes): (Vec<String>, Vec<String>) =
            args.words.iter().cloned().partition(|word| is_edit(word));
        (edits, nodes, args.node_selector.clone())
    };
    let cordon = |args: &NodeArgs, unschedulable: bool| {
        let targets = targets(&args.nodes, args.node_selector.as_deref())?;
        Ok((targets, NodeChange { unschedulable: Some(unschedulable), ..NodeChange::default() }))
    };
    let (change, nodes, selector) = match change {
        PreviewChange::Label(args) => {
            let (edits, nodes, selector) = edits(args, is_label_edit);
            (read_label_edits(edits.iter().map(String::as_str)), nodes, selector)
        }
        PreviewChange::Taint(args) => {
            let (edits, nodes, selector) = edits(args, is_taint_edit);
            (read_taint_edits(edits.iter().map(String::as_str)), nodes, selector)
        }
        PreviewChange::Cordon(args) => return cordon(args, true),
        PreviewChange::Uncordon(args) => return cordon(args, false),
    };
    Ok((targets(&nodes, selector.as_deref())?, change.map_err(|error| error.to_string())?))
}

fn targets(nodes: &[String], selector: Option<&str>) -> Result<Targets, String> {
    // `node NAME...`, as kubectl writes it, is `node/NAME...`.
    let nodes = match nodes {
        [kind, names @ ..] if !names.is_empty() && matches!(kind.as_str(), "node" | "nodes" | "no") => names,
        nodes => nodes,
    };
    match (nodes, selector) {
        ([], None) => Err("no node given; name one as node/NAME, or choose with --node-selector".to_owned()),
        ([], Some(selector)) => {
            Selector::parse(selector).map(Targets::Selected).map_err(|error| error.to_string())
        }
        ([node, ..], Some(_)) => {
            Err(format!("{node:?} and --node-selector both choose nodes; leave one out"))
        }
        (nodes, None) => {
            let mut names: Vec<NodeName> =
                nodes.iter().map(|raw| typed_node(raw)).collect::<Result<_, _>>()?;
            names.sort();
            names.dedup();
            Ok(Targets::Named(names))
        }
    }
}

/// The nodes that change, by name.
fn find<'a>(snapshot: &'a Snapshot, targets: &Targets) -> Result<Vec<&'a Node>, Failure> {
    let inventory = &snapshot.inventory;
    let all = || columns(inventory).into_iter().filter_map(|(_, column)| column.node.as_ref());
    match targets {
        Targets::Selected(selector) => Ok(all().filter(|node| selector.matches(&node.meta.labels)).collect()),
        Targets::Named(names) => names
            .iter()
            .map(|name| {
                node_of(inventory, name).ok_or_else(|| {
                    let known: Vec<NodeName> = all().map(Node::name).collect();
                    Failure::Usage(node_not_found(name, &known))
                })
            })
            .collect(),
    }
}

fn node_of<'a>(inventory: &'a Inventory, name: &NodeName) -> Option<&'a Node> {
    inventory.column_of(name).and_then(|column| inventory.column_at(column))?.node.as_ref()
}
