//! `dsgrid explain`, as scripts and people run it.

use serde_json::Value;

use crate::support::program::{Served, run};

/// The node of the only cell in a state.
fn node_in<'a>(cells: &'a Value, state: &str) -> &'a str {
    let cells = cells.as_array().expect("cells");
    let cell = cells.iter().find(|cell| cell["state"] == state);
    cell.unwrap_or_else(|| panic!("no cell is {state}"))["node"].as_str().expect("a name")
}

fn document(cluster: &Served, arguments: &[&str]) -> (i32, Value) {
    let answer = cluster.run(&[&["explain", "-o", "json"], arguments].concat());
    assert_eq!(answer.notes, "", "{arguments:?}");
    (answer.code, serde_json::from_str(&answer.data).expect("JSON"))
}

#[test]
fn every_node_has_a_line_that_fits_and_a_cell_with_all_reasons() {
    let cluster = Served::recording("09-");
    let (code, document) = document(&cluster, &["storage/broken-agent"]);
    assert_eq!(code, 1, "a failing cell is a problem");
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["apiVersion", "cells", "complete", "context", "kind", "takenAt", "warnings"]);
    assert_eq!(
        (&document["apiVersion"], &document["kind"]),
        (&"dsgrid.dev/v1".into(), &"Explanation".into())
    );
    assert_eq!((&document["complete"], &document["warnings"]), (&true.into(), &Value::Array(Vec::new())));

    // The same cells as `get`, with what allows added.
    let grid = cluster.run(&["get", "storage/broken-agent", "-o", "json", "--all"]);
    let grid: Value = serde_json::from_str(&grid.data).expect("JSON");
    let cells = document["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), grid["cells"].as_array().expect("cells").len());
    for (ours, theirs) in cells.iter().zip(grid["cells"].as_array().expect("cells")) {
        for key in ["daemonSet", "node", "state", "shouldRun", "shouldContinue", "pods"] {
            assert_eq!(ours[key], theirs[key]);
        }
        let reasons = ours["reasons"].as_array().expect("reasons");
        let refusing: Vec<&Value> = reasons.iter().filter(|reason| reason["verdict"] != "allow").collect();
        assert_eq!(
            refusing.iter().map(|r| &r["rule"]).collect::<Vec<_>>(),
            theirs["reasons"].as_array().expect("reasons").iter().map(|r| &r["rule"]).collect::<Vec<_>>()
        );
        if ours["shouldRun"] == true {
            assert!(reasons.iter().any(|reason| reason["verdict"] == "allow"), "{ours}");
        }
    }

    let table = cluster.run(&["explain", "ds/broken-agent", "-n", "storage"]);
    assert_eq!((table.code, table.notes.as_str()), (1, ""));
    let lines: Vec<&str> = table.data.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["NODE", "STATE", "WHY"]);
    assert_eq!(lines.len(), cells.len() + 1, "a line per node");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", table.data);
    let failing = node_in(&document["cells"], "failing");
    let line = lines.iter().find(|line| line.starts_with(failing)).expect("its line");
    assert!(line.contains("failing") && line.contains("BackOff"), "{line}");
    let excluded = node_in(&document["cells"], "excluded");
    let line = lines.iter().find(|line| line.starts_with(excluded)).expect("its line");
    assert!(line.contains("excluded") && line.len() > 40, "{line}");
}

#[test]
fn one_node_is_told_in_full() {
    let cluster = Served::recording("09-");
    let (_, all) = document(&cluster, &["storage/broken-agent"]);
    let failing = node_in(&all["cells"], "failing").to_owned();
    let block = cluster.run(&["explain", "storage/broken-agent", &format!("node/{failing}")]);
    assert_eq!((block.code, block.notes.as_str()), (1, ""));
    for told in [
        "DaemonSet:   storage/broken-agent",
        &format!("Node:        {failing}"),
        "State:       failing (a problem)",
        "Should run:  yes",
        "May stay:    yes",
        "  allow   ",
        "  info    container ",
        "CrashLoopBackOff, restarts ",
        "(current)",
    ] {
        assert!(block.data.contains(told), "{told} in {}", block.data);
    }
    let (code, one) = document(&cluster, &["storage/broken-agent", &failing]);
    assert_eq!((code, one["cells"].as_array().expect("cells").len()), (1, 1));

    // A node where all is well, and one where nothing is wanted: no problem.
    let ready = node_in(&all["cells"], "ready");
    assert_eq!(cluster.run(&["explain", "storage/broken-agent", &format!("nodes/{ready}")]).code, 0);
    let excluded = cluster.run(&["explain", "storage/broken-agent", node_in(&all["cells"], "excluded")]);
    assert_eq!(excluded.code, 0);
    assert!(excluded.data.contains("Should run:  no") && excluded.data.contains("Pods:        <none>"));
    assert!(excluded.data.contains("refuse") || excluded.data.contains("stop"), "{}", excluded.data);
}

#[test]
fn what_cannot_be_explained_is_said() {
    let cluster = Served::recording("09-");
    for (arguments, told) in [
        // The context's namespace is `default`: there is none, and the answer says where it is.
        (vec!["explain", "ds/fluent-bit"], "in the namespace default; there is logging/fluent-bit"),
        (vec!["explain", "ds/fluent-bit", "-n", "gpu"], "in the namespace gpu; there is logging/fluent-bit"),
        (vec!["explain", "fluentbit", "-A"], "did you mean logging/fluent-bit?"),
        (vec!["explain", "logging/fluent-bit", "-n", "gpu"], "-n says gpu"),
        (vec!["explain", "logging/fluent-bit", "node/node-9"], "there is no node \"node-9\""),
        (vec!["explain", "logging/fluent-bit", "node/node-0007"], "did you mean node-00007"),
        (vec!["explain", "logging/fluent-bit", "pod/x"], "names no node"),
        (vec!["explain", "logging/fluent-bit", "No_de"], "names no node"),
        (vec!["explain", "a/b/c"], "names no DaemonSet"),
        (vec!["explain", "ds/"], "names no DaemonSet"),
        (vec!["explain", "-l", "app=x", "cni"], "leave -l out"),
        (vec!["explain"], "required"),
        (vec!["explain", "cni", "-o", "yaml"], "possible values"),
    ] {
        let refused = cluster.run(&arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(told) && refused.data.is_empty(), "{arguments:?}: {}", refused.notes);
    }
    assert_eq!(cluster.run(&["explain", "cni", "-A"]).code, 0);
    assert_eq!(run(&["explain", "cni"]).code, 3, "no kubeconfig");
}
