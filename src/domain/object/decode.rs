//! Reading what Go servers write: absent, `null` and empty mean the same.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::domain::text::Text;

/// Reads `null` as the default.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Later times are nonsense, and leave no room to add a grace period to.
const LATEST: Timestamp = Timestamp::constant(221_845_392_000, 0);

/// Reads an RFC 3339 time; absent, `null`, unreadable or beyond the year 8999 is none, as a bad time must not hide the
/// object.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let raw = Option::<Text>::deserialize(deserializer)?;
    Ok(raw.and_then(|text| text.parse().ok()).filter(|at| *at <= LATEST))
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct ConditionStatus(pub(super) Option<bool>);

impl<'de> Deserialize<'de> for ConditionStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Text::deserialize(deserializer)?;
        Ok(Self(match raw.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }))
    }
}

/// A condition as the API writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: Text,
    pub(super) status: ConditionStatus,
    pub(super) reason: Text,
    pub(super) message: Text,
    #[serde(deserialize_with = "time")]
    pub(super) last_transition_time: Option<Timestamp>,
}
