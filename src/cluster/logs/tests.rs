//! Streams against a scripted server: whatever it does, no line is lost and none comes twice.

use std::time::Duration;

use super::*;
use crate::cluster::fake::{Log, Reply, Step, client};
use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use crate::domain::log::{LogEnd, Since};
use crate::domain::text::Text;

fn request(follow: bool) -> LogRequest {
    let key = ObjectKey { namespace: Text::new("logging"), name: Text::new("fluent-bit-x7k2p") };
    LogRequest {
        pod: ObjectRef { kind: ObjectKind::Pod, key, uid: Uid::new("u") },
        container: Text::new("main"),
        previous: false,
        follow,
        since: Since::All,
        tail: Some(500),
        bytes: None,
        restarts: 0,
    }
}

fn text(body: &str) -> Reply {
    Reply::new(200, body).header("content-type", "text/plain")
}

/// The pod as the server has it, with its container in this state.
fn pod(uid: &str, restarts: u32, state: &str) -> Reply {
    let status = format!(r#"{{"name":"main","restartCount":{restarts},"state":{state}}}"#);
    let meta = format!(r#"{{"name":"fluent-bit-x7k2p","namespace":"logging","uid":"{uid}"}}"#);
    Reply::new(200, &format!(r#"{{"metadata":{meta},"status":{{"containerStatuses":[{status}]}}}}"#))
}

const RUNNING: &str = r#"{"running":{"startedAt":"2026-01-02T03:00:00Z"}}"#;
const TERMINATED: &str = r#"{"terminated":{"exitCode":1,"finishedAt":"2026-01-02T03:05:00Z"}}"#;

/// What a server that answers so makes of a stream: texts of lines, and words for the rest; the container has ended by
/// the time its pod is read.
async fn read(
    request: LogRequest,
    script: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Vec<String>, Log) {
    read_of(request, script, |_| pod("u", 0, TERMINATED)).await
}

/// The same, with the pod as it is read.
async fn read_of(
    request: LogRequest,
    script: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static,
    pod: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> (Vec<String>, Log) {
    let (client, log) =
        client(move |path, count| if path.contains("/log?") { script(count) } else { Some(pod(count)) });
    let (sink, mut receiver) = log_channel();
    let mut logs = Connection::over(client).logs(sink, 16);
    logs.open(StreamId(7), request);
    let mut said = Vec::new();
    while let Some((stream, news)) = receiver.recv().await {
        assert_eq!(stream, StreamId(7));
        match news {
            LogNews::Lines(lines) => said.extend(lines.iter().map(|line| line.text.to_string())),
            LogNews::Lost(lines) => said.push(format!("lost {lines}")),
            LogNews::Broken(why) => said.push(format!("broken: {why}")),
            LogNews::Ended(LogEnd::Complete) => return (said, log),
            LogNews::Ended(end) => {
                said.push(format!("end: {end}"));
                return (said, log);
            }
        }
    }
    panic!("a stream says how it ended");
}

fn paths(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().map(|(_, path)| path.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_log_is_read_to_its_end() {
    let body = "2026-01-02T03:04:05.5Z one\n2026-01-02T03:04:06Z \x1b[31mtwo\x1b[2J\nno time";
    let (said, log) = read(request(false), move |_| Some(text(body))).await;
    assert_eq!(said, ["one", "two", "no time"]);
    assert_eq!(
        paths(&log),
        ["/api/v1/namespaces/logging/pods/fluent-bit-x7k2p/log?container=main&timestamps=true&tailLines=500"]
    );
}

#[tokio::test(start_paused = true)]
async fn every_refusal_is_a_line_in_words() {
    for (reply, words) in [
        (Reply::new(204, ""), "no log yet: the pod is on no node"),
        (
            Reply::status(400, "previous terminated container \"main\" in pod \"p\" not found"),
            "no log of a previous run: the container never ended before, or its log is gone",
        ),
        (
            Reply::status(400, "container \"main\" in pod \"p\" is not available"),
            "no log yet: the container has not been started",
        ),
        (
            Reply::status(503, "the apiserver is shutting down"),
            "the server fake:443 refused to read the log: the apiserver is shutting down (503)",
        ),
        (
            Reply::status(
                502,
                "error trying to reach service: dial tcp 10.0.0.7:10250: connect: no route to host",
            ),
            "the node's kubelet cannot be reached: error trying to reach service: dial tcp 10.0.0.7:10250: connect: no route to host",
        ),
        (
            Reply::status(
                400,
                "container \"main\" in pod \"p\" is waiting to start: trying and failing to pull image",
            ),
            "no log yet: the container waits to be started (trying and failing to pull image)",
        ),
        (Reply::status(404, "pods \"p\" not found"), "the pod is gone, and its log with it"),
        (
            Reply::status(403, "pods \"p\" is forbidden"),
            "not allowed to read logs (get on pods/log is missing): pods \"p\" is forbidden",
        ),
        (
            Reply::status(500, "Get \"https://10.0.0.7:10250/containerLogs\": dial tcp: i/o timeout"),
            "the node's kubelet cannot be reached: Get \"https://10.0.0.7:10250/containerLogs\": dial tcp: i/o timeout",
        ),
        (
            Reply::status(400, "container x is not valid for pod p"),
            "the server fake:443 refused to read the log: container x is not valid for pod p (400)",
        ),
    ] {
        let (said, _) = read(request(false), move |_| Some(reply.clone())).await;
        assert_eq!(said, [format!("end: {words}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_goes_on_without_loss_or_repeat() {
    let first = "2026-01-02T03:04:05.1Z a\n2026-01-02T03:04:06.1Z b\n2026-01-02T03:04:06.1Z b\n2026-01-02T03:04:06.2Z half a li";
    let second = "2026-01-02T03:04:06.1Z b\n2026-01-02T03:04:06.1Z b\n2026-01-02T03:04:06.2Z half a line\n2026-01-02T03:04:07Z c\n";
    let (said, log) = read(request(true), move |count| match count {
        0 => Some(text(first).then(Step::Break)),
        1 => Some(text(second)),
        _ => Some(text("2026-01-02T03:04:07Z c\n")),
    })
    .await;
    assert_eq!(said.len(), 6, "{said:?}");
    assert!(said[3].starts_with("broken: "), "{said:?}");
    assert_eq!(
        (said[..3].concat(), &said[4..]),
        ("abb".to_owned(), &["half a line".to_owned(), "c".to_owned()][..])
    );
    let paths = paths(&log);
    assert!(paths[0].ends_with("&follow=true&tailLines=500"), "{paths:?}");
    assert!(paths[1].ends_with("&follow=true&sinceTime=2026-01-02T03%3A04%3A06Z"), "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_opened_again_and_a_mute_server_too() {
    let (said, log) = read(request(true), move |count| match count {
        0 => Some(text("2026-01-02T03:04:05Z a\n").then(Step::Hang)),
        1 => Some(Reply::mute()),
        2 => Some(text("2026-01-02T03:04:05Z a\n2026-01-02T03:04:08Z b\n")),
        _ => Some(text("2026-01-02T03:04:08Z b\n")),
    })
    .await;
    assert_eq!(said, ["a", "b"]);
    let times: Vec<_> = log.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert_eq!((times[1] - times[0]).as_secs(), 60);
    assert_eq!((times[2] - times[1]).as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_believed_only_where_the_pod_says_so() {
    let begun = Instant::now();
    let (said, log) = read_of(
        request(true),
        |count| Some(text(if count == 3 { "2026-01-02T03:04:08Z at last\n" } else { "" })),
        |count| if count < 4 { pod("u", 0, RUNNING) } else { pod("u", 0, TERMINATED) },
    )
    .await;
    assert_eq!(
        said,
        [
            "broken: the server ended the log, but the container runs",
            "at last",
            "broken: the server ended the log, but the container runs"
        ]
    );
    let logs = paths(&log).iter().filter(|path| path.contains("/log?")).count();
    assert_eq!(logs, 6, "each end without anything new is one look at the pod");
    assert!(begun.elapsed() > Duration::from_millis(500), "with pauses");
    for reply in
        [pod("u", 1, RUNNING), pod("another", 0, RUNNING), Reply::status(404, "pods \"p\" not found")]
    {
        let (said, log) = read_of(request(true), |_| Some(text("")), move |_| reply.clone()).await;
        assert_eq!((said.as_slice(), log.lock().unwrap().len()), (&[][..], 2), "read to its end");
    }
    let gone = |_| Some(Reply::status(404, "pods \"p\" not found"));
    let (said, _) = read_of(request(true), gone, |_| Reply::status(404, "pods \"p\" not found")).await;
    assert_eq!(said, ["end: the pod is gone, and its log with it"]);
    let cut = |count| {
        Some(if count == 0 { text("2026-01-02T03:04:08Z bye\n") } else { Reply::status(404, "not found") })
    };
    let (said, _) = read_of(request(true), cut, |_| Reply::status(404, "pods \"p\" not found")).await;
    assert_eq!(said, ["bye"], "its last line was read");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_its_kubelet_has_not_heard_of_yet_is_not_gone() {
    let (said, _) = read_of(
        request(true),
        |count| {
            Some(match count {
                0 => Reply::status(404, "the server could not find the requested resource"),
                1 => Reply::status(400, "container \"main\" in pod \"p\" is not available"),
                _ => text("2026-01-02T03:04:08Z started\n"),
            })
        },
        |count| pod("u", 0, if count == 0 { "{\"waiting\":{}}" } else { TERMINATED }),
    )
    .await;
    assert_eq!(said, ["broken: no log yet: the container has not been started", "started"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_logs_at_once_is_asked_less_and_less() {
    let asked = 40;
    let (_, log) = read_of(
        request(true),
        move |count| {
            let line = format!("2026-01-02T03:{:02}:08Z line\n", count.min(asked));
            Some(text(&line))
        },
        |_| pod("u", 0, TERMINATED),
    )
    .await;
    let times: Vec<_> = log.lock().unwrap().iter().map(|(at, _)| *at).collect();
    let late = (times[asked] - times[asked / 2]).as_secs();
    assert!(late > 20, "{late} s for twenty, though each brought a line");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_not_started_yet_is_waited_for() {
    let (said, _) = read(request(true), move |count| match count {
        0..=2 | 4 => {
            Some(Reply::status(400, "container \"main\" in pod \"p\" is waiting to start: ContainerCreating"))
        }
        3 => Some(Reply::status(400, "container \"main\" in pod \"p\" is waiting to start: PodInitializing")),
        5 => Some(text("2026-01-02T03:04:05Z started\n").then(Step::Wait(Duration::from_secs(5)))),
        _ => Some(text("")),
    })
    .await;
    assert_eq!(
        said,
        [
            "broken: no log yet: the container waits to be started (ContainerCreating)",
            "broken: no log yet: the container waits to be started (PodInitializing)",
            "started"
        ],
        "each trouble is said once"
    );
}

#[tokio::test(start_paused = true)]
async fn streams_are_opened_gently_and_so_many_at_once() {
    let (client, log) = client(|_, _| Some(text("").then(Step::Wait(Duration::from_secs(10)))));
    let (sink, mut receiver) = log_channel();
    let mut logs = Connection::over(client).logs(sink, 4);
    for stream in 0..6 {
        logs.open(StreamId(stream), request(false));
    }
    for _ in 0..6 {
        receiver.recv().await.unwrap();
    }
    let times: Vec<_> = log.lock().unwrap().iter().map(|(at, _)| *at).collect();
    let after: Vec<_> = times.iter().map(|at| (*at - times[0]).as_millis()).collect();
    assert_eq!(after, [0, 100, 200, 300, 10_000, 10_100]);
}

#[tokio::test(start_paused = true)]
async fn what_is_followed_keeps_nobody_waiting() {
    let (client, log) = client(|_, _| Some(text("").then(Step::Hang)));
    let (sink, _receiver) = log_channel();
    let mut logs = Connection::over(client).logs(sink, 1);
    for stream in 0..3 {
        logs.open(StreamId(stream), request(true));
    }
    logs.open(StreamId(3), request(false));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(log.lock().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_closed_stream_says_nothing_more() {
    let (client, _) = client(|_, _| Some(text("2026-01-02T03:04:05Z a\n").then(Step::Hang)));
    let (sender, mut receiver) = crate::cluster::mailbox();
    let mut logs = Connection::over(client).logs(LogSink::Mailbox(sender.clone()), 4);
    logs.open(StreamId(1), request(true));
    assert_eq!(receiver.recv().await.len(), 1);
    logs.close(StreamId(1));
    let waited = tokio::time::timeout(Duration::from_secs(300), receiver.recv()).await;
    assert!(waited.is_err(), "{waited:?}");
}
