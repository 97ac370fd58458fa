//! What containers print: made from the pod's identity and the time, so nothing has to be kept.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::behavior::Behavior;
use crate::demo::simulation::later;
use crate::demo::simulation::random::{mix, seconds_of};

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was printed.
    pub at: Timestamp,
    /// What was printed.
    pub text: String,
}

/// One run of a container, from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub started: Timestamp,
    /// When it ended, with its exit code.
    pub ended: Option<(Timestamp, i64)>,
}

/// A kubelet keeps so many lines of a container and forgets older ones, as log rotation does.
const KEPT: u64 = 50_000;

/// What a container says where its template says nothing.
const USUAL: [&str; 8] = [
    "level=info msg=\"tick\" component=collector",
    "level=info msg=\"flushed buffer\" records=128",
    "level=debug msg=\"config unchanged\"",
    "level=info msg=\"connection established\" peer=upstream",
    "level=warn msg=\"slow response from upstream\" duration={ms}ms",
    "level=info msg=\"checkpoint written\" offset={n}",
    "level=info msg=\"health check passed\"",
    "level=info msg=\"scrape finished\" series=1742",
];

impl Run {
    /// The run of a container whose log a kubelet serves (`validateContainerLogStatus`).
    ///
    /// # Errors
    /// The kubelet's words where there is none.
    pub fn of(pod: &Value, container: &str, previous: bool) -> Result<Self, String> {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let about = format!("container {container:?} in pod {name:?}");
        let lists = ["containerStatuses", "initContainerStatuses"];
        let mut statuses =
            lists.into_iter().flat_map(|list| pod["status"][list].as_array().into_iter().flatten());
        let Some(status) = statuses.find(|status| status["name"] == container) else {
            return Err(format!("{about} is not available"));
        };
        let last = &status["lastState"]["terminated"];
        let state = &status["state"];
        if previous {
            return terminated(last).ok_or_else(|| format!("previous terminated {about} not found"));
        }
        if let Some(started) = time(&state["running"]["startedAt"]) {
            return Ok(Self { started, ended: None });
        }
        // A container that waits to be started again shows what it said before it ended.
        if let Some(run) = terminated(&state["terminated"]).or_else(|| terminated(last)) {
            return Ok(run);
        }
        if state["terminated"].is_object() {
            return Err(format!("{about} is terminated"));
        }
        Err(match state["waiting"]["reason"].as_str() {
            Some("ErrImagePull") => format!("{about} is waiting to start: image can't be pulled"),
            Some("ImagePullBackOff") => {
                format!("{about} is waiting to start: trying and failing to pull image")
            }
            Some(reason) => format!("{about} is waiting to start: {reason}"),
            None => format!("{about} is waiting to start - no logs yet"),
        })
    }

    /// The lines a container of a pod printed in a window of time, both ends included, oldest first; at most the last
    /// `limit` of them.
    #[must_use]
    pub fn lines(
        &self,
        pod: &Value,
        container: &str,
        (since, until): (Timestamp, Timestamp),
        limit: usize,
    ) -> Vec<LogLine> {
        let behavior = Behavior::of(pod);
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let seed = format!("{uid}/{container}");
        let step = seconds_of(behavior.log_seconds.max(0.001));
        let end = self.ended.map_or(until, |(at, _)| at.min(until));
        let count = steps(self.started, end, step);
        let wanted = u64::try_from(limit).unwrap_or(u64::MAX).min(KEPT);
        // A line more than wanted: the newest may not be printed yet.
        let first = steps(self.started, since.max(self.started), step).max(count.saturating_sub(wanted));
        let mut lines = Vec::new();
        for number in first..=count {
            let at = self.printed(number, step, &seed);
            if at >= since && at <= end {
                lines.push(LogLine { at, text: line(&seed, &behavior, number, at) });
            }
        }
        if let Some((at, code)) = self.ended.filter(|(at, _)| *at <= until && *at >= since) {
            lines.extend(last_words(&behavior, code).into_iter().map(|text| LogLine { at, text }));
        }
        let surplus = lines.len().saturating_sub(limit);
        lines.split_off(surplus)
    }

    /// When a line is printed: somewhere in its step, so that lines do not fall on whole seconds.
    fn printed(&self, number: u64, step: Duration, seed: &str) -> Timestamp {
        let base = later(self.started, step.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX)));
        let part = u32::try_from(mix(number ^ 7, seed) % 1_000).unwrap_or(0);
        if number == 0 { base } else { later(base, step / 1_250 * part) }
    }
}

fn terminated(state: &Value) -> Option<Run> {
    let ended = time(&state["finishedAt"])?;
    let started = time(&state["startedAt"]).unwrap_or(ended);
    Some(Run { started, ended: Some((ended, state["exitCode"].as_i64().unwrap_or(0))) })
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn steps(from: Timestamp, to: Timestamp, step: Duration) -> u64 {
    let passed = to.duration_since(from).max(SignedDuration::ZERO).as_nanos();
    let step = i128::try_from(step.as_nanos()).unwrap_or(1).max(1);
    u64::try_from(passed / step).unwrap_or(0)
}

/// What a container says before it ends.
fn last_words(behavior: &Behavior, code: i64) -> Vec<String> {
    match &behavior.crash {
        _ if code == 0 => vec!["level=info msg=\"received SIGTERM, shutting down\"".to_owned()],
        Some(crash) if !crash.last_lines.is_empty() => crash.last_lines.clone(),
        _ => vec![format!("level=error msg=\"exiting\" code={code}")],
    }
}

/// A line; `{n}` in it is its number, `{ms}` some milliseconds and `{time}` its time.
fn line(seed: &str, behavior: &Behavior, number: u64, at: Timestamp) -> String {
    let pick = mix(number, seed);
    let index = |len: usize| usize::try_from(pick % len.max(1) as u64).unwrap_or(0);
    let text = match (number, behavior.first_line.as_str()) {
        (0, "") => "level=info msg=\"starting\"",
        (0, first) => first,
        _ => match behavior.log_lines.get(index(behavior.log_lines.len())) {
            Some(text) => text,
            None => USUAL[index(USUAL.len())],
        },
    };
    if !text.contains('{') {
        return text.to_owned();
    }
    text.replace("{n}", &number.to_string())
        .replace("{ms}", &(1 + pick / 8 % 900).to_string())
        .replace("{time}", &at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        later("2026-01-01T00:00:00Z".parse().unwrap(), Duration::from_secs(seconds))
    }

    #[test]
    fn lines_are_the_same_whenever_they_are_asked_for() {
        let pod = json!({"metadata": {"uid": "u"}});
        let run = Run { started: at(0), ended: None };
        let all = run.lines(&pod, "c", (at(0), at(100)), 1_000);
        assert!(all.len() == 25 || all.len() == 26, "{}", all.len());
        assert!(all.is_sorted_by_key(|line| line.at));
        let some = run.lines(&pod, "c", (all[11].at, at(100)), 1_000);
        assert_eq!(some, all[11..]);
        assert_eq!(run.lines(&pod, "c", (at(0), at(100)), 3), all[all.len() - 3..]);
        let ended = Run { started: at(0), ended: Some((at(9), 1)) };
        let ended = ended.lines(&pod, "c", (at(0), at(100)), 10);
        assert!(ended.last().unwrap().text.contains("code=1"));
    }

    #[test]
    fn a_template_says_what_is_printed() {
        let sim = json!({"logSeconds": 1, "firstLine": "v1", "logLines": ["{n} {ms} {time}"],
            "crash": {"lastLines": ["permission denied /var/log"]}});
        let pod = json!({"metadata": {"uid": "u", "annotations": {"dsgrid.dev/sim": sim.to_string()}}});
        let run = Run { started: at(0), ended: Some((at(3), 1)) };
        let lines = run.lines(&pod, "c", (at(0), at(100)), 10);
        assert_eq!(lines[0].text, "v1");
        assert!(
            lines[1].text.starts_with("1 ") && lines[1].text.contains("2026-01-01T00:00:01."),
            "{lines:?}"
        );
        assert_eq!(lines.last().unwrap().text, "permission denied /var/log");
    }

    #[test]
    fn the_kubelet_says_why_there_is_no_log() {
        let pod = |state: Value, last: Value| {
            json!({"metadata": {"name": "p"},
                "status": {"containerStatuses": [{"name": "c", "state": state, "lastState": last}]}})
        };
        let ended = json!({"terminated": {"exitCode": 2, "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:05Z"}});
        let waiting = |reason: &str| json!({"waiting": {"reason": reason}});
        let running = json!({"running": {"startedAt": "2026-01-01T00:00:09Z"}});
        let before = Run { started: at(0), ended: Some((at(5), 2)) };
        for (state, last, previous, told) in [
            (running.clone(), json!({}), false, Ok(Run { started: at(9), ended: None })),
            (running.clone(), ended.clone(), true, Ok(before)),
            (running, json!({}), true, Err("previous terminated container \"c\" in pod \"p\" not found")),
            (waiting("CrashLoopBackOff"), ended.clone(), false, Ok(before)),
            (ended, json!({}), false, Ok(before)),
            (
                waiting("ContainerCreating"),
                json!({}),
                false,
                Err("container \"c\" in pod \"p\" is waiting to start: ContainerCreating"),
            ),
            (
                waiting("ImagePullBackOff"),
                json!({}),
                false,
                Err("container \"c\" in pod \"p\" is waiting to start: trying and failing to pull image"),
            ),
        ] {
            assert_eq!(Run::of(&pod(state, last), "c", previous), told.map_err(str::to_owned));
        }
    }
}
