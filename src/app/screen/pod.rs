//! A pod of a cell: how it stands, its containers, and why it is not further.

use super::{Screen, pod_ref};
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::{age, human_duration};
use crate::domain::cell::available_from;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::inventory::CellView;
use crate::domain::object::{Container, ContainerState, Pod, Termination};
use crate::domain::pod_status::{PodStatus, ended_word, waiting_detail};
use crate::domain::scheduling::plain_words;
use crate::domain::text::Text;

/// Everything about one pod.
pub(super) fn facts(model: &Model, view: &CellView<'_>, pod: &Pod, page: &mut Page) {
    let status = PodStatus::of(pod);
    page.heading(format!("Pod {}", pod.meta.key.name));
    page.leading(Screen::Yaml(pod_ref(pod)));
    page.fact(format!(
        "{}  ready {}  restarts {}  age {}",
        status.word,
        status.ready_text(),
        status.restarts_text(model.now),
        age(pod.meta.created, model.now)
    ));
    revision(model, view, pod, page);
    availability(view, pod, &status, page);
    if let (Some(scheduling), None) = (&pod.scheduling, &pod.node_name) {
        for words in plain_words(&scheduling.message) {
            page.problem(format!("not scheduled: {words}"));
        }
    }
    if pod.phase.is_terminal() && !pod.reason.is_empty() {
        page.problem(format!("the kubelet rejected or evicted it: {} {}", pod.reason, pod.message));
    }
    for container in pod.init_containers.iter().chain(&pod.containers) {
        container_facts(model, pod, container, page);
    }
}

fn revision(model: &Model, view: &CellView<'_>, pod: &Pod, page: &mut Page) {
    let uid = &view.row.daemon_set.meta.uid;
    let label = |hash: &Text| model.inventory.revision_label(uid, hash);
    let own = pod.revision.as_ref().map_or("not known".to_owned(), label);
    let current = view.row.current();
    page.fact(match current.hash {
        _ if view.is_updated(pod) => format!("revision {own}, the current one"),
        Some(hash) => format!("revision {own}; current is {}", label(hash)),
        None => format!("revision {own}; the current one is not known"),
    });
}

/// Ready, and for how long it still has to be to count as available.
fn availability(view: &CellView<'_>, pod: &Pod, status: &PodStatus, page: &mut Page) {
    let seconds = view.row.daemon_set.min_ready_seconds;
    let since = || age(pod.ready_since, view.now);
    match available_from(pod, seconds) {
        None if status.ready.0 == status.ready.1 && status.ready.1 > 0 && !pod.phase.is_terminal() => page.fact(
            "not ready, so not available, though its containers were: somebody else says so, like the node controller \
             of a node that does not answer",
        ),
        None => page.fact("not ready, so not available"),
        Some(from) if from > view.now => {
            let left = human_duration(from.duration_since(view.now).as_secs().saturating_add(1));
            page.fact(format!("ready for {}, available in {left} (minReadySeconds {seconds})", since()));
        }
        Some(_) => page.fact(format!("ready and available, for {}", since())),
    }
}

fn container_facts(model: &Model, pod: &Pod, container: &Container, page: &mut Page) {
    let ended = |end: &Termination| {
        let signal = if end.signal == 0 { String::new() } else { format!(" signal {}", end.signal) };
        format!("{} exit {}{signal} {} ago", ended_word(end), end.exit_code, age(end.finished, model.now))
    };
    let (state, is_problem) = match &container.state {
        ContainerState::Waiting { reason, message } => {
            let message = waiting_detail(reason, message);
            let is_usual = matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing");
            (format!("waiting {reason}{message}"), !is_usual)
        }
        ContainerState::Running { since } => {
            let ready = if container.ready { "ready" } else { "not ready" };
            (format!("running for {}, {ready}", age(*since, model.now)), false)
        }
        ContainerState::Terminated(end) => {
            (format!("ended {}", ended(end)), end.exit_code != 0 || end.signal != 0)
        }
    };
    let last = container.last.as_ref().map(|end| format!("; last ended {}", ended(end)));
    let restarts = match container.restarts {
        0 => String::new(),
        1 => ", 1 restart".to_owned(),
        many => format!(", {many} restarts"),
    };
    let image = image(model, pod, &container.name).map(|image| format!(", image {image}"));
    page.fact_or_problem(
        is_problem,
        format!(
            "container {}: {}{}{restarts}{}",
            container.name,
            state.trim_end(),
            last.unwrap_or_default(),
            image.unwrap_or_default()
        ),
    );
}

/// The image of a container; pods are watched without.
fn image(model: &Model, pod: &Pod, name: &str) -> Option<Text> {
    let Some(Answer::Object(Some(raw))) = model.answers.get(&Inquiry::Object(pod_ref(pod))) else {
        return None;
    };
    let lists = ["/spec/initContainers", "/spec/containers"];
    let mut containers = lists.iter().filter_map(|list| raw.at(list)?.as_array()).flatten();
    let found = containers.find(|container| {
        container
            .get("name")
            .and_then(serde_json::Value::as_str)
            .is_some_and(|other| Text::new(other) == *name)
    })?;
    found.get("image").and_then(serde_json::Value::as_str).map(Text::new)
}
