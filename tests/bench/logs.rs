//! Benchmarks of logs: lines a second from bytes to the screen's rows, and what is kept at the cap.
#![expect(clippy::print_stderr, reason = "a benchmark tells what it kept")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyEvent};
use dsgrid::app::{Effect, Model, Msg, Settings, update};
use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::log::{Limits, Line, LogBuffer, LogNews, StreamId};
use dsgrid::ui::{Theme, draw};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// As many lines as a second of the loudest cluster brings.
const LINES: i64 = 100_000;
/// As many streams as are open at once.
const STREAMS: i64 = 16;
/// As many lines as a message brings at most.
const PORTION: i64 = 5_000;

fn raw(at: i64) -> Vec<u8> {
    let time = Timestamp::UNIX_EPOCH + SignedDuration::from_micros(at * 10);
    let words = match at % 4 {
        0 => "level=info msg=\"flushed buffer\" records=128 component=collector",
        1 => "{\"level\":\"warn\",\"ts\":1.5,\"msg\":\"slow response from upstream\",\"duration\":\"1.2s\"}",
        2 => "\u{1b}[31mERROR\u{1b}[0m cannot open /var/log/containers: permission denied",
        _ => "I0102 03:04:05.678901       1 server.go:12] health check passed",
    };
    format!("{time} {words}").into_bytes()
}

fn stream(at: i64) -> StreamId {
    StreamId(u32::try_from(at % STREAMS).expect("small"))
}

fn lines() -> Vec<(StreamId, Vec<Line>)> {
    // Batches as they come from the network: some of one stream at a time, late by up to a batch.
    let mut batches = Vec::new();
    for begin in (0..LINES).step_by(3_200) {
        for one in 0..STREAMS {
            let mine = (begin..(begin + 3_200).min(LINES)).filter(|at| at % STREAMS == one);
            batches.push((stream(one), mine.map(|at| Line::read(&raw(at), 0)).collect()));
        }
    }
    batches
}

fn decode(c: &mut Criterion) {
    let raw: Vec<Vec<u8>> = (0..LINES).map(raw).collect();
    let mut group = c.benchmark_group("logs");
    group.throughput(Throughput::Elements(LINES.unsigned_abs()));
    group.bench_function("decode lines", |b| {
        b.iter(|| raw.iter().map(|line| black_box(Line::read(line, 0)).text.len()).sum::<usize>());
    });
    group.bench_function("merge lines of 16 streams", |b| {
        b.iter_batched(
            lines,
            |batches| {
                let mut buffer = LogBuffer::default();
                for (stream, lines) in batches {
                    black_box(buffer.push(stream, lines, Timestamp::UNIX_EPOCH));
                }
                buffer
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn read<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("decodes")
}

/// A monitor of 16 nodes with the logs of its DaemonSet open, and its streams.
fn monitor() -> (Model, Vec<StreamId>) {
    let node =
        |at: i64| read(json!({"metadata": {"name": format!("node-{at:05}"), "uid": format!("node-{at}")}}));
    let pod = |at: i64| {
        read(json!({
            "metadata": {"name": format!("loud-{at}"), "namespace": "bench", "uid": format!("pod-{at}"),
                "ownerReferences": [{"kind": "DaemonSet", "name": "loud", "uid": "loud", "controller": true}]},
            "spec": {"nodeName": format!("node-{at:05}"), "containers": [{"name": "main"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "main", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-02T02:00:04Z"}}}]},
        }))
    };
    let daemon_set =
        read(json!({"metadata": {"name": "loud", "namespace": "bench", "uid": "loud", "generation": 1},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "a:1"}]}}}}));
    let mut model = Model::new(Settings::default(), "2026-01-02T03:04:05Z".parse().expect("a time"));
    update(&mut model, Msg::Resized(200, 60));
    update(
        &mut model,
        Msg::Cluster(vec![
            ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![daemon_set])),
            ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, (0..STREAMS).map(node).collect())),
            ClusterEvent::Pods(Change::Replaced(Scope::Cluster, (0..STREAMS).map(pod).collect())),
        ]),
    );
    let effects = update(&mut model, Msg::Key(KeyEvent::from(KeyCode::Char('L'))));
    let open = |effect| if let Effect::OpenLog(id, _) = effect { Some(id) } else { None };
    let streams: Vec<StreamId> = effects.into_iter().filter_map(open).collect();
    assert_eq!(streams.len(), 16, "one of each node");
    (model, streams)
}

/// What is resident, in MiB; 0 where the system does not say.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096 / 1024 / 1024
}

/// From the lines of a message to a drawn frame, in the view as it is at the cap; a key in between.
fn at_the_cap(c: &mut Criterion) {
    let before = resident();
    let (mut model, streams) = monitor();
    let news = |begin: i64, count: i64| {
        let mut events = Vec::new();
        for (one, id) in (0..).zip(&streams) {
            let mine = (begin..begin + count).filter(|at| at % STREAMS == one);
            let lines = mine.map(|at| Line::read(&raw(at), 0)).collect();
            events.push(ClusterEvent::Log(*id, LogNews::Lines(lines)));
        }
        Msg::Cluster(events)
    };
    let mut at = 0;
    while at < LINES * 8 {
        update(&mut model, news(at, PORTION));
        at += PORTION;
    }
    let view = model.logs().expect("open");
    assert!(view.buffer.bytes() <= Limits::default().all, "{} bytes", view.buffer.bytes());
    let kept = format!(
        "{} lines kept in {} bytes, {} MiB resident more than before",
        view.buffer.len(),
        view.buffer.bytes(),
        resident().saturating_sub(before)
    );
    eprintln!("logs at the cap: {kept}");
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
    let theme = Theme::new(model.capabilities());
    let mut group = c.benchmark_group("logs at the cap");
    group.throughput(Throughput::Elements(PORTION.unsigned_abs()));
    group.bench_function("a message of lines, then a frame", |b| {
        b.iter_batched(
            || {
                at += PORTION;
                news(at, PORTION)
            },
            |message| {
                update(&mut model, message);
                terminal.draw(|frame| draw(frame, &model, &theme)).expect("drawn");
            },
            BatchSize::LargeInput,
        );
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("a key, then a frame", |b| {
        b.iter(|| {
            update(&mut model, Msg::Key(KeyEvent::from(KeyCode::PageUp)));
            terminal.draw(|frame| draw(frame, &model, &theme)).expect("drawn");
        });
    });
    group.bench_function("everything as text", |b| {
        b.iter(|| black_box(model.logs().expect("open").text()).len());
    });
    group.finish();
}

criterion_group!(benches, decode, at_the_cap);
criterion_main!(benches);
