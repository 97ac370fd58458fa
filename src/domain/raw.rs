//! An object just as the server has it: whole, for sending back, comparing and showing as YAML.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::text::sanitize;

/// A whole object. It has no `Display`: what is drawn is [`RawObject::yaml`], which is sanitised; what is sent back is
/// [`RawObject::value`], which is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawObject(Value);

impl RawObject {
    /// Takes an object as it was decoded.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The object itself, for building what is sent; never for drawing.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The part at a JSON pointer, like `/spec/updateStrategy`; none where there is nothing.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    /// Reads the fields of a slim object.
    ///
    /// # Errors
    /// The object is not of that form.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.0)
    }

    /// The object as sanitised YAML lines, as `kubectl get -o yaml` would print it; managedFields only if asked for.
    #[must_use]
    pub fn yaml(&self, with_managed_fields: bool) -> Vec<String> {
        let mut shown = self.0.clone();
        if !with_managed_fields
            && let Some(metadata) = shown.pointer_mut("/metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("managedFields");
        }
        let text = serde_yaml::to_string(&shown)
            .unwrap_or_else(|error| format!("# cannot be written as YAML: {error}"));
        text.lines().map(|line| sanitize(line).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_sanitised_and_hides_managed_fields() {
        let object = RawObject::new(json!({
            "metadata": {"name": "a\u{1b}[31mb", "managedFields": [{"manager": "kubectl"}]},
            "spec": {"nodeSelector": {"pool": "m5"}}
        }));
        let text = object.yaml(false).join("\n");
        assert!(!text.contains('\u{1b}') && !text.contains("managedFields"), "{text}");
        assert!(text.contains("pool: m5"), "{text}");
        assert!(object.yaml(true).join("\n").contains("manager: kubectl"));
    }
}
