//! A second, independent reading of the placement rules, straight on the API's JSON.
//!
//! It shares nothing with the program but the page it was read from (semantics §1), so that a mistake has to be made
//! twice, in two shapes, to go unnoticed.

use serde_json::{Value, json};

/// (run, keep) of a pod spec on a node.
pub fn verdict(pod_spec: &Value, node: &Value) -> (bool, bool) {
    let name = node["metadata"]["name"].as_str().expect("a node has a name");
    let wanted = pod_spec["nodeName"].as_str().unwrap_or("");
    if !(wanted.is_empty() || wanted == name) || !selected(pod_spec, node) || !affine(pod_spec, node, name) {
        return (false, false);
    }
    let mut tolerations = list(&pod_spec["tolerations"]);
    tolerations.extend(automatic(pod_spec));
    let untolerated: Vec<String> = list(&node["spec"]["taints"])
        .iter()
        .filter(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
        .map(|taint| taint["effect"].as_str().unwrap_or_default().to_owned())
        .filter(|effect| effect != "PreferNoSchedule")
        .collect();
    (untolerated.is_empty(), !untolerated.iter().any(|effect| effect == "NoExecute"))
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn selected(pod_spec: &Value, node: &Value) -> bool {
    let Some(wanted) = pod_spec["nodeSelector"].as_object() else { return true };
    wanted.iter().all(|(key, value)| node["metadata"]["labels"].get(key) == Some(value))
}

fn affine(pod_spec: &Value, node: &Value, name: &str) -> bool {
    let required = &pod_spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    required.is_null() || list(&required["nodeSelectorTerms"]).iter().any(|term| term_holds(term, node, name))
}

fn term_holds(term: &Value, node: &Value, name: &str) -> bool {
    let (expressions, fields) = (list(&term["matchExpressions"]), list(&term["matchFields"]));
    let label = |e: &Value| {
        node["metadata"]["labels"]
            .get(e["key"].as_str().unwrap_or(""))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    !(expressions.is_empty() && fields.is_empty())
        && expressions.iter().all(|e| expression_holds(e, label(e)) == Some(true))
        && fields.iter().all(|e| {
            let operator = e["operator"].as_str().unwrap_or("");
            e["key"] == "metadata.name"
                && list(&e["values"]).len() == 1
                && ["In", "NotIn"].contains(&operator)
                && (list(&e["values"]).contains(&json!(name)) == (operator == "In"))
        })
}

/// None where the expression is malformed.
fn expression_holds(e: &Value, label: Option<String>) -> Option<bool> {
    let values: Vec<String> =
        list(&e["values"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let operand = || if values.len() == 1 { values[0].parse::<i64>().ok() } else { None };
    let number = label.as_deref().and_then(|label| label.parse::<i64>().ok());
    match e["operator"].as_str()? {
        "In" if !values.is_empty() => Some(label.is_some_and(|label| values.contains(&label))),
        "NotIn" if !values.is_empty() => Some(!label.is_some_and(|label| values.contains(&label))),
        "Exists" if values.is_empty() => Some(label.is_some()),
        "DoesNotExist" if values.is_empty() => Some(label.is_none()),
        "Gt" => operand().map(|bound| number.is_some_and(|number| number > bound)),
        "Lt" => operand().map(|bound| number.is_some_and(|number| number < bound)),
        _ => None,
    }
}

/// What the controller tolerates for every daemon pod.
fn automatic(pod_spec: &Value) -> Vec<Value> {
    let mut pairs = vec![("not-ready", "NoExecute"), ("unreachable", "NoExecute")];
    pairs.extend(
        ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map(|key| (key, "NoSchedule")),
    );
    if pod_spec["hostNetwork"] == json!(true) {
        pairs.push(("network-unavailable", "NoSchedule"));
    }
    pairs
        .into_iter()
        .map(|(key, effect)| json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect}))
        .collect()
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let (effect, key, operator) =
        (text(&toleration["effect"]), text(&toleration["key"]), text(&toleration["operator"]));
    if !effect.is_empty() && effect != text(&taint["effect"]) || !key.is_empty() && key != text(&taint["key"])
    {
        return false;
    }
    match operator.as_str() {
        "Exists" => true,
        "" | "Equal" => text(&toleration["value"]) == text(&taint["value"]),
        _ => false,
    }
}
