//! Strategic merge patches: like JSON merge patches, but known lists are merged by a key.
//!
//! The keys are those of the Go types' `patchMergeKey` tags. Lists that are not named here (tolerations,
//! a node's taints, arguments) are atomic: the patch's list takes the place of the old one.

use serde_json::{Map, Value, json};

use crate::demo::store::Rejection;

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_PRIMITIVES: &str = "$deleteFromPrimitiveList/";

/// The key by which the elements of a list are matched.
fn merge_key(list: &str) -> Option<&'static str> {
    Some(match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "resourceClaims" => "name",
        "ports" => "containerPort",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "hostAliases" | "podIPs" | "hostIPs" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        _ => return None,
    })
}

/// Lists of plain values that are merged as sets.
fn is_set(list: &str) -> bool {
    matches!(list, "finalizers" | "podCIDRs")
}

/// Applies a strategic merge patch.
///
/// # Errors
/// A directive that makes no sense, or an element without its merge key.
pub(super) fn merge(object: &mut Value, patch: &Value) -> Result<(), Rejection> {
    let patch = patch.as_object().ok_or_else(|| Rejection::bad_request("the patch must be a JSON object"))?;
    merge_map(object, patch)
}

fn directive(patch: &Map<String, Value>) -> Result<&str, Rejection> {
    match patch.get(DIRECTIVE) {
        None => Ok("merge"),
        Some(Value::String(text)) if ["merge", "replace", "delete"].contains(&text.as_str()) => Ok(text),
        Some(other) => Err(Rejection::bad_request(format!(
            "unknown patch type {other} in $patch; use merge, replace or delete"
        ))),
    }
}

/// A patch's content as it would be on an empty object: without directives and nulls.
fn content(patch: &Map<String, Value>) -> Result<Value, Rejection> {
    let mut value = json!({});
    let mut patch = patch.clone();
    patch.remove(DIRECTIVE);
    merge_map(&mut value, &patch)?;
    Ok(value)
}

fn merge_map(target: &mut Value, patch: &Map<String, Value>) -> Result<(), Rejection> {
    match directive(patch)? {
        "replace" => {
            *target = content(patch)?;
            return Ok(());
        }
        "delete" => {
            *target = json!({});
            return Ok(());
        }
        _ => {}
    }
    if !target.is_object() {
        *target = json!({});
    }
    let Some(map) = target.as_object_mut() else { return Ok(()) };
    if let Some(keys) = patch.get(RETAIN) {
        let keys = keys.as_array().ok_or_else(|| Rejection::bad_request("$retainKeys must be a list"))?;
        map.retain(|key, _| keys.iter().any(|k| k == key));
    }
    for (key, value) in patch {
        if key == DIRECTIVE || key == RETAIN || key.starts_with(ORDER) {
            continue;
        }
        if let Some(list) = key.strip_prefix(DELETE_PRIMITIVES) {
            let gone = value.as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(list) = map.get_mut(list).and_then(Value::as_array_mut) {
                list.retain(|item| !gone.contains(item));
            }
            continue;
        }
        let order = patch.get(&format!("{ORDER}{key}")).and_then(Value::as_array);
        merge_field(map, key, value, order)?;
    }
    for (key, value) in patch {
        // An order alone, without changed elements, reorders what is there.
        if let Some(list) = key.strip_prefix(ORDER).filter(|l| !patch.contains_key(*l))
            && let (Some(list_value), Some(order)) = (map.get_mut(list), value.as_array())
        {
            reorder(list, list_value, order);
        }
    }
    Ok(())
}

fn merge_field(
    map: &mut Map<String, Value>,
    key: &str,
    value: &Value,
    order: Option<&Vec<Value>>,
) -> Result<(), Rejection> {
    match value {
        Value::Null => {
            map.remove(key);
        }
        Value::Object(patch) => {
            if directive(patch)? == "delete" {
                map.remove(key);
                return Ok(());
            }
            merge_map(map.entry(key).or_insert_with(|| json!({})), patch)?;
        }
        Value::Array(patch) => {
            let list = map.entry(key).or_insert_with(|| json!([]));
            merge_list(key, list, patch)?;
            if let Some(order) = order {
                reorder(key, list, order);
            }
        }
        plain => {
            map.insert(key.to_owned(), plain.clone());
        }
    }
    Ok(())
}

fn merge_list(name: &str, target: &mut Value, patch: &[Value]) -> Result<(), Rejection> {
    let replaces = |item: &Value| item == &json!({DIRECTIVE: "replace"});
    let key = merge_key(name).filter(|_| patch.iter().all(Value::is_object));
    let Some(list) = target.as_array_mut() else {
        *target = Value::Array(patch.to_vec());
        return Ok(());
    };
    let Some(key) = key else {
        if is_set(name) {
            let new: Vec<Value> = patch.iter().filter(|item| !list.contains(item)).cloned().collect();
            list.extend(new);
        } else {
            *target = Value::Array(patch.iter().filter(|i| !replaces(i)).cloned().collect());
        }
        return Ok(());
    };
    if patch.iter().any(replaces) {
        list.clear();
    }
    for item in patch.iter().filter(|i| !replaces(i)) {
        merge_element(name, key, list, item)?;
    }
    Ok(())
}

fn merge_element(name: &str, key: &str, list: &mut Vec<Value>, item: &Value) -> Result<(), Rejection> {
    let Some(patch) = item.as_object() else { return Ok(()) };
    let Some(identity) = patch.get(key) else {
        return Err(Rejection::bad_request(format!(
            "map: {item} does not contain declared merge key: {key} (in {name})"
        )));
    };
    let found = list.iter().position(|element| &element[key] == identity);
    match (directive(patch)?, found) {
        ("delete", _) => list.retain(|element| &element[key] != identity),
        (_, Some(index)) => {
            merge_map(&mut list[index], patch)?;
            // `$patch: replace` in an element keeps the element's identity.
            list[index][key] = identity.clone();
        }
        (_, None) => list.push(content(patch)?),
    }
    Ok(())
}

/// Puts elements in the patch's order; those it does not know keep their places among the others.
fn reorder(name: &str, list: &mut Value, order: &[Value]) {
    let Some(items) = list.as_array_mut() else { return };
    let key = merge_key(name);
    let rank = |item: &Value| {
        order.iter().position(|wanted| match key {
            Some(key) => wanted[key] == item[key],
            None => wanted == item,
        })
    };
    let mut known: Vec<(usize, Value)> = items.iter().filter_map(|i| Some((rank(i)?, i.clone()))).collect();
    known.sort_by_key(|(rank, _)| *rank);
    let mut known = known.into_iter();
    for slot in items.iter_mut() {
        if rank(slot).is_some()
            && let Some((_, item)) = known.next()
        {
            *slot = item;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(mut object: Value, patch: &Value) -> Value {
        merge(&mut object, patch).unwrap();
        object
    }

    #[test]
    fn what_kubectl_sends_does_what_kubectl_means() {
        let pod = json!({"spec": {"containers": [{"name": "a", "image": "x:1", "env": [{"name": "E", "value": "1"}]},
            {"name": "b", "image": "y:1"}], "tolerations": [{"key": "t"}]}});
        let set_image = json!({"spec": {"$setElementOrder/containers": [{"name": "a"}, {"name": "b"}],
            "containers": [{"name": "b", "image": "y:2"}]}});
        let after = merged(pod.clone(), &set_image);
        assert_eq!(after["spec"]["containers"][1], json!({"name": "b", "image": "y:2"}));
        assert_eq!(after["spec"]["containers"][0], pod["spec"]["containers"][0]);
        let env = json!({"spec": {"containers": [{"name": "a", "env": [{"name": "F", "value": "2"}]}]}});
        assert_eq!(merged(pod.clone(), &env)["spec"]["containers"][0]["env"].as_array().unwrap().len(), 2);
        let gone = json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}});
        assert_eq!(merged(pod.clone(), &gone)["spec"]["containers"], json!([{"name": "b", "image": "y:1"}]));
        let atomic = json!({"spec": {"tolerations": [{"key": "u"}]}});
        assert_eq!(merged(pod.clone(), &atomic)["spec"]["tolerations"], json!([{"key": "u"}]));
        let undo = json!({"spec": {"$patch": "replace", "containers": [{"name": "c"}]}});
        assert_eq!(merged(pod.clone(), &undo), json!({"spec": {"containers": [{"name": "c"}]}}));
        let all = json!({"spec": {"containers": [{"$patch": "replace"}, {"name": "z"}]}});
        assert_eq!(merged(pod, &all)["spec"]["containers"], json!([{"name": "z"}]));
    }

    #[test]
    fn directives_of_maps_and_plain_lists() {
        let volumes = json!({"volumes": [{"name": "v", "emptyDir": {}}]});
        let other = json!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}]});
        assert_eq!(merged(volumes, &other), json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}));
        let held = json!({"finalizers": ["a", "b"]});
        let patch = json!({"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]});
        assert_eq!(merged(held.clone(), &patch), json!({"finalizers": ["b", "c"]}));
        let order = json!({"$setElementOrder/finalizers": ["b", "a"]});
        assert_eq!(merged(held, &order), json!({"finalizers": ["b", "a"]}));
        assert_eq!(merged(json!({"a": {"b": 1}, "c": 2}), &json!({"a": null})), json!({"c": 2}));
        assert_eq!(merged(json!({"a": {"b": 1}}), &json!({"a": {"$patch": "delete"}})), json!({}));
        for bad in [json!({"$patch": "x"}), json!({"containers": [{"image": "x"}]})] {
            let mut object = json!({"containers": []});
            assert_eq!(merge(&mut object, &bad).unwrap_err().code, 400);
        }
    }
}
