//! The pod the controller writes (`CreatePodTemplate`, `ReplaceDaemonSetPodNodeNameNodeAffinity`).

use serde_json::{Map, Value, json};

use crate::demo::simulation::cluster::SetEntry;
use crate::domain::object::DaemonSet;

/// The tolerations every daemon pod gets; the last one only on the host's network.
const TOLERATIONS: [(&str, &str); 7] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ("node.kubernetes.io/network-unavailable", "NoSchedule"),
];

/// The reference from a pod or revision to its DaemonSet.
#[must_use]
pub fn owner(ds: &DaemonSet) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "name": ds.meta.key.name, "uid": ds.meta.uid,
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// A new pod of a template for a node.
#[must_use]
pub fn daemon_pod(
    set: &SetEntry,
    template: &Value,
    hash: &str,
    generation: Option<&str>,
    node: &str,
) -> Value {
    let key = &set.ds.meta.key;
    let mut meta = Map::new();
    meta.insert("generateName".to_owned(), format!("{}-", key.name).into());
    meta.insert("namespace".to_owned(), key.namespace.as_str().into());
    let mut labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.insert("controller-revision-hash".to_owned(), hash.into());
    if let Some(generation) = generation {
        labels.insert("pod-template-generation".to_owned(), generation.into());
    }
    meta.insert("labels".to_owned(), labels.into());
    for kept in ["annotations", "finalizers"] {
        if let Some(value) = template["metadata"].get(kept).filter(|v| !v.is_null()) {
            meta.insert(kept.to_owned(), value.clone());
        }
    }
    meta.insert("ownerReferences".to_owned(), json!([owner(&set.ds)]));
    let mut spec = template["spec"].clone();
    tolerate(&mut spec);
    spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]
    });
    json!({"metadata": meta, "spec": spec})
}

/// Adds the automatic tolerations; one that is the same but for its seconds is replaced in place.
fn tolerate(spec: &mut Value) {
    let host_network = spec["hostNetwork"] == true;
    let count = if host_network { TOLERATIONS.len() } else { TOLERATIONS.len() - 1 };
    let mut list = spec["tolerations"].as_array().cloned().unwrap_or_default();
    for (key, effect) in &TOLERATIONS[..count] {
        let automatic = json!({"key": key, "operator": "Exists", "effect": effect});
        let same = |t: &&mut Value| {
            t["key"] == *key
                && t["effect"] == *effect
                && t["operator"] == "Exists"
                && t["value"].as_str().unwrap_or_default().is_empty()
        };
        match list.iter_mut().find(same) {
            Some(known) => *known = automatic,
            None => list.push(automatic),
        }
    }
    spec["tolerations"] = list.into();
}
