//! One container's log: read to its end, and while it is followed opened again where it broke or fell silent.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, timeout};

use super::lines::{Lines, RawLine};
use super::{LogSink, Pace};
use crate::cluster::error::Error;
use crate::cluster::watch::Backoff;
use crate::cluster::wire::{Answer, Ask, Wire, encode};
use crate::domain::id::ObjectRef;
use crate::domain::log::{Line, LogEnd, LogNews, LogRequest, Resume, Since, StreamId};
use crate::domain::object::{ContainerState, Pod};
use crate::domain::text::Text;

/// A followed log that says nothing for so long is opened again: after a rotation some kubelets never say anything
/// more (kubernetes#115701, #126564).
const SILENCE: Duration = Duration::from_secs(60);
/// A log that is not followed has to go on within this time.
const IDLE: Duration = Duration::from_secs(30);
/// A connection that lasted so long is no failure: the next one is not waited for any longer than the first.
const LASTED: Duration = Duration::from_secs(10);

/// One log.
pub(super) struct Stream {
    wire: Wire,
    id: StreamId,
    request: LogRequest,
    sink: LogSink,
    pace: Arc<Pace>,
    resume: Resume,
    /// What was said about trouble since the last line: the same is not said twice.
    said: HashSet<Text>,
}

/// How one request ended.
enum Once {
    /// Cleanly; whether anything new came.
    Ended { fresh: bool },
    /// Nothing came for long.
    Silent,
    /// The connection broke, or was never there.
    Broken(Text),
    /// The server refused.
    Refused(LogEnd),
}

/// How the run of the container stands that is read.
enum Run {
    /// It runs.
    GoesOn,
    /// It ended, so its log has an end.
    Ended,
    /// Its pod is gone.
    Gone,
    /// Its pod cannot be read, or says nothing about it.
    Unknown,
}

impl Stream {
    pub(super) fn new(wire: Wire, id: StreamId, request: LogRequest, sink: LogSink, pace: Arc<Pace>) -> Self {
        Self { wire, id, request, sink, pace, resume: Resume::default(), said: HashSet::new() }
    }

    /// Reads to the end.
    pub(super) async fn run_to_end(mut self) {
        let end = self.read().await;
        self.sink.put(self.id, LogNews::Ended(end)).await;
    }

    async fn read(&mut self) -> LogEnd {
        let (mut backoff, mut has_ended) = (Backoff::default(), false);
        loop {
            self.pace.wait().await;
            let begun = Instant::now();
            let once = self.once().await;
            let has_lasted = begun.elapsed() >= LASTED;
            if has_lasted {
                backoff = Backoff::default();
            }
            let follow = self.request.follow;
            // What was read to its end by the time its pod went has a last line like any other.
            let gone = if has_ended { LogEnd::Complete } else { LogEnd::Gone };
            has_ended |= matches!(once, Once::Ended { .. });
            let trouble = match once {
                Once::Ended { .. } | Once::Silent if !follow => return LogEnd::Complete,
                Once::Silent => continue,
                // What the container printed since is read before anything is concluded.
                Once::Ended { fresh: true } => None,
                Once::Ended { fresh: false } => match self.look_at_run().await {
                    Run::Gone | Run::Ended => return LogEnd::Complete,
                    Run::Unknown => None,
                    Run::GoesOn => {
                        (!has_lasted).then(|| Text::new("the server ended the log, but the container runs"))
                    }
                },
                Once::Broken(why) if !follow => return LogEnd::Failed(why),
                Once::Broken(why) => Some(why),
                // A kubelet that has not heard of the pod yet says the same.
                Once::Refused(LogEnd::Gone) if follow => match self.look_at_run().await {
                    Run::Gone => return gone,
                    _ => Some(Text::new(&LogEnd::NotStarted(Text::default()).to_string())),
                },
                Once::Refused(end) if follow && end.is_passing() => Some(Text::new(&end.to_string())),
                Once::Refused(end) => return end,
            };
            if let Some(trouble) = trouble.filter(|trouble| self.said.insert(trouble.clone())) {
                self.sink.put(self.id, LogNews::Broken(trouble)).await;
            }
            sleep(backoff.next(None)).await;
        }
    }

    /// Whether the run that is read goes on: a log that ends says nothing about it, its pod does.
    async fn look_at_run(&self) -> Run {
        let ObjectRef { key, uid, .. } = &self.request.pod;
        let path = format!("/api/v1/namespaces/{}/pods/{}", encode(&key.namespace), encode(&key.name));
        let ask = Ask { path, doing: format!("read the pod {key}"), within: IDLE };
        let pod = match self.wire.read(&ask).await {
            Ok((bytes, _)) => serde_json::from_slice::<Pod>(&bytes),
            Err(error) if error.is_absent() => return Run::Gone,
            Err(_) => return Run::Unknown,
        };
        let Ok(pod) = pod else { return Run::Unknown };
        if pod.meta.uid != *uid {
            return Run::Gone;
        }
        let mut all = pod.containers.iter().chain(&pod.init_containers);
        let Some(container) = all.find(|container| container.name == self.request.container) else {
            return Run::Unknown;
        };
        let is_same = container.restarts <= self.request.restarts;
        match &container.state {
            ContainerState::Running { .. } if is_same => Run::GoesOn,
            // It never ran: what comes is its first run.
            ContainerState::Waiting { .. } if container.last.is_none() => Run::Unknown,
            _ => Run::Ended,
        }
    }

    /// One request.
    async fn once(&mut self) -> Once {
        let ask = self.ask();
        let answer = match self.wire.open(&ask).await {
            Ok(answer) => answer,
            // A kubelet that has nothing to send yet does not even send the head of its answer.
            Err(Error::Timeout { .. }) if self.request.follow => return Once::Silent,
            Err(error) => return refused(&error),
        };
        // An unbound pod's log is no log yet (`LogLocation`).
        if answer.code == 204 {
            return Once::Refused(LogEnd::Unbound);
        }
        self.body(&ask, answer).await
    }

    async fn body(&mut self, ask: &Ask, answer: Answer) -> Once {
        let (mut body, mut lines, mut fresh) = (answer.body, Lines::default(), false);
        let patience = if self.request.follow { SILENCE } else { IDLE };
        loop {
            let frame = match timeout(patience, body.frame()).await {
                Err(_) if self.request.follow => return Once::Silent,
                Err(_) => return Once::Broken(Text::new("the server stopped in the middle of the log")),
                Ok(frame) => frame,
            };
            match frame {
                None => {
                    let rest = lines.rest();
                    fresh |= self.give(rest).await;
                    return Once::Ended { fresh };
                }
                // What does not end a line comes again whole.
                Some(Err(error)) => {
                    return Once::Broken(Text::new(&self.wire.failure(ask, &error).to_string()));
                }
                Some(Ok(frame)) => {
                    if let Ok(chunk) = frame.into_data() {
                        fresh |= self.give(lines.push(&chunk)).await;
                    }
                }
            }
        }
    }

    /// Passes on what is new; whether anything was.
    async fn give(&mut self, raw: impl IntoIterator<Item = RawLine>) -> bool {
        let mut fresh = Vec::new();
        for raw in raw {
            let line = Line::read(&raw.bytes, raw.cut);
            if self.resume.is_new(line.at, &raw.bytes) {
                fresh.push(line);
            }
        }
        if fresh.is_empty() {
            return false;
        }
        self.said.clear();
        self.sink.put(self.id, LogNews::Lines(fresh)).await;
        true
    }

    fn ask(&mut self) -> Ask {
        let request = &self.request;
        let key = &request.pod.key;
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true",
            encode(&key.namespace),
            encode(&key.name),
            encode(&request.container)
        );
        let mut add = |name: &str, value: &str| {
            write!(path, "&{name}={value}").expect("writing to a string cannot fail");
        };
        if request.follow {
            add("follow", "true");
        }
        if request.previous {
            add("previous", "true");
        }
        if let Some(bytes) = request.bytes {
            add("limitBytes", &bytes.to_string());
        }
        match (self.resume.reopen(), request.since) {
            (Some(second), _) => add("sinceTime", &encode(&second.to_string())),
            (None, since) => {
                match since {
                    Since::Seconds(seconds) => add("sinceSeconds", &seconds.max(1).to_string()),
                    Since::Time(at) => add("sinceTime", &encode(&at.to_string())),
                    Since::All => {}
                }
                if let Some(tail) = request.tail {
                    add("tailLines", &tail.to_string());
                }
            }
        }
        let within = if request.follow { SILENCE } else { IDLE };
        Ask { path, doing: "read the log".to_owned(), within }
    }
}

/// What a refusal means here.
fn refused(error: &Error) -> Once {
    let words = || Text::new(&error.to_string());
    Once::Refused(match error {
        Error::Denied { message, .. } => LogEnd::Denied(Text::new(message)),
        Error::Refused { code: 404, .. } => LogEnd::Gone,
        Error::Refused { code: 400, message, .. } if message.contains("previous terminated container") => {
            LogEnd::NoPrevious
        }
        Error::Refused { code: 400, message, .. } if message.contains("is waiting to start") => {
            let why = message.split_once("is waiting to start").map_or("", |(_, why)| why);
            LogEnd::NotStarted(Text::new(why.trim_start_matches([':', ' '])))
        }
        // It has no status of the container yet, as right after the pod was bound.
        Error::Refused { code: 400, message, .. } if message.ends_with("is not available") => {
            LogEnd::NotStarted(Text::default())
        }
        Error::Refused { code: 500..=504, message, .. } if is_of_kubelet(message) => {
            LogEnd::KubeletUnreachable(Text::new(message))
        }
        Error::Refused { .. } | Error::Unauthorized { .. } => LogEnd::Failed(words()),
        _ => return Once::Broken(words()),
    })
}

/// Whether an API server says that it could not reach the node, not that it is itself in trouble
/// (`pkg/registry/core/pod/rest/log.go` passes on what its connection to the kubelet said).
fn is_of_kubelet(message: &str) -> bool {
    ["/containerLogs/", ":10250", "kubelet", "No agent available", "error trying to reach service"]
        .iter()
        .any(|words| message.contains(words))
}
