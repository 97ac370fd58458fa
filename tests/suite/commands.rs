//! The contract for scripts: output, exit codes and errors of the commands, on a recording served like a cluster.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::program::{Served, dsgrid, run};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn get_prints_the_grid_of_a_recording() {
    let cluster = Served::recording("11-");
    let table = cluster.run(&["get"]);
    assert_eq!((table.code, table.notes.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = table.data.lines().map(|line| line.split_whitespace().collect()).collect();
    let header = [
        "NAMESPACE",
        "NAME",
        "DESIRED",
        "CURRENT",
        "READY",
        "UP-TO-DATE",
        "AVAILABLE",
        "MISSCHEDULED",
        "ROLLOUT",
        "WHY",
    ];
    assert_eq!(lines[0], header);
    assert_eq!(lines.len(), 11);
    assert_eq!(lines[3][..9], ["kube-system", "cni", "11", "11", "11", "2", "11", "0", "waiting"]);
    assert!(lines.iter().any(|line| line.join(" ").contains("storage broken-agent 7 7 6 7 6 0 degraded")));

    let one = cluster.run(&["get", "ds/fluent-bit", "-n", "logging"]);
    assert_eq!(one.data.lines().count(), 2);
    let selected = cluster.run(&["get", "-l", "app.kubernetes.io/name in (cni,kube-proxy)"]);
    assert_eq!(selected.data.lines().count(), 3);
    let wide = cluster.run(&["get", "gpu/dcgm-exporter", "-o", "wide"]).data;
    assert!(
        wide.contains("gpu=cuda,pool=gpu") && wide.contains("registry.example/dcgm-exporter:v1"),
        "{wide}"
    );
}

#[test]
fn problems_are_an_exit_code() {
    let cluster = Served::recording("09-");
    let problems = cluster.run(&["get", "--problems"]);
    assert_eq!(problems.code, 1);
    assert!(
        problems.data.contains("storage/broken-agent") && problems.data.contains("node-00007"),
        "{}",
        problems.data
    );
    let fine = cluster.run(&["get", "kube-system/kube-proxy", "--problems"]);
    assert_eq!(fine.code, 0, "{}", fine.data);
}

#[test]
fn the_json_document_is_the_contract() {
    let cluster = Served::recording("11-");
    let json = cluster.run(&["get", "-o", "json"]);
    assert_eq!(json.code, 0);
    let document: Value = serde_json::from_str(&json.data).expect("JSON");
    let top =
        ["apiVersion", "cells", "complete", "context", "daemonSets", "kind", "nodes", "takenAt", "warnings"];
    assert_eq!(keys(&document), top.into_iter().collect());
    assert_eq!(document["apiVersion"], "dsgrid.dev/v1");
    assert_eq!(document["kind"], "Grid");
    assert_eq!(document["complete"], true);
    let set = &document["daemonSets"][0];
    let expected = [
        "namespace",
        "name",
        "uid",
        "generation",
        "observedGeneration",
        "strategy",
        "maxUnavailable",
        "maxSurge",
        "minReadySeconds",
        "paused",
        "deleting",
        "rollout",
        "currentRevision",
        "revision",
        "status",
        "computed",
    ];
    assert_eq!(keys(set), expected.into_iter().collect());
    let counters = ["desired", "current", "ready", "upToDate", "available", "unavailable", "misscheduled"];
    assert_eq!(keys(&set["status"]), counters.into_iter().collect());
    assert_eq!(set["status"], set["computed"]);
    assert_eq!(
        keys(&document["nodes"][0]),
        ["name", "exists", "ready", "unschedulable"].into_iter().collect()
    );
    let cell = &document["cells"][0];
    let expected = ["daemonSet", "node", "state", "shouldRun", "shouldContinue", "reasons", "pods"];
    assert_eq!(keys(cell), expected.into_iter().collect());
    let expected = [
        "name",
        "uid",
        "revision",
        "ready",
        "available",
        "updated",
        "status",
        "restarts",
        "terminating",
        "createdAt",
    ];
    assert_eq!(keys(&cell["pods"][0]), expected.into_iter().collect());
}

#[test]
fn all_adds_what_is_not_wanted_and_yaml_is_the_same_document() {
    let cluster = Served::recording("11-");
    let document = |flags: &[&str]| -> Value {
        let printed = cluster.run(&[&["get", "-o", "json"], flags].concat());
        serde_json::from_str(&printed.data).expect("JSON")
    };
    let (wanted, all) = (document(&[]), document(&["--all"]));
    let count = |document: &Value| document["cells"].as_array().expect("cells").len();
    assert_eq!(count(&all), 10 * 11, "--all adds the cells where nothing is wanted");
    assert!(count(&wanted) < count(&all));
    let excluded =
        all["cells"].as_array().expect("cells").iter().find(|cell| cell["state"] == "excluded").expect("one");
    assert_eq!(keys(&excluded["reasons"][0]), ["rule", "verdict", "key", "detail"].into_iter().collect());

    let yaml = cluster.run(&["get", "-o", "yaml"]);
    let yaml: Value = serde_yaml::from_str(&yaml.data).expect("YAML");
    assert_eq!(yaml["cells"], wanted["cells"]);
}

#[test]
fn names_that_do_not_exist_are_told_with_what_does() {
    let cluster = Served::recording("09-");
    for (arguments, told) in [
        (vec!["get", "fluentbit"], "fluent-bit"),
        (vec!["get", "-n", "gpu", "fluent-bit"], "logging"),
        (vec!["get", "deploy/x"], "namespace deploy"),
        (vec!["get", "-l", "a b"], "label selector"),
        (vec!["--context", "prod", "get"], "dsgrid-demo"),
    ] {
        let refused = cluster.run(&arguments);
        let expected = if arguments[0] == "--context" { 3 } else { 2 };
        assert_eq!(refused.code, expected, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(told) && refused.data.is_empty(), "{arguments:?}: {}", refused.notes);
        assert_eq!(refused.notes.trim_end().lines().count(), 1, "one sentence: {}", refused.notes);
    }
}

#[test]
fn a_cluster_that_cannot_be_reached_is_said_in_bounded_time() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    // One that accepts and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let deaf = silent.local_addr().expect("an address");
    for (arguments, told) in [
        (
            vec!["get".to_owned(), "--server".to_owned(), format!("http://{address}")],
            address.port().to_string(),
        ),
        (
            vec![
                "get".into(),
                "--request-timeout".into(),
                "1s".into(),
                "--server".into(),
                format!("http://{deaf}"),
            ],
            deaf.port().to_string(),
        ),
        (vec!["get".into(), "--server".into(), "http://dsgrid.invalid:1".into()], "dsgrid.invalid".into()),
        (vec!["get".into()], "kubeconfig".into()),
        (
            vec!["get".into(), "--kubeconfig".into(), "/nonexistent/config".into()],
            "/nonexistent/config".into(),
        ),
        (
            vec!["get".into(), "--kubeconfig".into(), concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE").into()],
            "LICENSE".into(),
        ),
    ] {
        let began = Instant::now();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let refused = run(&arguments);
        assert_eq!(refused.code, 3, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(&told), "{arguments:?}: {}", refused.notes);
        assert!(refused.data.is_empty());
        assert!(began.elapsed() < Duration::from_secs(40), "{arguments:?} took {:?}", began.elapsed());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let cluster = Served::recording("09-");
    let mut command = dsgrid(&["get", "-o", "json", "--all"]);
    let mut child = command
        .env("KUBECONFIG", &cluster.kubeconfig)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let mut notes = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut notes).expect("readable");
    assert_eq!((child.wait().expect("ends").code(), notes.as_str()), (Some(0), ""));
}

#[test]
fn what_needs_no_cluster_works_without_one() {
    for (arguments, told) in [
        (vec!["--version"], env!("CARGO_PKG_VERSION")),
        (vec!["--help"], "Kubernetes DaemonSets"),
        (vec!["man"], ".TH dsgrid"),
        (vec!["completions", "bash"], "_dsgrid"),
        (vec!["completions", "zsh"], "#compdef dsgrid"),
        (vec!["completions", "fish"], "complete -c dsgrid"),
    ] {
        let answered = run(&arguments);
        assert_eq!((answered.code, answered.notes.as_str()), (0, ""), "{arguments:?}");
        assert!(answered.data.contains(told), "{arguments:?}");
    }
    let config = run(&["config"]);
    assert_eq!(config.code, 0);
    let active =
        config.data.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    assert_eq!(active.count(), 0, "the default configuration changes nothing: {}", config.data);
}

#[test]
fn recordings_that_cannot_be_played_are_refused() {
    let garbage = concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE");
    for file in ["/nonexistent/recording.jsonl.gz", garbage] {
        let refused = run(&["demo", "--serve", "127.0.0.1:0", "--replay", file]);
        assert_eq!(refused.code, 2, "{}", refused.notes);
        assert!(refused.notes.contains(file), "{}", refused.notes);
    }
    let exposed = run(&["demo", "--serve", "0.0.0.0:0", "--replay", garbage]);
    assert_eq!(exposed.code, 2);
    assert!(exposed.notes.contains("127.0.0.1"), "{}", exposed.notes);
}

#[test]
fn a_served_cluster_ends_on_a_signal_and_cleans_up() {
    let cluster = Served::recording("09-");
    let kubeconfig = cluster.kubeconfig.clone();
    assert!(std::path::Path::new(&kubeconfig).exists());
    assert_eq!(cluster.end("TERM"), 0);
    assert!(!std::path::Path::new(&kubeconfig).exists());
}

#[test]
fn alerts_that_do_not_exist_are_refused_with_a_list() {
    for (arguments, told) in [
        (vec!["logging/fluent-bit", "--alert", "KubePodCrashLooping"], "KubeDaemonSetMisScheduled"),
        (vec!["logging/fluent-bit", "--alert", ""], "KubeDaemonSetRolloutStuck"),
        (vec!["logging/fluent-bit", "--alert"], "a value is required"),
        (vec!["--alert", "NotScheduled"], "required"),
        (vec!["get", "--alert", "NotScheduled"], "unexpected argument"),
        (vec!["logging/fluent-bit", "--alert", "NotScheduled"], "the monitor needs a terminal"),
    ] {
        let refused = run(&arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(told) && refused.data.is_empty(), "{arguments:?}: {}", refused.notes);
    }
}

#[test]
fn what_is_typed_wrong_is_told_as_what_it_is() {
    for (line, told) in [
        ("explain pod/foo", "\"pod/foo\" is not a DaemonSet: name one as ds/NAME or NAMESPACE/NAME"),
        ("history ds/a --diff 1 2 3", "--diff compares two revisions, and 3 are given"),
    ] {
        let run = run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!((run.code, run.data.as_str()), (2, ""), "{line}");
        assert!(run.notes.contains(told), "{line}: {}", run.notes);
    }
}
