//! The annotation `dsgrid.dev/paused`: who paused a rollout, when, why, and what to restore.

use serde::Deserialize;

use super::text::Text;

/// The annotation's key.
pub const ANNOTATION: &str = "dsgrid.dev/paused";

/// What the annotation holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Readable: it says who, when and why, and holds the former strategy.
    Saved(SavedPause),
    /// There, but not what dsgrid writes.
    Unreadable,
}

/// Who paused, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPause {
    /// Who.
    pub by: Text,
    /// When, RFC 3339.
    pub at: Text,
    /// Why; can be empty.
    pub reason: Text,
}

impl Pause {
    /// Reads the annotation's value.
    #[must_use]
    pub fn read(raw: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            update_strategy: serde_json::Map<String, serde_json::Value>,
            #[serde(default)]
            by: Text,
            #[serde(default)]
            at: Text,
            #[serde(default)]
            reason: Text,
        }
        match serde_json::from_str::<Wire>(raw) {
            // Without a type there would be nothing to restore.
            Ok(wire) if wire.update_strategy.get("type").is_some_and(serde_json::Value::is_string) => {
                Self::Saved(SavedPause { by: wire.by, at: wire.at, reason: wire.reason })
            }
            _ => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_restored_is_a_pause() {
        let saved = r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"oncall","at":"2026-01-02T03:04:05Z","reason":"INC-1"}"#;
        assert!(matches!(Pause::read(saved), Pause::Saved(p) if p.by == "oncall" && p.reason == "INC-1"));
        for raw in ["", "{}", "nonsense", r#"{"updateStrategy":{}}"#, r#"{"updateStrategy":"OnDelete"}"#] {
            assert_eq!(Pause::read(raw), Pause::Unreadable, "{raw}");
        }
    }
}
