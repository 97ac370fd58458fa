//! `dsgrid preview`, as scripts and people run it.

use serde_json::{Value, json};

use crate::support::program::{Served, run};

/// `effect daemonSet node` of every change.
fn changes(cluster: &Served, arguments: &[&str]) -> Vec<String> {
    let answer = cluster.run(&[&["preview", "-o", "json"], arguments].concat());
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.notes);
    let document: Value = serde_json::from_str(&answer.data).expect("JSON");
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["apiVersion", "changes", "complete", "context", "kind", "takenAt", "warnings"]);
    assert_eq!((&document["kind"], &document["complete"]), (&json!("Preview"), &json!(true)));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let change = |change: &Value| {
        let keys: Vec<&String> = change.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["daemonSet", "effect", "node", "pods", "reason"]);
        assert!(!text(&change["reason"]).is_empty(), "{change}");
        assert_eq!(change["pods"].as_array().expect("pods").is_empty(), change["effect"] == "start");
        format!("{} {} {}", text(&change["effect"]), text(&change["daemonSet"]), text(&change["node"]))
    };
    document["changes"].as_array().expect("changes").iter().map(change).collect()
}

#[test]
fn changes_to_nodes_are_foretold_in_pods() {
    let cluster = Served::recording("09-");
    for (arguments, expected) in [
        (
            vec!["label", "node/node-00007", "pool=gpu", "gpu=cuda"],
            vec![
                "stop storage/csi-node node-00007",
                "start gpu/dcgm-exporter node-00007",
                "start gpu/nvidia-device-plugin node-00007",
            ],
        ),
        (
            vec!["label", "nodes/node-00007", "--namespace", "gpu", "pool-"],
            vec!["stop storage/csi-node node-00007"],
        ),
        (vec!["label", "node", "node-00007", "pool=batch", "-l", "app.kubernetes.io/name=cni"], vec![]),
        (vec!["label", "node-00007", "pool=db"], vec![]),
        (
            vec!["taint", "node/node-00010", "nvidia.com/gpu-"],
            vec![
                "start gpu/dcgm-exporter node-00010",
                "start logging/fluent-bit node-00010",
                "start monitoring/node-problem-detector node-00010",
                "start storage/broken-agent node-00010",
            ],
        ),
        (
            vec![
                "taint",
                "node/node-00003",
                "node/node-00004",
                "x=y:NoSchedule",
                "-l",
                "app.kubernetes.io/name=csi-node",
            ],
            vec![
                "keepMisscheduled storage/csi-node node-00003",
                "keepMisscheduled storage/csi-node node-00004",
            ],
        ),
        (
            vec![
                "taint",
                "--node-selector",
                "pool=db,kubernetes.io/arch=arm64",
                "x:NoExecute",
                "-l",
                "app.kubernetes.io/name=csi-node",
            ],
            vec!["stop storage/csi-node node-00003"],
        ),
        (vec!["taint", "node/node-00003", "x:PreferNoSchedule"], vec![]),
        (vec!["cordon", "node/node-00003"], vec![]),
        (vec!["uncordon", "--node-selector", "nothing=here"], vec![]),
    ] {
        assert_eq!(changes(&cluster, &arguments), expected, "{arguments:?}");
    }

    let table = cluster.run(&["preview", "label", "node/node-00007", "pool=gpu"]);
    assert_eq!(table.code, 0);
    let lines: Vec<&str> = table.data.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["EFFECT", "DAEMONSET", "NODE", "PODS", "REASON"]
    );
    assert!(
        lines[1].starts_with("stop ") && lines[1].contains("csi-node-") && lines[1].contains("pool In"),
        "{}",
        table.data
    );
    assert!(table.notes.contains("in all: stop 1; nothing was changed"), "{}", table.notes);
}

#[test]
fn edits_that_change_nothing_say_so() {
    let cluster = Served::recording("09-");
    for (arguments, told) in [
        (vec!["label", "node/node-00007", "pool=db"], "node-00007 has the label pool=db already"),
        (vec!["label", "node/node-00007", "nothing-"], "node-00007 has no label nothing to remove"),
        (
            vec!["taint", "node/node-00010", "nvidia.com/gpu=present:NoSchedule"],
            "has the taint nvidia.com/gpu=present:NoSchedule already",
        ),
        (
            vec!["taint", "node/node-00010", "nvidia.com/gpu:NoExecute-"],
            "has no taint nvidia.com/gpu:NoExecute to remove",
        ),
        (vec!["uncordon", "node/node-00010"], "node-00010 is not cordoned"),
        (vec!["cordon", "--node-selector", "pool=none"], "no node has such labels"),
    ] {
        let answer = cluster.run(&[&["preview"], arguments.as_slice()].concat());
        assert_eq!((answer.code, answer.data.as_str()), (0, ""), "{arguments:?}: {}", answer.notes);
        assert!(answer.notes.contains(told), "{arguments:?}: {}", answer.notes);
        assert!(answer.notes.contains("no pod would start or stop"), "{arguments:?}: {}", answer.notes);
    }
}

#[test]
fn nonsense_about_nodes_is_told_precisely() {
    let cluster = Served::recording("09-");
    let long = format!("{}=x", "a".repeat(64));
    let far = format!("{}/x=1", "a.".repeat(127) + "a");
    for (arguments, told) in [
        (vec![], "no change given; name one of label, taint"),
        (vec!["label", "node/node-00007"], "no label change given"),
        (vec!["label", "a=b"], "no node given"),
        (vec!["label"], "no node given"),
        (vec!["label", "node/node-00007", "a=b", "a-"], "the label a is both set and removed"),
        (vec!["label", "node/node-00007", "a=b", "a=c"], "set to two values"),
        (vec!["label", "node/node-00007", "-a=b"], "unexpected argument"),
        (vec!["label", "node/node-00007", "a=b!"], "holds '!'"),
        (vec!["label", "node/node-00007", "a=b-"], "begin and end with a letter or digit"),
        (vec!["label", "node/node-00007", "Up.com/a=b"], "before the / has to be lower-case"),
        (vec!["label", "node/node-00007", &long], "64 characters, and 63"),
        (vec!["label", "node/node-00007", &far], "255 characters, and 253"),
        (vec!["label", "node/node-0007", "a=b"], "did you mean node-00007"),
        (vec!["label", "node/zzz", "a=b"], "there is no node \"zzz\"; the cluster has 11"),
        (vec!["label", "ds/cni", "a=b"], "names no node"),
        (vec!["label", "node/node-00007", "a=b", "--node-selector", "pool=db"], "leave one out"),
        (vec!["label", "--node-selector", "a b", "a=b"], "label selector"),
        (vec!["label", "node/node-00007", "a=b", "-l", "a b"], "label selector"),
        (vec!["taint", "node/node-00007"], "no taint change given"),
        (vec!["taint", "node/node-00007", "a=b"], "it has no effect"),
        (vec!["taint", "node/node-00007", "a=b:NoRun"], "\"NoRun\" is no effect"),
        (vec!["taint", "node/node-00007", "a:NoSchedule", "a:NoSchedule-"], "both added and removed"),
        (vec!["taint", "node/node-00007", "a=1:NoSchedule", "a=2:NoSchedule"], "given twice"),
        (vec!["taint", "node/node-00007", ":NoSchedule"], "its name is empty"),
        (vec!["taint", "node/nope", "a:NoSchedule"], "there is no node"),
        (vec!["cordon"], "no node given"),
        (vec!["cordon", "node/nope"], "there is no node"),
        (vec!["uncordon", "a=b"], "names no node"),
        (vec!["cordon", "node/node-00007", "-o", "yaml"], "possible values"),
        (vec!["drain", "node/node-00007"], "unrecognized subcommand"),
    ] {
        let refused = cluster.run(&[&["preview"], arguments.as_slice()].concat());
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(told) && refused.data.is_empty(), "{arguments:?}: {}", refused.notes);
    }
    assert_eq!(run(&["preview", "cordon", "node/x"]).code, 3, "no kubeconfig");
}
