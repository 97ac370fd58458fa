//! What the API server fills in: metadata, defaults, generations, admission plugins.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::rejection::{Cause, Rejection};
use super::{Scope, time_text};

mod defaults;

/// The annotation that carries a `DaemonSet`'s template generation.
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Removes a key of an object value.
pub(super) fn remove(object: &mut Value, key: &str) {
    if let Some(map) = object.as_object_mut() {
        map.remove(key);
    }
}

/// Sets a key where it is absent or null.
pub(super) fn default(object: &mut Value, key: &str, value: Value) {
    if object.get(key).is_none_or(Value::is_null)
        && let Some(map) = object.as_object_mut()
    {
        map.insert(key.to_owned(), value);
    }
}

/// A value as an object, whatever it was before.
pub(super) fn object_mut(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("made an object just above")
}

pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Gives an object its type and a metadata map; managed fields are kept of nodes only.
pub(super) fn complete_metadata(kind: Kind, object: &mut Value) -> Result<(), Rejection> {
    let resource = kind.resource();
    let Some(map) = object.as_object_mut() else {
        return Err(Rejection::bad_request("the object must be a JSON object"));
    };
    map.insert("apiVersion".to_owned(), resource.api_version().into());
    map.insert("kind".to_owned(), resource.name.into());
    let meta = map.entry("metadata").or_insert_with(|| json!({}));
    let Some(fields) = meta.as_object_mut() else {
        return Err(Rejection::bad_request("metadata must be a JSON object"));
    };
    if kind != Kind::Node {
        fields.remove("managedFields");
    }
    fields.retain(|_, v| !v.is_null());
    for key in ["labels", "annotations"] {
        let Some(texts) = fields.get(key) else { continue };
        let Some(texts) = texts.as_object().filter(|t| t.values().all(Value::is_string)) else {
            let message = format!("metadata.{key} must be a map of strings");
            return Err(Rejection::bad_request(message));
        };
        if texts.is_empty() {
            fields.remove(key);
        }
    }
    for key in ["finalizers", "ownerReferences"] {
        match fields.get(key) {
            Some(Value::Array(list)) if list.is_empty() => {
                fields.remove(key);
            }
            Some(Value::Array(_)) | None => {}
            Some(_) => return Err(Rejection::bad_request(format!("metadata.{key} must be a list"))),
        }
    }
    Ok(())
}

/// Fills a new object.
pub(super) fn prepare_create(kind: Kind, object: &mut Value, now: Timestamp) -> Result<(), Rejection> {
    match kind {
        Kind::DaemonSet => {
            object_mut(&mut object["spec"]);
            drop_nulls(&mut object["spec"]);
            defaults::daemon_set(&mut object["spec"]);
            object["metadata"]["generation"] = 1.into();
            let given = object["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
            let generation = given.and_then(|g| g.parse::<i64>().ok()).filter(|g| *g > 0).unwrap_or(1);
            set_template_generation(object, &generation.to_string());
            object["status"] = json!({
                "currentNumberScheduled": 0, "desiredNumberScheduled": 0,
                "numberMisscheduled": 0, "numberReady": 0,
            });
        }
        Kind::Pod => {
            object_mut(&mut object["spec"]);
            drop_nulls(&mut object["spec"]);
            let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            defaults::pod(&name, &mut object["spec"])?;
            object["metadata"]["generation"] = 1.into();
            let qos = defaults::qos_class(&object["spec"]);
            object["status"] = json!({"phase": "Pending", "qosClass": qos});
        }
        Kind::Node => {
            object_mut(&mut object["spec"]);
            drop_nulls(&mut object["spec"]);
            object_mut(&mut object["status"]);
            taint_not_ready(&mut object["spec"]);
        }
        Kind::Namespace => {
            let name = object["metadata"]["name"].clone();
            object_mut(&mut object["metadata"]["labels"])
                .insert("kubernetes.io/metadata.name".to_owned(), name);
            object["spec"] = json!({"finalizers": ["kubernetes"]});
            object["status"] = json!({"phase": "Active"});
        }
        Kind::Event => prepare_event(object, now)?,
        Kind::PodDisruptionBudget => {
            object_mut(&mut object["spec"]);
            drop_nulls(&mut object["spec"]);
            object["metadata"]["generation"] = 1.into();
            object["status"] =
                json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
        }
        Kind::ControllerRevision => {}
    }
    Ok(())
}

/// What admission would have filled in a pod that was created before time began.
pub(super) fn complete_initial_pod(pod: &mut Value) {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    // Refuses only unknown priority classes; the built-in scenarios have none, others keep priority 0.
    let _ = defaults::pod(&name, &mut pod["spec"]);
    pod["metadata"]["generation"] = 1.into();
    pod["status"]["qosClass"] = defaults::qos_class(&pod["spec"]).into();
}

/// Every freshly created node is tainted until the lifecycle controller has seen it Ready.
fn taint_not_ready(spec: &mut Value) {
    let taint = json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"});
    let taints = &mut spec["taints"];
    if !taints.is_array() {
        *taints = json!([]);
    }
    let Some(taints) = taints.as_array_mut() else { return };
    if !taints.iter().any(|t| t["key"] == taint["key"] && t["effect"] == taint["effect"]) {
        taints.push(taint);
    }
}

fn prepare_event(object: &mut Value, now: Timestamp) -> Result<(), Rejection> {
    let about = object["involvedObject"]["namespace"].as_str().unwrap_or_default();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let expected = if about.is_empty() { "default" } else { about };
    if namespace != expected && !(about.is_empty() && namespace == "kube-system") {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let cause =
            Cause::invalid("involvedObject.namespace", &about.into(), "does not match event.namespace");
        return Err(Rejection::invalid(Kind::Event, name, vec![cause]));
    }
    for key in ["firstTimestamp", "lastTimestamp"] {
        default(object, key, time_text(now).into());
    }
    default(object, "type", "Normal".into());
    default(object, "eventTime", Value::Null);
    let component = object["source"]["component"].clone();
    default(object, "reportingComponent", if component.is_string() { component } else { "".into() });
    default(object, "reportingInstance", "".into());
    default(object, "source", json!({}));
    Ok(())
}

/// Puts back what this write may not change, and counts generations.
pub(super) fn prepare_update(scope: Scope, kind: Kind, before: &Value, after: &mut Value) {
    let kept = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
        "selfLink",
    ];
    for key in kept {
        restore(&before["metadata"], &mut after["metadata"], key);
    }
    let has_status = kind.resource().subresource("status").is_some();
    match scope {
        Scope::Status => {
            let status = after.get("status").cloned().unwrap_or_else(|| json!({}));
            *after = before.clone();
            after["status"] = status;
            return;
        }
        Scope::Main if has_status => restore(before, after, "status"),
        Scope::Main | Scope::System => {}
    }
    match kind {
        Kind::DaemonSet => {
            object_mut(&mut after["spec"]);
            drop_nulls(&mut after["spec"]);
            defaults::daemon_set(&mut after["spec"]);
            count_template_generation(before, after);
        }
        Kind::Pod if scope == Scope::Main => {
            object_mut(&mut after["spec"]);
            drop_nulls(&mut after["spec"]);
            defaults::pod_spec(&mut after["spec"]);
        }
        Kind::Namespace => restore(before, after, "spec"),
        Kind::Node => {
            object_mut(&mut after["spec"]);
            drop_nulls(&mut after["spec"]);
            clean_node_spec(&mut after["spec"]);
        }
        _ => {}
    }
    let counted = matches!(kind, Kind::DaemonSet | Kind::PodDisruptionBudget)
        || (kind == Kind::Pod && scope == Scope::Main);
    if counted && before["spec"] != after["spec"] {
        let generation = before["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        after["metadata"]["generation"] = generation.into();
    }
}

/// Absent, false and empty are the same to the API; one form lets equal specs compare equal.
fn clean_node_spec(spec: &mut Value) {
    if spec["unschedulable"] == false {
        remove(spec, "unschedulable");
    }
    if spec["taints"].as_array().is_some_and(Vec::is_empty) {
        remove(spec, "taints");
    }
}

fn restore(before: &Value, after: &mut Value, key: &str) {
    match before.get(key) {
        Some(value) => after[key] = value.clone(),
        None => remove(after, key),
    }
}

/// The template generation is the server's alone: +1 with each template change, never set by users.
fn count_template_generation(before: &Value, after: &mut Value) {
    let old = before["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
    let mut generation = old.and_then(|g| g.parse::<i64>().ok()).unwrap_or(1);
    if before["spec"]["template"] != after["spec"]["template"] {
        generation += 1;
    }
    set_template_generation(after, &generation.to_string());
}

fn set_template_generation(object: &mut Value, generation: &str) {
    object_mut(&mut object["metadata"]["annotations"])
        .insert(TEMPLATE_GENERATION.to_owned(), generation.into());
}
