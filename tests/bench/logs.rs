//! Benchmarks of logs: lines a second from bytes to the screen's rows, and what is kept at the cap.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dsgrid::app::logs::{LogView, Reading, Subject};
use dsgrid::domain::id::Uid;
use dsgrid::domain::log::{Limits, Line, LogBuffer, Since, StreamId};
use jiff::{SignedDuration, Timestamp};

/// As many lines as a second of the loudest cluster brings.
const LINES: i64 = 100_000;
/// As many streams as are open at once.
const STREAMS: i64 = 16;

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

/// After a flood: what is kept stands in the benchmark's name.
fn at_the_cap(c: &mut Criterion) {
    let mut buffer = LogBuffer::default();
    for at in 0..LINES * 8 {
        buffer.push(stream(at), [Line::read(&raw(at), 0)], Timestamp::UNIX_EPOCH);
    }
    assert!(buffer.bytes() <= Limits::default().all, "{} bytes", buffer.bytes());
    let kept = format!("logs: one more line at the cap, {} lines in {} bytes", buffer.len(), buffer.bytes());
    c.bench_function(&kept, |b| {
        let mut at = LINES * 8;
        b.iter(|| {
            at += 1;
            buffer.push(stream(at), [Line::read(&raw(at), 0)], Timestamp::UNIX_EPOCH)
        });
    });
    let reading = Reading {
        subject: Subject::DaemonSet(Uid::new("u")),
        container: None,
        previous: None,
        since: Since::All,
        tail: None,
        most: 16,
    };
    let mut view = LogView::new(reading, 0, Limits::default());
    view.buffer = buffer;
    c.bench_function("logs: everything as text at the cap", |b| b.iter(|| black_box(view.text()).len()));
}

criterion_group!(benches, decode, at_the_cap);
criterion_main!(benches);
