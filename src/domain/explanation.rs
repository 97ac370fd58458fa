//! Why a cell is as it is: all reasons, and the one sentence under the grid.

use super::age::age;
use super::cell::{CellState, Knowledge, all_containers};
use super::inventory::{CellView, ColumnSlot, Inventory, RowSlot};
use super::object::{Container, ContainerState, Pod, Termination};
use super::pod_status::{PodStatus, ended_word, waiting_detail};
use super::reason::{Reason, Rule, Ruling};

/// Everything that refuses, stops or ails; where `allowing`, also the rules that allow.
#[must_use]
pub fn reasons(view: &CellView<'_>, allowing: bool) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match view.knowledge {
        Knowledge::Nothing => {
            reasons.push(Reason::new(
                Rule::Unknown,
                Ruling::Info,
                "",
                "nodes or pods are not known yet, or may not be read",
            ));
        }
        Knowledge::PodsOnly => {
            let detail = "nodes may not be read, so placement is not known";
            reasons.push(Reason::new(Rule::Unknown, Ruling::Info, "nodes", detail));
        }
        Knowledge::Complete => placement_reasons(view, allowing, &mut reasons),
    }
    for pod in &view.pods {
        pod_reasons(view, pod, &mut reasons);
    }
    reasons
}

fn placement_reasons(view: &CellView<'_>, allowing: bool, reasons: &mut Vec<Reason>) {
    let Some(node) = &view.column.node else {
        let detail =
            format!("the node {} is gone; its pods are removed by garbage collection", view.column.name);
        reasons.push(Reason::new(Rule::NoNode, Ruling::Stop, view.column.name.as_str(), &detail));
        return;
    };
    reasons.extend(view.row.placement.reasons(node, allowing));
    if let Some(ready) = node.condition("Ready").filter(|ready| ready.status != Some(true)) {
        let word = if ready.status.is_none() { "the node does not answer" } else { "the node is not ready" };
        let message = if ready.message.is_empty() { &ready.reason } else { &ready.message };
        let detail =
            format!("{word} since {}: {}", age(ready.since, view.now), message.trim_end_matches('.'));
        reasons.push(Reason::new(Rule::Unreachable, Ruling::Info, "Ready", &detail));
    }
}

fn pod_reasons(view: &CellView<'_>, pod: &Pod, reasons: &mut Vec<Reason>) {
    let name = pod.meta.key.name.as_str();
    let mut info = |rule, detail: String| reasons.push(Reason::new(rule, Ruling::Info, name, &detail));
    if let Some(ends) = pod.meta.deleting {
        let overdue = view.now.duration_since(ends).as_secs();
        let late =
            if overdue > 0 { format!(", overdue {}", age(Some(ends), view.now)) } else { String::new() };
        info(Rule::Kubelet, format!("pod {name} is being deleted{late}"));
    }
    if pod.phase.is_terminal() {
        let why = if pod.message.is_empty() { &pod.reason } else { &pod.message };
        info(Rule::Kubelet, format!("pod {name} {}: {} {why}", pod.phase.as_str(), PodStatus::of(pod).word));
    }
    if let (Some(scheduling), None) = (&pod.scheduling, &pod.node_name) {
        info(Rule::Scheduler, format!("pod {name} is not scheduled: {}", scheduling.message));
    }
    for container in all_containers(pod) {
        if let Some(words) = container_words(container, view) {
            info(Rule::Container, format!("pod {name}, container {}: {words}", container.name));
        }
    }
    if !pod.phase.is_terminal() && !pod.is_deleting() && pod.node_name.is_some() {
        if !pod.ready {
            info(Rule::Readiness, format!("pod {name} is not ready"));
        } else if !view.is_available(pod) {
            let seconds = view.row.daemon_set.min_ready_seconds;
            let since = age(pod.ready_since, view.now);
            info(Rule::Readiness, format!("pod {name} is ready for {since} of minReadySeconds {seconds}"));
        }
    }
}

/// What ails a container, if anything.
fn container_words(container: &Container, view: &CellView<'_>) -> Option<String> {
    let ended = |end: &Termination| {
        format!("{}, exit {}, {} ago", ended_word(end), end.exit_code, age(end.finished, view.now))
    };
    match &container.state {
        ContainerState::Waiting { reason, message } if !reason.is_empty() => {
            let message = waiting_detail(reason, message);
            let last =
                container.last.as_ref().map(|end| format!("; last ended {}", ended(end))).unwrap_or_default();
            Some(format!("{reason}{message}{last}"))
        }
        ContainerState::Terminated(end) if end.exit_code != 0 || end.signal != 0 => {
            Some(format!("ended {}", ended(end)))
        }
        ContainerState::Running { .. } if !container.ready => {
            container.last.as_ref().map(|end| format!("running, not ready; last ended {}", ended(end)))
        }
        ContainerState::Running { .. } | ContainerState::Waiting { .. } | ContainerState::Terminated(_) => {
            None
        }
    }
}

/// The word for what is wrong here, like `CrashLoopBackOff` or `NotReady`; the state's name where there is no better.
#[must_use]
pub fn word(view: &CellView<'_>) -> String {
    match view.cell.state {
        CellState::Failing | CellState::Unschedulable | CellState::Starting | CellState::Terminating => {
            let telling = view.pods.iter().find(|pod| !pod.is_deleting()).or_else(|| view.pods.first());
            telling.map_or_else(|| view.cell.state.name().to_owned(), |pod| PodStatus::of(pod).word)
        }
        CellState::Lost if view.column.node.is_none() => "no node".to_owned(),
        CellState::Lost => "NotReady".to_owned(),
        CellState::NotReady => "not ready".to_owned(),
        other => other.name().to_owned(),
    }
}

/// One sentence about a cell: node, what it is, revision, state, why.
#[must_use]
pub fn sentence(inventory: &Inventory, row: RowSlot, column: ColumnSlot) -> String {
    let Some(view) = inventory.view(row, column) else { return String::new() };
    let labels = view.column.node.as_ref().map(|node| &node.meta.labels);
    let label =
        |key| labels.and_then(|labels| labels.get(key)).map(|value| format!(" {value}")).unwrap_or_default();
    let place = format!(
        "{}{}{}",
        view.column.name,
        label("topology.kubernetes.io/zone"),
        label("node.kubernetes.io/instance-type")
    );
    let uid = &view.row.daemon_set.meta.uid;
    let revision = view.pods.first().and_then(|pod| pod.revision.as_ref());
    let revision =
        revision.map(|hash| format!("  {}", inventory.revision_label(uid, hash))).unwrap_or_default();
    format!("{place}{revision}  {}", state_words(&view))
}

/// The state and why, without the place: `not wanted: ...`, `failing: ...`.
#[must_use]
pub fn state_words(view: &CellView<'_>) -> String {
    let name = view.cell.state.name();
    let pod = || match view.pods.as_slice() {
        [] => String::new(),
        [pod, others @ ..] => {
            let status = PodStatus::of(pod);
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            let restarts = if status.restarts > 0 {
                format!(", restarts {}", status.restarts_text(view.now))
            } else {
                String::new()
            };
            let (word, ready) = (&status.word, status.ready_text());
            format!(
                "pod {} {word} {ready}, age {}{restarts}{more}",
                pod.meta.key.name,
                age(pod.meta.created, view.now)
            )
        }
    };
    let all = reasons(view, false);
    let telling = |reason: &&Reason| match view.cell.state {
        CellState::Excluded | CellState::Misscheduled => {
            matches!(reason.verdict, Ruling::Refuse | Ruling::Stop)
        }
        CellState::Lost => matches!(reason.rule, Rule::NoNode | Rule::Unreachable),
        CellState::Unschedulable => reason.rule == Rule::Scheduler,
        CellState::Failing => matches!(reason.rule, Rule::Container | Rule::Kubelet),
        CellState::NotReady | CellState::Starting => {
            matches!(reason.rule, Rule::Readiness | Rule::Container | Rule::Scheduler)
        }
        CellState::Unknown => reason.rule == Rule::Unknown,
        _ => false,
    };
    let why: Vec<&str> = all.iter().filter(telling).map(|reason| reason.detail.as_str()).collect();
    match view.cell.state {
        CellState::Excluded => format!("not wanted: {}", why.join("; ")),
        CellState::Missing => "missing: the node is wanted and has no pod".to_owned(),
        CellState::Failing | CellState::NotReady | CellState::Unschedulable | CellState::Starting
            if !why.is_empty() =>
        {
            format!("{name}: {}", why.join("; "))
        }
        _ if why.is_empty() => format!("{name}: {}", pod()),
        _ => format!("{name}: {}; {}", why.join("; "), pod()),
    }
}
