//! Why a DaemonSet does on a node what it does.

use std::collections::BTreeSet;

use super::events::{absence, events, events_of};
use super::{daemon_set_ref, node_ref, pod, pod_ref};
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::budget::eviction;
use crate::domain::explanation::{reasons, sentence};
use crate::domain::id::{NodeName, ObjectRef, Uid};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::inventory::CellView;
use crate::domain::object::{Event, Labels};
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

/// The events; of a pod what is not watched, like images; and the budgets over it.
pub(super) fn needed(model: &Model, daemon_set: &Uid, node: &NodeName) -> BTreeSet<Inquiry> {
    let Some(view) = view(model, daemon_set, node) else { return BTreeSet::new() };
    let mut needed: BTreeSet<Inquiry> = told_of(&view).into_iter().map(Inquiry::Events).collect();
    needed.extend(view.pods.iter().map(|pod| Inquiry::Object(pod_ref(pod))));
    let namespace = &view.row.daemon_set.meta.key.namespace;
    needed.extend((!view.pods.is_empty()).then(|| Inquiry::Budgets(namespace.clone())));
    needed
}

/// The lines; none when the DaemonSet is gone, or the node and its pods.
pub(super) fn page(model: &Model, daemon_set: &Uid, node: &NodeName) -> Option<Page> {
    let view = view(model, daemon_set, node)?;
    let inventory = &model.inventory;
    let mut page = Page::new(format!("{} on {}", view.row.daemon_set.meta.key, view.column.name));
    let words = sentence(inventory, inventory.row_of(daemon_set)?, inventory.column_of(node)?);
    page.fact_or_problem(view.cell.problem, words);
    why(&view, &mut page);
    if view.pods.is_empty() {
        no_pods(model, &view, &mut page);
    }
    for pod in &view.pods {
        pod::facts(model, &view, pod, &mut page);
    }
    if !view.pods.is_empty() {
        budgets(model, &view, &mut page);
    }
    super::node::health(model, view.column, &mut page);
    events(model, &mut page, &told_of(&view));
    Some(page)
}

/// The verdict, and every rule that speaks.
fn why(view: &CellView<'_>, page: &mut Page) {
    page.heading("Why");
    let word = |yes| if yes { "yes" } else { "no" };
    if view.column.node.is_none() {
        page.fact("Whether it should run here is not known without the Node object.");
    } else {
        page.fact(format!(
            "Should run here: {}. A pod that is here may stay: {}.",
            word(view.cell.run),
            word(view.cell.keep)
        ));
    }
    for reason in reasons(view, true) {
        let (mark, is_problem) = match reason.verdict {
            Ruling::Allow => ("allows", false),
            Ruling::Refuse => ("refuses", view.cell.run),
            Ruling::Stop => ("stops", view.cell.run),
            Ruling::Info => ("note", view.cell.problem),
        };
        page.told(is_problem, mark, 8, reason.detail.as_str());
    }
    tolerations(view, page);
}

/// Against which tolerations a taint was held that is not tolerated.
fn tolerations(view: &CellView<'_>, page: &mut Page) {
    let placement = &view.row.placement;
    let refused =
        view.column.node.as_ref().is_some_and(|node| placement.untolerated(&node.taints).next().is_some());
    if refused {
        let all: Vec<String> = placement.tolerations().iter().map(ToString::to_string).collect();
        page.told(false, "note", 8, format!("its pods have {}", all.join(", ")));
    }
}

/// Where a pod is wanted and none is there, the controller's word on why it could not make one.
fn no_pods(model: &Model, view: &CellView<'_>, page: &mut Page) {
    page.heading("Pods");
    page.faint("none here");
    if !view.cell.run {
        return;
    }
    let object = daemon_set_ref(&view.row.daemon_set);
    let failed = |event: &&Event| event.reason == "FailedCreate";
    if let Some(event) = events_of(model, &object).iter().rev().find(failed) {
        page.problem(format!(
            "{} ago the controller could not make a pod (FailedCreate, for this node or another): {}",
            age(event.last_seen, model.now),
            event.message
        ));
    } else if model.answers.get(&Inquiry::Events(object)).is_some() {
        page.fact(
            "The controller reports no failure to make a pod (no event FailedCreate): it may be on its way.",
        );
    }
}

/// Whether the pods may be evicted.
fn budgets(model: &Model, view: &CellView<'_>, page: &mut Page) {
    page.heading("Eviction");
    let inquiry = Inquiry::Budgets(view.row.daemon_set.meta.key.namespace.clone());
    let Some(Answer::Budgets(budgets)) = model.answers.get(&inquiry) else {
        let (kind, words) = absence(model, &inquiry, "PodDisruptionBudgets");
        page.say(kind, words);
        return;
    };
    for pod in &view.pods {
        // Watched pods are kept without their labels.
        let whole = Inquiry::Object(pod_ref(pod));
        let Some(Answer::Object(Some(raw))) = model.answers.get(&whole) else {
            let (kind, words) = absence(model, &whole, &format!("labels of {}", pod.meta.key.name));
            page.say(kind, words);
            continue;
        };
        let labels = raw.at("/metadata/labels").and_then(serde_json::Value::as_object);
        let labels: Labels = labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
            .collect();
        let eviction = eviction(pod, &labels, budgets);
        page.fact_or_problem(!eviction.is_allowed(), format!("{}: {eviction}", pod.meta.key.name));
    }
}
