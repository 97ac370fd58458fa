//! Who wrote the labels and taints of nodes: `metadata.managedFields`, as far as these two go.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::demo::store::time_text;

/// The manager of a request: the one it names, else the program's name from its `User-Agent`
/// (`managerOrUserAgent` of the API server).
pub(super) fn manager<'a>(named: &'a str, agent: &'a str) -> &'a str {
    if named.is_empty() { agent.split('/').next().unwrap_or_default() } else { named }
}

/// Keeps the account that was there, and adds what a manager changed now; what somebody sends of it counts nothing.
pub(super) fn record(before: &Value, after: &mut Value, manager: &str, now: Timestamp) {
    let known = before["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let labels = changed_labels(before, after);
    let has_taints = before["spec"]["taints"] != after["spec"]["taints"];
    let entries = if labels.is_empty() && !has_taints {
        known
    } else {
        let is_there = |key: &str| after["metadata"]["labels"].get(key).is_some();
        let mut own = Map::new();
        for key in labels.iter().filter(|key| is_there(key)) {
            own.insert(format!("f:{key}"), json!({}));
        }
        let mut entries: Vec<Value> = Vec::new();
        let mut mine = json!({"manager": manager, "operation": "Update", "apiVersion": "v1",
            "fieldsType": "FieldsV1", "fieldsV1": {}});
        for mut entry in known {
            for key in &labels {
                forget(&mut entry, &["fieldsV1", "f:metadata", "f:labels"], &format!("f:{key}"));
            }
            if has_taints {
                forget(&mut entry, &["fieldsV1", "f:spec"], "f:taints");
            }
            if entry["manager"] == manager { mine = entry } else { entries.push(entry) }
        }
        mine["time"] = time_text(now).into();
        if !labels.is_empty() {
            let below = &mut mine["fieldsV1"]["f:metadata"]["f:labels"];
            let mut all = below.as_object().cloned().unwrap_or_default();
            all.extend(own);
            *below = all.into();
        }
        if has_taints {
            mine["fieldsV1"]["f:spec"]["f:taints"] = json!({});
        }
        entries.push(mine);
        entries
    };
    if let Some(metadata) = after["metadata"].as_object_mut() {
        if entries.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert("managedFields".to_owned(), entries.into());
        }
    }
}

fn changed_labels(before: &Value, after: &Value) -> BTreeSet<String> {
    let (was, is) = (&before["metadata"]["labels"], &after["metadata"]["labels"]);
    let keys = [was, is].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    keys.filter(|key| was.get(key.as_str()) != is.get(key.as_str())).cloned().collect()
}

/// Takes a field from a manager: it is somebody else's now.
fn forget(entry: &mut Value, path: &[&str], field: &str) {
    let below = path.iter().try_fold(entry, |at, part| at.get_mut(part));
    if let Some(below) = below.and_then(Value::as_object_mut) {
        below.remove(field);
    }
}
