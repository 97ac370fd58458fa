//! Rules on where pods go, and whether they can stay there.

use super::{Case, Severity, nodes};
use crate::domain::exclusion::exclusions;
use crate::domain::object::{Node, Taint, TaintEffect, Toleration, TolerationOperator};
use crate::domain::placement::{EffectiveToleration, Origin};
use crate::domain::reason::Rule;
use crate::domain::relabel::harm::critical;

/// Holds tolerations and priority against all of them.
pub(super) fn review(case: &mut Case<'_>) {
    eviction_loops(case);
    missed_nodes(case);
    priority(case);
}

/// A toleration for a time only: the taint manager evicts, the controller puts a new pod there (`taint_eviction.go`,
/// `processPodOnNode`: the first toleration that matches counts).
fn eviction_loops(case: &mut Case<'_>) {
    let tolerations = case.row.placement.tolerations();
    let mut found = Vec::new();
    for (at, effective) in tolerations.iter().enumerate() {
        let toleration = &effective.toleration;
        let (Some(seconds), Origin::Template) = (toleration.seconds, effective.origin) else { continue };
        if tolerations[..at].iter().any(|earlier| covers(&earlier.toleration, toleration)) {
            continue;
        }
        // Nodes where this one is the first that matches a taint.
        let first = |taint: &Taint| tolerations.iter().position(|other| other.tolerates(taint)) == Some(at);
        let hit = |node: &Node| {
            node.taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute && first(taint))
        };
        let now = case.inventory.columns().filter_map(|(_, column)| column.node.as_ref());
        let now = u32::try_from(now.filter(|node| hit(node)).count()).unwrap_or(u32::MAX);
        found.push((at, loop_words(effective, seconds, now), now));
    }
    for (at, why, now) in found {
        let severity = if now > 0 { Severity::Danger } else { Severity::Warning };
        let field = format!("spec.template.spec.tolerations[{at}].tolerationSeconds");
        case.find(severity, &field, "evicted and made again, over and over", why);
    }
}

fn loop_words(toleration: &EffectiveToleration, seconds: i64, now: u32) -> String {
    let nodes = match now {
        0 => "no node is tainted so now".to_owned(),
        1 => "1 node is tainted so now".to_owned(),
        many => format!("{many} nodes are tainted so now"),
    };
    format!(
        "on a node with the taint {} a pod is evicted after {seconds}s, a new one is made at once, and so on; {nodes}",
        toleration.toleration
    )
}

/// Whether every taint the later one tolerates is tolerated by the earlier one.
fn covers(earlier: &Toleration, later: &Toleration) -> bool {
    let key = earlier.key.is_empty() || earlier.key == later.key;
    let value = earlier.operator == TolerationOperator::Exists
        || (earlier.operator == later.operator && earlier.value == later.value);
    let effect = earlier.effect.is_none() || earlier.effect == later.effect;
    key && value && effect
}

/// Nodes that selector and affinity would take.
fn missed_nodes(case: &mut Case<'_>) {
    let existing = case.inventory.columns().filter(|(_, column)| column.node.is_some()).count();
    // A taint that tells of a node's health goes with the illness.
    let lasting =
        |what: &str| !what.starts_with("taint node.kubernetes.io/") && !what.contains("uninitialized");
    let severity = if critical(&case.row.daemon_set).is_some() { Severity::Warning } else { Severity::Info };
    for exclusion in exclusions(case.inventory, case.slot) {
        if exclusion.rule != Rule::Taint || !lasting(&exclusion.what) {
            continue;
        }
        let count = u32::try_from(exclusion.nodes.len()).unwrap_or(u32::MAX);
        let verb = if count == 1 { "has" } else { "have" };
        let why = format!(
            "{} of {existing} {verb} no pod only because of the {}, which no toleration covers",
            nodes(count),
            exclusion.what
        );
        case.find(severity, "spec.template.spec.tolerations", "a taint keeps it off nodes", why);
    }
}

/// Without it nothing makes room on a full node.
fn priority(case: &mut Case<'_>) {
    let pod = &case.spec.template.spec;
    let Some(because) = critical(&case.row.daemon_set) else { return };
    if !pod.priority_class_name.is_empty() || pod.priority.is_some_and(|it| it > 0) {
        return;
    }
    let why = format!(
        "nodes depend on it ({because}), and on a full one nothing makes room for it: it then waits as Pending, on any \
         of {}",
        case.wanted()
    );
    case.find(Severity::Warning, "spec.template.spec.priorityClassName", "no priority class", why);
}
