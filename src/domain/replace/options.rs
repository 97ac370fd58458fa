//! How a replacement is to go.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::object::IntOrPercent;
use crate::domain::text::Text;

/// The least time a node gets where nothing else is asked for.
const READY_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// How a replacement is to go. It is kept in the cluster while one runs, so that it can be continued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "independent wishes, one per flag")]
pub struct Options {
    /// On how many wanted nodes a pod may be unavailable at once, whoever caused it; a percentage is of the wanted
    /// nodes, rounded up.
    #[serde(serialize_with = "limit")]
    pub max_in_flight: IntOrPercent,
    /// How long a new pod has to stay ready, in seconds; `minReadySeconds` where that is longer.
    pub soak_seconds: u32,
    /// How long a node may take from the deletion until the new pod is available, in seconds; without it five minutes,
    /// or three times what this set's pods usually take where that is longer.
    pub ready_timeout_seconds: Option<u32>,
    /// So many nodes come first, and have to be done before the others begin.
    pub canary: u32,
    /// The node label by whose values nodes are grouped: one group is done before the next begins.
    pub group_by: Option<Text>,
    /// The groups, in this order; all of them by name where none is given.
    pub groups: Vec<Text>,
    /// Hold after each group until a person goes on.
    pub hold_between_groups: bool,
    /// How long to wait between groups, in seconds.
    pub bake_seconds: u32,
    /// No pod is deleted after this.
    pub until: Option<Timestamp>,
    /// After so many failures nothing more is deleted.
    pub max_failures: u32,
    /// The other pods of a node are not looked at.
    pub without_neighbours: bool,
    /// Pods are evicted, which asks the `PodDisruptionBudget`s, instead of deleted.
    pub evict: bool,
    /// Outdated pods that are not available come first of all.
    pub unhealthy_first: bool,
    /// Also nodes whose pod would not come back.
    pub include_set_apart: bool,
    /// Only these nodes; all of them where none is given.
    pub nodes: Vec<Text>,
    /// Only nodes with these labels, as a selector is written.
    pub node_selector: Option<Text>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_in_flight: IntOrPercent::Int(1),
            soak_seconds: 30,
            ready_timeout_seconds: None,
            canary: 1,
            group_by: None,
            groups: Vec::new(),
            hold_between_groups: false,
            bake_seconds: 0,
            until: None,
            max_failures: 1,
            without_neighbours: false,
            evict: false,
            unhealthy_first: false,
            include_set_apart: false,
            nodes: Vec::new(),
            node_selector: None,
        }
    }
}

impl Options {
    /// How long a pod has to stay ready to be done.
    #[must_use]
    pub fn soak(&self, min_ready_seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.soak_seconds).max(min_ready_seconds))
    }

    /// How long a node may take until its new pod is available, where it usually takes so long.
    #[must_use]
    pub fn ready_timeout(&self, usual: SignedDuration) -> SignedDuration {
        match self.ready_timeout_seconds {
            Some(seconds) => SignedDuration::from_secs(i64::from(seconds)),
            None => READY_TIMEOUT.max(usual.saturating_mul(3)),
        }
    }

    /// The flags of `dsgrid replace` that mean the same; what is as it is anyway is left out.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let usual = Self::default();
        let mut flags = Vec::new();
        let mut flag = |is_other: bool, written: String| {
            if is_other {
                flags.push(written);
            }
        };
        flag(self.max_in_flight != usual.max_in_flight, format!("--max-in-flight={}", self.max_in_flight));
        flag(self.canary != usual.canary, format!("--canary={}", self.canary));
        flag(self.soak_seconds != usual.soak_seconds, format!("--soak={}s", self.soak_seconds));
        let timeout = self.ready_timeout_seconds.unwrap_or_default();
        flag(self.ready_timeout_seconds.is_some(), format!("--ready-timeout={timeout}s"));
        flag(self.bake_seconds > 0, format!("--bake={}s", self.bake_seconds));
        flag(self.max_failures != usual.max_failures, format!("--max-failures={}", self.max_failures));
        let group_by = self.group_by.as_ref().map(ToString::to_string).unwrap_or_default();
        flag(self.group_by.is_some(), format!("--group-by={group_by}"));
        for group in &self.groups {
            flag(true, format!("--group={group}"));
        }
        for node in &self.nodes {
            flag(true, format!("--node={node}"));
        }
        let selector = self.node_selector.as_ref().map(ToString::to_string).unwrap_or_default();
        flag(self.node_selector.is_some(), format!("--node-selector={selector}"));
        let until = self.until.map(|until| until.to_string()).unwrap_or_default();
        flag(self.until.is_some(), format!("--until={until}"));
        flag(self.hold_between_groups, "--hold-between-groups".to_owned());
        flag(self.without_neighbours, "--without-neighbours".to_owned());
        flag(self.evict, "--evict".to_owned());
        flag(self.unhealthy_first, "--unhealthy-first".to_owned());
        flag(self.include_set_apart, "--include-set-apart".to_owned());
        flags
    }

    /// How long to wait between groups.
    #[must_use]
    pub fn bake(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.bake_seconds))
    }
}

/// As the API writes it: a number, or a string with a percent sign.
fn limit<S: Serializer>(limit: &IntOrPercent, serializer: S) -> Result<S::Ok, S::Error> {
    match limit {
        IntOrPercent::Int(count) => serializer.serialize_i64(*count),
        other => serializer.collect_str(other),
    }
}

/// Reads a number of nodes as people type it, `3` or `10%`.
///
/// # Errors
/// It is no such number, is zero or less, or more than 100 %.
pub fn read_limit(written: &str) -> Result<IntOrPercent, String> {
    let written = written.trim();
    let no =
        |why: &str| Err(format!("{written:?} {why}; write a number of nodes like 3, or a share like 10%"));
    match written.strip_suffix('%') {
        Some(share) => match share.parse::<i64>() {
            Ok(percent @ 1..=100) => Ok(IntOrPercent::Percent(percent)),
            Ok(0) => no("lets no pod be replaced"),
            Ok(percent) if percent > 100 => no("is more than all nodes"),
            _ => no("is no share of the nodes"),
        },
        None => match written.parse::<i64>() {
            Ok(0) => no("lets no pod be replaced"),
            Ok(count) if count > 0 => Ok(IntOrPercent::Int(count)),
            _ => no("is no number of nodes"),
        },
    }
}

/// Reads a time as people type it, `30s`, `5m`, `1h`, or seconds.
///
/// # Errors
/// It is no such time.
pub fn read_seconds(written: &str) -> Result<u32, String> {
    let written = written.trim();
    let (number, unit) = match written.char_indices().last() {
        Some((at, 's')) => (&written[..at], 1),
        Some((at, 'm')) => (&written[..at], 60),
        Some((at, 'h')) => (&written[..at], 3600),
        _ => (written, 1),
    };
    let read = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit));
    read.ok_or_else(|| format!("{written:?} is no time; write one like 30s, 5m or 1h"))
}

/// Reads how many nodes come first, as people type it.
///
/// # Errors
/// It is no such number.
pub fn read_count(written: &str) -> Result<u32, String> {
    let written = written.trim();
    written.parse().map_err(|_| format!("{written:?} is no number of nodes; write one like 2, or 0 for none"))
}

/// Reads after how many failures it halts, as people type it.
///
/// # Errors
/// It is no such number, or zero.
pub fn read_failures(written: &str) -> Result<u32, String> {
    let written = written.trim();
    match written.parse() {
        Ok(0) => Err("0 would halt before it begins; 1 halts at the first failure".to_owned()),
        Ok(many) => Ok(many),
        Err(_) => Err(format!("{written:?} is no number of failures; 1 halts at the first")),
    }
}

/// Reads a time of day as it is told where people are, the next one of it; or a whole time that is still to come.
///
/// # Errors
/// It is no such time, or it is past.
pub fn read_until(written: &str, now: &Zoned) -> Result<Timestamp, String> {
    if let Ok(at) = written.parse::<Timestamp>() {
        let past = || format!("{written:?} is past; write a time to come, like 04:00 for the next one");
        return if at > now.timestamp() { Ok(at) } else { Err(past()) };
    }
    let wrong = || format!("{written:?} is no time; write one like 04:00 or 2026-01-02T03:04:05Z");
    let time = Time::strptime("%H:%M", written).map_err(|_| wrong())?;
    let today = now.date().to_datetime(time).to_zoned(now.time_zone().clone()).map_err(|_| wrong())?;
    let next = if today > *now { today } else { today.checked_add(1.day()).map_err(|_| wrong())? };
    Ok(next.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_people_type_them() {
        assert_eq!(read_limit("3"), Ok(IntOrPercent::Int(3)));
        assert_eq!(read_limit(" 10% "), Ok(IntOrPercent::Percent(10)));
        assert_eq!(read_limit("100%"), Ok(IntOrPercent::Percent(100)));
        for wrong in ["0", "0%", "101%", "-1", "-5%", "", "%", "a", "1.5", "99999999999999999999"] {
            assert!(read_limit(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_are_read_as_people_type_them() {
        assert_eq!((read_count(" 2 "), read_count("0"), read_failures("1")), (Ok(2), Ok(0), Ok(1)));
        for wrong in ["", "x", "-1", "1.5", "99999999999"] {
            assert!(read_count(wrong).unwrap_err().contains("is no number of nodes"), "{wrong}");
            assert!(read_failures(wrong).unwrap_err().contains("is no number of failures"), "{wrong}");
        }
        assert!(read_failures("0").is_err());
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        for (written, seconds) in [("30s", 30), ("5m", 300), ("1h", 3600), ("7", 7), (" 0s ", 0)] {
            assert_eq!(read_seconds(written), Ok(seconds));
        }
        for wrong in ["", "s", "-1s", "1.5m", "5x", "99999999999h", "4294967295h"] {
            assert!(read_seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn options_are_read_as_they_were_written() {
        let options = Options { max_in_flight: IntOrPercent::Percent(10), canary: 3, ..Options::default() };
        let written = serde_json::to_string(&options).expect("they are plain");
        assert_eq!(serde_json::from_str::<Options>(&written).expect("they read"), options);
        assert_eq!(serde_json::from_str::<Options>("{}").expect("they read"), Options::default());
    }

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let now: Timestamp = "2026-01-02T22:00:00Z".parse().unwrap();
        let now = now.to_zoned(jiff::tz::TimeZone::UTC);
        for (raw, at) in [("04:00", "2026-01-03T04:00:00Z"), ("23:30", "2026-01-02T23:30:00Z")] {
            assert_eq!(read_until(raw, &now).unwrap().to_string(), at);
        }
        for wrong in ["", "4", "25:00", "noon", "04:00:00x"] {
            assert!(read_until(wrong, &now).is_err(), "{wrong}");
        }
        assert!(read_until("2026-01-02T22:00:01Z", &now).is_ok());
        for past in ["2026-01-02T22:00:00Z", "2020-01-01T00:00:00Z"] {
            assert!(read_until(past, &now).unwrap_err().contains("is past"), "{past}");
        }
    }
}
