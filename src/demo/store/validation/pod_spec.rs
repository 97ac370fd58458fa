//! The rules of pod specs, in pods and in templates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::rejection::Cause;
use super::syntax;

/// What is wrong with a pod spec.
pub(super) fn check(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let mut names = BTreeSet::new();
    for list in ["initContainers", "containers"] {
        let containers = spec[list].as_array().map(Vec::as_slice).unwrap_or_default();
        if list == "containers" && containers.is_empty() {
            causes.push(Cause::required(&format!("{path}.containers"), ""));
        }
        for (index, container) in containers.iter().enumerate() {
            let field = format!("{path}.{list}[{index}]");
            let name = container["name"].as_str().unwrap_or_default();
            if name.is_empty() {
                causes.push(Cause::required(&format!("{field}.name"), ""));
            } else if !syntax::is_label(name) {
                causes.push(Cause::invalid(
                    &format!("{field}.name"),
                    &container["name"],
                    syntax::SUBDOMAIN_RULE,
                ));
            } else if !names.insert(name) {
                let message = format!("Duplicate value: \"{name}\"");
                causes.push(Cause { reason: "FieldValueDuplicate", message, field: format!("{field}.name") });
            }
            if container["image"].as_str().unwrap_or_default().trim().is_empty() {
                causes.push(Cause::required(&format!("{field}.image"), ""));
            }
        }
    }
    tolerations(path, &spec["tolerations"], causes);
    node_affinity(path, &spec["affinity"]["nodeAffinity"], causes);
}

fn tolerations(path: &str, tolerations: &Value, causes: &mut Vec<Cause>) {
    for (index, toleration) in tolerations.as_array().into_iter().flatten().enumerate() {
        let field = format!("{path}.tolerations[{index}]");
        let text = |key: &str| toleration[key].as_str().unwrap_or_default();
        let (key, operator, effect) = (text("key"), text("operator"), text("effect"));
        if key.is_empty() && operator != "Exists" {
            let why =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            causes.push(Cause::invalid(&format!("{field}.operator"), &operator.into(), why));
        }
        match operator {
            "" | "Equal" => {}
            "Exists" if text("value").is_empty() => {}
            "Exists" => {
                let why = "value must be empty when `operator` is 'Exists'";
                causes.push(Cause::invalid(&format!("{field}.operator"), &text("value").into(), why));
            }
            _ => {
                let supported = "\"Equal\", \"Exists\", \"Gt\", \"Lt\"";
                causes.push(Cause::unsupported(&format!("{field}.operator"), &operator.into(), supported));
            }
        }
        if !["", "NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
            let supported = "\"NoExecute\", \"NoSchedule\", \"PreferNoSchedule\"";
            causes.push(Cause::unsupported(&format!("{field}.effect"), &effect.into(), supported));
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            causes.push(Cause::invalid(&format!("{field}.effect"), &effect.into(), why));
        }
    }
}

fn node_affinity(path: &str, affinity: &Value, causes: &mut Vec<Cause>) {
    let required = &affinity["requiredDuringSchedulingIgnoredDuringExecution"];
    if required.is_null() {
        return;
    }
    let path = format!(
        "{path}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    );
    let terms = required["nodeSelectorTerms"].as_array().map(Vec::as_slice).unwrap_or_default();
    if terms.is_empty() {
        causes.push(Cause::required(&path, "must have at least one node selector term"));
    }
    for (index, term) in terms.iter().enumerate() {
        for (at, requirement) in term["matchExpressions"].as_array().into_iter().flatten().enumerate() {
            expression(&format!("{path}[{index}].matchExpressions[{at}]"), requirement, causes);
        }
        for (at, requirement) in term["matchFields"].as_array().into_iter().flatten().enumerate() {
            field_requirement(&format!("{path}[{index}].matchFields[{at}]"), requirement, causes);
        }
    }
}

fn expression(field: &str, requirement: &Value, causes: &mut Vec<Cause>) {
    let values = requirement["values"].as_array().map_or(0, Vec::len);
    let values_field = format!("{field}.values");
    match requirement["operator"].as_str().unwrap_or_default() {
        "In" | "NotIn" if values == 0 => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            causes.push(Cause::required(&values_field, why));
        }
        "Exists" | "DoesNotExist" if values > 0 => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            causes.push(Cause::forbidden(&values_field, why));
        }
        // A value that is no number passes here, and then matches nothing.
        "Gt" | "Lt" if values != 1 => {
            let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            causes.push(Cause::required(&values_field, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        _ => {
            let why = "not a valid selector operator";
            causes.push(Cause::invalid(&format!("{field}.operator"), &requirement["operator"], why));
        }
    }
    if !requirement["key"].as_str().is_some_and(syntax::is_qualified_name) {
        causes.push(Cause::invalid(
            &format!("{field}.key"),
            &requirement["key"],
            syntax::QUALIFIED_NAME_RULE,
        ));
    }
}

fn field_requirement(field: &str, requirement: &Value, causes: &mut Vec<Cause>) {
    if requirement["key"] != "metadata.name" {
        let why = "not a valid field selector key";
        causes.push(Cause::invalid(&format!("{field}.key"), &requirement["key"], why));
    }
    match requirement["operator"].as_str().unwrap_or_default() {
        "In" | "NotIn" if requirement["values"].as_array().map_or(0, Vec::len) == 1 => {}
        "In" | "NotIn" => causes.push(Cause::required(
            &format!("{field}.values"),
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        )),
        _ => {
            let why = "not a valid selector operator";
            causes.push(Cause::invalid(&format!("{field}.operator"), &requirement["operator"], why));
        }
    }
}

/// A running pod's spec is fixed but for images, deadlines and added tolerations.
pub(super) fn only_mutable_changes(before: &Value, after: &Value, causes: &mut Vec<Cause>) {
    let (mut old, mut new) = (before["spec"].clone(), after["spec"].clone());
    for spec in [&mut old, &mut new] {
        for list in ["containers", "initContainers"] {
            for container in spec[list].as_array_mut().into_iter().flatten() {
                container["image"] = Value::Null;
            }
        }
        for key in ["activeDeadlineSeconds", "terminationGracePeriodSeconds"] {
            spec[key] = Value::Null;
        }
    }
    let had = old["tolerations"].as_array().cloned().unwrap_or_default();
    let has = new["tolerations"].as_array().cloned().unwrap_or_default();
    if had.iter().all(|t| has.contains(t)) {
        old["tolerations"] = json!([]);
        new["tolerations"] = json!([]);
    }
    // Indexing made absent lists null on one side only where both are absent; compare without nulls.
    for spec in [&mut old, &mut new] {
        if let Some(map) = spec.as_object_mut() {
            map.retain(|_, v| !v.is_null());
        }
    }
    if old != new {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,\
            `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
            existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
            previously negative)";
        causes.push(Cause::forbidden("spec", why));
    }
}
