//! Events: what components report about an object.

use jiff::Timestamp;
use serde::Deserialize;

use super::decode::{nullable, time};
use crate::domain::text::Text;

/// An Event of the core group, as `kubectl describe` lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Why, in one word: `FailedScheduling`, `BackOff`, `FailedCreate`.
    pub reason: Text,
    /// What happened, in the component's words.
    pub message: Text,
    /// Whether it is a `Warning`; else `Normal`.
    pub is_warning: bool,
    /// How often, at least 1.
    pub count: u32,
    /// When it was last seen.
    pub last_seen: Option<Timestamp>,
    /// Who reports: `kubelet`, `default-scheduler`, `daemonset-controller`.
    pub component: Text,
}

/// As the API writes it: old fields (`count`, `lastTimestamp`, `source`) or new ones (`series`, `eventTime`,
/// `reportingComponent`); the scheduler writes only new ones.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    reason: Text,
    message: Text,
    #[serde(rename = "type")]
    kind: Text,
    #[serde(deserialize_with = "nullable")]
    count: u32,
    #[serde(deserialize_with = "time")]
    first_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    event_time: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    series: Series,
    #[serde(deserialize_with = "nullable")]
    source: Source,
    reporting_component: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    #[serde(deserialize_with = "nullable")]
    count: u32,
    #[serde(deserialize_with = "time")]
    last_observed_time: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    component: Text,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let seen =
            [wire.series.last_observed_time, wire.last_timestamp, wire.event_time, wire.first_timestamp];
        let component = [wire.source.component, wire.reporting_component];
        Ok(Self {
            reason: wire.reason,
            message: wire.message,
            is_warning: wire.kind == "Warning",
            count: wire.series.count.max(wire.count).max(1),
            last_seen: seen.into_iter().flatten().next(),
            component: component.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_forms_read_alike() {
        let old: Event = serde_json::from_str(
            r#"{"reason":"BackOff","type":"Warning","count":7,"firstTimestamp":"2026-01-01T00:00:00Z",
                "lastTimestamp":"2026-01-01T00:05:00Z","source":{"component":"kubelet","host":"a"},"series":null}"#,
        )
        .expect("it reads");
        let new: Event = serde_json::from_str(
            r#"{"reason":"BackOff","type":"Warning","count":null,"eventTime":"2026-01-01T00:00:00.000000Z",
                "series":{"count":7,"lastObservedTime":"2026-01-01T00:05:00.000000Z"},"reportingComponent":"kubelet"}"#,
        )
        .expect("it reads");
        assert_eq!(old, new);
        assert_eq!((old.count, old.is_warning, old.component.as_str()), (7, true, "kubelet"));
    }
}
