//! Rows for people: the columns of `kubectl get`, printed by the server as Kubernetes does it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::demo::store::{Kind, Rejection, Stored};
use crate::domain::age::age;
use crate::domain::object::Pod;
use crate::domain::pod_status::PodStatus;

/// How much of an object goes with its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Include {
    /// Reads the `includeObject` parameter.
    pub(super) fn parse(text: &str) -> Result<Self, Rejection> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::Nothing),
            "Object" => Ok(Self::Object),
            other => Err(Rejection::bad_request(format!(
                "unrecognized includeObject value: {other:?}; use None, Metadata or Object"
            ))),
        }
    }
}

/// (name, type, shown only when wide)
type Column = (&'static str, &'static str, bool);

const NAME: Column = ("Name", "string", false);
const AGE: Column = ("Age", "string", false);

const DAEMON_SET: [Column; 11] = [
    NAME,
    ("Desired", "integer", false),
    ("Current", "integer", false),
    ("Ready", "integer", false),
    ("Up-to-date", "integer", false),
    ("Available", "integer", false),
    ("Node Selector", "string", false),
    AGE,
    ("Containers", "string", true),
    ("Images", "string", true),
    ("Selector", "string", true),
];
const NODE: [Column; 10] = [
    NAME,
    ("Status", "string", false),
    ("Roles", "string", false),
    AGE,
    ("Version", "string", false),
    ("Internal-IP", "string", true),
    ("External-IP", "string", true),
    ("OS-Image", "string", true),
    ("Kernel-Version", "string", true),
    ("Container-Runtime", "string", true),
];
const POD: [Column; 9] = [
    NAME,
    ("Ready", "string", false),
    ("Status", "string", false),
    ("Restarts", "string", false),
    AGE,
    ("IP", "string", true),
    ("Node", "string", true),
    ("Nominated Node", "string", true),
    ("Readiness Gates", "string", true),
];
const EVENT: [Column; 10] = [
    ("Last Seen", "string", false),
    ("Type", "string", false),
    ("Reason", "string", false),
    ("Object", "string", false),
    ("Subobject", "string", true),
    ("Source", "string", true),
    ("Message", "string", false),
    ("First Seen", "string", true),
    ("Count", "string", true),
    ("Name", "string", true),
];
const REVISION: [Column; 4] = [NAME, ("Controller", "string", false), ("Revision", "integer", false), AGE];
const BUDGET: [Column; 5] = [
    NAME,
    ("Min Available", "string", false),
    ("Max Unavailable", "string", false),
    ("Allowed Disruptions", "integer", false),
    AGE,
];
const NAMESPACE: [Column; 3] = [NAME, ("Status", "string", false), AGE];

/// The column definitions of a kind's table.
pub(super) fn columns(kind: Kind) -> Value {
    let columns: &[Column] = match kind {
        Kind::DaemonSet => &DAEMON_SET,
        Kind::Node => &NODE,
        Kind::Pod => &POD,
        Kind::Event => &EVENT,
        Kind::ControllerRevision => &REVISION,
        Kind::PodDisruptionBudget => &BUDGET,
        Kind::Namespace => &NAMESPACE,
    };
    let definition = |(name, kind, wide): &Column| {
        let format = if *name == "Name" { "name" } else { "" };
        json!({"name": name, "type": kind, "format": format, "description": "", "priority": i32::from(*wide)})
    };
    columns.iter().map(definition).collect()
}

/// An object's row.
pub(super) fn row(stored: &Stored, include: Include, now: Timestamp) -> Value {
    let object = stored.value();
    let cells = match stored.kind {
        Kind::DaemonSet => daemon_set(&object, now),
        Kind::Node => node(&object, now),
        Kind::Pod => pod(stored, &object, now),
        Kind::Event => event(&object, now),
        Kind::ControllerRevision => revision(&object, now),
        Kind::PodDisruptionBudget => budget(&object, now),
        Kind::Namespace => {
            vec![name(&object), object["status"]["phase"].clone(), created(&object, now)]
        }
    };
    let object = match include {
        Include::Nothing => Value::Null,
        Include::Metadata => metadata_only(&object),
        Include::Object => object,
    };
    json!({"cells": cells, "object": object})
}

/// An object without spec and status.
pub(super) fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

fn name(object: &Value) -> Value {
    object["metadata"]["name"].clone()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn created(object: &Value, now: Timestamp) -> Value {
    age(time(&object["metadata"]["creationTimestamp"]), now).into()
}

/// A text, or `missing` where there is none.
fn or(value: &Value, missing: &str) -> Value {
    value.as_str().filter(|t| !t.is_empty()).unwrap_or(missing).into()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn joined<'a>(values: impl Iterator<Item = &'a Value>) -> Value {
    values.filter_map(Value::as_str).collect::<Vec<_>>().join(",").into()
}

fn label_text(labels: &Value) -> String {
    let mut pairs: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A selector as kubectl prints it: `a=b,c in (d,e),!f`, by key.
fn selector_text(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut parts: Vec<(String, String)> =
        labels.map(|(k, v)| (k.clone(), format!("{k}={}", v.as_str().unwrap_or_default()))).collect();
    for expression in list(&selector["matchExpressions"]) {
        let key = expression["key"].as_str().unwrap_or_default();
        let mut values: Vec<&str> = list(&expression["values"]).filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let text = match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        parts.push((key.to_owned(), text));
    }
    parts.sort();
    let texts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") }
}

fn daemon_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let count = |key: &str| object["status"][key].as_i64().unwrap_or(0).into();
    let pod = &object["spec"]["template"]["spec"];
    let containers = || list(&pod["containers"]);
    vec![
        name(object),
        count("desiredNumberScheduled"),
        count("currentNumberScheduled"),
        count("numberReady"),
        count("updatedNumberScheduled"),
        count("numberAvailable"),
        label_text(&pod["nodeSelector"]).into(),
        created(object, now),
        joined(containers().map(|c| &c["name"])),
        joined(containers().map(|c| &c["image"])),
        selector_text(&object["spec"]["selector"]).into(),
    ]
}

fn node(object: &Value, now: Timestamp) -> Vec<Value> {
    let ready = list(&object["status"]["conditions"]).find(|c| c["type"] == "Ready");
    let mut status = match ready.map(|c| c["status"] == "True") {
        Some(true) => "Ready".to_owned(),
        Some(false) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if object["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    let info = &object["status"]["nodeInfo"];
    let address = |kind: &str| {
        let found = list(&object["status"]["addresses"]).find(|a| a["type"] == kind);
        or(found.map_or(&Value::Null, |a| &a["address"]), "<none>")
    };
    let mut kernel = or(&info["kernelVersion"], "<unknown>");
    if let (Some(version), Some(arch)) = (info["kernelVersion"].as_str(), info["architecture"].as_str())
        && !version.is_empty()
        && !arch.is_empty()
    {
        kernel = format!("{version} ({arch})").into();
    }
    vec![
        name(object),
        status.into(),
        roles(&object["metadata"]["labels"]).into(),
        created(object, now),
        or(&info["kubeletVersion"], ""),
        address("InternalIP"),
        address("ExternalIP"),
        or(&info["osImage"], "<unknown>"),
        kernel,
        or(&info["containerRuntimeVersion"], "<unknown>"),
    ]
}

fn roles(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let role = |(key, value): (&String, &Value)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()),
        None => (key == "kubernetes.io/role").then(|| value.as_str().unwrap_or_default().to_owned()),
    };
    let roles: std::collections::BTreeSet<String> =
        labels.filter_map(role).filter(|r| !r.is_empty()).collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}

fn pod(stored: &Stored, object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    // What the domain cannot read would print as an unknown pod; the API checked its shape before.
    let words = serde_json::from_slice::<Pod>(&stored.bytes).map(|pod| PodStatus::of(&pod)).ok();
    let (ready, word, restarts) = match &words {
        Some(words) => (words.ready_text(), words.word.clone(), words.restarts_text(now)),
        None => ("0/0".to_owned(), "Unknown".to_owned(), "0".to_owned()),
    };
    let ip = list(&status["podIPs"]).next().map_or(&status["podIP"], |first| &first["ip"]);
    vec![
        name(object),
        ready.into(),
        word.into(),
        restarts.into(),
        created(object, now),
        or(ip, "<none>"),
        or(&spec["nodeName"], "<none>"),
        or(&status["nominatedNodeName"], "<none>"),
        readiness_gates(spec, status).into(),
    ]
}

fn readiness_gates(spec: &Value, status: &Value) -> String {
    let total = list(&spec["readinessGates"]).count();
    if total == 0 {
        return "<none>".to_owned();
    }
    let holds = |gate: &&Value| {
        let condition = list(&status["conditions"]).find(|c| c["type"] == gate["conditionType"]);
        condition.is_some_and(|c| c["status"] == "True")
    };
    format!("{}/{total}", list(&spec["readinessGates"]).filter(holds).count())
}

fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let first = time(&object["eventTime"]).or_else(|| time(&object["firstTimestamp"]));
    let mut last = time(&object["lastTimestamp"]).or(first);
    let mut count = object["count"].as_i64().unwrap_or(0).max(1);
    if object["series"].is_object() {
        last = time(&object["series"]["lastObservedTime"]).or(last);
        count = object["series"]["count"].as_i64().unwrap_or(count);
    }
    let mut seen = age(last, now);
    if count > 1 {
        seen = format!("{seen} (x{count} over {})", age(first, now));
    }
    let about = &object["involvedObject"];
    let mut target = about["kind"].as_str().unwrap_or_default().to_lowercase();
    if let Some(name) = about["name"].as_str().filter(|n| !n.is_empty()) {
        target = format!("{target}/{name}");
    }
    let component = or(&object["source"]["component"], object["reportingComponent"].as_str().unwrap_or(""));
    let host = object["source"]["host"].as_str().filter(|h| !h.is_empty());
    let source = match (component.as_str(), host) {
        (Some(component), Some(host)) => format!("{component}, {host}").into(),
        _ => component,
    };
    vec![
        seen.into(),
        or(&object["type"], ""),
        or(&object["reason"], ""),
        target.into(),
        or(&about["fieldPath"], ""),
        source,
        object["message"].as_str().unwrap_or_default().trim().into(),
        age(first, now).into(),
        count.into(),
        name(object),
    ]
}

fn revision(object: &Value, now: Timestamp) -> Vec<Value> {
    let owner = list(&object["metadata"]["ownerReferences"]).find(|o| o["controller"] == true);
    let controller = owner.map_or_else(|| "<none>".to_owned(), |owner| controller_text(owner.as_object()));
    vec![name(object), controller.into(), object["revision"].clone(), created(object, now)]
}

fn budget(object: &Value, now: Timestamp) -> Vec<Value> {
    let limit = |key: &str| match &object["spec"][key] {
        Value::Number(count) => count.to_string().into(),
        share => or(share, "N/A"),
    };
    let allowed = object["status"]["disruptionsAllowed"].as_i64().unwrap_or(0).into();
    vec![name(object), limit("minAvailable"), limit("maxUnavailable"), allowed, created(object, now)]
}

/// `daemonset.apps/NAME`
fn controller_text(owner: Option<&Map<String, Value>>) -> String {
    let text = |key: &str| owner.and_then(|o| o.get(key)).and_then(Value::as_str).unwrap_or_default();
    let kind = text("kind").to_lowercase();
    match text("apiVersion").split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", text("name")),
        None => format!("{kind}/{}", text("name")),
    }
}
