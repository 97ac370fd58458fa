//! Rollouts over time: samples, rate, estimate, who is on the way and who failed.

use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::{NodeName, Uid};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Pod};
use dsgrid::domain::progress::{Course, MOST_SAMPLES, Progress, Sample, course};
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};

const NODES: [&str; 4] = ["n1", "n2", "n3", "n4"];

fn old(node: &str) -> Value {
    let labels = json!({"controller-revision-hash": "old", "pod-template-generation": "1"});
    with(pod_json(node, node), "/metadata/labels", labels)
}

/// A pod of the current template that was available so many seconds ago.
fn new(node: &str, seconds: i64) -> Value {
    let pod = with(pod_json(node, node), "/metadata/creationTimestamp", json!(ago(seconds + 20)));
    with(pod, "/status/conditions/0/lastTransitionTime", json!(ago(seconds)))
}

fn picture(pods: Vec<Value>) -> Inventory {
    let mut inventory = Inventory::new(now());
    let nodes = NODES.map(|name| node(name, &[], &[])).to_vec();
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
    let status = json!({"observedGeneration": 1, "desiredNumberScheduled": 4, "currentNumberScheduled": 4,
        "numberReady": 4, "updatedNumberScheduled": 2, "numberAvailable": 4});
    let set: DaemonSet = read(with(daemon_set_json(&json!({})), "/status", status));
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![set])));
    let pods: Vec<Pod> = pods.into_iter().map(read).collect();
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    inventory
}

fn course_of(inventory: &Inventory) -> Course {
    let (slot, _) = inventory.rows().next().expect("a row");
    course(inventory, slot).expect("a course")
}

fn samples(progress: &Progress) -> Vec<Sample> {
    progress.samples(&Uid::new("ds-uid")).copied().collect()
}

#[test]
fn only_what_changed_is_sampled_and_a_new_spec_begins_anew() {
    let mut inventory = picture(NODES.map(old).to_vec());
    let mut progress = Progress::default();
    progress.sample(&inventory);
    inventory.advance(now() + SignedDuration::from_secs(10));
    progress.sample(&inventory);
    assert_eq!(samples(&progress), [Sample { at: now(), updated: 0, available: 4, desired: 4 }]);

    // A watch that breaks changes nothing.
    let why = Text::new("gone");
    let watch = Watch { kind: WatchKind::Pods, scope: Scope::Cluster };
    inventory.apply(ClusterEvent::Link(watch, LinkState::Retrying { since: now(), why }));
    progress.sample(&inventory);
    assert_eq!(samples(&progress).len(), 1);
    inventory.apply(ClusterEvent::Pods(Change::Applied(read(new("n1", 5)))));
    progress.sample(&inventory);
    assert_eq!(samples(&progress).iter().map(|sample| sample.updated).collect::<Vec<_>>(), [0, 1]);

    let status = json!({"observedGeneration": 2});
    let newer = with(with(daemon_set_json(&json!({})), "/metadata/generation", json!(2)), "/status", status);
    inventory.apply(ClusterEvent::DaemonSets(Change::Applied(read(newer.clone()))));
    progress.sample(&inventory);
    assert_eq!(samples(&progress).len(), 1, "another generation is another rollout");
    let unobserved = with(newer, "/metadata/generation", json!(3));
    inventory.apply(ClusterEvent::DaemonSets(Change::Applied(read(unobserved))));
    progress.sample(&inventory);
    assert_eq!(samples(&progress).len(), 1, "nobody knows yet what is up to date");
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, Vec::new())));
    progress.sample(&inventory);
    assert_eq!(samples(&progress), []);
}

#[test]
fn samples_are_bounded_and_keep_their_beginning() {
    let mut inventory = picture(NODES.map(old).to_vec());
    let mut progress = Progress::default();
    for second in 0..2000 {
        inventory.advance(now() + SignedDuration::from_secs(second));
        let pod = if second % 2 == 0 { old("n1") } else { new("n1", 5) };
        inventory.apply(ClusterEvent::Pods(Change::Applied(read(pod))));
        progress.sample(&inventory);
        assert!(samples(&progress).len() <= MOST_SAMPLES);
    }
    let samples = samples(&progress);
    assert!(samples.len() >= MOST_SAMPLES / 2 && samples[0].at == now());
    assert!(samples.windows(2).all(|pair| pair[0].at < pair[1].at));
}

#[test]
fn rate_and_time_left_come_from_the_pods_own_times() {
    let crash = |node: &str| {
        let pod = with(new(node, 30), "/status/conditions/0/status", json!("False"));
        with(pod, "/status/containerStatuses/0/state", json!({"waiting": {"reason": "CrashLoopBackOff"}}))
    };
    let window = SignedDuration::from_mins(15);
    // One in fifteen minutes and two are left: half an hour.
    let told = course_of(&picture(vec![new("n1", 60), new("n2", 7200), old("n3"), old("n4")]));
    assert_eq!(told, Course { rate: Some((1, window)), left: Some(window * 2), ..Course::default() });
    // Stuck: a rate, but no estimate, and the node that failed.
    let told = course_of(&picture(vec![new("n1", 60), crash("n2"), old("n3"), old("n4")]));
    assert_eq!((told.rate, told.left), (Some((1, window)), None));
    assert_eq!((told.in_flight, told.failed), (Vec::new(), vec![NodeName::from("n2")]));
    // Starting is on its way.
    let starting = with(new("n2", 5), "/status/conditions/0/status", json!("False"));
    let starting =
        with(starting, "/status/containerStatuses/0/state", json!({"running": {"startedAt": ago(5)}}));
    let told = course_of(&picture(vec![new("n1", 60), starting, old("n3"), old("n4")]));
    assert_eq!((told.in_flight, told.failed), (vec![NodeName::from("n2")], Vec::new()));
    assert_eq!(told.left, Some(window * 3));
    // Complete, and long ago.
    let told = course_of(&picture(NODES.map(|node| new(node, 7200)).to_vec()));
    assert_eq!(told, Course::default());
}
