//! What the API server refuses: the rules of `DaemonSet`s, nodes, pods and labels that people run into.

use serde_json::Value;

use super::kind::Kind;
use super::rejection::Cause;
use super::selector::LabelSelector;

mod pod_spec;
mod syntax;

/// What is wrong with an object that is to be created.
pub(super) fn created(kind: Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let meta = &object["metadata"];
    match meta["name"].as_str().unwrap_or_default() {
        "" => causes.push(Cause::required("metadata.name", "name or generateName is required")),
        name => {
            let ok =
                if kind == Kind::Namespace { syntax::is_label(name) } else { syntax::is_subdomain(name) };
            if !ok {
                causes.push(Cause::invalid("metadata.name", &meta["name"], syntax::SUBDOMAIN_RULE));
            }
        }
    }
    labels("metadata.labels", &meta["labels"], &mut causes);
    spec(kind, object, &mut causes);
    causes
}

/// What is wrong with a change that would make another object of this one.
pub(super) fn identity_kept(before: &Value, after: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for key in ["name", "namespace", "uid"] {
        let (old, new) = (&before["metadata"][key], &after["metadata"][key]);
        if !new.is_null() && new != "" && old != new {
            causes.push(Cause::invalid(&format!("metadata.{key}"), new, "field is immutable"));
        }
    }
    causes
}

/// What is wrong with a changed object.
pub(super) fn updated(kind: Kind, before: &Value, after: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    labels("metadata.labels", &after["metadata"]["labels"], &mut causes);
    match kind {
        Kind::DaemonSet if before["spec"]["selector"] != after["spec"]["selector"] => {
            causes.push(Cause::invalid("spec.selector", &after["spec"]["selector"], "field is immutable"));
        }
        Kind::ControllerRevision if before["data"] != after["data"] => {
            causes.push(Cause::invalid("data", &after["data"], "field is immutable"));
        }
        Kind::Pod => pod_spec::only_mutable_changes(before, after, &mut causes),
        _ => {}
    }
    spec(kind, after, &mut causes);
    causes
}

fn labels(path: &str, labels: &Value, causes: &mut Vec<Cause>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        if !syntax::is_qualified_name(key) {
            causes.push(Cause::invalid(path, &key.as_str().into(), syntax::QUALIFIED_NAME_RULE));
        }
        if !value.as_str().is_some_and(syntax::is_label_value) {
            causes.push(Cause::invalid(path, value, syntax::LABEL_VALUE_RULE));
        }
    }
}

fn spec(kind: Kind, object: &Value, causes: &mut Vec<Cause>) {
    match kind {
        Kind::DaemonSet => daemon_set(&object["spec"], causes),
        Kind::Pod => pod_spec::check("spec", &object["spec"], causes),
        Kind::Node => taints(&object["spec"]["taints"], causes),
        Kind::PodDisruptionBudget => budget(&object["spec"], causes),
        _ => {}
    }
}

fn daemon_set(spec: &Value, causes: &mut Vec<Cause>) {
    selector(spec, causes);
    labels("spec.template.metadata.labels", &spec["template"]["metadata"]["labels"], causes);
    let pod = &spec["template"]["spec"];
    pod_spec::check("spec.template.spec", pod, causes);
    if pod["restartPolicy"] != "Always" {
        let field = "spec.template.spec.restartPolicy";
        causes.push(Cause::unsupported(field, &pod["restartPolicy"], "\"Always\""));
    }
    if !pod["activeDeadlineSeconds"].is_null() {
        causes.push(Cause::forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in DaemonSet is not Supported",
        ));
    }
    for key in ["minReadySeconds", "revisionHistoryLimit"] {
        let value = &spec[key];
        if !value.is_null() && value.as_i64().is_none_or(|v| v < 0) {
            causes.push(Cause::invalid(&format!("spec.{key}"), value, NOT_NEGATIVE));
        }
    }
    strategy(&spec["updateStrategy"], causes);
}

fn budget(spec: &Value, causes: &mut Vec<Cause>) {
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        causes.push(Cause::invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
    }
    for key in ["minAvailable", "maxUnavailable"] {
        let field = format!("spec.{key}");
        match &spec[key] {
            Value::Number(count) if count.as_i64().is_none_or(|count| count < 0) => {
                causes.push(Cause::invalid(&field, &spec[key], NOT_NEGATIVE));
            }
            Value::String(share)
                if share.strip_suffix('%').and_then(|s| s.parse::<u32>().ok()).is_none_or(|s| s > 100) =>
            {
                let rule = "must be a valid percent value (e.g. '50%') up to 100%";
                causes.push(Cause::invalid(&field, &spec[key], rule));
            }
            _ => {}
        }
    }
}

const NOT_NEGATIVE: &str = "must be greater than or equal to 0";

fn selector(spec: &Value, causes: &mut Vec<Cause>) {
    let selector = &spec["selector"];
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
        return;
    }
    match LabelSelector::from_value(selector) {
        Err(part) => {
            let field = format!("spec.selector.{part}");
            causes.push(Cause::invalid(&field, selector, "is not a valid requirement"));
        }
        Ok(parsed) if parsed.0.is_empty() => {
            let text = "empty selector is invalid for daemonset";
            causes.push(Cause::invalid("spec.selector", selector, text));
        }
        Ok(parsed) => {
            let labels = &spec["template"]["metadata"]["labels"];
            if !parsed.matches_value(labels) {
                let text = "`selector` does not match template `labels`";
                causes.push(Cause::invalid("spec.template.metadata.labels", labels, text));
            }
        }
    }
}

fn strategy(strategy: &Value, causes: &mut Vec<Cause>) {
    match strategy["type"].as_str().unwrap_or_default() {
        // The limits are neither required, forbidden nor looked at under OnDelete.
        "OnDelete" => {}
        "RollingUpdate" => rolling_update(&strategy["rollingUpdate"], causes),
        _ => {
            let supported = "\"OnDelete\", \"RollingUpdate\"";
            causes.push(Cause::unsupported("spec.updateStrategy.type", &strategy["type"], supported));
        }
    }
}

fn rolling_update(limits: &Value, causes: &mut Vec<Cause>) {
    let path = "spec.updateStrategy.rollingUpdate";
    let unavailable = limit(&format!("{path}.maxUnavailable"), &limits["maxUnavailable"], causes);
    let surge = limit(&format!("{path}.maxSurge"), &limits["maxSurge"], causes);
    let (Some(unavailable), Some(surge)) = (unavailable, surge) else { return };
    if unavailable > 0 && surge > 0 {
        causes.push(Cause::invalid(
            &format!("{path}.maxSurge"),
            &limits["maxSurge"],
            "may not be set when maxUnavailable is non-zero",
        ));
    } else if unavailable == 0 && surge == 0 {
        causes.push(Cause::invalid(
            &format!("{path}.maxUnavailable"),
            &limits["maxUnavailable"],
            "cannot be 0 when maxSurge is 0",
        ));
    }
}

/// The number of an int-or-percent limit, if it is a legal one.
fn limit(field: &str, value: &Value, causes: &mut Vec<Cause>) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        if number < 0 {
            causes.push(Cause::invalid(field, value, NOT_NEGATIVE));
            return None;
        }
        return Some(number);
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%'));
    let digits = percent.filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
    match digits.map(str::parse::<i64>) {
        Some(Ok(number)) if number <= 100 => Some(number),
        Some(_) => {
            causes.push(Cause::invalid(field, value, "must not be greater than 100%"));
            None
        }
        None => {
            let text = "a valid percent string must be a numeric string followed by an ending '%' \
                (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
            causes.push(Cause::invalid(field, value, text));
            None
        }
    }
}

fn taints(taints: &Value, causes: &mut Vec<Cause>) {
    let list = taints.as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, taint) in list.iter().enumerate() {
        let path = format!("metadata.taints[{index}]");
        if !taint["key"].as_str().is_some_and(syntax::is_qualified_name) {
            causes.push(Cause::invalid(&format!("{path}.key"), &taint["key"], syntax::QUALIFIED_NAME_RULE));
        }
        if !taint["value"].is_null() && !taint["value"].as_str().is_some_and(syntax::is_label_value) {
            causes.push(Cause::invalid(&format!("{path}.value"), &taint["value"], syntax::LABEL_VALUE_RULE));
        }
        let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        if !taint["effect"].as_str().is_some_and(|e| known.contains(&e)) {
            let supported = "\"NoExecute\", \"NoSchedule\", \"PreferNoSchedule\"";
            causes.push(Cause::unsupported(&format!("{path}.effect"), &taint["effect"], supported));
        }
        let same = |other: &Value| other["key"] == taint["key"] && other["effect"] == taint["effect"];
        if list[..index].iter().any(same) {
            let message = format!("Duplicate value: {taint}: taints must be unique by key and effect pair");
            causes.push(Cause { reason: "FieldValueDuplicate", message, field: path });
        }
    }
}
