//! `dsgrid preview`, as scripts and people run it.

use serde_json::{Value, json};

use crate::support::program::{Served, run};

/// `effect daemonSet node` of every change.
fn changes(cluster: &Served, arguments: &[&str]) -> Vec<String> {
    let answer = cluster.run(&[&["preview", "-o", "json"], arguments].concat());
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.notes);
    let document: Value = serde_json::from_str(&answer.data).expect("JSON");
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        ["apiVersion", "changes", "complete", "context", "critical", "kind", "takenAt", "warnings"]
    );
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
fn changes_to_labels_are_foretold_in_pods() {
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
fn changes_to_taints_and_cordons_are_foretold_in_pods() {
    let cluster = Served::recording("09-");
    for (arguments, expected) in [
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

/// The live DaemonSet as a manifest that somebody would keep, with an edit.
fn manifest(cluster: &Served, name: &str, edit: impl Fn(&mut Value)) -> std::path::PathBuf {
    use std::io::Read;
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let server = std::fs::read_to_string(&cluster.kubeconfig).expect("readable");
    let address = server.split("server: ").nth(1).and_then(|rest| rest.lines().next()).expect("an address");
    let address = address.trim().trim_matches('"').trim_start_matches("http://");
    let (namespace, ds) = name.split_once('/').expect("a namespace");
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    let path = format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/{ds}");
    let ask = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    std::io::Write::write_all(&mut stream, ask.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let body = &answer[answer.find('{').expect("an object")..=answer.rfind('}').expect("an object")];
    let mut object: Value = serde_json::from_str(body).expect("JSON");
    object["metadata"] = json!({"name": ds, "namespace": namespace, "labels": object["metadata"]["labels"]});
    object.as_object_mut().expect("an object").remove("status");
    edit(&mut object);
    let file = std::env::temp_dir().join(format!("dsgrid-preview-{}-{number}.yaml", std::process::id()));
    std::fs::write(&file, serde_yaml::to_string(&object).expect("YAML")).expect("writable");
    file
}

fn foretold(cluster: &Served, name: &str, edit: impl Fn(&mut Value)) -> Vec<String> {
    let file = manifest(cluster, name, edit);
    let foretold = changes(cluster, &["-f", file.to_str().expect("text")]);
    std::fs::remove_file(file).expect("it is ours");
    foretold
}

#[test]
fn changed_manifests_are_foretold_in_pods() {
    let cluster = Served::recording("09-");
    let image = |object: &mut Value| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example/x:v9");
    };
    assert_eq!(foretold(&cluster, "storage/csi-node", |_| {}), Vec::<String>::new(), "nothing changes");
    let replaced = foretold(&cluster, "logging/fluent-bit", image);
    assert_eq!(replaced.len(), 7, "{replaced:?}");
    assert!(replaced.iter().all(|change| change.starts_with("replace logging/fluent-bit node-000")));
    assert_eq!(
        foretold(&cluster, "kube-system/cni", image),
        Vec::<String>::new(),
        "OnDelete replaces nothing"
    );
    // Left behind by OnDelete: 9 of 11 pods are old.
    let rolled = foretold(&cluster, "kube-system/cni", |object| object["spec"]["updateStrategy"] = json!({}));
    assert_eq!(rolled.len(), 9, "{rolled:?}");
    // Back to an older template: pods that still have it stay.
    let moved = foretold(&cluster, "gpu/dcgm-exporter", |object| {
        object["spec"]["template"]["spec"]["nodeSelector"] = json!({"pool": "db"});
    });
    assert_eq!(
        moved,
        [
            "stop gpu/dcgm-exporter node-00006",
            "start gpu/dcgm-exporter node-00003",
            "start gpu/dcgm-exporter node-00005",
            "start gpu/dcgm-exporter node-00007"
        ]
    );
    let untolerated = foretold(&cluster, "gpu/nvidia-device-plugin", |object| {
        object["spec"]["template"]["spec"].as_object_mut().expect("a spec").remove("tolerations");
    });
    assert_eq!(
        untolerated,
        [
            "removeOnRollout gpu/nvidia-device-plugin node-00010",
            "replace gpu/nvidia-device-plugin node-00006"
        ]
    );
    let created = foretold(&cluster, "gpu/dcgm-exporter", |object| object["metadata"]["name"] = json!("new"));
    assert_eq!(created, ["start gpu/new node-00006"]);
}

#[test]
fn manifests_are_told_about_on_standard_error() {
    let cluster = Served::recording("09-");
    let file = manifest(&cluster, "kube-system/cni", |object| {
        object["spec"]["template"]["metadata"]["annotations"] = json!({"a": "b"});
    });
    let text = std::fs::read_to_string(&file).expect("readable");
    std::fs::remove_file(file).expect("it is ours");
    for (text, told) in [
        (
            text.clone(),
            "kube-system/cni: the strategy is OnDelete; the template changes, and 11 pods of an old one",
        ),
        (format!("{text}---\n{}", text.replace("name: cni\n", "name: other\n")), "kube-system/other is new"),
    ] {
        let mut child = crate::support::program::dsgrid(&["preview", "-f", "-"]);
        child.env("KUBECONFIG", &cluster.kubeconfig);
        child.stdin(std::process::Stdio::piped());
        child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = child.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("piped");
        std::io::Write::write_all(&mut input, text.as_bytes()).expect("written");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        let notes = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{notes}");
        assert!(notes.contains(told), "{notes}");
    }
}

#[test]
fn manifests_that_make_no_sense_are_told_precisely() {
    let cluster = Served::recording("09-");
    let edited = |edit: &dyn Fn(&mut Value)| manifest(&cluster, "storage/csi-node", edit);
    let path = |file: &std::path::PathBuf| file.to_str().expect("text").to_owned();
    for (file, told) in [
        (edited(&|object| object["kind"] = json!("Deployment")), "it is a Deployment, not a DaemonSet"),
        (edited(&|object| object["spec"]["paused"] = json!(true)), "unknown field spec.paused"),
        (edited(&|object| object["spec"]["updateStrategy"]["type"] = json!("Recreate")), "is not supported"),
        (edited(&|object| object["spec"]["selector"] = json!({})), "spec.selector is missing or empty"),
        (
            edited(&|object| object["spec"]["selector"]["matchLabels"]["x"] = json!("y")),
            "do not match spec.selector",
        ),
        (
            edited(&|object| {
                object["spec"]["selector"]["matchLabels"]["x"] = json!("y");
                object["spec"]["template"]["metadata"]["labels"]["x"] = json!("y");
            }),
            "spec.selector cannot be changed",
        ),
    ] {
        let refused = cluster.run(&["preview", "-f", &path(&file)]);
        assert_eq!(refused.code, 2, "{}", refused.notes);
        assert!(refused.notes.contains(told) && refused.notes.contains(&path(&file)), "{}", refused.notes);
        assert!(refused.data.is_empty());
        std::fs::remove_file(file).expect("it is ours");
    }
    let good = edited(&|_| {});
    let good_path = path(&good);
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (arguments, told) in [
        (vec!["-f", "/nonexistent.yaml"], "cannot read /nonexistent.yaml"),
        (vec!["-f", readme], "Cargo.toml"),
        (vec!["-f", "-"], "standard input: it holds no object"),
        (vec!["-f", &good_path, "-f", &good_path], "storage/csi-node is there twice"),
        (vec!["-f", &good_path, "-n", "gpu"], "it is in the namespace storage, but -n says gpu"),
        (vec!["-f", &good_path, "cordon", "node/node-00003"], "cannot be previewed together"),
        (vec!["-f"], "a value is required"),
    ] {
        let refused = cluster.run(&[&["preview"], arguments.as_slice()].concat());
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(told) && refused.data.is_empty(), "{arguments:?}: {}", refused.notes);
    }
    std::fs::remove_file(good).expect("it is ours");
}
