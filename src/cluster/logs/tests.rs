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
    }
}

fn text(body: &str) -> Reply {
    Reply::new(200, body).header("content-type", "text/plain")
}

/// What a server that answers so makes of a stream: texts of lines, and words for the rest.
async fn read(
    request: LogRequest,
    script: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Vec<String>, Log) {
    let (client, log) = client(move |_, count| script(count));
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
            "the server fake:443 refused to read the log of logging/fluent-bit-x7k2p: container x is not valid for pod p (400)",
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
