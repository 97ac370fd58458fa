//! Why a DaemonSet does on a node what it does.

use std::collections::BTreeSet;

use super::{Screen, daemon_set_ref, events, node_ref, pod_ref};
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::explanation::{reasons, sentence};
use crate::domain::id::{NodeName, ObjectRef, Uid};
use crate::domain::inquiry::Inquiry;
use crate::domain::inventory::CellView;
use crate::domain::object::{ContainerState, Pod};
use crate::domain::pod_status::{PodStatus, ended_word};
use crate::domain::reason::Ruling;

fn view<'a>(model: &'a Model, daemon_set: &Uid, node: &NodeName) -> Option<CellView<'a>> {
    let inventory = &model.inventory;
    inventory.view(inventory.row_of(daemon_set)?, inventory.column_of(node)?)
}

/// The objects whose events are told here: the pods, the node, and the DaemonSet where it has no pod.
fn told_of(view: &CellView<'_>) -> Vec<ObjectRef> {
    let mut objects: Vec<ObjectRef> = view.pods.iter().map(|pod| pod_ref(pod)).collect();
    if objects.is_empty() && view.cell.run {
        objects.push(daemon_set_ref(&view.row.daemon_set));
    }
    objects.extend(view.column.node.as_ref().map(node_ref));
    objects
}

/// The events.
pub(super) fn needed(model: &Model, daemon_set: &Uid, node: &NodeName) -> BTreeSet<Inquiry> {
    let objects = view(model, daemon_set, node).map(|view| told_of(&view)).unwrap_or_default();
    objects.into_iter().map(Inquiry::Events).collect()
}

/// The lines; none when the DaemonSet is gone, or the node and its pods.
pub(super) fn page(model: &Model, daemon_set: &Uid, node: &NodeName) -> Option<Page> {
    let view = view(model, daemon_set, node)?;
    let inventory = &model.inventory;
    let mut page = Page::new(format!("{} on {}", view.row.daemon_set.meta.key, view.column.name));
    let words = sentence(inventory, inventory.row_of(daemon_set)?, inventory.column_of(node)?);
    if view.cell.problem {
        page.problem(words)
    } else {
        page.fact(words)
    }
    page.fact(placement(&view));
    page.heading("Why");
    for reason in reasons(&view, true) {
        let (mark, is_problem) = match reason.verdict {
            Ruling::Allow => ("allows", false),
            Ruling::Refuse => ("refuses", view.cell.run),
            Ruling::Stop => ("stops", view.cell.run),
            Ruling::Info => ("note", view.cell.problem),
        };
        page.told(is_problem, mark, 8, reason.detail.as_str());
    }
    for pod in &view.pods {
        pod_facts(model, &view, pod, &mut page);
    }
    if view.pods.is_empty() {
        page.heading("Pods");
        page.faint("none here");
    }
    events(model, &mut page, &told_of(&view));
    Some(page)
}

fn placement(view: &CellView<'_>) -> String {
    let word = |yes| if yes { "yes" } else { "no" };
    if view.column.node.is_none() {
        return "Whether it should run here is not known without the Node object.".to_owned();
    }
    format!(
        "Should run here: {}. A pod that is here may stay: {}.",
        word(view.cell.run),
        word(view.cell.keep)
    )
}

fn pod_facts(model: &Model, view: &CellView<'_>, pod: &Pod, page: &mut Page) {
    let status = PodStatus::of(pod);
    page.heading(format!("Pod {}", pod.meta.key.name));
    page.leading(Screen::Yaml(pod_ref(pod)));
    let word = |yes: bool, word: &str| if yes { word.to_owned() } else { format!("not {word}") };
    page.fact(format!(
        "{}  ready {}  restarts {}  age {}",
        status.word,
        status.ready_text(),
        status.restarts_text(model.now),
        age(pod.meta.created, model.now)
    ));
    let uid = &view.row.daemon_set.meta.uid;
    let revision = pod.revision.as_ref().map_or("revision not known".to_owned(), |hash| {
        format!("revision {}", model.inventory.revision_label(uid, hash))
    });
    page.fact(format!(
        "{revision}, {}, {}",
        word(view.is_updated(pod), "current"),
        word(view.is_available(pod), "available")
    ));
    for container in pod.init_containers.iter().chain(&pod.containers) {
        let state = match &container.state {
            ContainerState::Waiting { reason, message } => format!("waiting {reason} {message}"),
            ContainerState::Running { since } => format!("running since {}", age(*since, model.now)),
            ContainerState::Terminated(end) => format!("ended {} exit {}", ended_word(end), end.exit_code),
        };
        let last = container.last.as_ref().map_or_else(String::new, |end| {
            format!(
                "; before: {} exit {} {} ago",
                ended_word(end),
                end.exit_code,
                age(end.finished, model.now)
            )
        });
        page.fact(format!("container {}: {}{last}", container.name, state.trim_end()));
    }
}
