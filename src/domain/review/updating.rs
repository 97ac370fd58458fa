//! Rules on how updates go, and how they are undone.

use jiff::SignedDuration;

use super::{Case, Severity, nodes};
use crate::domain::age::human_duration;
use crate::domain::budget::{Eviction, Obstacle, eviction_of_ready, selecting};
use crate::domain::limits::Limit;
use crate::domain::object::{PodDisruptionBudget, UpdateStrategy};
use crate::domain::rollout::usual_time;

/// With fewer nodes, one at a time is a fair choice.
const MANY_NODES: u32 = 50;
/// An update that takes longer than this is seldom over before something else happens.
const LONG_UPDATE: SignedDuration = SignedDuration::from_hours(4);
/// Kubernetes gives pods 30 s to end; with so much more, each node is a wait of its own.
const LONG_GRACE: i64 = 600;
/// The grace period where nothing is written.
const USUAL_GRACE: i64 = 30;

/// Holds strategy, history and budgets against all of them.
pub(super) fn review(case: &mut Case<'_>, budgets: Option<&[PodDisruptionBudget]>) {
    let limit = Limit::of(&case.row.daemon_set, case.row.tally.desired);
    if let Some(limit) = &limit {
        pace(case, limit);
        host_ports(case, limit);
    }
    availability(case);
    grace(case, limit.as_ref());
    outdated(case);
    history(case);
    if let Some(budgets) = budgets {
        never_evicted(case, budgets);
    }
}

/// One node at a time over many nodes.
fn pace(case: &mut Case<'_>, limit: &Limit) {
    if limit.nodes != 1 || limit.desired < MANY_NODES {
        return;
    }
    let rounds = SignedDuration::from_secs(i64::from(limit.rounds()));
    let times =
        |each: SignedDuration| SignedDuration::from_secs(each.as_secs().saturating_mul(rounds.as_secs()));
    let told = |each: SignedDuration| (human_duration(each.as_secs()), human_duration(times(each).as_secs()));
    let least = SignedDuration::from_secs(case.row.daemon_set.min_ready_seconds);
    let (takes, is_long) = match usual_time(case.inventory, case.slot) {
        Some(each) => {
            let (one, all) = told(each);
            (format!("pods take {one} until they are available, so about {all}"), times(each) >= LONG_UPDATE)
        }
        None if least > SignedDuration::ZERO => {
            let (one, all) = told(least);
            let said =
                format!("at least {all} by minReadySeconds {one}, and no pod's real time is known yet");
            (said, times(least) >= LONG_UPDATE)
        }
        None => ("how long a pod takes is not known yet".to_owned(), false),
    };
    let severity = if is_long { Severity::Warning } else { Severity::Info };
    let field = format!("spec.updateStrategy.rollingUpdate.{}", limit.field());
    let why = format!("an update visits {} one after the other: {takes}", nodes(limit.desired));
    case.find(severity, &field, "one node at a time", why);
}

/// The new pod needs what the old one holds.
fn host_ports(case: &mut Case<'_>, limit: &Limit) {
    if !limit.surge {
        return;
    }
    let pod = &case.spec.template.spec;
    let ports = pod.host_ports();
    let field = "spec.updateStrategy.rollingUpdate.maxSurge";
    if let Some(first) = ports.first() {
        let why = format!(
            "the old pod holds host port {first} until it is gone, and with surge it goes only after the new one is available: the new pod stays Pending and an update never moves"
        );
        case.find(Severity::Danger, field, "surge with host ports", why);
    } else if pod.host_network == Some(true) {
        let why = "old and new pod share the node's network: if they listen on a fixed port, the new one cannot, and an update never moves".to_owned();
        case.find(Severity::Warning, field, "surge on the host network", why);
    }
}

fn availability(case: &mut Case<'_>) {
    let daemon_set = &case.row.daemon_set;
    if daemon_set.strategy != UpdateStrategy::OnDelete && daemon_set.min_ready_seconds == 0 {
        let why = "a pod that is ready for a moment counts as available: an update goes on to the next node before a crash a few seconds later shows".to_owned();
        case.find(Severity::Warning, "spec.minReadySeconds", "no minReadySeconds", why);
    }
}

/// Each old pod may take its whole grace period before the next node's turn.
fn grace(case: &mut Case<'_>, limit: Option<&Limit>) {
    let Some(seconds) = case.spec.template.spec.termination_grace_period_seconds else { return };
    let each = human_duration(seconds);
    let rounds = limit.filter(|limit| !limit.surge).map_or(0, |limit| i64::from(limit.rounds()));
    let all = seconds.saturating_mul(rounds);
    let why = if seconds > USUAL_GRACE && all >= LONG_UPDATE.as_secs() {
        let limit = limit.map(ToString::to_string).unwrap_or_default();
        format!(
            "a pod that does not end by itself is killed after {each}; with {limit} that can make an update {} longer",
            human_duration(all)
        )
    } else if seconds >= LONG_GRACE {
        format!(
            "a pod that does not end by itself is killed after {each}, and its node has no other until then"
        )
    } else {
        return;
    };
    let field = "spec.template.spec.terminationGracePeriodSeconds";
    case.find(Severity::Warning, field, "long grace period", why);
}

fn outdated(case: &mut Case<'_>) {
    let row = case.row;
    let (outdated, desired) = (row.tally.outdated, row.tally.desired);
    if row.daemon_set.strategy == UpdateStrategy::OnDelete && !row.daemon_set.is_paused() && outdated > 0 {
        let why = format!(
            "{outdated} of {} run an older template, and stay so until somebody deletes their pods",
            nodes(desired)
        );
        case.find(Severity::Warning, "spec.updateStrategy.type", "OnDelete with outdated pods", why);
    }
}

fn history(case: &mut Case<'_>) {
    if case.spec.revision_history_limit == Some(0) {
        let why = "no former template is kept once no pod runs it: an update cannot be undone".to_owned();
        case.find(Severity::Warning, "spec.revisionHistoryLimit", "no history", why);
    }
}

fn never_evicted(case: &mut Case<'_>, budgets: &[PodDisruptionBudget]) {
    let namespace = &case.row.daemon_set.meta.key.namespace;
    let selecting = selecting(budgets, namespace, &case.spec.template.metadata.labels);
    let Eviction::Never(obstacle) = eviction_of_ready(&selecting) else { return };
    let field = match &obstacle {
        Obstacle::NoScale { budget, .. }
        | Obstacle::AllMustStay { budget, .. }
        | Obstacle::Empty { budget } => {
            format!("PodDisruptionBudget {budget}")
        }
        Obstacle::Several(budgets) => {
            let names: Vec<String> = budgets.iter().map(ToString::to_string).collect();
            format!("PodDisruptionBudgets {}", names.join(", "))
        }
    };
    case.find(Severity::Warning, &field, "a budget that never allows an eviction", obstacle.to_string());
}
