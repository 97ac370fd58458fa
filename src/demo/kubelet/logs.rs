//! What containers print: made from the pod's identity and the time, so nothing has to be kept.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::behavior::Behavior;
use crate::demo::simulation::Simulation;
use crate::demo::simulation::later;
use crate::demo::simulation::random::{mix, seconds_of};
use crate::domain::id::Uid;
use crate::domain::object::{ContainerState, Termination};

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was printed.
    pub at: Timestamp,
    /// What was printed.
    pub text: String,
}

/// What a container says where its template says nothing.
const USUAL: [&str; 8] = [
    "level=info msg=\"tick\" component=collector",
    "level=info msg=\"flushed buffer\" records=128",
    "level=debug msg=\"config unchanged\"",
    "level=info msg=\"connection established\" peer=upstream",
    "level=warn msg=\"slow response from upstream\" duration=1.2s",
    "level=info msg=\"checkpoint written\"",
    "level=info msg=\"health check passed\"",
    "level=info msg=\"scrape finished\" series=1742",
];

/// The lines a container printed from `since` up to `until`, oldest first, at most the last `limit` of them.
/// `started` is when this run of the container began; `ended`, if it did, with its exit code.
#[must_use]
pub fn log_lines(
    uid: &str,
    behavior: &Behavior,
    started: Timestamp,
    ended: Option<(Timestamp, i32)>,
    (since, until): (Timestamp, Timestamp),
    limit: usize,
) -> Vec<LogLine> {
    let step = seconds_of(behavior.log_seconds.max(0.01));
    let end = ended.map_or(until, |(at, _)| at.min(until));
    let mut lines = Vec::new();
    let count = steps(started, end, step);
    let mut first = steps(started, since.max(started), step);
    first = first.max(count.saturating_sub(u64::try_from(limit).unwrap_or(u64::MAX)));
    for number in first..=count {
        let at = later(started, step.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX)));
        if at >= since && at <= end {
            lines.push(LogLine { at, text: line(uid, behavior, number) });
        }
    }
    if let Some((at, code)) = ended.filter(|(at, _)| *at <= until && *at >= since) {
        lines.push(LogLine { at, text: format!("level=error msg=\"exiting\" code={code}") });
    }
    let surplus = lines.len().saturating_sub(limit);
    lines.split_off(surplus)
}

impl Simulation {
    /// What a container of a pod printed in a window of time, at most the last `limit` lines; `previous` asks for the
    /// run before this one. None where there is no such pod, container or run.
    #[must_use]
    pub fn log_lines(
        &self,
        uid: &Uid,
        container: &str,
        previous: bool,
        window: (Timestamp, Timestamp),
        limit: usize,
    ) -> Option<Vec<LogLine>> {
        let entry = self.cluster.pods.get(uid)?;
        let container = entry.pod.containers.iter().find(|known| known.name == *container)?;
        let behavior = &entry.mold.behavior;
        let ended = |end: &Termination| {
            let at = end.finished?;
            let ran = behavior.crash.as_ref().map_or(60.0, |crash| crash.after_seconds);
            let ran = SignedDuration::try_from(seconds_of(ran)).unwrap_or_default();
            Some((at.checked_sub(ran).unwrap_or(at), Some((at, end.exit_code))))
        };
        let (started, end) = match (&container.state, &container.last) {
            (_, Some(last)) if previous => ended(last)?,
            _ if previous => return None,
            (ContainerState::Running { since }, _) => ((*since)?, None),
            (ContainerState::Terminated(end), _) => ended(end)?,
            // A container that waits to be started again shows what it said before it ended.
            (ContainerState::Waiting { .. }, last) => ended(last.as_ref()?)?,
        };
        let seed = format!("{uid}/{}", container.name);
        Some(log_lines(&seed, behavior, started, end, window, limit))
    }
}

fn steps(from: Timestamp, to: Timestamp, step: Duration) -> u64 {
    let passed = to.duration_since(from).max(SignedDuration::ZERO).as_nanos();
    let step = i128::try_from(step.as_nanos()).unwrap_or(1).max(1);
    u64::try_from(passed / step).unwrap_or(0)
}

fn line(uid: &str, behavior: &Behavior, number: u64) -> String {
    if number == 0 {
        return "level=info msg=\"starting\"".to_owned();
    }
    let pick = mix(number, uid);
    let index = |len: usize| usize::try_from(pick % len.max(1) as u64).unwrap_or(0);
    match behavior.log_lines.get(index(behavior.log_lines.len())) {
        Some(text) => text.clone(),
        None => USUAL[index(USUAL.len())].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_whenever_they_are_asked_for() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let at = |seconds: u64| later(start, Duration::from_secs(seconds));
        let behavior = Behavior::default();
        let all = log_lines("u", &behavior, start, None, (start, at(100)), 1_000);
        assert_eq!(all.len(), 26);
        let some = log_lines("u", &behavior, start, None, (at(41), at(100)), 1_000);
        assert_eq!(some, all[11..]);
        assert_eq!(log_lines("u", &behavior, start, None, (start, at(100)), 3), all[23..]);
        let ended = log_lines("u", &behavior, start, Some((at(9), 1)), (start, at(100)), 10);
        assert!(ended.last().unwrap().text.contains("code=1"));
    }
}
