//! JSON patches (RFC 6902): preconditions and changes in one write, an operation a line.

use serde_json::{Value, json};

/// A JSON patch being made.
#[derive(Clone, Debug, Default)]
pub(super) struct JsonPatch(Vec<Value>);

impl JsonPatch {
    /// Nothing is written unless the value is still this one.
    pub(super) fn test(mut self, path: &str, value: &Value) -> Self {
        self.0.push(json!({"op": "test", "path": path, "value": value}));
        self
    }

    /// Adds a value, or puts it in the place of another.
    #[expect(clippy::needless_pass_by_value, reason = "a value is made for it, and belongs to the patch")]
    pub(super) fn add(mut self, path: &str, value: Value) -> Self {
        self.0.push(json!({"op": "add", "path": path, "value": value}));
        self
    }

    /// Puts a value in the place of one that is there.
    #[expect(clippy::needless_pass_by_value, reason = "a value is made for it, and belongs to the patch")]
    pub(super) fn replace(mut self, path: &str, value: Value) -> Self {
        self.0.push(json!({"op": "replace", "path": path, "value": value}));
        self
    }

    /// Removes a value that is there.
    pub(super) fn remove(mut self, path: &str) -> Self {
        self.0.push(json!({"op": "remove", "path": path}));
        self
    }

    /// The body, byte for byte: an operation a line, so that people can read it before it is sent.
    pub(super) fn body(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        format!("[{}]", lines.join(",\n "))
    }

    /// The object as the patch would make it; none where a test fails or a path is missing.
    pub(super) fn applied(&self, object: &Value) -> Option<Value> {
        let patch: json_patch::Patch = serde_json::from_value(Value::Array(self.0.clone())).ok()?;
        let mut changed = object.clone();
        json_patch::patch(&mut changed, &patch).ok()?;
        Some(changed)
    }
}

/// The JSON pointer to an annotation under `metadata`.
pub(super) fn annotation(metadata: &str, key: &str) -> String {
    format!("{metadata}/annotations/{}", key.replace('~', "~0").replace('/', "~1"))
}
