//! The cell states of design §2, in their order.

use dsgrid::domain::cell::{Cell, CellState, Current, Facts, Knowledge};
use dsgrid::domain::object::{Node, Pod};
use dsgrid::domain::placement::Placement;
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};

struct Case {
    daemon_set: Value,
    node: Option<Node>,
    pods: Vec<Value>,
    knowledge: Knowledge,
    at: Timestamp,
}

impl Case {
    fn of(pods: Vec<Value>) -> Self {
        let daemon_set = daemon_set_json(&json!({"tolerations": [{"key": "ok", "operator": "Exists"}]}));
        Self { daemon_set, node: Some(node("n1", &[], &[])), pods, knowledge: Knowledge::Complete, at: now() }
    }

    fn on(self, node: Option<Node>) -> Self {
        Self { node, ..self }
    }

    fn cell(self) -> (Cell, Option<Timestamp>) {
        let daemon_set = read(self.daemon_set);
        let pods: Vec<Pod> = self.pods.into_iter().map(read).collect();
        let mut pods: Vec<&Pod> = pods.iter().collect();
        pods.sort_by(|a, b| dsgrid::domain::cell::controller_order(a, b));
        let placement =
            Placement::new(&read::<dsgrid::domain::object::DaemonSet>(daemon_set_json(&json!({}))).template);
        let hash = Text::new("new");
        Facts {
            daemon_set: &daemon_set,
            node: self.node.as_ref(),
            knowledge: self.knowledge,
            verdict: self.node.as_ref().map(|node| placement.verdict(node)),
            refused_by_health_only: self
                .node
                .as_ref()
                .is_some_and(|node| placement.refused_by_health_only(node)),
            pods: &pods,
            current: Current { hash: Some(&hash), template_generation: None },
            now: self.at,
        }
        .cell()
    }

    fn state(self) -> CellState {
        self.cell().0.state
    }
}

fn pod() -> Value {
    pod_json("p", "n1")
}

fn unready(pod: Value) -> Value {
    with(pod, "/status/conditions/0/status", json!("False"))
}

fn deleting(pod: Value, seconds_ago: i64) -> Value {
    with(pod, "/metadata/deletionTimestamp", json!(ago(seconds_ago)))
}

fn waiting(reason: &str) -> Value {
    let state = json!({"waiting": {"reason": reason}});
    with(unready(pod()), "/status/containerStatuses/0/state", state)
}

fn ended(seconds_ago: i64) -> Value {
    let last = json!({"terminated": {"exitCode": 1, "finishedAt": ago(seconds_ago)}});
    let up = with(unready(pod()), "/status/containerStatuses/0/state/running/startedAt", json!(ago(5)));
    let young = with(up, "/metadata/creationTimestamp", json!(ago(200)));
    with(young, "/status/containerStatuses/0/lastState", last)
}

fn ready_condition(status: &str) -> Node {
    let taint = match status {
        "False" => json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]),
        "Unknown" => json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}]),
        _ => json!([]),
    };
    read(json!({"metadata": {"name": "n1", "uid": "n1"}, "spec": {"taints": taint},
        "status": {"conditions": [{"type": "Ready", "status": status}]}}))
}

#[test]
fn what_is_known_comes_first() {
    let nothing = Case { knowledge: Knowledge::Nothing, ..Case::of(vec![pod()]) };
    assert_eq!(nothing.state(), CellState::Unknown);
    let pods_only = |pods| Case { knowledge: Knowledge::PodsOnly, ..Case::of(pods).on(None) };
    assert_eq!(pods_only(vec![]).state(), CellState::Unknown);
    assert_eq!(pods_only(vec![pod()]).state(), CellState::Ready, "pods speak where nodes may not be read");
    assert_eq!(pods_only(vec![waiting("CrashLoopBackOff")]).state(), CellState::Failing);
}

#[test]
fn without_pods_placement_speaks() {
    assert_eq!(Case::of(vec![]).state(), CellState::Missing);
    assert_eq!(Case::of(vec![]).on(Some(node("n1", &[], &["k:NoSchedule"]))).state(), CellState::Excluded);
    assert_eq!(Case::of(vec![]).on(Some(ready_condition("False"))).state(), CellState::Excluded);
}

#[test]
fn the_node_speaks() {
    let tainted = || Some(node("n1", &[], &["k:NoSchedule"]));
    for (what, case, state) in [
        ("node gone", Case::of(vec![pod()]).on(None), CellState::Lost),
        ("node silent", Case::of(vec![pod()]).on(Some(ready_condition("Unknown"))), CellState::Lost),
        (
            "silent, even while deleting",
            Case::of(vec![deleting(pod(), 0)]).on(Some(ready_condition("Unknown"))),
            CellState::Lost,
        ),
        ("node not ready", Case::of(vec![pod()]).on(Some(ready_condition("False"))), CellState::Lost),
        (
            "not ready, pod failing",
            Case::of(vec![waiting("Error")]).on(Some(ready_condition("False"))),
            CellState::Failing,
        ),
        ("tainted", Case::of(vec![pod()]).on(tainted()), CellState::Misscheduled),
        ("tainted, failing", Case::of(vec![waiting("Error")]).on(tainted()), CellState::Misscheduled),
        ("tainted, on its way out", Case::of(vec![deleting(pod(), 0)]).on(tainted()), CellState::Terminating),
    ] {
        assert_eq!(case.state(), state, "{what}");
    }
}

#[test]
fn the_pod_speaks() {
    let young = |p: Value| with(p, "/metadata/creationTimestamp", json!(ago(30)));
    let started = |p: Value, s| with(p, "/status/containerStatuses/0/state/running/startedAt", json!(ago(s)));
    let no_node = with(unready(young(pod())), "/spec/nodeName", Value::Null);
    let unscheduled = with(
        no_node,
        "/status/conditions/1",
        json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}),
    );
    let outdated = with(pod(), "/metadata/labels", json!({"controller-revision-hash": "old"}));
    for (what, pod, state) in [
        ("fine", pod(), CellState::Ready),
        ("old", outdated, CellState::Outdated),
        ("crash loop", waiting("CrashLoopBackOff"), CellState::Failing),
        ("no image", waiting("ImagePullBackOff"), CellState::Failing),
        ("creating", young(waiting("ContainerCreating")), CellState::Starting),
        ("initialising", young(waiting("PodInitializing")), CellState::Starting),
        ("ended badly 9 minutes ago", ended(540), CellState::Failing),
        ("ended badly 11 minutes ago", ended(660), CellState::Starting),
        ("evicted", with(unready(pod()), "/status/phase", json!("Failed")), CellState::Failing),
        ("succeeded", with(unready(pod()), "/status/phase", json!("Succeeded")), CellState::Failing),
        ("unscheduled", unscheduled, CellState::Unschedulable),
        ("not ready for 59 s", started(young(unready(pod())), 59), CellState::Starting),
        (
            "not ready for 61 s",
            started(with(unready(pod()), "/metadata/creationTimestamp", json!(ago(70))), 61),
            CellState::NotReady,
        ),
        (
            "creating for 6 minutes",
            with(waiting("ContainerCreating"), "/metadata/creationTimestamp", json!(ago(360))),
            CellState::NotReady,
        ),
        ("being deleted", deleting(pod(), -20), CellState::Terminating),
    ] {
        assert_eq!(Case::of(vec![pod]).state(), state, "{what}");
    }
}

#[test]
fn a_bad_end_of_an_init_container_counts() {
    let inits =
        json!([{"name": "i", "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
    let pod = with(unready(pod()), "/status/initContainerStatuses", inits);
    assert_eq!(Case::of(vec![pod]).state(), CellState::Failing);
}

#[test]
fn old_and_new_side_by_side_is_surging_only_with_surge() {
    let old = with(
        with(pod(), "/metadata/labels", json!({"controller-revision-hash": "old"})),
        "/metadata/uid",
        json!("o"),
    );
    let strategy =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "10%"}});
    let mut case = Case::of(vec![old.clone(), pod()]);
    case.daemon_set = with(case.daemon_set, "/spec/updateStrategy", strategy);
    assert_eq!(case.state(), CellState::Surging);
    let old = with(old, "/metadata/creationTimestamp", json!(ago(9999)));
    assert_eq!(
        Case::of(vec![pod(), old]).state(),
        CellState::Outdated,
        "without surge the first pod decides"
    );
}

#[test]
fn cells_know_when_time_alone_changes_them() {
    let young = with(pod(), "/status/conditions/0/lastTransitionTime", json!(ago(2)));
    let mut case = Case::of(vec![young]);
    case.daemon_set = with(case.daemon_set, "/spec/minReadySeconds", json!(10));
    let (cell, due) = case.cell();
    assert_eq!((cell.state, cell.available), (CellState::Starting, false));
    assert_eq!(due, Some(now() + SignedDuration::from_secs(8)));
    let (cell, due) = Case::of(vec![deleting(pod(), 0)]).cell();
    assert_eq!((cell.problem, due), (false, Some(now() + SignedDuration::from_secs(30))));
    let (cell, due) = Case::of(vec![deleting(pod(), 31)]).cell();
    assert_eq!((cell.problem, due), (true, None), "an overdue deletion is a problem");
    assert_eq!(Case::of(vec![pod()]).cell().1, None, "a settled cell changes only by events");
}

#[test]
fn problems_are_those_of_the_contract() {
    let problems: Vec<&str> =
        CellState::ALL.into_iter().filter(|s| s.is_problem()).map(CellState::name).collect();
    assert_eq!(problems, ["failing", "missing", "unschedulable", "lost", "notReady", "misscheduled"]);
    assert!(CellState::ALL.iter().enumerate().all(|(at, state)| state.severity() == at));
}

#[test]
fn no_time_a_server_can_send_breaks_the_arithmetic() {
    for at in [
        "9999-12-31T23:59:59Z",
        "9999-12-30T22:00:00Z",
        "-009999-01-02T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "nonsense",
        "",
    ] {
        let odd = |p: Value, pointer: &str| with(p, pointer, json!(at));
        let unready = odd(
            odd(unready(pod()), "/metadata/creationTimestamp"),
            "/status/containerStatuses/0/state/running/startedAt",
        );
        let last = json!({"terminated": {"exitCode": 1, "finishedAt": at}});
        let ended = with(unready.clone(), "/status/containerStatuses/0/lastState", last);
        let ready = odd(pod(), "/status/conditions/0/lastTransitionTime");
        let deleting = odd(pod(), "/metadata/deletionTimestamp");
        for pod in [unready, ended, ready, deleting] {
            let mut case = Case::of(vec![pod]);
            case.daemon_set = with(case.daemon_set, "/spec/minReadySeconds", json!(i64::MAX));
            case.cell();
        }
    }
}
