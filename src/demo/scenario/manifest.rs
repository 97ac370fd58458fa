//! A scenario's DaemonSet as somebody would have applied it.

use serde_json::{Map, Value, json};

use super::{BudgetSpec, SetSpec};
use crate::demo::kubelet::behavior::ANNOTATION;

/// The DaemonSet at one of its versions.
#[must_use]
pub fn daemon_set(spec: &SetSpec, version: &str) -> Value {
    let containers: Vec<Value> =
        std::iter::once(container(spec, version)).chain(spec.containers.iter().cloned()).collect();
    let mut pod = json!({
        "containers": containers,
        "serviceAccountName": spec.name,
        "terminationGracePeriodSeconds": 30,
    });
    if !spec.init_containers.is_empty() {
        pod["initContainers"] = spec.init_containers.clone().into();
    }
    if spec.host_network {
        pod["hostNetwork"] = true.into();
        pod["dnsPolicy"] = "ClusterFirstWithHostNet".into();
    }
    if let Some(class) = &spec.priority {
        pod["priorityClassName"] = class.as_str().into();
    }
    if !spec.node_selector.is_empty() {
        pod["nodeSelector"] = json!(spec.node_selector);
    }
    if !spec.tolerations.is_empty() {
        pod["tolerations"] = spec.tolerations.clone().into();
    }
    if !spec.affinity.is_empty() {
        pod["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": spec.affinity}]
        }}});
    }
    if !spec.host_paths.is_empty() {
        let volume =
            |(at, path): (usize, &String)| json!({"name": format!("host-{at}"), "hostPath": {"path": path}});
        pod["volumes"] = spec.host_paths.iter().enumerate().map(volume).collect();
    }
    let labels = json!({"app.kubernetes.io/name": spec.name});
    let mut annotations = Map::new();
    if let Some(sim) = &spec.sim {
        annotations.insert(ANNOTATION.to_owned(), sim.to_string().into());
    }
    let mut ds = json!({
        "metadata": {
            "name": spec.name, "namespace": spec.namespace,
            "labels": {"app.kubernetes.io/name": spec.name, "app.kubernetes.io/part-of": spec.namespace},
            "annotations": {"kubernetes.io/change-cause": format!("{} {version}", spec.name)},
        },
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod},
        },
    });
    if let Some(strategy) = &spec.strategy {
        ds["spec"]["updateStrategy"] = strategy.clone();
    }
    if spec.min_ready_seconds > 0 {
        ds["spec"]["minReadySeconds"] = spec.min_ready_seconds.into();
    }
    ds
}

/// A disruption budget as somebody would have applied it.
#[must_use]
pub fn budget(spec: &BudgetSpec) -> Value {
    json!({
        "metadata": {"name": spec.name, "namespace": spec.namespace},
        "spec": {
            "minAvailable": spec.min_available, "maxUnavailable": spec.max_unavailable,
            "selector": {"matchLabels": {"app.kubernetes.io/name": spec.name}},
        },
    })
}

fn container(spec: &SetSpec, version: &str) -> Value {
    let mut container = json!({
        "name": spec.name, "image": format!("{}:{version}", spec.image),
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "resources": {"requests": spec.requests, "limits": spec.limits},
    });
    if let Some(port) = spec.port {
        container["ports"] = json!([{"name": "http", "containerPort": port}]);
        container["readinessProbe"] =
            json!({"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 5});
    }
    if !spec.host_paths.is_empty() {
        let mount = |(at, path): (usize, &String)| json!({"name": format!("host-{at}"), "mountPath": format!("/host{path}"), "readOnly": true});
        container["volumeMounts"] = spec.host_paths.iter().enumerate().map(mount).collect();
    }
    container
}
