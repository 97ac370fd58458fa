//! The one line of a cause.

use std::collections::BTreeSet;

use super::{Cause, CauseKey};
use crate::domain::age::age;
use crate::domain::cell::Knowledge;
use crate::domain::inventory::{CellView, Inventory, Row};
use crate::domain::object::Container;
use crate::domain::pod_status::PodStatus;
use crate::domain::rollout::rollout_why;
use crate::domain::text::Text;

/// Cause, then number; who shows it adds the time.
pub(super) fn words(inventory: &Inventory, cause: &Cause) -> String {
    let row = cause.sets.first().and_then(|slot| inventory.row(*slot));
    let name = row.map(|row| row.daemon_set.meta.key.to_string()).unwrap_or_default();
    let (nodes, sets) = (count(cause.nodes.len(), "node"), count(cause.sets.len(), "DaemonSet"));
    let why = || cause.sets.first().map(|slot| rollout_why(inventory, *slot)).unwrap_or_default();
    match &cause.key {
        CauseKey::Stuck(_) => format!("{name} STUCK {}", why()),
        CauseKey::Failing { word, .. } => {
            let (code, restarts) = ends(inventory, cause);
            format!("{name} {word}{code} on {nodes}{restarts}")
        }
        CauseKey::Missing(_) => format!("{name} missing: wanted on {nodes}, no pod there"),
        CauseKey::Unschedulable { why, .. } => format!("{name} unschedulable: {why}, on {nodes}"),
        CauseKey::Fell(_) => {
            let fell = row.zip(cause.sets.first().and_then(|slot| inventory.fall(*slot)));
            let words = fell.map(|(row, fall)| fall.words(row.tally.desired, inventory.now()));
            format!("{name} {}", words.unwrap_or_default())
        }
        CauseKey::Everywhere { why, .. } => {
            format!("{name} has to be everywhere, {nodes} without: {why}")
        }
        CauseKey::Contradiction { why, .. } => format!("{name} asks for {nodes}, kept off by {why}"),
        CauseKey::Lost(why) => {
            let who = match cause.nodes.as_slice() {
                [one] => one.to_string(),
                _ => nodes,
            };
            format!("{who} {why}: {}", left_behind(inventory, cause, why))
        }
        CauseKey::NotReady(_) if !knows_nodes(inventory, cause) => {
            format!("{name} not ready on {nodes}; nodes may not be read: whether they are is not known")
        }
        CauseKey::NotReady(_) => format!("{name} running, not ready on {nodes}"),
        CauseKey::Misscheduled { set: None, why } => format!("misscheduled: {why}, {sets} on {nodes}"),
        CauseKey::Misscheduled { set: Some(_), why } => format!("{name} misscheduled on {nodes}: {why}"),
        CauseKey::Overdue(_) if !knows_nodes(inventory, cause) => {
            format!("{name} deletions do not end on {nodes}; nodes may not be read: why is not known")
        }
        CauseKey::Overdue(_) => format!("{name} deletions do not end on {nodes}"),
        CauseKey::Paused(_) => format!("{name} {}", why().replacen("paused", "PAUSED", 1)),
        CauseKey::Waiting(_) => format!("{name} WAITING: {}", why()),
        CauseKey::Unwell(why) => format!("{why} keeps {sets} off {nodes}; the nodes are not well"),
        CauseKey::Usual(why) => format!("{why} keeps {sets} off {nodes}, as taints do"),
    }
}

/// Who has a pod on lost nodes, and who of them wants one: a node that is not ready is tainted, so that most of them
/// no longer do.
fn left_behind(inventory: &Inventory, cause: &Cause, why: &str) -> String {
    let wanting: BTreeSet<_> = cause
        .cells
        .iter()
        .filter(|(row, column)| inventory.cell(*row, *column).is_some_and(|cell| cell.run))
        .map(|(row, _)| row)
        .collect();
    let (have, pods) = match (cause.sets.len(), cause.nodes.len()) {
        (1, 1) => ("has", "a pod"),
        (1, _) => ("has", "pods"),
        (_, 1) => ("have", "a pod"),
        _ => ("have", "pods"),
    };
    let reached = if why.starts_with("silent") { " that cannot be reached" } else { "" };
    let sets = count(cause.sets.len(), "DaemonSet");
    let want = match wanting.len() {
        all if all == cause.sets.len() => String::new(),
        // Of a node that is gone, nobody can want anything.
        _ if why == "gone" => String::new(),
        0 => ", none wants one now".to_owned(),
        1 => ", 1 wants one now".to_owned(),
        many => format!(", {many} want one now"),
    };
    format!("{sets} {have} {pods} there{reached}{want}")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `, exit 1` where all of them ended so, and how often the worst was started again.
fn ends(inventory: &Inventory, cause: &Cause) -> (String, String) {
    let (mut codes, mut restarts) = (BTreeSet::new(), 0);
    for (row, column) in &cause.cells {
        for pod in inventory.view(*row, *column).iter().flat_map(|view| &view.pods) {
            codes.extend(pod.init_containers.iter().chain(&pod.containers).find_map(last_code));
            restarts = restarts.max(PodStatus::of(pod).restarts);
        }
    }
    let code = match codes.first() {
        Some(code) if codes.len() == 1 => format!(", exit {code}"),
        _ => String::new(),
    };
    let most = if cause.cells.len() > 1 { "up to " } else { "" };
    let restarts = match restarts {
        0 => String::new(),
        1 => format!(", {most}1 restart"),
        many => format!(", {most}{many} restarts"),
    };
    (code, restarts)
}

fn last_code(container: &Container) -> Option<i32> {
    container.last.as_ref().map(|end| end.exit_code).filter(|code| *code != 0)
}

/// In which way a node is lost, the same for all nodes that are lost so.
pub(super) fn lost_because(view: &CellView<'_>) -> Text {
    let Some(node) = &view.column.node else { return Text::new("gone") };
    let Some(ready) = node.condition("Ready") else { return Text::new("without a Ready condition") };
    // NodeStatusUnknown is what the node lifecycle controller writes of every silent kubelet.
    match ready.reason.as_str() {
        "" | "KubeletNotReady" | "NodeStatusUnknown" => {}
        reason => return Text::new(&format!("NotReady ({reason})")),
    }
    Text::new(if ready.status.is_none() { "silent (kubelet does not answer)" } else { "NotReady" })
}

/// What the scheduler holds against the target node, without numbers, other nodes and preemption:
/// `Insufficient cpu` of `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s)
/// [NodeAffinity]. no new claims to deallocate, preemption: ...`.
pub(super) fn scheduler_reason(message: &str) -> String {
    let told = message.split_once("nodes are available: ").map_or(message, |(_, told)| told);
    let told = told.split(". ").next().unwrap_or(told).trim_end_matches('.');
    let reasons: Vec<&str> = told
        .split(", ")
        .map(|reason| reason.trim_start_matches(|c: char| c.is_ascii_digit()).trim())
        // Every node but the target is refused by the affinity to the target.
        .filter(|reason| !reason.contains("[NodeAffinity]") && !reason.contains("node affinity/selector"))
        .collect();
    if reasons.is_empty() { "no node of that name to schedule on".to_owned() } else { reasons.join(", ") }
}

/// Since when the first of it is so, as a column of a list; empty where it is not known.
#[must_use]
pub fn since_words(cause: &Cause, inventory: &Inventory) -> String {
    cause.since.map(|(oldest, _)| age(Some(oldest), inventory.now())).unwrap_or_default()
}

/// The DaemonSet's row, for words that name it.
pub(super) fn row_of<'a>(inventory: &'a Inventory, cause: &Cause) -> Option<&'a Row> {
    cause.sets.first().and_then(|slot| inventory.row(*slot))
}

/// Whether Node objects can be read; else nothing can be said of the nodes.
pub(super) fn knows_nodes(inventory: &Inventory, cause: &Cause) -> bool {
    row_of(inventory, cause).is_some_and(|row| row.knowledge() == Knowledge::Complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheduler_is_quoted_without_its_noise() {
        for (message, reason) in [
            (
                "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. \
                 no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful.",
                "Insufficient cpu",
            ),
            (
                "0/9 nodes are available: 1 Insufficient memory, 1 Too many pods, 8 node(s) didn't match Pod's node affinity/selector.",
                "Insufficient memory, Too many pods",
            ),
            (
                "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity].",
                "no node of that name to schedule on",
            ),
            ("something else", "something else"),
        ] {
            assert_eq!(scheduler_reason(message), reason);
        }
    }
}
