//! Who wrote a part of an object last, as far as its `managedFields` tell.
//!
//! They name the owners of fields that are there. A field that is gone has no owner any more, so of a removed label only
//! the last writer of the object's labels can be told, and that is what is said.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::raw::RawObject;
use super::text::Text;

/// Somebody who writes to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The field manager, like `kubectl-label`.
    pub name: Text,
    /// When it wrote these fields last.
    pub at: Option<Timestamp>,
    /// Whether it owns the very field that was asked for; else it only wrote beside it.
    pub owns: bool,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Entry {
    manager: Text,
    time: Option<String>,
    subresource: Text,
    fields_v1: Value,
}

/// The manager of a label, or else the last to write any label of the object.
#[must_use]
pub fn of_label(object: &RawObject, key: &str) -> Option<Manager> {
    let labels = ["f:metadata", "f:labels"];
    newest(object, &labels, Some(&format!("f:{key}"))).or_else(|| newest(object, &labels, None))
}

/// The last to write the taints of a node.
#[must_use]
pub fn of_taints(object: &RawObject) -> Option<Manager> {
    newest(object, &["f:spec"], Some("f:taints"))
}

/// The manager that wrote last below a path; with a field, the last that owns it.
fn newest(object: &RawObject, path: &[&str], field: Option<&str>) -> Option<Manager> {
    let entries = object.at("/metadata/managedFields")?.as_array()?;
    let read = entries.iter().filter_map(|entry| Entry::deserialize(entry).ok());
    let found = read.filter(|entry| entry.subresource.is_empty()).filter_map(|entry| {
        let below = path.iter().try_fold(&entry.fields_v1, |at, part| at.get(part))?;
        let owns = field.is_some_and(|field| below.get(field).is_some());
        let at = entry.time.as_deref().and_then(|time| time.parse().ok());
        (owns || field.is_none()).then_some(Manager { name: entry.manager, at, owns })
    });
    found.max_by_key(|manager| manager.at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node() -> RawObject {
        let entry = |manager: &str, time: &str, fields: Value| json!({"manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields});
        RawObject::new(json!({"metadata": {"managedFields": [
            entry("kubelet", "2026-01-01T00:00:00Z", json!({"f:metadata": {"f:labels": {".": {}, "f:pool": {}}}})),
            entry("kubectl-\u{1b}[31mlabel", "2026-01-02T00:00:00Z", json!({"f:metadata": {"f:labels": {"f:example.com/x": {}}}})),
            entry("kubectl-taint", "2026-01-03T00:00:00Z", json!({"f:spec": {"f:taints": {}}})),
            {"manager": "kubelet", "subresource": "status", "time": "2026-02-01T00:00:00Z", "fieldsV1": {"f:metadata": {"f:labels": {}}}},
            "nonsense",
        ]}}))
    }

    #[test]
    fn the_owner_is_told_or_else_the_last_writer() {
        let told =
            |manager: Option<Manager>| manager.map(|m| (m.name.to_string(), m.owns)).expect("somebody");
        assert_eq!(told(of_label(&node(), "pool")), ("kubelet".to_owned(), true));
        assert_eq!(told(of_label(&node(), "example.com/x")), ("kubectl-label".to_owned(), true));
        assert_eq!(told(of_label(&node(), "role")), ("kubectl-label".to_owned(), false));
        assert_eq!(told(of_taints(&node())), ("kubectl-taint".to_owned(), true));
    }

    #[test]
    fn without_managed_fields_nobody_is_named() {
        for object in [
            json!({}),
            json!({"metadata": {"managedFields": "x"}}),
            json!({"metadata": {"managedFields": [{}]}}),
        ] {
            let object = RawObject::new(object);
            assert_eq!((of_label(&object, "a"), of_taints(&object)), (None, None));
        }
    }
}
