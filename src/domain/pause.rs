//! The annotation `dsgrid.dev/paused`: who paused a rollout, when, why, and what to restore.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedPause {
    /// Who.
    pub by: Text,
    /// When, RFC 3339.
    pub at: Text,
    /// Why; can be empty.
    pub reason: Text,
}

/// The annotation's value as it is written.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    update_strategy: serde_json::Map<String, Value>,
    #[serde(default)]
    by: Text,
    #[serde(default)]
    at: Text,
    #[serde(default)]
    reason: Text,
}

impl Wire {
    fn read(raw: &str) -> Option<Self> {
        let wire: Self = serde_json::from_str(raw).ok()?;
        // Without a type there would be nothing to restore.
        wire.update_strategy.get("type").is_some_and(Value::is_string).then_some(wire)
    }
}

impl Pause {
    /// Reads the annotation's value.
    #[must_use]
    pub fn read(raw: &str) -> Self {
        match Wire::read(raw) {
            Some(Wire { by, at, reason, .. }) => Self::Saved(SavedPause { by, at, reason }),
            None => Self::Unreadable,
        }
    }
}

impl SavedPause {
    /// The annotation's value; none where the strategy is not one.
    #[must_use]
    pub fn write(&self, strategy: &Value) -> Option<String> {
        let Self { by, at, reason } = self.clone();
        let wire = Wire { update_strategy: strategy.as_object()?.clone(), by, at, reason };
        serde_json::to_string(&wire).ok()
    }

    /// In words: `by oncall since 2026-01-02T03:04:05Z, "INC-1"`.
    #[must_use]
    pub fn words(&self) -> String {
        let by = if self.by.is_empty() { "by somebody" } else { &format!("by {}", self.by) };
        let since = if self.at.is_empty() { String::new() } else { format!(" since {}", self.at) };
        let reason = if self.reason.is_empty() { String::new() } else { format!(", \"{}\"", self.reason) };
        format!("{by}{since}{reason}")
    }

    /// A pause of now.
    #[must_use]
    pub fn new(by: &Text, at: Timestamp, reason: &Text) -> Self {
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self { by: by.clone(), at: Text::new(&at.to_string()), reason: reason.clone() }
    }
}

/// The saved strategy, to be sent back exactly so; none where the annotation is unreadable.
#[must_use]
pub fn saved_strategy(raw: &str) -> Option<Value> {
    Wire::read(raw).map(|wire| Value::Object(wire.update_strategy))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_can_be_restored_is_a_pause() {
        let saved = r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"oncall","at":"2026-01-02T03:04:05Z","reason":"INC-1"}"#;
        assert!(matches!(Pause::read(saved), Pause::Saved(p) if p.by == "oncall" && p.reason == "INC-1"));
        for raw in ["", "{}", "nonsense", r#"{"updateStrategy":{}}"#, r#"{"updateStrategy":"OnDelete"}"#] {
            assert_eq!(Pause::read(raw), Pause::Unreadable, "{raw}");
            assert_eq!(saved_strategy(raw), None, "{raw}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let reason = Text::new("INC-1 \"disk\\full\"\nsee \u{1b}[31mrunbook");
        let pause = SavedPause::new(&Text::new("oncall"), at, &reason);
        assert_eq!(pause.words(), r#"by oncall since 2026-01-02T03:04:05Z, "INC-1 "disk\full" see runbook""#);
        let strategy =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 0}});
        let raw = pause.write(&strategy).unwrap();
        assert_eq!(Pause::read(&raw), Pause::Saved(pause.clone()));
        assert_eq!(saved_strategy(&raw), Some(strategy));
        assert_eq!(pause.write(&json!("OnDelete")), None);
    }
}
