//! What the API server would refuse (`ValidateDaemonSet`, as far as placement and updates depend on it).

use k8s_openapi::api::apps::v1 as api;
use k8s_openapi::api::core::v1::{Container, NodeSelector, PodSpec, Toleration};

use crate::domain::label::{check_key, check_value, subdomain};
use crate::domain::object::{DaemonSet, Labels};
use crate::domain::strategy;

/// Everything that is wrong, each with its field.
pub(super) fn daemon_set(object: &api::DaemonSet, read: &DaemonSet) -> Vec<String> {
    let mut wrong = Vec::new();
    match object.metadata.name.as_deref().unwrap_or_default() {
        "" => wrong.push("metadata.name is missing".to_owned()),
        name => wrong.extend(subdomain(name).err().map(|why| format!("metadata.name {why}"))),
    }
    let Some(spec) = &object.spec else {
        wrong.push("spec is missing".to_owned());
        return wrong;
    };
    selector(spec, read, &mut wrong);
    strategy(spec, &mut wrong);
    for (field, value) in
        [("minReadySeconds", spec.min_ready_seconds), ("revisionHistoryLimit", spec.revision_history_limit)]
    {
        if value.is_some_and(|value| value < 0) {
            wrong.push(format!("spec.{field} has to be 0 or more"));
        }
    }
    match &spec.template.spec {
        Some(pod) => pod_spec(pod, &mut wrong),
        None => wrong.push("spec.template.spec is missing".to_owned()),
    }
    wrong
}

fn selector(spec: &api::DaemonSetSpec, read: &DaemonSet, wrong: &mut Vec<String>) {
    let expressions = spec.selector.match_expressions.as_deref().unwrap_or_default();
    for expression in expressions {
        let values = expression.values.as_ref().map_or(0, Vec::len);
        match (expression.operator.as_str(), values) {
            ("In" | "NotIn", 1..) | ("Exists" | "DoesNotExist", 0) => {}
            (operator @ ("In" | "NotIn"), _) => {
                wrong.push(format!("spec.selector.matchExpressions: {operator} needs values"));
            }
            (operator @ ("Exists" | "DoesNotExist"), _) => {
                wrong.push(format!("spec.selector.matchExpressions: {operator} takes no values"));
            }
            (operator, _) => {
                wrong.push(format!("spec.selector.matchExpressions: {operator:?} is no operator"));
            }
        }
    }
    let labels = spec.template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
    let labels: Labels = labels.unwrap_or_default().into_iter().collect();
    if spec.selector.match_labels.as_ref().is_none_or(std::collections::BTreeMap::is_empty)
        && expressions.is_empty()
    {
        wrong.push("spec.selector is missing or empty; it has to choose the template's labels".to_owned());
    } else if !read.selector.matches(&labels) {
        wrong.push(format!("spec.template.metadata.labels do not match spec.selector ({})", read.selector));
    }
}

fn strategy(spec: &api::DaemonSetSpec, wrong: &mut Vec<String>) {
    let strategy = serde_json::to_value(spec.update_strategy.clone().unwrap_or_default());
    wrong.extend(strategy::check(&strategy.expect("an API object is JSON")));
}

fn pod_spec(pod: &PodSpec, wrong: &mut Vec<String>) {
    const AT: &str = "spec.template.spec";
    if !matches!(pod.restart_policy.as_deref().unwrap_or_default(), "" | "Always") {
        wrong.push(format!("{AT}.restartPolicy has to be Always"));
    }
    if pod.active_deadline_seconds.is_some() {
        wrong.push(format!("{AT}.activeDeadlineSeconds is not allowed in a DaemonSet"));
    }
    if pod.containers.is_empty() {
        wrong.push(format!("{AT}.containers is missing or empty"));
    }
    containers(&format!("{AT}.initContainers"), pod.init_containers.as_deref().unwrap_or_default(), wrong);
    containers(&format!("{AT}.containers"), &pod.containers, wrong);
    for (key, value) in pod.node_selector.iter().flatten() {
        let checked = check_key(key).and_then(|()| check_value(value));
        wrong.extend(checked.err().map(|why| format!("{AT}.nodeSelector: {why}")));
    }
    for (number, toleration) in pod.tolerations.iter().flatten().enumerate() {
        let why = wrong_toleration(toleration);
        wrong.extend(why.map(|why| format!("{AT}.tolerations[{number}] {why}")));
    }
    let affinity = pod.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    if let Some(required) =
        affinity.and_then(|node| node.required_during_scheduling_ignored_during_execution.as_ref())
    {
        wrong.extend(wrong_affinity(required).map(|why| format!("{AT}.affinity.nodeAffinity: {why}")));
    }
}

fn containers(at: &str, containers: &[Container], wrong: &mut Vec<String>) {
    for (number, container) in containers.iter().enumerate() {
        if container.name.is_empty() {
            wrong.push(format!("{at}[{number}].name is missing"));
        } else if containers[..number].iter().any(|other| other.name == container.name) {
            wrong.push(format!("{at}[{number}].name {:?} is there twice", container.name));
        }
        if container.image.as_deref().unwrap_or_default().is_empty() {
            wrong.push(format!("{at}[{number}].image is missing"));
        }
    }
}

/// `ValidateTolerations`.
fn wrong_toleration(toleration: &Toleration) -> Option<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (key, effect) = (text(&toleration.key), text(&toleration.effect));
    let has_value = !text(&toleration.value).is_empty();
    match text(&toleration.operator).as_str() {
        "" | "Equal" if key.is_empty() => Some("without a key needs operator Exists".to_owned()),
        "Exists" if has_value => Some("has operator Exists, which takes no value".to_owned()),
        "" | "Equal" | "Exists" => {
            if !matches!(effect.as_str(), "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                return Some(format!(
                    "has effect {effect:?}; there are NoSchedule, PreferNoSchedule and NoExecute"
                ));
            }
            let timed = toleration.toleration_seconds.is_some() && effect != "NoExecute";
            timed.then(|| "has tolerationSeconds, which need effect NoExecute".to_owned())
        }
        other => Some(format!("has operator {other:?}; there are Equal and Exists")),
    }
}

/// `ValidateNodeSelector`; that a term can never match is legal.
fn wrong_affinity(required: &NodeSelector) -> Option<String> {
    if required.node_selector_terms.is_empty() {
        return Some("needs at least one node selector term".to_owned());
    }
    let expressions =
        required.node_selector_terms.iter().flat_map(|term| term.match_expressions.iter().flatten());
    for expression in expressions {
        let values = expression.values.as_ref().map_or(0, Vec::len);
        let (key, operator) = (&expression.key, expression.operator.as_str());
        let fits = match operator {
            "In" | "NotIn" => values > 0,
            "Exists" | "DoesNotExist" => values == 0,
            "Gt" | "Lt" => values == 1,
            _ => return Some(format!("{key}: {operator:?} is no operator")),
        };
        if !fits {
            return Some(format!("{key} {operator}: wrong number of values"));
        }
    }
    let fields = required.node_selector_terms.iter().flat_map(|term| term.match_fields.iter().flatten());
    for field in fields {
        let one = field.values.as_ref().is_some_and(|values| values.len() == 1);
        if field.key != "metadata.name" || !one || !matches!(field.operator.as_str(), "In" | "NotIn") {
            return Some("matchFields takes only metadata.name, In or NotIn, and one value".to_owned());
        }
    }
    None
}
