//! Which nodes a command is about, and what is to change on them: read from the same words by `preview` and by the
//! commands that do it.

use std::io::Read;

use super::args::{EditArgs, NodeArgs, NodesChange};
use super::document::columns;
use super::failure::Failure;
use super::names::{node_not_found, typed_node};
use crate::domain::id::NodeName;
use crate::domain::inventory::Inventory;
use crate::domain::object::Node;
use crate::domain::preview::NodeChange;
use crate::domain::preview::edit::{is_label_edit, is_taint_edit, read_label_edits, read_taint_edits};
use crate::domain::selector::Selector;

/// The word for the names on standard input.
const STDIN: &str = "-";
/// The most of standard input that is read for names, in bytes: more is no list of nodes.
const MOST: u64 = 16 << 20;

/// Which nodes change.
#[derive(Debug)]
pub(super) enum Targets {
    Named(Vec<NodeName>),
    Selected(Selector),
}

/// Reads what a command changes, and where.
pub(super) fn read(change: &NodesChange) -> Result<(Targets, NodeChange), String> {
    match change {
        NodesChange::Label(args) => labels(args),
        NodesChange::Taint(args) => taints(args),
        NodesChange::Cordon(args) => cordon(args, true),
        NodesChange::Uncordon(args) => cordon(args, false),
    }
}

/// Tells the nodes from the edits of labels, and reads both.
pub(super) fn labels(args: &EditArgs) -> Result<(Targets, NodeChange), String> {
    let (edits, nodes) = apart(args, is_label_edit);
    let change = read_label_edits(edits).map_err(|error| error.to_string());
    Ok((targets(&nodes, args.node_selector.as_deref())?, change?))
}

/// Tells the nodes from the edits of taints, and reads both.
pub(super) fn taints(args: &EditArgs) -> Result<(Targets, NodeChange), String> {
    let (edits, nodes) = apart(args, is_taint_edit);
    let change = read_taint_edits(edits).map_err(|error| error.to_string());
    Ok((targets(&nodes, args.node_selector.as_deref())?, change?))
}

/// Reads which nodes are cordoned, or uncordoned.
pub(super) fn cordon(args: &NodeArgs, unschedulable: bool) -> Result<(Targets, NodeChange), String> {
    let targets = targets(&words(&args.nodes), args.node_selector.as_deref())?;
    Ok((targets, NodeChange { unschedulable: Some(unschedulable), ..NodeChange::default() }))
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn apart(args: &EditArgs, is_edit: fn(&str) -> bool) -> (Vec<&str>, Vec<&str>) {
    args.words.iter().map(String::as_str).partition(|word| *word != STDIN && is_edit(word))
}

fn targets(words: &[&str], selector: Option<&str>) -> Result<Targets, String> {
    // `node NAME...`, as kubectl writes it, is `node/NAME...`.
    let words = match words {
        [kind, names @ ..] if !names.is_empty() && matches!(*kind, "node" | "nodes" | "no") => names,
        words => words,
    };
    match (words, selector) {
        ([], None) => {
            Err("no node given; name one as node/NAME, choose with --node-selector, or give names to -"
                .to_owned())
        }
        ([], Some(selector)) => {
            Selector::parse(selector).map(Targets::Selected).map_err(|error| error.to_string())
        }
        ([node, ..], Some(_)) => {
            Err(format!("{node:?} and --node-selector both choose nodes; leave one out"))
        }
        (words, None) => {
            let mut names = Vec::new();
            for word in words {
                if *word == STDIN {
                    names.extend(piped()?);
                } else {
                    names.push(typed_node(word)?);
                }
            }
            names.sort();
            names.dedup();
            Ok(Targets::Named(names))
        }
    }
}

/// The names on standard input, apart by blanks or lines.
fn piped() -> Result<Vec<NodeName>, String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MOST).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read node names from standard input: {error}"))?;
    let names: Vec<NodeName> = text.split_whitespace().map(typed_node).collect::<Result<_, _>>()?;
    if names.is_empty() {
        return Err("there is no node name on standard input".to_owned());
    }
    Ok(names)
}

impl Targets {
    /// The nodes that change, by name.
    pub(super) fn find<'a>(&self, inventory: &'a Inventory) -> Result<Vec<&'a Node>, Failure> {
        let all = || columns(inventory).into_iter().filter_map(|(_, column)| column.node.as_ref());
        match self {
            Self::Selected(selector) => {
                Ok(all().filter(|node| selector.matches(&node.meta.labels)).collect())
            }
            Self::Named(names) => {
                let found = names.iter().map(|name| {
                    node_of(inventory, name).ok_or_else(|| {
                        let known: Vec<NodeName> = all().map(Node::name).collect();
                        Failure::Usage(node_not_found(name, &known))
                    })
                });
                found.collect()
            }
        }
    }
}

fn node_of<'a>(inventory: &'a Inventory, name: &NodeName) -> Option<&'a Node> {
    inventory.column_of(name).and_then(|column| inventory.column_at(column))?.node.as_ref()
}
