//! Rollout states: from recordings of real rollouts, and from pictures made for the purpose.

use std::collections::BTreeMap;

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, IntOrPercent, Pod, UpdateStrategy};
use dsgrid::domain::rollout::{RolloutState, held, rollout, row_why, standing};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};
use crate::support::recording::{self, Mark, Player, TableRow};

/// `state: why` of one DaemonSet at every mark of a recording.
fn story(recording: &str, daemon_set: &str) -> BTreeMap<String, String> {
    let path = recording::all()
        .into_iter()
        .find(|path| path.to_string_lossy().contains(recording))
        .expect("a recording");
    let mut player = Player::default();
    let mut marks = BTreeMap::new();
    for line in recording::lines(&path) {
        let Some(mark) = player.play(&line) else { continue };
        let inventory = &player.inventory;
        let (slot, _) = inventory
            .rows()
            .find(|(_, row)| row.daemon_set.meta.key.to_string() == daemon_set)
            .expect("a set");
        let state = rollout(inventory, slot).expect("a rollout").state.name();
        let name = format!("{}{}", mark.name, if mark.synced { "+" } else { "" });
        marks.insert(name, format!("{state}: {}", row_why(inventory, slot)));
    }
    marks
}

#[test]
fn what_would_not_move_is_told_before() {
    let path = recording::all().into_iter().find(|path| path.to_string_lossy().contains("09-"));
    let mut player = Player::default();
    for line in recording::lines(&path.expect("a recording")) {
        if player.play(&line).is_some_and(|mark| mark.name == "stuck") {
            break;
        }
    }
    let inventory = &player.inventory;
    let name = "monitoring/node-problem-detector";
    let mut rows = inventory.rows();
    let (slot, row) = rows.find(|(_, row)| row.daemon_set.meta.key.to_string() == name).expect("a set");
    let told =
        |after: &DaemonSet, changes| held(inventory, slot, after, changes).map(|held| held.to_string());
    let same = "node-00005 uses up maxUnavailable 1: nothing moves until its pod is available or gone";
    assert_eq!(told(&row.daemon_set, false).as_deref(), Some(same));
    // Under another template its pod is an old one that is not available: that is replaced first, whatever the limit.
    assert_eq!(told(&row.daemon_set, true), None);
    let mut more = row.daemon_set.clone();
    more.strategy = UpdateStrategy::RollingUpdate {
        max_unavailable: IntOrPercent::Int(2),
        max_surge: IntOrPercent::Int(0),
    };
    assert_eq!(told(&more, false), None);
    more.strategy = UpdateStrategy::OnDelete;
    assert_eq!(told(&more, false), None);
}

#[test]
fn real_rollouts_are_told_as_they_were() {
    for (recording, daemon_set, mark, told) in [
        ("02-", "logging/fluent-bit", "after+", "complete: "),
        ("03-", "logging/fluent-bit", "paused+", "waiting: OnDelete, 6 on v1 (r4)"),
        ("03-", "logging/fluent-bit", "resumed+", "complete: "),
        ("04-", "kube-system/cni", "two-replaced+", "waiting: OnDelete, 10 on v1 (r1)"),
        (
            "09-",
            "monitoring/node-problem-detector",
            "stuck",
            "stuck: 8s: node-00005 ImagePullBackOff 6s uses maxUnavailable 1",
        ),
        ("09-", "monitoring/node-problem-detector", "undone+", "complete: "),
        (
            "10-",
            "monitoring/node-exporter",
            "pending",
            "stuck: 10s: node-00003 Pending 9s and 2 more use maxUnavailable 3",
        ),
        (
            "06-",
            "logging/fluent-bit",
            "noschedule",
            "stale: status not refreshed: desired 8, now 7 and 5 more",
        ),
        ("06-", "logging/fluent-bit", "noschedule+", "complete: node-00008 misscheduled"),
        (
            "07-",
            "kube-system/kube-proxy",
            "gone",
            "stale: status not refreshed: desired 12, now 11 and 4 more",
        ),
        ("11-", "gpu/dcgm-exporter", "moved-away+", "complete: no node is wanted"),
    ] {
        assert_eq!(story(recording, daemon_set)[mark], told, "{recording} {daemon_set} at {mark}");
    }
}

/// Every DaemonSet at every mark of the recorded rollouts, against the server's own tables: progress and completeness
/// where its controller has just counted, blockers always.
#[test]
fn progress_blockers_and_completeness_are_those_of_the_real_cluster() {
    let mut marks = 0;
    for path in recording::all() {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        if !["02-", "03-", "08-", "09-"].iter().any(|number| name.starts_with(number)) {
            continue;
        }
        let mut player = Player::default();
        for line in recording::lines(&path) {
            let Some(mark) = player.play(&line) else { continue };
            marks += 1;
            for row in &mark.tables["daemonsets"].rows {
                let at = format!("{name} at {} {}: {}", mark.name, mark.synced, row.object.name);
                check_standing(&player.inventory, &mark, row, &at);
            }
        }
    }
    assert_eq!(marks, MARKS);
}

/// So many marks the four recordings have.
const MARKS: usize = 22;

fn check_standing(inventory: &Inventory, mark: &Mark, row: &TableRow, at: &str) {
    let table = &mark.tables["daemonsets"];
    let namespace = row.object.namespace.clone().expect("it has one");
    let key = format!("{namespace}/{}", row.object.name);
    let (slot, found) =
        inventory.rows().find(|(_, row)| row.daemon_set.meta.key.to_string() == key).expect("a set");
    let standing = standing(inventory, slot).expect("it is there");
    let number = |column| table.cell(row, column).parse::<u32>().expect("a number");
    let (desired, updated, available) = (number("Desired"), number("Up-to-date"), number("Available"));
    if mark.synced {
        assert_eq!(
            (standing.desired, standing.updated, standing.available),
            (desired, updated, available),
            "{at}"
        );
        // Every first pod is both, exactly where each counter is full.
        assert_eq!(standing.complete, updated == desired && available == desired, "{at}");
    }
    // Whose pods are not ready, by the server's printed pods, blocks; nobody else does.
    let pods = &mark.tables["pods"];
    let mut unready: Vec<String> = pods
        .rows
        .iter()
        .filter(|pod| pod.object.namespace.as_deref() == Some(&namespace))
        .filter(|pod| pod.object.name.rsplit_once('-').is_some_and(|(owner, _)| owner == row.object.name))
        .filter(|pod| pods.cell(pod, "Ready").split_once('/').is_some_and(|(ready, all)| ready != all))
        .map(|pod| pods.cell(pod, "Node"))
        .collect();
    unready.sort();
    unready.dedup();
    let rollout = rollout(inventory, slot).expect("a rollout");
    let mut blockers: Vec<String> = rollout.blockers.iter().map(|one| one.node.to_string()).collect();
    blockers.sort();
    let judged = !standing.complete && found.daemon_set.is_observed();
    assert_eq!(blockers, if judged { unready } else { Vec::new() }, "{at}: {rollout:?}");
}

/// Four nodes; the DaemonSet and its pods as given.
fn picture(daemon_set: Value, pods: Vec<Value>) -> Inventory {
    let mut inventory = Inventory::new(now());
    let nodes = ["n1", "n2", "n3", "n4"].map(|name| node(name, &[], &[])).to_vec();
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(
        Scope::Cluster,
        vec![read::<DaemonSet>(daemon_set)],
    )));
    let pods: Vec<Pod> = pods.into_iter().map(read).collect();
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    inventory
}

fn old(pod: Value) -> Value {
    with(pod, "/metadata/labels", json!({"controller-revision-hash": "old", "pod-template-generation": "1"}))
}

fn state(inventory: &Inventory) -> RolloutState {
    let (slot, _) = inventory.rows().next().expect("a row");
    rollout(inventory, slot).expect("a rollout").state
}

fn counted(daemon_set: Value, updated: u32) -> Value {
    let status = json!({"observedGeneration": 1, "desiredNumberScheduled": 4, "currentNumberScheduled": 4,
        "numberReady": 4, "updatedNumberScheduled": updated, "numberAvailable": 4, "numberMisscheduled": 0});
    with(daemon_set, "/status", status)
}

/// The pods of the four nodes: the first `count` of the current template, made by `new`, the others old.
fn updated_so_far(count: usize, new: impl Fn(Value) -> Value) -> Vec<Value> {
    let pods = [("a", "n1"), ("b", "n2"), ("c", "n3"), ("d", "n4")].map(|(name, node)| pod_json(name, node));
    pods.into_iter().enumerate().map(|(at, pod)| if at < count { new(pod) } else { old(pod) }).collect()
}

#[test]
fn slow_is_not_stuck_until_it_has_been_still_for_long() {
    // Two of four were replaced, the last of them became ready a minute ago.
    let fresh = |p: Value| with(p, "/status/conditions/0/lastTransitionTime", json!(ago(60)));
    let fresh = |p: Value| with(fresh(p), "/metadata/creationTimestamp", json!(ago(90)));
    let pods = updated_so_far(2, fresh);
    let mut inventory = picture(counted(daemon_set_json(&json!({})), 2), pods);
    assert_eq!(state(&inventory), RolloutState::Progressing);
    inventory.advance(now() + SignedDuration::from_secs(239));
    assert_eq!(state(&inventory), RolloutState::Progressing);
    inventory.advance(now() + SignedDuration::from_secs(240));
    assert_eq!(state(&inventory), RolloutState::Stuck, "five minutes after the last progress");
}

#[test]
fn a_slow_set_gets_three_times_its_usual_time() {
    // Each pod takes ten minutes to be ready.
    let slow = |p: Value| with(p, "/metadata/creationTimestamp", json!(ago(660)));
    let slow = |p: Value| with(slow(p), "/status/conditions/0/lastTransitionTime", json!(ago(60)));
    let pods = updated_so_far(1, slow);
    let mut inventory = picture(counted(daemon_set_json(&json!({})), 1), pods);
    inventory.advance(now() + SignedDuration::from_secs(29 * 60 - 1));
    assert_eq!(state(&inventory), RolloutState::Progressing);
    inventory.advance(now() + SignedDuration::from_secs(29 * 60));
    assert_eq!(state(&inventory), RolloutState::Stuck);
}

/// The pod in a crash loop, not ready for 20 s.
fn failing(pod: Value) -> Value {
    let not_ready = json!({"type": "Ready", "status": "False", "lastTransitionTime": ago(20)});
    let pod = with(pod, "/status/conditions/0", not_ready);
    with(pod, "/status/containerStatuses/0/state", json!({"waiting": {"reason": "CrashLoopBackOff"}}))
}

#[test]
fn one_failing_node_sticks_it_only_when_it_uses_the_whole_limit() {
    let recent = |p: Value| with(p, "/status/conditions/0/lastTransitionTime", json!(ago(30)));
    let pods = || {
        vec![
            failing(pod_json("a", "n1")),
            recent(pod_json("b", "n2")),
            old(pod_json("c", "n3")),
            old(pod_json("d", "n4")),
        ]
    };
    assert_eq!(state(&picture(daemon_set_json(&json!({})), pods())), RolloutState::Stuck);
    let two =
        with(daemon_set_json(&json!({})), "/spec/updateStrategy/rollingUpdate/maxUnavailable", json!("50%"));
    assert_ne!(state(&picture(two, pods())), RolloutState::Stuck, "one of two slots is free");
}

#[test]
fn a_pod_on_its_way_out_sticks_nothing_until_it_is_overdue() {
    let recent = |p: Value| with(p, "/status/conditions/0/lastTransitionTime", json!(ago(30)));
    let leaving = |ends| with(old(pod_json("a", "n1")), "/metadata/deletionTimestamp", json!(ago(ends)));
    let unready = |p: Value| with(p, "/status/conditions/0/status", json!("False"));
    let others = || vec![recent(pod_json("b", "n2")), old(pod_json("c", "n3")), old(pod_json("d", "n4"))];
    let state_with =
        |pod: Value| state(&picture(counted(daemon_set_json(&json!({})), 1), [others(), vec![pod]].concat()));
    assert_ne!(state_with(unready(leaving(-20))), RolloutState::Stuck);
    assert_eq!(state_with(unready(leaving(31))), RolloutState::Stuck);
}

#[test]
fn paused_unobserved_and_waiting_are_said_first() {
    let pods = || ["n1", "n2", "n3", "n4"].map(|node| old(pod_json(node, node))).to_vec();
    let on_delete = with(daemon_set_json(&json!({})), "/spec/updateStrategy", json!({"type": "OnDelete"}));
    assert_eq!(state(&picture(counted(on_delete.clone(), 0), pods())), RolloutState::Waiting);
    let saved = json!(
        r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"oncall","at":"2026-01-02T00:04:05Z","reason":"INC-4711"}"#
    );
    let paused = with(on_delete.clone(), "/metadata/annotations/dsgrid.dev~1paused", saved.clone());
    let inventory = picture(paused, pods());
    let (slot, _) = inventory.rows().next().expect("a row");
    assert_eq!(state(&inventory), RolloutState::Paused);
    assert_eq!(row_why(&inventory, slot), "paused 3h ago by oncall \"INC-4711\", 4 on old");
    let leftover = with(daemon_set_json(&json!({})), "/metadata/annotations/dsgrid.dev~1paused", saved);
    assert_ne!(
        state(&picture(leftover, pods())),
        RolloutState::Paused,
        "beside RollingUpdate it is a leftover"
    );
    let unobserved = with(daemon_set_json(&json!({})), "/metadata/generation", json!(2));
    assert_eq!(state(&picture(unobserved, pods())), RolloutState::Unobserved);
}

#[test]
fn with_nothing_left_to_update_a_bad_node_degrades_and_sticks_nothing() {
    let pods = vec![
        failing(pod_json("a", "n1")),
        failing(pod_json("b", "n2")),
        pod_json("c", "n3"),
        pod_json("d", "n4"),
    ];
    let inventory = picture(daemon_set_json(&json!({})), pods);
    assert_eq!(state(&inventory), RolloutState::Degraded);
    let (slot, _) = inventory.rows().next().expect("a row");
    assert!(row_why(&inventory, slot).starts_with("2 CrashLoopBackOff"), "{}", row_why(&inventory, slot));
}

#[test]
fn with_surge_only_nodes_with_two_pods_take_from_the_limit() {
    let surge = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
    let daemon_set = with(daemon_set_json(&json!({})), "/spec/updateStrategy", surge);
    let recent = |p: Value| with(p, "/status/conditions/0/lastTransitionTime", json!(ago(30)));
    let base = || vec![recent(pod_json("b", "n2")), old(pod_json("c", "n3")), old(pod_json("d", "n4"))];
    let alone = [base(), vec![failing(pod_json("a", "n1"))]].concat();
    assert_ne!(state(&picture(daemon_set.clone(), alone)), RolloutState::Stuck);
    let beside = [base(), vec![old(pod_json("a", "n1")), failing(pod_json("a2", "n1"))]].concat();
    assert_eq!(state(&picture(daemon_set, beside)), RolloutState::Stuck);
}
