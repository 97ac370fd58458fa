//! What differs between two states of an object, field by field, and whether a write can be seen in one.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::command::{Command, Method};
use super::raw::RawObject;
use super::text::Text;

/// Counts the templates, as the generation counts the specs.
const TEMPLATE_GENERATION: &str = "metadata.annotations.deprecated.daemonset.template.generation";
/// Fields that the server keeps for itself: they change with every write and say nothing.
const KEPT_BY_SERVER: [&str; 5] = [
    "metadata.managedFields",
    "metadata.resourceVersion",
    "metadata.generation",
    TEMPLATE_GENERATION,
    "status",
];
/// In a patch these are conditions, not changes.
const CONDITIONS: [&str; 3] = ["uid", "resourceVersion", "generation"];
/// A value is shown up to so many characters.
const LONGEST: usize = 160;

/// One field that differs; printed like `spec.updateStrategy.type: RollingUpdate -> OnDelete`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where, with dots.
    pub path: Text,
    /// As it was; none where there was nothing.
    pub from: Option<Text>,
    /// As it is; none where there is nothing any more.
    pub to: Option<Text>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "{}: {from} -> {to}", self.path),
            (None, Some(to)) => write!(f, "{}: {to} (new)", self.path),
            (Some(from), None) => write!(f, "{}: {from} (gone)", self.path),
            (None, None) => write!(f, "{}", self.path),
        }
    }
}

/// The fields that differ, without those that the server keeps for itself.
#[must_use]
pub fn changes(before: &RawObject, after: &RawObject) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", Some(before.value()), Some(after.value()), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    if before == after || KEPT_BY_SERVER.contains(&path) {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                compare(&below(key), old.get(key), new.get(key), found);
            }
        }
        // Containers, volumes and the like are known by name, whatever their place.
        (Some(Value::Array(old)), Some(Value::Array(new))) if named(old) && named(new) => {
            let names: BTreeSet<&str> = old.iter().chain(new).filter_map(name).collect();
            let of =
                |list: &'_ [Value], wanted: &str| list.iter().position(|item| name(item) == Some(wanted));
            for wanted in names {
                let (old_at, new_at) = (of(old, wanted), of(new, wanted));
                let path = format!("{path}[{wanted}]");
                compare(&path, old_at.map(|at| &old[at]), new_at.map(|at| &new[at]), found);
            }
        }
        _ => found.push(Change { path: Text::new(path), from: before.map(shown), to: after.map(shown) }),
    }
}

fn name(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

fn named(list: &[Value]) -> bool {
    let names: BTreeSet<&str> = list.iter().filter_map(name).collect();
    names.len() == list.len()
}

fn shown(value: &Value) -> Text {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let cut = text.char_indices().nth(LONGEST).map(|(at, _)| format!("{}...", &text[..at]));
    Text::new(&cut.unwrap_or(text))
}

/// What reading an object back says about a write whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The object is as the write wanted it.
    Seen,
    /// It is not.
    NotSeen,
    /// There is no such object any more.
    Gone,
}

/// Whether a write can be seen in the object as it is now.
#[must_use]
pub fn trace(command: &Command, now: Option<&RawObject>) -> Trace {
    let deletes = matches!(command.method, Method::Delete | Method::Evict);
    let Some(now) = now else {
        return if deletes { Trace::Seen } else { Trace::Gone };
    };
    let wanted: Value = serde_json::from_str(&command.body).unwrap_or_default();
    let seen = match command.method {
        Method::Delete | Method::Evict => now.at("/metadata/deletionTimestamp").is_some(),
        Method::JsonPatch => wanted.as_array().is_some_and(|steps| steps.iter().all(|step| holds(step, now))),
        Method::MergePatch | Method::StrategicMergePatch => {
            wanted.is_object() && contains(&without_conditions(wanted), now.value())
        }
    };
    if seen { Trace::Seen } else { Trace::NotSeen }
}

/// Whether a step of a JSON patch (RFC 6902) is done in the object.
fn holds(step: &Value, now: &RawObject) -> bool {
    let Some(path) = step.get("path").and_then(Value::as_str) else { return false };
    match (step.get("op").and_then(Value::as_str), step.get("value")) {
        (Some("test"), _) => true,
        (Some("remove"), _) => now.at(path).is_none(),
        (Some("add" | "replace"), Some(value)) => now.at(path).is_some_and(|now| contains(value, now)),
        _ => false,
    }
}

/// Whether all that is wanted is there; null wants nothing there.
fn contains(wanted: &Value, now: &Value) -> bool {
    match (wanted, now) {
        (Value::Object(wanted), Value::Object(now)) => {
            // Directives of a strategic merge patch are no fields.
            let mut fields = wanted.iter().filter(|(key, _)| !key.starts_with('$'));
            fields.all(|(key, value)| match now.get(key) {
                None => value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty),
                Some(now) => !value.is_null() && contains(value, now),
            })
        }
        (Value::Array(wanted), Value::Array(now)) => {
            wanted.len() == now.len() && wanted.iter().zip(now).all(|(wanted, now)| contains(wanted, now))
        }
        (wanted, now) => wanted == now,
    }
}

fn without_conditions(mut patch: Value) -> Value {
    if let Some(metadata) = patch.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !CONDITIONS.contains(&key.as_str()));
    }
    patch
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::command::Verb;
    use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};

    fn command(method: Method, body: &Value) -> Command {
        let key = ObjectKey { namespace: Text::new("logging"), name: Text::new("fluent-bit") };
        Command {
            verb: Verb::Pause,
            target: ObjectRef { kind: ObjectKind::DaemonSet, key, uid: Uid::new("u") },
            method,
            body: body.to_string(),
            from: Text::default(),
            to: Text::default(),
        }
    }

    #[test]
    fn changes_are_told_by_field_and_by_name() {
        let before = RawObject::new(json!({
            "metadata": {"resourceVersion": "1", "annotations": {"a": "x"}},
            "spec": {"containers": [{"name": "main", "image": "i:1"}, {"name": "side"}], "limits": [1, 2]}}));
        let after = RawObject::new(json!({
            "metadata": {"resourceVersion": "2", "annotations": {"b": "\u{1b}[2Jy"}},
            "spec": {"containers": [{"name": "side"}, {"name": "main", "image": "i:2"}], "limits": [1]}}));
        let told: Vec<String> = changes(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(told[0], "metadata.annotations.a: x (gone)");
        assert!(
            told[1].starts_with("metadata.annotations.b: ") && !told[1].contains('\u{1b}'),
            "{}",
            told[1]
        );
        assert_eq!(told[2..], ["spec.containers[main].image: i:1 -> i:2", "spec.limits: [1,2] -> [1]"]);
        assert_eq!(changes(&before, &before), []);
    }

    #[test]
    fn a_write_is_found_again_in_the_object() {
        let object = RawObject::new(
            json!({"metadata": {"uid": "u", "generation": 4, "labels": {"pool": "web"},
            "annotations": {"dsgrid.dev/paused": "{}", "other": "1"}}, "spec": {"updateStrategy": {"type": "OnDelete"}}}),
        );
        let patch = |kind: &str| {
            json!([{"op": "test", "path": "/metadata/generation", "value": 3},
                {"op": "add", "path": "/metadata/annotations", "value": {}},
                {"op": "add", "path": "/metadata/annotations/dsgrid.dev~1paused", "value": "{}"},
                {"op": "replace", "path": "/spec/updateStrategy/type", "value": kind}])
        };
        let of = |method, body: &Value| trace(&command(method, body), Some(&object));
        assert_eq!(of(Method::JsonPatch, &patch("OnDelete")), Trace::Seen);
        assert_eq!(of(Method::JsonPatch, &patch("RollingUpdate")), Trace::NotSeen);
        let remove = json!([{"op": "remove", "path": "/metadata/annotations/other"}]);
        assert_eq!(of(Method::JsonPatch, &remove), Trace::NotSeen);
        let merge = json!({"metadata": {"uid": "u", "resourceVersion": "9", "labels": {"pool": "web", "gone": null}}});
        assert_eq!(of(Method::MergePatch, &merge), Trace::Seen);
        let replace = json!({"spec": {"$patch": "replace", "updateStrategy": {"type": "x"}}});
        assert_eq!(of(Method::StrategicMergePatch, &replace), Trace::NotSeen);
        assert_eq!(of(Method::Delete, &json!({})), Trace::NotSeen);
        assert_eq!(trace(&command(Method::Delete, &json!({})), None), Trace::Seen);
        assert_eq!(trace(&command(Method::MergePatch, &merge), None), Trace::Gone);
    }
}
