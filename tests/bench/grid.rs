//! Benchmarks of the pure parts at 5,000 nodes × 50 DaemonSets: events applied, the grid projected, causes gathered.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dsgrid::domain::absence::Everywhere;
use dsgrid::domain::cause::{Scope as Looked, Sharing, causes};
use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::grid::{Grid, Lens};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Node, Pod};
use dsgrid::domain::text::Text;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const NODES: usize = 5_000;
const SETS: usize = 50;
/// As many rows as a 60-line screen shows.
const SHOWN_ROWS: usize = 40;

fn read<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("decodes")
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn node(at: usize) -> Node {
    let zone = ["eu-1a", "eu-1b", "eu-1c"][at % 3];
    read(json!({"metadata": {"name": format!("node-{at:05}"), "uid": format!("node-{at}"),
        "labels": {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": format!("node-{at:05}"), "pool": "web"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}}))
}

fn daemon_set(at: usize) -> DaemonSet {
    read(
        json!({"metadata": {"name": format!("set-{at:02}"), "namespace": "bench", "uid": format!("set-{at}"), "generation": 1,
            "annotations": {"deprecated.daemonset.template.generation": "1"}},
        "spec": {"template": {"spec": {"nodeSelector": {"pool": "web"}, "containers": [{"name": "main", "image": "a:1"}]}}},
        "status": {"observedGeneration": 1}}),
    )
}

fn pod_json(set: usize, node: usize, restarts: u32) -> String {
    let ready = if restarts.is_multiple_of(2) { "True" } else { "False" };
    json!({
        "metadata": {"name": format!("set-{set:02}-{node:05}"), "namespace": "bench", "uid": format!("{set}-{node}"),
            "creationTimestamp": "2026-01-02T02:00:00Z",
            "labels": {"controller-revision-hash": "h", "pod-template-generation": "1"},
            "ownerReferences": [{"kind": "DaemonSet", "name": format!("set-{set:02}"), "uid": format!("set-{set}"), "controller": true}]},
        "spec": {"nodeName": format!("node-{node:05}"), "containers": [{"name": "main"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "2026-01-02T02:00:05Z"}],
            "containerStatuses": [{"name": "main", "ready": restarts.is_multiple_of(2), "restartCount": restarts,
                "state": {"running": {"startedAt": "2026-01-02T02:00:04Z"}}}]},
    })
    .to_string()
}

fn pod(set: usize, node: usize, restarts: u32) -> Pod {
    serde_json::from_str(&pod_json(set, node, restarts)).expect("decodes")
}

fn cluster(nodes: usize, sets: usize) -> Inventory {
    let mut inventory = Inventory::new(now());
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, (0..nodes).map(node).collect())));
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(
        Scope::Cluster,
        (0..sets).map(daemon_set).collect(),
    )));
    let pods = (0..sets).flat_map(|set| (0..nodes).map(move |node| pod(set, node, 0))).collect();
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    inventory
}

fn lens() -> Lens {
    Lens { group_by: Some(Text::new("topology.kubernetes.io/zone")), ..Lens::default() }
}

/// 1,000 pod events, then what a frame reads: orders, and the bars of the rows on screen.
fn events(c: &mut Criterion) {
    let mut inventory = cluster(NODES, SETS);
    let lens = lens();
    let mut grid = Grid::project(&inventory, &lens);
    let mut group = c.benchmark_group("5,000 nodes × 50 sets");
    group.sample_size(20).throughput(Throughput::Elements(1_000));
    let mut round = 0;
    group.bench_function("apply 1,000 pod events and project", |b| {
        b.iter_batched(
            || {
                round += 1;
                (0..1_000).map(|at| pod(at % SETS, at * 7 % NODES, round)).collect::<Vec<_>>()
            },
            |pods| {
                for pod in pods {
                    let changed = inventory.apply(ClusterEvent::Pods(Change::Applied(pod)));
                    black_box(changed);
                }
                let changed = dsgrid::domain::inventory::Changed { cells: true, ..Default::default() };
                grid.refresh(&inventory, &lens, changed, false);
                for row in grid.rows.iter().take(SHOWN_ROWS) {
                    for zone in &grid.groups {
                        black_box(grid.histogram(&inventory, *row, zone).bar(30));
                    }
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("read the bars of 40 rows", |b| {
        b.iter(|| {
            for row in grid.rows.iter().take(SHOWN_ROWS) {
                for zone in &grid.groups {
                    black_box(grid.histogram(&inventory, *row, zone).bar(30));
                }
            }
        });
    });
    group.bench_function("project from nothing", |b| b.iter(|| black_box(Grid::project(&inventory, &lens))));
    group.finish();
}

fn decode(c: &mut Criterion) {
    let raw = pod_json(1, 1, 0);
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    group.bench_function("a small pod from JSON", |b| {
        b.iter(|| serde_json::from_str::<Pod>(black_box(&raw)).expect("decodes"));
    });
    group.finish();
}

/// What Problems shows: all causes with what their nodes share. Every tenth node of one pool fails in every set.
fn problems(c: &mut Criterion) {
    let mut inventory = cluster(NODES, SETS);
    for node in (0..NODES).step_by(10) {
        for set in 0..SETS {
            inventory.apply(ClusterEvent::Pods(Change::Applied(pod(set, node, 1))));
        }
    }
    let grid = Grid::project(&inventory, &lens());
    let everywhere = Everywhere::default();
    let mut group = c.benchmark_group("causes");
    group.sample_size(10);
    group.bench_function("gather them at 5,000 nodes × 50 sets, with what is shared", |b| {
        b.iter(|| {
            let looked = Looked { rows: &grid.rows, columns: &grid.columns, everywhere: &everywhere };
            let found = causes(&inventory, &looked);
            let sharing = Sharing::new(&inventory);
            black_box(found.iter().map(|cause| sharing.of(cause).len()).sum::<usize>())
        });
    });
    group.finish();
}

criterion_group!(benches, events, problems, decode);
criterion_main!(benches);
