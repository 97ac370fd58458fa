//! GET of `pods/NAME/log`: what the API server checks, and then what the kubelet answers.

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::read::streamed;
use super::{Answer, Body, Call, Shared, respond, whole};
use crate::demo::kubelet::logs::{LogLine, Run};
use crate::demo::store::{Cause, Kind, Rejection};

/// How often a followed log is looked at.
const TICK: Duration = Duration::from_millis(200);
/// The kubelet's port, which errors name.
const KUBELET: u16 = 10250;

/// What of a log is wanted.
#[derive(Debug)]
struct Options {
    previous: bool,
    follow: bool,
    timestamps: bool,
    since: Timestamp,
    tail: usize,
    /// Bytes left to send.
    bytes: usize,
}

/// Answers a request for a log.
pub(super) fn get(shared: &Shared, call: &Call) -> Answer {
    let options = options(call, shared.now())?;
    let (namespace, name) = (call.target.namespace(), call.target.name());
    let store = shared.lock();
    if store.is_recording() {
        let why = "this cluster is a recording, which has no logs; use a simulated one to see some";
        return Err(Rejection::bad_request(why));
    }
    let stored = store.expect(Kind::Pod, namespace, name)?;
    let pod = stored.value();
    let container = container(&pod, call.query.get("container"))?;
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if node.is_empty() {
        // The API server has no place to ask, and says nothing at all.
        return Ok(respond(StatusCode::NO_CONTENT, "text/plain", whole("")));
    }
    let node = store.expect(Kind::Node, "", node)?.value();
    reach(&node, namespace, name, &container)?;
    let run = Run::of(&pod, &container, options.previous).map_err(Rejection::bad_request)?;
    drop(store);
    let mut reader = Reader { shared: shared.clone(), pod, container, run, since: options.since, options };
    if !reader.options.follow || reader.options.previous {
        let text = reader.text();
        return Ok(plain(whole(text)));
    }
    Ok(plain(streamed(stream::unfold(Some(reader), next))))
}

fn plain(body: Body) -> Response<Body> {
    respond(StatusCode::OK, "text/plain", body)
}

/// The parameters (`ValidatePodLogOptions`).
fn options(call: &Call, now: Timestamp) -> Result<Options, Rejection> {
    let number = |key: &str| match call.query.get(key) {
        "" => Ok(None),
        text => text.parse::<i64>().map(Some).map_err(|_| {
            Rejection::bad_request(format!("invalid value for {key}: {text:?}; give a whole number"))
        }),
    };
    let (tail, limit, seconds) = (number("tailLines")?, number("limitBytes")?, number("sinceSeconds")?);
    let since = match call.query.get("sinceTime") {
        "" => None,
        text => Some(text.parse::<Timestamp>().map_err(|_| {
            Rejection::bad_request(format!("invalid value for sinceTime: {text:?}; give a time of RFC 3339"))
        })?),
    };
    let mut causes = Vec::new();
    if let Some(tail) = tail.filter(|tail| *tail < 0) {
        causes.push(Cause::invalid("tailLines", &tail.into(), "must be greater than or equal to 0"));
    }
    if let Some(limit) = limit.filter(|limit| *limit < 1) {
        causes.push(Cause::invalid("limitBytes", &limit.into(), "must be greater than 0"));
    }
    if seconds.is_some() && since.is_some() {
        causes.push(Cause::forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
    } else if let Some(seconds) = seconds.filter(|seconds| *seconds < 1) {
        causes.push(Cause::invalid("sinceSeconds", &seconds.into(), "must be greater than 0"));
    }
    if !causes.is_empty() {
        return Err(Rejection::invalid_options("PodLogOptions", call.target.name(), causes));
    }
    let ago = |seconds: i64| now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
    let size = |number: Option<i64>| number.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    Ok(Options {
        previous: call.query.flag("previous"),
        follow: call.query.flag("follow"),
        timestamps: call.query.flag("timestamps"),
        since: since.or(seconds.map(ago)).unwrap_or(Timestamp::MIN),
        tail: size(tail),
        bytes: size(limit),
    })
}

/// The container meant (`validateContainer`).
fn container(pod: &Value, asked: &str) -> Result<String, Rejection> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let names = |key: &str| -> Vec<&str> {
        let containers = pod["spec"][key].as_array().into_iter().flatten();
        containers.filter_map(|container| container["name"].as_str()).collect()
    };
    let (main, init) = (names("containers"), names("initContainers"));
    if !asked.is_empty() {
        let known = main.iter().chain(&init).any(|known| *known == asked);
        let refusal = || Rejection::bad_request(format!("container {asked} is not valid for pod {name}"));
        return known.then(|| asked.to_owned()).ok_or_else(refusal);
    }
    if let [only] = main.as_slice() {
        return Ok((*only).to_owned());
    }
    let mut why = format!("a container name must be specified for pod {name}");
    if !main.is_empty() {
        why = format!("{why}, choose one of: [{}]", main.join(" "));
    }
    if !init.is_empty() {
        why = format!("{why} or one of the init containers: [{}]", init.join(" "));
    }
    Err(Rejection::bad_request(why))
}

/// The API server asks the node's kubelet; where nobody hears of it, that fails.
fn reach(node: &Value, namespace: &str, pod: &str, container: &str) -> Result<(), Rejection> {
    let mut conditions = node["status"]["conditions"].as_array().into_iter().flatten();
    let silent = conditions.any(|c| c["type"] == "Ready" && c["status"] == "Unknown");
    if !silent {
        return Ok(());
    }
    let mut addresses = node["status"]["addresses"].as_array().into_iter().flatten();
    let address = addresses.find(|a| a["type"] == "InternalIP").and_then(|a| a["address"].as_str());
    let host = format!("{}:{KUBELET}", address.unwrap_or("10.0.0.1"));
    Err(Rejection::internal(&format!(
        "Get \"https://{host}/containerLogs/{namespace}/{pod}/{container}\": dial tcp {host}: i/o timeout"
    )))
}

/// A log on its way.
struct Reader {
    shared: Shared,
    /// As it was when last seen.
    pod: Value,
    container: String,
    run: Run,
    /// What was printed from here on is not sent yet.
    since: Timestamp,
    options: Options,
}

impl Reader {
    /// What was printed since the last time.
    fn text(&mut self) -> String {
        let now = self.shared.now();
        // Ends are told in whole seconds: the last words must not count as sent before they are said.
        let since = self.run.ended.map_or(self.since, |(at, _)| self.since.min(at));
        let lines = self.run.lines(&self.pod, &self.container, (since, now), self.options.tail);
        // Whatever comes later was not there to be counted from the end.
        self.options.tail = usize::MAX;
        if let Some(last) = lines.last() {
            let passed = last.at.max(self.since);
            self.since = passed.checked_add(SignedDuration::from_nanos(1)).unwrap_or(passed);
        }
        let mut text = String::new();
        for LogLine { at, text: line } in lines {
            if self.options.timestamps {
                text.push_str(&at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string());
            }
            text.push_str(&line);
            text.push('\n');
        }
        if text.len() > self.options.bytes {
            let mut end = self.options.bytes;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            self.options.bytes = 0;
        } else {
            self.options.bytes -= text.len();
        }
        text
    }

    /// Whether the container has ended, or its pod is gone: then nothing more is printed.
    fn look(&mut self) -> bool {
        let meta = &self.pod["metadata"];
        let text = |key: &str| meta[key].as_str().unwrap_or_default();
        let found = self.shared.lock().get(Kind::Pod, text("namespace"), text("name")).cloned();
        let Some(stored) = found.filter(|stored| *stored.uid == *text("uid")) else {
            // It was told to stop, and had said so by the time its pod was removed.
            self.run.ended.get_or_insert((self.shared.now(), 0));
            return true;
        };
        let pod = stored.value();
        // Its own run may be the last one already.
        let runs = [false, true].map(|previous| Run::of(&pod, &self.container, previous));
        let same = |run: &&Run| run.started == self.run.started;
        match runs.iter().flatten().find(same) {
            Some(run) => self.run = *run,
            None => return true,
        }
        self.pod = pod;
        self.run.ended.is_some()
    }
}

/// The next piece of a followed log.
async fn next(state: Option<Reader>) -> Option<(Bytes, Option<Reader>)> {
    let mut reader = state?;
    loop {
        let over = reader.look();
        let text = reader.text();
        let done = over || reader.options.bytes == 0;
        if !text.is_empty() || done {
            return Some((text.into(), (!done).then_some(reader)));
        }
        tokio::time::sleep(TICK).await;
    }
}
