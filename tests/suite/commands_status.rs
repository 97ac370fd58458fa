//! `dsgrid status` and `dsgrid history`, as scripts and people run them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::program::{Served, dsgrid, run};

/// Sends one request to the cluster, as a person's other tool would; the answer's body.
fn send(cluster: &Served, method: &str, path: &str, body: &Value) -> Value {
    let kubeconfig = std::fs::read_to_string(&cluster.kubeconfig).expect("readable");
    let address = kubeconfig.split("http://").nth(1).expect("a server").lines().next().expect("a line");
    let mut stream = TcpStream::connect(address).expect("it listens");
    let body = body.to_string();
    let content = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nContent-Type: {content}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    serde_json::from_str(body).unwrap_or_default()
}

fn path(key: &str) -> String {
    let (namespace, name) = key.split_once('/').expect("a key");
    format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}")
}

/// `status --watch`, running.
struct Watching {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Watching {
    fn start(cluster: &Served, arguments: &[&str]) -> Self {
        let mut child = dsgrid(&["status", "--watch"])
            .args(arguments)
            .env("KUBECONFIG", &cluster.kubeconfig)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("readable");
        line
    }

    /// The exit code, the lines not read yet, and what was said beside them.
    fn end(mut self) -> (i32, Vec<String>, String) {
        let lines = (&mut self.output).lines().map(|line| line.expect("text")).collect();
        let mut notes = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut notes).expect("text");
        (self.child.wait().expect("it ends").code().expect("by itself"), lines, notes)
    }
}

fn document(cluster: &Served, daemon_set: &str) -> (i32, Value) {
    let answer = cluster.run(&["status", "-o", "json", daemon_set]);
    (answer.code, serde_json::from_str(&answer.data).expect("JSON"))
}

#[test]
fn a_stuck_rollout_names_who_blocks_it() {
    let cluster = Served::start(&["--scenario", "stuck"]);
    let (code, told) = document(&cluster, "logging/fluent-bit");
    assert_eq!((code, &told["rollout"], &told["complete"]), (1, &json!("stuck"), &json!(false)));
    let blocker = told["blockedBy"][0]["node"].as_str().expect("a node").to_owned();
    assert_eq!(told["blockedBy"].as_array().expect("a list").len(), 1);
    let (updated, desired) =
        (told["updated"].as_u64().expect("a number"), told["desired"].as_u64().expect("a number"));
    assert_eq!(told["outdatedNodes"].as_array().expect("a list").len() as u64, desired - updated);

    let page = cluster.run(&["status", "ds/fluent-bit", "-n", "logging"]);
    assert_eq!((page.code, page.notes.as_str()), (1, ""));
    for words in [
        "Rollout:     stuck for ",
        &format!("Strategy:    RollingUpdate, maxUnavailable 1 of {desired} nodes"),
        &format!("Blocked by:  {blocker} (not wanted any more, but its old pod is still Terminating"),
        &format!("Updated:     {updated} of {desired}"),
    ] {
        assert!(page.data.contains(words), "{words} in {}", page.data);
    }

    let (code, lines, notes) = Watching::start(&cluster, &["logging/fluent-bit", "--timeout", "1s"]).end();
    assert_eq!((code, lines.len()), (1, 1), "{lines:?}");
    assert!(lines[0].starts_with(&format!("stuck: {updated} of {desired} updated")), "{lines:?}");
    assert!(notes.contains("timed out after 1s: the rollout of logging/fluent-bit is stuck"), "{notes}");
    assert!(notes.contains(&format!("blocked by {blocker} (not wanted any more")), "{notes}");

    let mut watching = Watching::start(&cluster, &["logging/fluent-bit"]);
    assert!(watching.line().starts_with("stuck: "));
    let id = watching.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    assert_eq!(watching.end().0, 130);
}

#[test]
fn on_delete_is_complete_when_somebody_has_deleted_the_old_pods() {
    let cluster = Served::start(&["--nodes", "6"]);
    let (code, told) = document(&cluster, "security/falco");
    assert_eq!((code, &told["rollout"], &told["strategy"]), (1, &json!("waiting"), &json!("OnDelete")));
    let old = told["outdatedNodes"].as_array().expect("a list").clone();
    assert!(!old.is_empty());

    let mut watching = Watching::start(&cluster, &["security/falco", "-o", "json"]);
    let first: Value = serde_json::from_str(&watching.line()).expect("a document a line");
    assert_eq!((&first["kind"], &first["outdatedNodes"]), (&json!("RolloutStatus"), &json!(old)));
    let grid: Value =
        serde_json::from_str(&cluster.run(&["get", "security/falco", "-o", "json"]).data).expect("JSON");
    for cell in grid["cells"].as_array().expect("cells") {
        for pod in cell["pods"].as_array().expect("pods").iter().filter(|pod| pod["updated"] == false) {
            let pod = format!("/api/v1/namespaces/security/pods/{}", pod["name"].as_str().expect("a name"));
            send(&cluster, "DELETE", &pod, &json!({}));
        }
    }
    let (code, lines, notes) = watching.end();
    assert_eq!((code, notes.as_str()), (0, ""));
    let last: Value = serde_json::from_str(lines.last().expect("a line")).expect("JSON");
    assert_eq!(
        (&last["complete"], &last["updated"], &last["available"]),
        (&json!(true), &told["desired"], &told["desired"])
    );
    assert_eq!(cluster.run(&["status", "security/falco"]).code, 0);

    // Paused with nothing left to replace is complete; what is deleted meanwhile is not.
    let pause = json!({"metadata": {"annotations": {"dsgrid.dev/paused":
        r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"oncall","at":"2026-01-02T03:04:05Z","reason":"INC-1"}"#}},
        "spec": {"template": {"metadata": {"annotations": {"again": "1"}}}}});
    send(&cluster, "PATCH", &path("security/falco"), &pause);
    let mut watching = Watching::start(&cluster, &["security/falco"]);
    let mut line = watching.line();
    while line.starts_with("unobserved") {
        line = watching.line();
    }
    assert!(line.starts_with("paused: 0 of ") && line.contains("by oncall \"INC-1\""), "{line}");
    send(&cluster, "DELETE", &path("security/falco"), &json!({}));
    let (code, _, notes) = watching.end();
    assert_eq!((code, notes.trim_end()), (1, "security/falco was deleted meanwhile"));
}

#[test]
fn a_rolling_update_is_watched_to_its_end() {
    let cluster = Served::start(&["--nodes", "6"]);
    assert_eq!(cluster.run(&["status", "kube-system/kube-proxy"]).code, 0);
    let update = json!({"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "100%"}},
        "template": {"metadata": {"annotations": {"again": "1"}}}}});
    send(&cluster, "PATCH", &path("kube-system/kube-proxy"), &update);
    let (code, lines, notes) = Watching::start(&cluster, &["kube-system/kube-proxy"]).end();
    assert_eq!((code, notes.as_str()), (0, ""), "{lines:?}");
    assert_eq!(lines.last().expect("a line"), "complete: 6 of 6 updated, 6 available");
    assert!(lines.len() > 1 && lines.windows(2).all(|pair| pair[0] != pair[1]), "{lines:?}");

    let history = cluster.run(&["history", "kube-system/kube-proxy"]);
    let last: Vec<&str> = history.data.lines().last().expect("a line").split_whitespace().collect();
    assert_eq!((last[1], last[3]), ("(current)", "6"), "{}", history.data);
    let number = last[0].to_owned();
    let former = (number.parse::<i64>().expect("a number") - 1).to_string();
    let diff = cluster.run(&["history", "kube-system/kube-proxy", "--diff", &former]);
    assert_eq!((diff.code, diff.notes.as_str()), (0, ""));
    assert!(
        diff.data.starts_with(&format!("--- revision {former}\n+++ revision {number}\n")),
        "{}",
        diff.data
    );
    assert!(diff.data.contains("\n+    again: '1'\n") && !diff.data.contains('\u{1b}'), "{}", diff.data);
    let coloured =
        cluster.run(&["history", "kube-system/kube-proxy", "--diff", &former, &number, "--color", "always"]);
    assert!(coloured.data.contains("\u{1b}[32m+    again: '1'\u{1b}[0m"), "{}", coloured.data);
    let same = cluster.run(&["history", "kube-system/kube-proxy", "--diff", &number, &number]);
    assert_eq!((same.code, same.data.as_str()), (0, ""));
    assert!(same.notes.contains("are equal"), "{}", same.notes);

    // Wanted nowhere: complete, and said.
    let nowhere = json!({"spec": {"template": {"spec": {"nodeSelector": {"pool": "none"}}}}});
    send(&cluster, "PATCH", &path("kube-system/kube-proxy"), &nowhere);
    let (code, lines, notes) = Watching::start(&cluster, &["kube-system/kube-proxy"]).end();
    assert_eq!((code, lines.last().map(String::as_str)), (0, Some("complete: 0 of 0 updated, 0 available")));
    assert!(notes.contains("warning: no node is wanted"), "{notes}");
    let once = cluster.run(&["status", "kube-system/kube-proxy"]);
    assert_eq!(once.code, 0);
    assert!(once.notes.contains("warning: no node is wanted"), "{}", once.notes);
}

#[test]
fn the_history_is_a_contract() {
    let cluster = Served::recording("09-");
    let answer = cluster.run(&["history", "monitoring/node-problem-detector", "-o", "json"]);
    let document: Value = serde_json::from_str(&answer.data).expect("JSON");
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        ["apiVersion", "complete", "context", "daemonSet", "kind", "revisions", "takenAt", "warnings"]
    );
    let revisions = document["revisions"].as_array().expect("a list");
    let told: Vec<_> = revisions
        .iter()
        .map(|one| {
            (one["revision"].as_i64(), one["current"].as_bool(), one["nodes"].as_array().map(Vec::len))
        })
        .collect();
    assert_eq!(told, [(Some(2), Some(false), Some(0)), (Some(3), Some(true), Some(7))]);
    assert_eq!(revisions[0]["images"], json!(["registry.example/nope:v9"]));
    assert_eq!(revisions[0]["template"]["spec"]["containers"][0]["image"], "registry.example/nope:v9");
    assert_eq!(revisions[0]["template"].get("$patch"), None);

    let yaml = cluster.run(&["history", "monitoring/node-problem-detector", "--revision", "2"]);
    let template: Value = serde_yaml::from_str(&yaml.data).expect("YAML");
    assert_eq!(template, revisions[0]["template"]);
    let diff =
        cluster.run(&["history", "monitoring/node-problem-detector", "--diff", "2", "3", "-o", "json"]);
    let diff: Value = serde_json::from_str(&diff.data).expect("JSON");
    assert_eq!((&diff["kind"], &diff["from"], &diff["to"]), (&json!("RevisionDiff"), &json!(2), &json!(3)));
    let removed = diff["lines"].as_array().expect("lines").iter().filter(|line| line["kind"] == "removed");
    assert!(
        removed.into_iter().any(|line| line["text"].as_str().is_some_and(|text| text.contains("nope:v9")))
    );
}

#[test]
fn what_cannot_be_answered_is_said() {
    let cluster = Served::recording("09-");
    for (arguments, told) in [
        (vec!["status", "ds/fluent-bit"], "in the namespace default; there is logging/fluent-bit"),
        (vec!["status", "fluentbit", "-A"], "did you mean logging/fluent-bit?"),
        (vec!["status", "logging/fluent-bit", "-n", "gpu"], "-n says gpu"),
        (vec!["status", "a/b/c"], "names no DaemonSet"),
        (vec!["status", "-l", "app=x", "cni"], "status takes one by its name; leave -l out"),
        (vec!["status"], "required"),
        (vec!["status", "cni", "--timeout", "1m"], "--watch"),
        (vec!["status", "cni", "--watch", "--timeout", "soon"], "\"soon\" is no time"),
        (vec!["status", "cni", "--watch", "--timeout", "-1s"], "unexpected argument"),
        (vec!["status", "cni", "-o", "yaml"], "possible values"),
        (vec!["status", "ds/fluent-bit", "--watch"], "there is logging/fluent-bit"),
        (vec!["history", "ds/fluent-bit"], "there is logging/fluent-bit"),
        (
            vec!["history", "monitoring/node-problem-detector", "--revision", "9"],
            "has no revision 9; there are 2 and 3",
        ),
        (
            vec!["history", "monitoring/node-problem-detector", "--diff", "1", "2"],
            "has no revision 1; there are 2 and 3",
        ),
        (vec!["history", "kube-system/cni", "--revision", "0"], "has no revision 0; there are 1 and 2"),
        (vec!["history", "cni", "--revision", "two"], "invalid value 'two'"),
        (vec!["history", "cni", "--diff", "1", "2", "3"], "and 3 are given"),
        (vec!["history", "cni", "--diff", "1", "--revision", "1"], "cannot be used with"),
    ] {
        let refused = cluster.run(&arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.notes);
        assert!(refused.notes.contains(told) && refused.data.is_empty(), "{arguments:?}: {}", refused.notes);
    }
    assert_eq!(run(&["status", "cni"]).code, 3, "no kubeconfig");
    assert_eq!(run(&["history", "cni"]).code, 3, "no kubeconfig");
}
