//! What a change of nodes would do, what came of it, and how to take it back.

use std::collections::BTreeMap;

use super::Task;
use crate::cli::args::DryRun;
use crate::cli::failure::Failure;
use crate::cli::preview::table;
use crate::cli::print;
use crate::cluster::Connection;
use crate::domain::journal::node_commands;
use crate::domain::preview::edit::edit_words;
use crate::domain::relabel::batch::{Batch, Item, NodeResult, Step};
use crate::domain::relabel::guard::{about_cordon, warnings};
use crate::domain::relabel::harm::Harm;

/// So many names are listed.
const NAMES: usize = 8;
/// So many lines of what would change are listed.
const LINES: usize = 40;
/// So many requests are shown in full.
const REQUESTS: usize = 2;

/// Everything that is worth knowing before it is sent; for people.
pub(super) fn before(connection: &Connection, task: &Task<'_>, batch: &Batch, harm: &Harm) {
    let (context, server) = (&connection.context, &connection.server);
    let nodes = batch.items().len();
    let plural = if nodes == 1 { "" } else { "s" };
    print::note(&format!("{} {nodes} node{plural} in {context} ({server})", task.verb));
    print::note(&format!("  nodes   {}", names(batch.items().iter())));
    print::note(&format!("  change  {}", edit_words(&task.change).join(" ")));
    for line in about_cordon(&task.change) {
        print::note(&format!("  - {line}"));
    }
    for line in warnings(&task.change) {
        print::note(&format!("  WARNING: {line}"));
    }
    for item in batch.items().iter().filter(|item| item.step == Step::Over(NodeResult::Already)) {
        item.edit.change.without_effect(&item.edit.shown).iter().for_each(|line| print::note(line));
    }
    for (node, result) in batch.left_out() {
        print::note(&format!("left out: {node}: {}", result.words()));
    }
    if batch.ready().next().is_none() {
        return;
    }
    impact(harm, LINES);
    let all = match task.send.confirm.dry_run {
        Some(DryRun::Client) => "all of them follow",
        _ => "--dry-run=client prints all",
    };
    requests(batch, REQUESTS, all);
    // What decides stands last, next to the question.
    sum(harm);
}

/// What was not told, in words; none where all was.
pub(super) fn untold(batch: &Batch, harm: &Harm) -> Option<String> {
    let (requests, effects) = (batch.ready().count(), harm.impacts.len());
    match (requests > REQUESTS, effects > LINES) {
        (false, false) => None,
        (true, false) => Some(format!("all {requests} requests")),
        (false, true) => Some(format!("all {effects} effects")),
        (true, true) => Some(format!("all {effects} effects and {requests} requests")),
    }
}

/// Every effect and every request.
pub(super) fn all(batch: &Batch, harm: &Harm) {
    impact(harm, usize::MAX);
    requests(batch, usize::MAX, "");
    sum(harm);
}

fn requests(batch: &Batch, most: usize, all: &str) {
    for (at, (item, command)) in batch.ready().enumerate().take(most) {
        if at == 0 {
            print::note(&format!("{} {}, one a node:", command.method.http(), command.method.media_type()));
        }
        print::note(&format!("  {}", item.node()));
        command.lines().iter().for_each(|line| print::note(&format!("    {line}")));
    }
    if let more @ 1.. = batch.ready().count().saturating_sub(most) {
        print::note(&format!("  and {more} more like it; {all}"));
    }
}

fn impact(harm: &Harm, most: usize) {
    let lines = table(&harm.impacts).render();
    for line in lines.lines().take(most.saturating_add(1)).filter(|_| !harm.impacts.is_empty()) {
        print::note(line);
    }
    if let more @ 1.. = harm.impacts.len().saturating_sub(most) {
        print::note(&format!("and {more} more; `dsgrid preview` lists all"));
    }
}

fn sum(harm: &Harm) {
    print::note(&format!("in all: {}", harm.words()));
    harm.critical_words().iter().for_each(|line| print::note(&format!("  {line}")));
}

fn names<'a>(items: impl ExactSizeIterator<Item = &'a Item>) -> String {
    let more = items.len().saturating_sub(NAMES);
    let mut names: Vec<String> = items.take(NAMES).map(|item| item.node().to_string()).collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// What came of each node, a line each: data.
pub(super) fn results(task: &Task<'_>, batch: &Batch) -> Result<(), Failure> {
    lines(batch, task.past(), "")
}

/// What the server said about each node.
pub(super) fn rehearsed(task: &Task<'_>, batch: &Batch) -> Result<(), Failure> {
    lines(batch, task.past(), " (server dry run)")
}

fn lines(batch: &Batch, past: &str, suffix: &str) -> Result<(), Failure> {
    for item in batch.items() {
        let node = item.node();
        match &item.step {
            // "not cordoned" would read as if it were not.
            Step::Over(NodeResult::Already) => print::data(&format!("node/{node} already {past}{suffix}\n"))?,
            Step::Over(NodeResult::Done) => print::data(&format!("node/{node} {past}{suffix}\n"))?,
            Step::Over(result) => {
                print::data(&format!("node/{node} not {past}: {}{suffix}\n", result.words()))?;
            }
            Step::Waiting(_) | Step::Sent(_) => {}
        }
    }
    Ok(())
}

/// The commands that take back what was done; nodes of the same former state share one.
pub(super) fn way_back(batch: &Batch) {
    let mut commands: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (node, back) in batch.inverse() {
        let words = edit_words(&back);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for command in node_commands(&words) {
            commands.entry(command).or_default().push(format!("node/{node}"));
        }
    }
    for (command, nodes) in commands {
        print::note(&format!("back: dsgrid {command} {}", nodes.join(" ")));
    }
}
