//! Benchmarks of logs: lines a second from bytes to the screen's rows, and what is kept at the cap.
#![expect(clippy::print_stderr, reason = "a benchmark tells what it kept")]

use std::hint::black_box;
use std::time::{Duration, Instant};

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
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u32>().ok());
    f64::from(pages.unwrap_or_default()) / 256.0
}

/// The lines from `begin` on that a stream brings in one message, each stream `apart` further than the one before.
fn news(streams: &[StreamId], begin: i64, count: i64, apart: i64) -> Msg {
    let mut events = Vec::new();
    for (one, id) in (0..).zip(streams) {
        let from = begin + one * apart;
        let mine = (from..from + count).filter(|at| at % STREAMS == one);
        events.push(ClusterEvent::Log(*id, LogNews::Lines(mine.map(|at| Line::read(&raw(at), 0)).collect())));
    }
    Msg::Cluster(events)
}

/// A monitor that looks at a flood.
struct Flooded {
    model: Model,
    streams: Vec<StreamId>,
    terminal: Terminal<TestBackend>,
    theme: Theme,
    /// The number of the next line.
    at: i64,
}

impl Flooded {
    fn new() -> Self {
        let (model, streams) = monitor();
        let theme = Theme::new(model.capabilities());
        let terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
        Self { model, streams, terminal, theme, at: 0 }
    }

    /// Takes a message in and draws: how long no key was heard.
    fn show(&mut self, message: Msg) -> Duration {
        let begun = Instant::now();
        update(&mut self.model, message);
        self.terminal.draw(|frame| draw(frame, &self.model, &self.theme)).expect("drawn");
        begun.elapsed()
    }

    fn press(&mut self, keys: impl IntoIterator<Item = KeyCode>) {
        for key in keys {
            self.show(Msg::Key(KeyEvent::from(key)));
        }
    }

    /// So many lines as fill the view five times over, and what came of it in words.
    fn flood(&mut self, what: &str, apart: i64) {
        let (mut all, mut longest) = (Duration::ZERO, Duration::ZERO);
        let lines = LINES * 8;
        for _ in 0..lines / PORTION {
            let took = self.show(news(&self.streams, self.at, PORTION, apart));
            (all, longest) = (all + took, longest.max(took));
            self.at += PORTION;
        }
        let rate = f64::from(u32::try_from(lines).expect("small")) / all.as_secs_f64();
        let longest = longest.as_secs_f64() * 1e3;
        eprintln!("{what}: {rate:.0} lines a second; no key was heard for at most {longest:.1} ms");
    }
}

/// What the lines of a view at its cap take in real memory, and the longest time in which no key is heard, at the worst
/// moments. It comes first: later what others left behind in memory would be taken for it, or be used again.
fn at_the_cap(c: &mut Criterion) {
    let mut view = Flooded::new();
    let before = resident();
    view.flood("a flood", 0);
    let (after, buffer) = (resident() - before, &view.model.logs().expect("open").buffer);
    assert!(buffer.bytes() <= Limits::default().all, "{} bytes", buffer.bytes());
    let (lines, bytes) = (buffer.len(), buffer.bytes());
    eprintln!("at the cap: {lines} lines, counted as {bytes} bytes; {after:.1} MiB more are resident");
    view.press("/denied".chars().map(KeyCode::Char).chain([KeyCode::Enter, KeyCode::Char('G')]));
    view.flood("a flood of which a quarter is searched for", 0);
    view.press([KeyCode::Char('&'), KeyCode::Char('G')]);
    view.flood("a flood of which a quarter is shown", 0);
    Flooded::new().flood("histories that come at once, each from another hour", LINES / 4);
    let mut view = Flooded::new();
    view.flood("a flood once more", 0);
    let (mut at, streams) = (view.at, view.streams.clone());
    let mut group = c.benchmark_group("logs at the cap");
    group.throughput(Throughput::Elements(PORTION.unsigned_abs()));
    group.bench_function("a message of lines, then a frame", |b| {
        b.iter_batched(
            || {
                at += PORTION;
                news(&streams, at, PORTION, 0)
            },
            |message| view.show(message),
            BatchSize::LargeInput,
        );
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("a key, then a frame", |b| b.iter(|| view.press([KeyCode::PageUp])));
    group.finish();
}

criterion_group! {
    name = benches;
    // Short: it runs in half a minute.
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(3));
    targets = at_the_cap, decode
}
criterion_main!(benches);
