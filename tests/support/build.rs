//! Objects for tests, written as the JSON that a server would send.

use dsgrid::domain::object::{DaemonSet, Node, Pod};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A fixed time.
pub fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

/// A time so many seconds before [`now`].
pub fn ago(seconds: i64) -> String {
    (now() - jiff::SignedDuration::from_secs(seconds)).to_string()
}

/// A Ready node with the usual labels and more.
pub fn node(name: &str, labels: &[(&str, &str)], taints: &[&str]) -> Node {
    let mut all = json!({"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"});
    for (key, value) in labels {
        all[*key] = json!(value);
    }
    let taints: Vec<Value> = taints.iter().map(|taint| taint_json(taint)).collect();
    read(json!({
        "metadata": {"name": name, "uid": format!("node-{name}"), "labels": all},
        "spec": {"taints": taints},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }))
}

/// `key[=value]:Effect`.
fn taint_json(taint: &str) -> Value {
    let (key, effect) = taint.rsplit_once(':').expect("a taint has an effect");
    match key.split_once('=') {
        Some((key, value)) => json!({"key": key, "value": value, "effect": effect}),
        None => json!({"key": key, "effect": effect}),
    }
}

/// A DaemonSet `default/ds` with this pod spec.
pub fn daemon_set(pod_spec: &Value) -> DaemonSet {
    read(daemon_set_json(pod_spec))
}

/// The JSON of a DaemonSet `default/ds` with this pod spec.
pub fn daemon_set_json(pod_spec: &Value) -> Value {
    json!({
        "metadata": {"name": "ds", "namespace": "default", "uid": "ds-uid", "generation": 1,
            "annotations": {"deprecated.daemonset.template.generation": "2"}},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"spec": pod_spec},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}},
        "status": {"observedGeneration": 1},
    })
}

/// Reads an object.
pub fn read<T: serde::de::DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("decodes")
}

/// The JSON of a pod of `default/ds` on a node: bound, running, ready for an hour, of the current template.
pub fn pod_json(name: &str, node: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default", "uid": format!("pod-{name}"), "creationTimestamp": ago(3600),
            "labels": {"controller-revision-hash": "new", "pod-template-generation": "2"},
            "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds-uid", "controller": true}]},
        "spec": {"nodeName": node, "containers": [{"name": "main"}],
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms":
                [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]}}}},
        "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(3590)},
                {"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "True"}],
            "containerStatuses": [{"name": "main", "ready": true, "started": true, "restartCount": 0,
                "state": {"running": {"startedAt": ago(3595)}}}]},
    })
}

/// Sets a value at a JSON pointer's place, making what is missing.
pub fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let mut at = &mut object;
    for part in pointer.trim_start_matches('/').split('/') {
        let part = part.replace("~1", "/");
        at = match part.parse::<usize>() {
            Ok(index) if at.is_array() => &mut at[index],
            _ => &mut at[part],
        };
    }
    *at = value;
    object
}

/// The pod of an object.
pub fn pod(object: Value) -> Pod {
    read(object)
}
