//! Checks an object against its type: wrong types are refused, unknown fields are told and dropped.

use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet};
use k8s_openapi::api::core::v1::{Event, Namespace, Node, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::demo::store::{Kind, Rejection};

/// What becomes of a request with unknown fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Ignore,
    Warn,
    Refuse,
}

impl Strictness {
    /// Reads the `fieldValidation` parameter.
    pub(super) fn parse(text: &str) -> Result<Self, Rejection> {
        match text {
            "" | "Warn" => Ok(Self::Warn),
            "Ignore" => Ok(Self::Ignore),
            "Strict" => Ok(Self::Refuse),
            other => Err(Rejection::bad_request(format!(
                "invalid fieldValidation {other:?}; use Ignore, Warn or Strict"
            ))),
        }
    }
}

/// The map at a key of an object, made where it is absent.
pub(super) fn object_at<'a>(
    object: &'a mut Value,
    key: &str,
) -> Result<&'a mut Map<String, Value>, Rejection> {
    let map =
        object.as_object_mut().ok_or_else(|| Rejection::bad_request("the object must be a JSON object"))?;
    let value = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    value.as_object_mut().ok_or_else(|| Rejection::bad_request(format!("{key} must be a JSON object")))
}

/// Brings an object into its type's shape; returns warnings about fields the type does not have.
pub(super) fn check(
    kind: Kind,
    object: &mut Value,
    strictness: Strictness,
) -> Result<Vec<String>, Rejection> {
    let resource = kind.resource();
    let map =
        object.as_object_mut().ok_or_else(|| Rejection::bad_request("the object must be a JSON object"))?;
    map.insert("apiVersion".to_owned(), resource.api_version().into());
    map.insert("kind".to_owned(), resource.name.into());
    quantities(object, false);
    let typed = match kind {
        Kind::Namespace => typed::<Namespace>(object),
        Kind::Node => typed::<Node>(object),
        Kind::Pod => typed::<Pod>(object),
        Kind::DaemonSet => typed::<DaemonSet>(object),
        Kind::ControllerRevision => typed::<ControllerRevision>(object),
        Kind::Event => typed::<Event>(object),
        Kind::PodDisruptionBudget => typed::<PodDisruptionBudget>(object),
    };
    let typed = typed.map_err(|e| {
        let name = resource.name;
        Rejection::bad_request(format!("{name} in version \"v1\" cannot be handled as a {name}: {e}"))
    })?;
    let mut unknown = Vec::new();
    prune(object, &typed, "", &mut unknown);
    let warnings: Vec<String> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
    match strictness {
        Strictness::Refuse if !warnings.is_empty() => Err(Rejection::bad_request(format!(
            "{0} in version \"v1\" cannot be handled as a {0}: strict decoding error: {1}",
            resource.name,
            warnings.join(", ")
        ))),
        Strictness::Ignore => Ok(Vec::new()),
        _ => Ok(warnings),
    }
}

fn typed<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(object.clone())?)
}

/// `cpu: 1` is a quantity as well as `cpu: "1"`.
fn quantities(value: &mut Value, inside: bool) {
    match value {
        Value::Number(number) if inside => *value = number.to_string().into(),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let quantity = ["limits", "requests", "capacity", "allocatable", "overhead", "sizeLimit"];
                quantities(value, inside || quantity.contains(&key.as_str()));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|v| quantities(v, false)),
        _ => {}
    }
}

/// Removes from `value` what its typed reading lost.
fn prune(value: &mut Value, typed: &Value, path: &str, unknown: &mut Vec<String>) {
    match (value, typed) {
        (Value::Object(map), Value::Object(known)) => {
            map.retain(|key, value| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if let Some(known) = known.get(key) {
                    prune(value, known, &path, unknown);
                    return true;
                }
                // The typed reading also drops what is empty; that is no mistake.
                if !value.is_null() {
                    unknown.push(path);
                }
                false
            });
        }
        (Value::Array(list), Value::Array(known)) => {
            for (index, (value, known)) in list.iter_mut().zip(known).enumerate() {
                prune(value, known, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_fields_are_named_and_wrong_types_refused() {
        let set = json!({"metadata": {"name": "a", "labels": {"x": "y"}}, "spec": {"foo": 1,
            "template": {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": 1}}, "bar": {}}]}}}});
        let mut object = set.clone();
        let warnings = check(Kind::DaemonSet, &mut object, Strictness::Warn).unwrap();
        let named = ["unknown field \"spec.foo\"", "unknown field \"spec.template.spec.containers[0].bar\""];
        assert_eq!(warnings, named);
        assert_eq!(object["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"], "1");
        assert!(object["spec"]["foo"].is_null());
        let strict = check(Kind::DaemonSet, &mut set.clone(), Strictness::Refuse).unwrap_err();
        assert!(strict.message.contains("strict decoding error: unknown field \"spec.foo\""), "{strict}");
        let mut wrong = json!({"spec": {"minReadySeconds": "x"}});
        assert_eq!(check(Kind::DaemonSet, &mut wrong, Strictness::Ignore).unwrap_err().code, 400);
    }
}
