//! What causes blame and advise: nothing that is not known, nothing that cannot be done.

use dsgrid::app::{Capabilities, Model, Msg, Settings, update};
use dsgrid::domain::absence::Everywhere;
use dsgrid::domain::alert::{Alert, finding};
use dsgrid::domain::cause::{Cause, Scope as Looked, causes};
use dsgrid::domain::cause::{CauseKey, since_words};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::grid::{Grid, Lens};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::Node;
use dsgrid::domain::progress::Progress;
use dsgrid::domain::rollout::row_why;
use dsgrid::domain::text::Text;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};
use crate::support::monitor::{press, screen, text};

fn plain() -> Value {
    daemon_set_json(&json!({"containers": [{"name": "main"}]}))
}

fn denied(kind: WatchKind) -> ClusterEvent {
    let why = Text::new("forbidden");
    ClusterEvent::Link(Watch { kind, scope: Scope::Cluster }, LinkState::Denied { why })
}

/// One DaemonSet with these pods, on nodes that may not be read.
fn without_nodes(pods: Vec<Value>) -> Vec<ClusterEvent> {
    vec![
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![read(plain())])),
        ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods.into_iter().map(read).collect())),
        ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
        denied(WatchKind::Nodes),
    ]
}

fn inventory(events: Vec<ClusterEvent>) -> Inventory {
    let mut inventory = Inventory::new(now());
    for event in events {
        inventory.apply(event);
    }
    inventory
}

fn found(inventory: &Inventory) -> Vec<Cause> {
    let grid = Grid::project(inventory, &Lens::default());
    let everywhere = Everywhere::default();
    causes(inventory, &Looked { rows: &grid.rows, columns: &grid.columns, everywhere: &everywhere })
}

fn monitor(events: Vec<ClusterEvent>) -> Model {
    let settings = Settings { capabilities: Capabilities::default(), ..Settings::default() };
    let mut model = Model::new(settings, now());
    update(&mut model, Msg::Cluster(events));
    model
}

#[test]
fn where_nodes_may_not_be_read_nothing_is_said_of_them() {
    let hangs = with(pod_json("p0", "n0"), "/metadata/deletionTimestamp", json!(ago(300)));
    let unready = with(pod_json("p1", "n1"), "/status/conditions/0/status", json!("False"));
    let events = || without_nodes(vec![hangs.clone(), unready.clone()]);
    let causes = found(&inventory(events()));
    assert_eq!(causes.len(), 2, "{causes:?}");
    for cause in &causes {
        let told = format!("{} {}", cause.words, cause.step);
        assert!(told.contains("nodes may not be read"), "{told}");
        assert!(!told.contains("gone") && !told.contains("F "), "{told}");
    }
    let mut model = monitor(events());
    let header = text(&screen(&mut model, (120, 40)));
    assert!(header.lines().next().is_some_and(|line| line.contains("nodes not readable")), "{header}");
    press(&mut model, "!");
    assert!(!text(&screen(&mut model, (120, 40))).contains(" gone"));
}

#[test]
fn a_node_that_is_gone_is_called_gone() {
    let mut events = without_nodes(vec![pod_json("p0", "n0")]);
    events.pop();
    events.push(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, vec![node("n1", &[], &[])])));
    assert!(found(&inventory(events)).iter().any(|cause| cause.words.starts_with("n0 gone")));
}

/// One DaemonSet, these nodes and pods; two revisions, `old` and `new`.
fn cluster(set: Value, nodes: Vec<Node>, pods: Vec<Value>) -> Vec<ClusterEvent> {
    let revision = |number: i64, hash: &str| {
        read(json!({"metadata": {"name": format!("ds-{hash}"), "namespace": "default", "uid": hash,
            "labels": {"controller-revision-hash": hash},
            "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds-uid", "controller": true}]},
            "revision": number, "data": {}}))
    };
    vec![
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![read(set)])),
        ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)),
        ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods.into_iter().map(read).collect())),
        ClusterEvent::Revisions(Change::Replaced(
            Scope::Cluster,
            vec![revision(1, "old"), revision(2, "new")],
        )),
    ]
}

fn crashing(pod: Value, changed: i64, ended: i64, restarts: u32) -> Value {
    let pod = with(pod, "/status/conditions/0/status", json!("False"));
    let pod = with(pod, "/status/conditions/0/lastTransitionTime", json!(ago(changed)));
    let status = json!({"name": "main", "ready": false, "restartCount": restarts,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": ago(ended)}}});
    with(pod, "/status/containerStatuses/0", status)
}

fn older(pod: Value) -> Value {
    let pod = with(pod, "/metadata/labels/pod-template-generation", json!("1"));
    with(pod, "/metadata/labels/controller-revision-hash", json!("old"))
}

#[test]
fn a_crash_loop_is_as_old_as_it_can_be_and_its_restarts_are_counted() {
    for (changed, ended, restarts, since) in [
        (26, 27, 36, "60m"),   // Ready for a moment at each start: the flip is no beginning.
        (1800, 27, 36, "30m"), // Never ready since: the condition outlived its restarts.
        (26, 27, 1, "26s"),    // The first stumble.
    ] {
        let pod = crashing(pod_json("p0", "n0"), changed, ended, restarts);
        let inventory = inventory(cluster(plain(), vec![node("n0", &[], &[])], vec![pod]));
        let causes = found(&inventory);
        let cause = causes.iter().find(|cause| matches!(cause.key, CauseKey::Failing { .. })).expect("one");
        assert_eq!(since_words(cause, &inventory), since, "{restarts}");
        let plural = if restarts == 1 { "" } else { "s" };
        assert!(
            cause.words.contains(&format!("exit 1 on 1 node, {restarts} restart{plural}")),
            "{}",
            cause.words
        );
    }
}

#[test]
fn an_undo_is_advised_only_where_it_goes_away_from_what_fails() {
    let on_delete = || with(plain(), "/spec/updateStrategy", json!({"type": "OnDelete"}));
    let bad = |at: &str| crashing(pod_json("p0", at), 1800, 30, 9);
    let good = || pod_json("p1", "n1");
    for (set, pods, advice, is_undo) in [
        (plain(), vec![bad("n0"), older(good())], "U undoes", true),
        (plain(), vec![older(bad("n0")), good()], "older revision", false),
        (on_delete(), vec![bad("n0"), older(good())], "replace no more pods", false),
        (on_delete(), vec![older(bad("n0")), good()], "R replaces them", false),
        (plain(), vec![bad("n0"), good()], "L reads", false),
    ] {
        let nodes = vec![node("n0", &[], &[]), node("n1", &[], &[])];
        let causes = found(&inventory(cluster(set, nodes, pods)));
        let cause = causes.iter().find(|cause| matches!(cause.key, CauseKey::Failing { .. })).expect("one");
        assert!(cause.step.contains(advice), "{}", cause.step);
        assert_eq!(cause.step.contains("U undoes"), is_undo, "{}", cause.step);
        assert!(is_undo || !cause.step.contains("P stops"), "{}", cause.step);
    }
}

fn silent_node(name: &str, taints: &[&str]) -> Node {
    let mut node = node(name, &[], taints);
    let silent = json!({"metadata": {"name": "x"}, "status": {"conditions":
        [{"type": "Ready", "status": "Unknown", "lastTransitionTime": ago(600)}]}});
    node.conditions = read::<Node>(silent).conditions;
    node
}

#[test]
fn a_leftover_pod_on_a_node_that_is_not_wanted_says_that_it_blocks() {
    let hangs = with(older(pod_json("p0", "n0")), "/metadata/deletionTimestamp", json!(ago(300)));
    let hangs = with(hangs, "/status/conditions/0/status", json!("False"));
    let nodes = || vec![silent_node("n0", &["x=y:NoExecute"]), node("n1", &[], &[]), node("n2", &[], &[])];
    let pods = || vec![hangs.clone(), older(pod_json("p1", "n1")), pod_json("p2", "n2")];
    let known = inventory(cluster(plain(), nodes(), pods()));
    let slot = known.rows().next().map(|(slot, _)| slot).expect("a row");
    let why = row_why(&known, slot);
    assert!(
        why.contains("n0 (not wanted any more, but its old pod is still Terminating 5m and counts) uses maxUnavailable 1"),
        "{why}"
    );
    let causes = found(&known);
    let lost = causes.iter().find(|cause| matches!(cause.key, CauseKey::Lost(_))).expect("one");
    assert!(
        lost.words.ends_with("1 DaemonSet has a pod there that cannot be reached, none wants one now"),
        "{}",
        lost.words
    );
    let mut model = monitor(cluster(plain(), nodes(), pods()));
    screen(&mut model, (120, 40));
    press(&mut model, "0d/misscheduled<enter><enter>");
    let drawn = text(&screen(&mut model, (120, 40)));
    assert!(drawn.contains("Misscheduled: a pod is there that is not wanted (1)"), "{drawn}");
    assert!(drawn.contains("misscheduled, lost"), "{drawn}");
}

#[test]
fn before_the_first_sync_it_is_not_known_what_is_wrong() {
    let mut model =
        monitor(vec![ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![read(plain())]))]);
    press(&mut model, "!");
    let drawn = text(&screen(&mut model, (120, 40)));
    assert!(drawn.contains("not known yet") && !drawn.contains("problems: none"), "{drawn}");
}

#[test]
fn an_alert_tells_the_standstill_of_the_status_number_as_far_as_it_was_watched() {
    let set = |updated: u32| {
        with(
            plain(),
            "/status",
            json!({"observedGeneration": 1,
        "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2, "numberAvailable": 2,
        "updatedNumberScheduled": updated}),
        )
    };
    let mut known = inventory(cluster(set(1), vec![node("n0", &[], &[])], vec![pod_json("p0", "n0")]));
    let mut progress = Progress::default();
    progress.sample(&known);
    let slot = known.rows().next().map(|(slot, _)| slot).expect("a row");
    let told = |known: &Inventory, progress: &Progress| {
        let found = finding(known, slot, Alert::RolloutStuck, progress).expect("a row");
        found.lines(known.now()).last().cloned().expect("a line")
    };
    let after = |known: &mut Inventory, seconds| {
        known.advance(now() + jiff::SignedDuration::from_secs(seconds));
    };
    after(&mut known, 40);
    assert!(
        told(&known, &progress).contains("is not known: watching for 40s"),
        "{}",
        told(&known, &progress)
    );
    after(&mut known, 400);
    assert!(told(&known, &progress).contains("for 6m40s or longer"), "{}", told(&known, &progress));
    // It falls: that is a change as well.
    known.apply(ClusterEvent::DaemonSets(Change::Applied(read(set(0)))));
    progress.sample(&known);
    after(&mut known, 445);
    assert!(
        told(&known, &progress).contains("does not hold now: updated changed 45s ago"),
        "{}",
        told(&known, &progress)
    );
    after(&mut known, 800);
    assert!(
        told(&known, &progress).contains("has not changed for 6m40s, it fires"),
        "{}",
        told(&known, &progress)
    );
}
