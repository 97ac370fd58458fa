//! `dsgrid label`, `taint`, `cordon` and `uncordon` as scripts run them, with kubectl as the witness.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use dsgrid::demo::embedded::{EmbeddedCluster, Source};
use dsgrid::demo::scenario::Scenario;
use dsgrid::demo::server::Options;
use dsgrid::demo::server::fault::{Fault, Faults, Mishap};
use dsgrid::demo::store::{Kind, Scope};
use http::Method;
use jiff::Timestamp;
use serde_json::Value;

use crate::support::program::{self, Run, Served, dsgrid};
use crate::support::terminal::Terminal;
use crate::support::witness::{Kubectl, kubectl_is_there};

fn quick(cluster: &Served, arguments: &[&str]) -> Run {
    cluster.run(&[arguments, &["--yes", "--no-wait"]].concat())
}

/// With names on standard input.
fn fed(cluster: &Served, arguments: &[&str], input: &str) -> Run {
    let mut command = dsgrid(arguments);
    command.env("KUBECONFIG", &cluster.kubeconfig).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    // What is refused before it is read closes the pipe.
    drop(child.stdin.take().expect("piped").write_all(input.as_bytes()));
    child.wait_with_output().expect("it ends").into()
}

/// A node as kubectl sees it.
fn witnessed(cluster: &Served, node: &str) -> Value {
    let kubectl = Kubectl(&cluster.kubeconfig);
    serde_json::from_str(&kubectl.done(&format!("get node {node} -o json"))).expect("JSON")
}

fn cells(cluster: &Served) -> BTreeMap<(String, String), bool> {
    let document: Value =
        serde_json::from_str(&cluster.run(&["get", "-o", "json", "--all"]).data).expect("JSON");
    let cell = |cell: &Value| {
        let text = |key: &str| cell[key].as_str().expect("text").to_owned();
        let pods = cell["pods"].as_array().expect("pods");
        let has_pod = pods.iter().any(|pod| pod["terminating"] == false);
        ((text("daemonSet"), text("node")), has_pod)
    };
    document["cells"].as_array().expect("cells").iter().map(cell).collect()
}

/// What the preview says, the cluster does; dsgrid itself waits for it, and the grid shows it.
#[test]
fn what_is_foretold_is_what_the_embedded_cluster_does() {
    let cluster = Served::start(&["--nodes", "60"]);
    for change in [
        &["label", "node/batch-a-001", "node/batch-a-004", "storage=hdd"][..],
        &["label", "node/web-a-001", "storage=nvme", "pool=batch"],
        &["taint", "node/batch-b-001", "dedicated=db:NoExecute"],
        &["taint", "node/gpu-a-001", "nvidia.com/gpu-"],
        &["label", "node/batch-a-001", "node/batch-a-004", "storage-"],
        &["cordon", "node/web-a-002"],
    ] {
        let preview = cluster.run(&[&["preview", "-o", "json"], change].concat());
        let document: Value = serde_json::from_str(&preview.data).expect("JSON");
        let overwrite = if change[0] == "cordon" { &["--yes"][..] } else { &["--yes", "--overwrite"] };
        let run = cluster.run(&[change, overwrite].concat());
        assert_eq!(run.code, 0, "{change:?}: {}{}", run.data, run.notes);
        let cells = cells(&cluster);
        let foretold = document["changes"].as_array().expect("changes");
        for change in foretold {
            let place = ["daemonSet", "node"].map(|key| change[key].as_str().expect("text").to_owned());
            let has_pod = cells[&(place[0].clone(), place[1].clone())];
            match change["effect"].as_str().expect("text") {
                "stop" => assert!(!has_pod, "{change}"),
                "start" | "keepMisscheduled" => assert!(has_pod, "{change}"),
                other => assert_eq!(other, "evictLoop"),
            }
        }
        assert_eq!(!foretold.is_empty(), run.notes.contains("as foretold"), "{}", run.notes);
    }
}

#[test]
fn labels_are_kubectls() {
    let cluster = Served::start(&["--nodes", "12"]);
    let nodes = nodes(&cluster);
    let (a, b) = (nodes[0].as_str(), nodes[1].as_str());
    for empty in
        [&["preview", "label", "x=1"][..], &["preview", "cordon"], &["replace", "logging/fluent-bit"]]
    {
        let run = cluster.run(&[empty, &["--node-selector", ""]].concat());
        assert_eq!(run.code, 2, "{empty:?}: {}{}", run.data, run.notes);
        assert!(run.notes.contains("an empty selector chooses nothing"), "{}", run.notes);
    }
    for (words, code, told) in [
        (vec!["label", a, "x=1", "example.com/y="], 0, "labeled"),
        (vec!["label", a, "x=1"], 0, "already labeled"),
        (vec!["label", a, "nothing-"], 0, "already unlabeled"),
        (vec!["label", a, "x=2"], 1, "has the label x=1 already"),
        (vec!["label", a, "x=2", "--overwrite"], 0, "labeled"),
        (vec!["label", "node", a, b, "example.com/y-"], 0, "unlabeled"),
        (vec!["taint", b, "k=v:NoSchedule", "k:PreferNoSchedule"], 0, "tainted"),
        (vec!["taint", b, "k=w:NoSchedule"], 1, "has the taint k=v:NoSchedule already"),
        (vec!["taint", b, "k:PreferNoSchedule-"], 0, "untainted"),
        (vec!["taint", b, "k:PreferNoSchedule-"], 1, "the taint k:PreferNoSchedule is not found"),
        (vec!["taint", a, b, "nope-"], 1, "the taint nope is not found"),
        (vec!["cordon", a], 0, "cordoned"),
        (vec!["uncordon", a], 0, "uncordoned"),
        (vec!["cordon", b], 0, "cordoned"),
        (vec!["cordon", b], 0, "already cordoned"),
        (vec!["label", a, a, "y=1"], 0, "label 1 node in"),
        (vec!["label", "--node-selector", "a in (", "y=1"], 2, "in the label selector"),
        (vec!["label", "node/nope", "x=1"], 2, "there is no node \"nope\""),
        (vec!["label", a], 2, "no label change given"),
        (vec!["label", "x=1"], 2, "no node given"),
        (vec!["label", a, "x=1", "--node-selector", "x=1"], 2, "both choose nodes"),
        (vec!["label", a, "x=1", "-l", "x=1"], 2, "--node-selector"),
        (vec!["label", "--node-selector", "", "x=1"], 2, "an empty selector chooses nothing"),
        (vec!["taint", "--node-selector", " ", "x:NoSchedule"], 2, "an empty selector chooses nothing"),
        (vec!["cordon", "--node-selector", ","], 2, "an empty selector chooses nothing"),
        (vec!["uncordon", "--node-selector="], 2, "an empty selector chooses nothing"),
        (vec!["label", a, "kubernetes.io/os=linux"], 1, "not changed from here"),
        (vec!["label", "--node-selector", "x=2", "z=1"], 0, "labeled"),
        (vec!["label", "--node-selector", "nothing=here", "z=1"], 0, "no node has such labels"),
        (vec!["label", "--read-only", a, "x=3", "--overwrite"], 1, "--read-only is given"),
    ] {
        let run = quick(&cluster, &words);
        assert_eq!(run.code, code, "{words:?}: {}{}", run.data, run.notes);
        assert!(format!("{}{}", run.data, run.notes).contains(told), "{words:?}: {}{}", run.data, run.notes);
    }
    if !kubectl_is_there() {
        return;
    }
    let node = witnessed(&cluster, a);
    let labels = &node["metadata"]["labels"];
    assert_eq!((&labels["x"], &labels["z"]), (&"2".into(), &"1".into()));
    assert!(labels.get("example.com/y").is_none() && node["spec"].get("unschedulable").is_none());
    let node = witnessed(&cluster, b);
    let taints: Vec<&Value> = node["spec"]["taints"]
        .as_array()
        .expect("taints")
        .iter()
        .filter(|taint| taint["key"] == "k")
        .collect();
    assert_eq!((taints.len(), &taints[0]["value"]), (1, &"v".into()));
    assert_eq!(node["spec"]["unschedulable"], true);
}

fn nodes(cluster: &Served) -> Vec<String> {
    let document: Value = serde_json::from_str(&cluster.run(&["get", "-o", "json"]).data).expect("JSON");
    let name = |node: &Value| node["name"].as_str().expect("text").to_owned();
    document["nodes"].as_array().expect("nodes").iter().map(name).collect()
}

#[test]
fn the_syntax_of_labels_is_told_precisely() {
    let cluster = Served::start(&["--nodes", "3"]);
    let nodes = nodes(&cluster);
    let (longest, longer) = ("v".repeat(63), "v".repeat(64));
    for (edit, told) in [
        ("x=", None),
        (&*format!("x={longest}"), None),
        (&*format!("{longest}=x"), None),
        ("example.com/x=y", None),
        (&*format!("x={longer}"), Some("it has 64 characters, and 63 are the most")),
        (&*format!("{longer}=x"), Some("its name has 64 characters")),
        ("x=ünï", Some("holds 'ü'")),
        ("größe=1", Some("holds 'ö'")),
        ("x=a b", Some("holds ' '")),
        ("x y=a", Some("holds ' '")),
        ("x=a=b", Some("holds '='")),
        ("=y", Some("its name is empty")),
        ("Example.com/x=y", Some("the part before the /")),
        ("a/b/c=d", Some("holds '/'")),
        ("x=-", Some("begin and end with a letter or digit")),
    ] {
        let run = quick(&cluster, &["label", &nodes[0], edit, "--overwrite"]);
        match told {
            None => assert_eq!(run.code, 0, "{edit}: {}", run.notes),
            Some(told) => {
                assert_eq!(run.code, 2, "{edit}");
                assert!(run.notes.contains(told), "{edit}: {}", run.notes);
            }
        }
    }
}

#[test]
fn names_come_from_standard_input_and_dry_runs_change_nothing() {
    let cluster = Served::start(&["--nodes", "6"]);
    let nodes = nodes(&cluster);
    let input = format!("node/{}\n{}\n", nodes[0], nodes[1]);
    let preview = fed(&cluster, &["preview", "label", "-", "x=1"], &input);
    assert_eq!(preview.code, 0, "{}", preview.notes);
    for (words, code, told) in [
        (&["label", "-", "x=1", "--dry-run=client"][..], 0, "/metadata/labels/x"),
        (&["label", "-", "x=1", "--dry-run=server"], 0, "labeled (server dry run)"),
        (&["label", "-", "x=1"], 2, "confirm with --yes"),
    ] {
        let run = fed(&cluster, words, &input);
        assert_eq!(run.code, code, "{words:?}: {}", run.notes);
        assert!(format!("{}{}", run.data, run.notes).contains(told), "{}{}", run.data, run.notes);
    }
    let unchanged = quick(&cluster, &["label", "--node-selector", "x=1", "y=1"]);
    assert!(unchanged.notes.contains("no node has such labels"), "{}", unchanged.notes);
    let run = fed(&cluster, &["label", "-", "x=1", "--yes", "--no-wait"], &input);
    assert_eq!((run.code, run.data.lines().count()), (0, 2), "{}", run.notes);
    let back = run.notes.lines().find_map(|line| line.strip_prefix("back: dsgrid ")).expect("a way back");
    let words: Vec<&str> = back.split(' ').collect();
    assert_eq!(quick(&cluster, &words).code, 0, "{back}");
    let gone = quick(&cluster, &["label", "--node-selector", "x=1", "y=1"]);
    assert!(gone.notes.contains("no node has such labels"), "{}", gone.notes);
    assert_eq!(fed(&cluster, &["label", "-", "x=1", "--yes"], " \n").code, 2);
}

#[test]
fn without_the_right_nothing_is_written() {
    let cluster = Served::start(&["--nodes", "6", "--deny", "patch nodes"]);
    let nodes = nodes(&cluster);
    let run = quick(&cluster, &["label", &nodes[0], "x=1"]);
    assert_eq!(run.code, 1);
    assert!(run.data.contains("not labeled: denied: "), "{}", run.data);
    assert!(run.notes.contains("1 denied"), "{}", run.notes);
}

/// A cluster in this process, in which things go wrong.
async fn faulty(nodes: usize, faults: &Faults) -> EmbeddedCluster {
    let scenario = Box::new(Scenario::named("default").expect("a scenario"));
    let source = Source::Simulated { scenario, nodes: Some(nodes), seed: 1 };
    let options = Options { faults: faults.clone(), ..Options::default() };
    EmbeddedCluster::start_with(source, "127.0.0.1:0", options).await.expect("it starts")
}

async fn run(cluster: &EmbeddedCluster, arguments: &[&str]) -> Run {
    let mut command = dsgrid(arguments);
    command.args(["--server", &format!("http://{}", cluster.address())]);
    tokio::task::spawn_blocking(move || command.output().expect("it runs").into()).await.expect("it ends")
}

fn names(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let name = |node: &Value| node["name"].as_str().expect("text").to_owned();
    document["nodes"].as_array().expect("nodes").iter().map(name).collect()
}

/// The nodes with a label.
async fn labelled(cluster: &EmbeddedCluster, selector: &str) -> usize {
    let dry = ["label", "--node-selector", selector, "found=yes", "--dry-run=client"];
    let run = run(cluster, &dry).await;
    run.data.lines().filter(|line| line.starts_with("node/")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_nodes_with_some_denied() {
    let faults = Faults::default();
    let cluster = faulty(200, &faults).await;
    let nodes = names(&run(&cluster, &["get", "-o", "json"]).await.data);
    assert_eq!(nodes.len(), 200);
    for node in [&nodes[20], &nodes[150]] {
        let refuse = Mishap::Refuse { code: 403, retry_after: None };
        faults.add(Fault::on(Some(Method::PATCH), &format!("/api/v1/nodes/{node}"), refuse));
    }
    let all = ["label", "--node-selector", "kubernetes.io/os=linux", "shift=night", "--yes", "--no-wait"];
    let stopped = run(&cluster, &all).await;
    assert_eq!(stopped.code, 1);
    assert!(stopped.notes.contains("1 denied") && stopped.notes.contains("not tried"), "{}", stopped.notes);
    let before = labelled(&cluster, "shift=night").await;
    // What was on its way when the refusal came is done, and nothing after it.
    assert!((17..=60).contains(&before), "{before}");
    let rest = run(&cluster, &[&all[..], &["--on-error", "continue"]].concat()).await;
    assert_eq!(rest.code, 1);
    let words = format!("{} done, {before} already so, 2 denied", 198 - before);
    assert!(rest.notes.contains(&words), "{words}: {}", rest.notes.lines().last().unwrap_or_default());
    assert_eq!(labelled(&cluster, "shift=night").await, 198);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_between_preview_and_send_writes_nothing_there() {
    let faults = Faults::default();
    let cluster = faulty(12, &faults).await;
    let nodes = names(&run(&cluster, &["get", "-o", "json"]).await.data);
    let (node, once) = (nodes[1].clone(), AtomicBool::new(true));
    let path = format!("/api/v1/nodes/{node}");
    let hook = Mishap::before(move |store| {
        if once.swap(false, Ordering::SeqCst) {
            let change = |node: &mut Value| {
                node["metadata"]["labels"]["pool"] = "meanwhile".into();
                Ok(())
            };
            store.write(Scope::Main, Kind::Node, "", &node, Timestamp::now(), change).expect("it is there");
        }
    });
    faults.add(Fault::on(Some(Method::PATCH), &path, hook));
    let words =
        ["label", &nodes[0], &nodes[1], &nodes[2], "x=1", "--yes", "--no-wait", "--on-error", "continue"];
    let conflict = run(&cluster, &words).await;
    assert_eq!(conflict.code, 1);
    let line = conflict.data.lines().nth(1).expect("a line a node");
    assert!(
        line.contains("not labeled: conflict: label pool was") && line.contains("and is \"meanwhile\""),
        "{line}"
    );
    assert!(line.contains("nothing was written"), "{line}");
    assert_eq!(labelled(&cluster, "x=1").await, 2);
    assert_eq!(labelled(&cluster, "pool=meanwhile,x").await, 0);
}

/// An answer that is lost is not sent again: it is read back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_read_back() {
    let faults = Faults::default();
    let cluster = faulty(6, &faults).await;
    let nodes = names(&run(&cluster, &["get", "-o", "json"]).await.data);
    let path = format!("/api/v1/nodes/{}", nodes[0]);
    faults.add(Fault::on(Some(Method::PATCH), &path, Mishap::Lose).times(1));
    let lost = run(&cluster, &["label", &nodes[0], "x=1", "--yes", "--no-wait"]).await;
    assert_eq!(lost.code, 0, "{}", lost.notes);
    assert!(lost.notes.contains("no answer came") && lost.data.contains("labeled"), "{}", lost.notes);
}

#[test]
fn a_cluster_that_cannot_be_read_is_exit_code_3() {
    let nowhere = ["label", "node/a", "x=1", "--yes", "--server", "http://127.0.0.1:1"];
    let run = program::run(&nowhere);
    assert_eq!(run.code, 3, "{}", run.notes);
    let cluster = Served::start(&["--nodes", "3", "--deny", "list nodes"]);
    let run = quick(&cluster, &["label", "node/a", "x=1"]);
    assert_eq!(run.code, 3, "{}", run.notes);
    assert!(run.notes.contains("nodes"), "{}", run.notes);
}

/// Every request can be read before it is sent, and Ctrl-C leaves everything as it was.
#[test]
fn a_terminal_is_asked_with_every_request_at_hand() {
    let cluster = Served::start(&["--nodes", "6"]);
    let all = ["label", "--node-selector", "kubernetes.io/os=linux", "shift=night"];
    let asked = |question: &str| {
        let variables = [("KUBECONFIG", cluster.kubeconfig.as_str())];
        let terminal = Terminal::start(env!("CARGO_BIN_EXE_dsgrid"), &all, &variables, 200, 60);
        terminal.wait_for(question);
        terminal
    };
    let labelled = || {
        let dry = ["label", "--node-selector", "shift=night", "x=y", "--dry-run=client"];
        cluster.run(&dry).data.lines().filter(|line| line.starts_with("node/")).count()
    };
    let question = "send it? [y/N; p prints all 6 requests]";
    let mut terminal = asked(question);
    assert!(terminal.text().contains("and 4 more like it"), "{}", terminal.text());
    terminal.send("p\r");
    terminal.wait_for("send it? [y/N]");
    let told = terminal.text();
    for node in nodes(&cluster) {
        assert!(told.lines().any(|line| line.trim() == node), "{node}: {told}");
    }
    assert!(told.matches("/metadata/labels/shift").count() >= 6, "{told}");
    terminal.send("\u{3}");
    assert_eq!(terminal.wait_for_exit(), 130);
    let mut terminal = asked(question);
    terminal.send("\r");
    assert_eq!((terminal.wait_for_exit(), labelled()), (1, 0));
    let mut terminal = asked(question);
    terminal.send("y\r");
    assert_eq!((terminal.wait_for_exit(), labelled()), (0, 6));
}

/// Interrupted while it is sent: what is under way ends, nothing more begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_while_sending_stops_the_rest() {
    let faults = Faults::default();
    let cluster = faulty(200, &faults).await;
    let nodes = names(&run(&cluster, &["get", "-o", "json"]).await.data);
    let mut command =
        dsgrid(&["label", "--node-selector", "kubernetes.io/os=linux", "shift=night", "--yes", "--no-wait"]);
    command.args(["--server", &format!("http://{}", cluster.address())]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let pid = Arc::new(AtomicU32::new(0));
    let (its, once) = (Arc::clone(&pid), AtomicBool::new(true));
    let hook = Mishap::before(move |_| {
        if once.swap(false, Ordering::SeqCst) {
            let its = its.load(Ordering::SeqCst).to_string();
            let kill = std::process::Command::new("kill").args(["-INT", &its]).status();
            assert!(kill.expect("it runs").success());
        }
    });
    faults.add(Fault::on(Some(Method::PATCH), &format!("/api/v1/nodes/{}", nodes[20]), hook));
    let child = child.spawn().expect("it runs");
    pid.store(child.id(), Ordering::SeqCst);
    let ended = tokio::task::spawn_blocking(move || Run::from(child.wait_with_output().expect("it ends")));
    let ended = ended.await.expect("it ends");
    assert_eq!(ended.code, 130, "{}", ended.notes);
    assert!(ended.notes.contains("interrupted") && ended.data.contains("not tried"), "{}", ended.notes);
    let done = ended.data.lines().filter(|line| line.ends_with(" labeled")).count();
    assert!((20..200).contains(&done), "{done}");
    assert_eq!(labelled(&cluster, "shift=night").await, done);
}

/// `preview` says of critical DaemonSets what `label` says, to people and to scripts.
#[test]
fn critical_sets_are_told_by_preview_and_by_label_alike() {
    let cluster = Served::start(&["--nodes", "60"]);
    let change = ["label", "--node-selector", "storage", "storage-"];
    let told = "CRITICAL: kube-system/local-volume-provisioner loses ";
    let preview = cluster.run(&[&["preview"], &change[..]].concat());
    assert!(preview.notes.contains(told), "{}", preview.notes);
    let label = cluster.run(&[&change[..], &["--dry-run=client"]].concat());
    assert!(label.notes.contains(told), "{}", label.notes);
    let json = cluster.run(&[&["preview", "-o", "json"], &change[..]].concat());
    let document: Value = serde_json::from_str(&json.data).expect("JSON");
    let critical = &document["critical"][0];
    assert_eq!(critical["daemonSet"], "kube-system/local-volume-provisioner");
    assert_eq!(critical["why"], "in kube-system");
    assert!(critical["stops"].as_u64() > Some(0) && critical["stops"].as_u64() <= critical["pods"].as_u64());
}

#[test]
fn the_help_says_what_yes_leaves_out() {
    for verb in ["label", "taint", "cordon", "uncordon"] {
        let help = program::run(&[verb, "--help"]).data;
        assert!(help.contains("--yes asks nothing, as kubectl asks nothing"), "{help}");
    }
}
