//! Pod STATUS, READY and RESTARTS: every row of the verified table (semantics §6.3).

use dsgrid::domain::pod_status::PodStatus;
use serde_json::{Value, json};

use crate::support::build::{ago, now, pod};

/// A pod from its spec, status and metadata.
fn printed(metadata: &Value, spec: &Value, status: &Value) -> String {
    let pod = pod(json!({"metadata": metadata, "spec": spec, "status": status}));
    let printed = PodStatus::of(&pod);
    format!("{} {} {}", printed.ready_text(), printed.word, printed.restarts_text(now()))
}

fn container(name: &str, ready: bool, restarts: u32, state: &Value) -> Value {
    json!({"name": name, "ready": ready, "started": ready, "restartCount": restarts, "state": state})
}

fn ended(exit: i32, reason: &str, signal: i32) -> Value {
    json!({"terminated": {"exitCode": exit, "reason": reason, "signal": signal}})
}

fn with_last(mut container: Value, seconds_ago: i64) -> Value {
    container["lastState"] = json!({"terminated": {"exitCode": 1, "finishedAt": ago(seconds_ago)}});
    container
}

fn ready(status: bool) -> Value {
    json!({"type": "Ready", "status": if status { "True" } else { "False" }})
}

fn running() -> Value {
    json!({"running": {"startedAt": ago(60)}})
}

fn waiting(reason: &str) -> Value {
    json!({"waiting": {"reason": reason}})
}

/// One main container `main`.
fn one() -> Value {
    json!({"containers": [{"name": "main"}]})
}

fn two() -> Value {
    json!({"containers": [{"name": "a"}, {"name": "b"}]})
}

/// Init containers by name; `*` marks a sidecar.
fn init(names: &[&str]) -> Value {
    let inits: Vec<Value> = names
        .iter()
        .map(|name| match name.strip_suffix('*') {
            Some(name) => json!({"name": name, "restartPolicy": "Always"}),
            None => json!({"name": name}),
        })
        .collect();
    json!({"containers": [{"name": "main"}], "initContainers": inits})
}

#[test]
fn main_containers() {
    let main = |container: Value| json!({"phase": "Running", "containerStatuses": [container]});
    let none = json!({});
    for (expected, status) in [
        ("1/1 Running 0", main(container("main", true, 0, &running()))),
        (
            "0/1 CrashLoopBackOff 5 (3m20s ago)",
            main(with_last(container("main", false, 5, &waiting("CrashLoopBackOff")), 200)),
        ),
        (
            "0/1 ContainerCreating 0",
            json!({"phase": "Pending", "containerStatuses": [container("main", false, 0, &waiting("ContainerCreating"))]}),
        ),
        (
            "0/1 Completed 0",
            json!({"phase": "Succeeded", "containerStatuses": [container("main", false, 0, &ended(0, "Completed", 0))]}),
        ),
        (
            "0/1 Error 0",
            json!({"phase": "Failed", "containerStatuses": [container("main", false, 0, &ended(1, "Error", 0))]}),
        ),
        (
            "0/1 OOMKilled 1 (66m ago)",
            main(with_last(container("main", false, 1, &ended(137, "OOMKilled", 0)), 4000)),
        ),
        ("0/1 Evicted 0", json!({"phase": "Failed", "reason": "Evicted"})),
        ("0/1 OutOfcpu 0", json!({"phase": "Failed", "reason": "OutOfcpu"})),
        (
            "1/1 NodeLost 0",
            json!({"phase": "Running", "reason": "NodeLost", "containerStatuses": [container("main", true, 0, &running())]}),
        ),
        ("0/1 ExitCode:3 0", main(container("main", false, 0, &ended(3, "", 0)))),
        ("0/1 Signal:9 0", main(container("main", false, 0, &ended(137, "", 9)))),
        ("1/1 Running 4", main(container("main", true, 4, &running()))),
        ("0/1 Running 0", main(container("main", false, 0, &running()))),
        (
            "0/1 SchedulingGated 0",
            json!({"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}),
        ),
        ("0/1 Pending 0", json!({"phase": "Pending"})),
    ] {
        assert_eq!(printed(&none, &one(), &status), expected);
    }
}

#[test]
fn deletion() {
    let deleting = json!({"deletionTimestamp": ago(0)});
    let up = json!({"phase": "Running", "containerStatuses": [container("main", true, 0, &running())]});
    assert_eq!(printed(&deleting, &one(), &up), "1/1 Terminating 0");
    let mut lost = up;
    lost["reason"] = json!("NodeLost");
    assert_eq!(printed(&deleting, &one(), &lost), "1/1 Unknown 0");
    let held = json!({"phase": "Succeeded", "containerStatuses": [container("main", false, 0, &ended(0, "Completed", 0))]});
    assert_eq!(printed(&deleting, &one(), &held), "0/1 Completed 0", "a finished pod held by a finalizer");
}

#[test]
fn init_containers_and_sidecars() {
    let main = container("main", true, 0, &running());
    let pending = container("main", false, 0, &waiting("PodInitializing"));
    let status = |inits: &[Value], main: &Value, initialized: bool| {
        json!({"phase": "Pending", "initContainerStatuses": inits, "containerStatuses": [main],
            "conditions": [{"type": "Initialized", "status": if initialized { "True" } else { "False" }}]})
    };
    let done = container("i1", false, 0, &ended(0, "Completed", 0));
    let crashing = with_last(container("i1", false, 3, &waiting("CrashLoopBackOff")), 300);
    let mut up = with_last(container("s", true, 2, &running()), 100);
    up["started"] = json!(true);
    let starting = container("s", false, 0, &running());
    let looping = with_last(container("s", false, 3, &waiting("CrashLoopBackOff")), 150);
    for (expected, spec, inits, main, initialized) in [
        ("0/1 Init:0/2 0", init(&["i1", "i2"]), vec![container("i1", false, 0, &running())], &pending, false),
        (
            "0/1 Init:1/2 0",
            init(&["i1", "i2"]),
            vec![done.clone(), container("i2", false, 0, &running())],
            &pending,
            false,
        ),
        ("0/1 Init:CrashLoopBackOff 3 (5m ago)", init(&["i1"]), vec![crashing], &pending, false),
        (
            "0/1 Init:Error 0",
            init(&["i1"]),
            vec![container("i1", false, 0, &ended(2, "Error", 0))],
            &pending,
            false,
        ),
        (
            "0/1 Init:ExitCode:2 0",
            init(&["i1"]),
            vec![container("i1", false, 0, &ended(2, "", 0))],
            &pending,
            false,
        ),
        (
            "0/1 Init:Signal:9 0",
            init(&["i1"]),
            vec![container("i1", false, 0, &ended(2, "", 9))],
            &pending,
            false,
        ),
        ("0/1 PodInitializing 0", init(&["i1"]), vec![done], &pending, false),
        ("2/2 Running 2 (100s ago)", init(&["s*"]), vec![up], &main, true),
        ("0/2 Init:0/1 0", init(&["s*"]), vec![starting], &pending, false),
        ("1/2 Init:CrashLoopBackOff 3 (2m30s ago)", init(&["s*"]), vec![looping], &main, true),
    ] {
        let mut status = status(&inits, main, initialized);
        if expected.contains("Running") {
            status["phase"] = json!("Running");
        }
        assert_eq!(printed(&json!({}), &spec, &status), expected);
    }
}

#[test]
fn two_containers() {
    let completed = || ended(0, "Completed", 0);
    let status = |a: &Value, b: &Value, conditions: &[Value]| {
        json!({"phase": "Running", "conditions": conditions, "containerStatuses": [
        container("a", a.get("running").is_some(), 0, a), container("b", b.get("running").is_some(), 0, b)]})
    };
    for (expected, a, b, conditions) in [
        ("1/2 Running 0", completed(), running(), vec![ready(true)]),
        ("1/2 NotReady 0", completed(), running(), vec![]),
        ("0/2 Error 0", completed(), ended(3, "Error", 0), vec![]),
        ("1/2 Error 0", ended(3, "Error", 0), running(), vec![]),
        ("0/2 ErrImagePull 0", waiting("ErrImagePull"), waiting("CrashLoopBackOff"), vec![]),
    ] {
        assert_eq!(printed(&json!({}), &two(), &status(&a, &b, &conditions)), expected);
    }
}
