//! JSON patches (RFC 6902): preconditions and changes in one write, an operation a line.

use serde_json::{Value, json};

/// A JSON patch being made.
#[derive(Clone, Debug, Default)]
pub(in crate::domain) struct JsonPatch(Vec<Value>);

impl JsonPatch {
    /// Nothing is written unless the value is still this one.
    pub(in crate::domain) fn test(mut self, path: &str, value: &Value) -> Self {
        self.0.push(json!({"op": "test", "path": path, "value": value}));
        self
    }

    /// Adds a value, or puts it in the place of another.
    #[expect(clippy::needless_pass_by_value, reason = "a value is made for it, and belongs to the patch")]
    pub(in crate::domain) fn add(mut self, path: &str, value: Value) -> Self {
        self.0.push(json!({"op": "add", "path": path, "value": value}));
        self
    }

    /// Puts a value in the place of one that is there.
    #[expect(clippy::needless_pass_by_value, reason = "a value is made for it, and belongs to the patch")]
    pub(in crate::domain) fn replace(mut self, path: &str, value: Value) -> Self {
        self.0.push(json!({"op": "replace", "path": path, "value": value}));
        self
    }

    /// Removes a value that is there.
    pub(in crate::domain) fn remove(mut self, path: &str) -> Self {
        self.0.push(json!({"op": "remove", "path": path}));
        self
    }

    /// The body, byte for byte: an operation a line, so that people can read it before it is sent.
    pub(in crate::domain) fn body(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        format!("[{}]", lines.join(",\n "))
    }

    /// The operations of another patch after these.
    pub(in crate::domain) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether it changes something: preconditions alone do not.
    pub(in crate::domain) fn writes(&self) -> bool {
        self.0.iter().any(|operation| operation["op"] != "test")
    }

    /// The object as the patch would make it; none where a test fails or a path is missing.
    pub(in crate::domain) fn applied(&self, object: &Value) -> Option<Value> {
        let patch: json_patch::Patch = serde_json::from_value(Value::Array(self.0.clone())).ok()?;
        let mut changed = object.clone();
        json_patch::patch(&mut changed, &patch).ok()?;
        Some(changed)
    }
}

/// A key as part of a JSON pointer (RFC 6901).
pub(in crate::domain) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The JSON pointer to an annotation under `metadata`.
pub(in crate::domain) fn annotation(metadata: &str, key: &str) -> String {
    format!("{metadata}/annotations/{}", escaped(key))
}
