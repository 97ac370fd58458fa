//! The built-in scenarios, at several sizes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Simulation, start};
use crate::demo::scenario::{Scenario, ScenarioError, build};
use crate::demo::store::{Kind, Store};

fn run(store: &mut Store, sim: &mut Simulation, from: Timestamp, seconds: i64) -> Timestamp {
    let end = from.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    while let Some(due) = sim.next_due().filter(|due| *due <= end) {
        sim.step(store, due);
    }
    end
}

fn contents(store: &Store) -> Vec<String> {
    Kind::ALL
        .into_iter()
        .flat_map(|kind| store.list(kind, None))
        .map(|stored| String::from_utf8(stored.bytes.to_vec()).unwrap())
        .collect()
}

#[test]
fn equal_seeds_give_equal_clusters() {
    let scenario = Scenario::named("default").unwrap();
    let one = |seed| {
        let (mut store, mut sim) = build(&scenario, Some(20), seed, start()).unwrap();
        run(&mut store, &mut sim, start(), 120);
        contents(&store)
    };
    let (a, b) = (one(7), one(7));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a, b);
    }
    assert_ne!(one(8), a);
}

#[test]
fn every_scenario_builds_at_every_size() {
    for name in Scenario::names() {
        let scenario = Scenario::named(name).unwrap();
        for size in [1, 3, 60] {
            let (mut store, mut sim) = build(&scenario, Some(size), 1, start()).unwrap();
            assert_eq!(store.len(Kind::Node), size, "{name}");
            run(&mut store, &mut sim, start(), 30);
            for ds in store.list(Kind::DaemonSet, None) {
                let ds = ds.value();
                assert_eq!(
                    ds["status"]["observedGeneration"], ds["metadata"]["generation"],
                    "{name} at {size}"
                );
            }
        }
    }
}

#[test]
fn the_default_cluster_is_believable() {
    let scenario = Scenario::named("default").unwrap();
    let (store, _) = build(&scenario, None, 1, start()).unwrap();
    assert_eq!(store.len(Kind::Node), 60);
    assert_eq!(store.len(Kind::DaemonSet), 12);
    let namespaces: BTreeSet<_> = store.list(Kind::DaemonSet, None).map(|ds| ds.namespace.clone()).collect();
    assert_eq!(namespaces.len(), 5);
    let number = |namespace: &str, name: &str, key: &str| {
        let ds = store.get(Kind::DaemonSet, namespace, name).unwrap().value();
        ds["status"][key].as_u64().unwrap_or(0)
    };
    assert_eq!(number("gpu", "dcgm-exporter", "numberAvailable"), 6);
    assert!(number("security", "image-scanner", "numberUnavailable") > 2);
    let (stale, all) = ("updatedNumberScheduled", "desiredNumberScheduled");
    assert!(number("security", "falco", stale) < number("security", "falco", all));
    assert!(number("logging", "fluent-bit", stale) < number("logging", "fluent-bit", all));
    assert_eq!(number("kube-system", "kube-proxy", "numberReady"), 59);
    let lost = store.list(Kind::Node, None).filter(|node| {
        let node: crate::domain::object::Node = serde_json::from_slice(&node.bytes).unwrap();
        !node.is_ready()
    });
    assert_eq!(lost.count(), 1);
    for pod in store.list(Kind::Pod, None) {
        assert!((1_500..4_500).contains(&pod.bytes.len()), "{} has {} bytes", pod.name, pod.bytes.len());
        let pod: crate::domain::object::Pod = serde_json::from_slice(&pod.bytes).unwrap();
        assert!(pod.target().is_some() && pod.meta.owner.is_some());
    }
}

#[test]
fn the_rollout_ends_and_begins_again() {
    let scenario = Scenario::named("default").unwrap();
    let (mut store, mut sim) = build(&scenario, Some(12), 1, start()).unwrap();
    let mut seen = BTreeSet::new();
    let mut now = start();
    for _ in 0..120 {
        now = run(&mut store, &mut sim, now, 10);
        let ds = store.get(Kind::DaemonSet, "logging", "fluent-bit").unwrap().value();
        seen.insert(ds["spec"]["template"]["spec"]["containers"][0]["image"].to_string());
    }
    assert!(seen.len() >= 3, "{seen:?}");
}

#[test]
fn the_stuck_rollout_stays_stuck() {
    let scenario = Scenario::named("stuck").unwrap();
    let (mut store, mut sim) = build(&scenario, None, 1, start()).unwrap();
    run(&mut store, &mut sim, start(), 600);
    let ds = store.get(Kind::DaemonSet, "logging", "fluent-bit").unwrap().value();
    assert_eq!(ds["status"]["desiredNumberScheduled"], 11);
    assert!(ds["status"]["updatedNumberScheduled"].as_u64().unwrap() < 5, "{}", ds["status"]);
}

#[test]
fn a_flapping_node_flaps() {
    let scenario = Scenario::named("flapping").unwrap();
    let (mut store, mut sim) = build(&scenario, None, 1, start()).unwrap();
    let mut ready = Vec::new();
    let mut now = start();
    for _ in 0..6 {
        now = run(&mut store, &mut sim, now, 30);
        let node = store.list(Kind::Node, None).filter(|node| {
            let node: crate::domain::object::Node = serde_json::from_slice(&node.bytes).unwrap();
            !node.is_ready()
        });
        ready.push(node.count());
    }
    assert_eq!(ready, [0, 1, 1, 0, 0, 1]);
}

#[test]
fn a_large_cluster_keeps_its_shape() {
    let scenario = Scenario::named("default").unwrap();
    let (store, mut sim) = build(&scenario, Some(1_000), 1, start()).unwrap();
    let mut store = store;
    assert_eq!(store.len(Kind::Node), 1_000);
    run(&mut store, &mut sim, start(), 20);
    let proxy = store.get(Kind::DaemonSet, "kube-system", "kube-proxy").unwrap().value();
    assert_eq!(proxy["status"]["desiredNumberScheduled"], 1_000);
}

#[test]
fn bad_scenarios_say_what_is_wrong() {
    let unknown = Scenario::named("nosuch").unwrap_err();
    assert!(matches!(unknown, ScenarioError::Unknown { .. }));
    let text = unknown.to_string();
    assert!(text.contains("default, flapping, gpu, large, logs, stuck"), "{text}");
    let cases = [
        ("about: x\npools: []\ndaemonSets: []\n", "no node"),
        ("about: x\npools: [{nodes: 1}]\n", "line 2"),
        ("about: x\npoolz: []\n", "poolz"),
        ("{", "line"),
    ];
    for (yaml, part) in cases {
        let error = Scenario::read("mine.yaml", yaml).unwrap_err().to_string();
        assert!(error.contains("mine.yaml") && error.contains(part), "{error}");
    }
}

/// Not a budget: prints what a large cluster costs. Run it in a release build with `--ignored --nocapture`.
#[test]
#[ignore = "measures; say --ignored"]
#[expect(clippy::print_stderr, reason = "it is there to print")]
fn what_a_large_cluster_costs() {
    let scenario = Scenario::named("large").unwrap();
    let began = std::time::Instant::now();
    let (mut store, mut sim) = build(&scenario, None, 1, start()).unwrap();
    eprintln!("{} nodes, {} pods: {:?}", store.len(Kind::Node), store.len(Kind::Pod), began.elapsed());
    let began = std::time::Instant::now();
    let (mut steps, mut longest) = (0, std::time::Duration::ZERO);
    let version = store.resource_version();
    while let Some(due) = sim.next_due().filter(|due| due.duration_since(start()).as_secs() < 60) {
        let step = std::time::Instant::now();
        sim.step(&mut store, due);
        steps += 1;
        longest = longest.max(step.elapsed());
    }
    let writes = store.resource_version() - version;
    eprintln!("a minute: {steps} steps, {writes} writes in {:?}, longest {longest:?}", began.elapsed());
}
