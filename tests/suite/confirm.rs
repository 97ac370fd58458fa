//! Writes from the command line: asked for on a real terminal, forced away, forgotten, and refused by the server.

use std::time::{Duration, Instant};

use dsgrid::demo::embedded::{EmbeddedCluster, Source};
use dsgrid::demo::scenario::Scenario;
use dsgrid::demo::server::Options;
use dsgrid::demo::server::fault::{Fault, Faults, Mishap};
use serde_json::{Value, json};

use crate::support::program::{Run, Served, dsgrid};
use crate::support::terminal::Terminal;

const DSGRID: &str = env!("CARGO_BIN_EXE_dsgrid");
/// How long a step may take on a busy machine; a wait ends as soon as it can.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder of its own for the journal; it goes when dropped.
struct Home(std::path::PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("dsgrid-{name}-{}", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }

    fn run(&self, cluster: &Served, arguments: &[&str]) -> Run {
        let mut command = dsgrid(arguments);
        command.env("KUBECONFIG", &cluster.kubeconfig).env("XDG_STATE_HOME", self.path());
        command.output().expect("it runs").into()
    }

    /// The outcomes of what the journal tells, oldest first.
    fn outcomes(&self, cluster: &Served) -> Vec<(String, String)> {
        let run = self.run(cluster, &["journal", "-o", "json"]);
        let document: Value = serde_json::from_str(&run.data).expect("JSON");
        let word = |entry: &Value, key: &str| entry[key].as_str().expect("a word").to_owned();
        let entries = document["entries"].as_array().expect("a list");
        entries.iter().map(|entry| (word(entry, "verb"), word(entry, "outcome"))).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Runs a command on a terminal up to where it asks.
fn asked(cluster: &Served, home: &Home, arguments: &[&str], question: &str) -> Terminal {
    let variables =
        [("KUBECONFIG", cluster.kubeconfig.as_str()), ("XDG_STATE_HOME", home.path()), ("HOME", home.path())];
    let terminal = Terminal::start(DSGRID, arguments, &variables, 200, 50);
    terminal.wait_for(question);
    terminal
}

fn strategy(cluster: &Served) -> String {
    let run = cluster.run(&["get", "logging/fluent-bit", "-o", "json"]);
    let grid: Value = serde_json::from_str(&run.data).expect("JSON");
    grid["daemonSets"][0]["strategy"].as_str().expect("a strategy").to_owned()
}

#[test]
fn a_terminal_is_asked_and_only_the_right_answer_sends() {
    let (cluster, home) = (Served::start(&["--nodes", "12", "--seed", "3"]), Home::new("confirm"));
    let pause = ["pause", "logging/fluent-bit", "--reason", "INC-1"];
    // Enter alone is no.
    let mut terminal = asked(&cluster, &home, &pause, "send it? [y/N]");
    terminal.send("\r");
    assert_eq!(terminal.wait_for_exit(), 1);
    assert_eq!(strategy(&cluster), "RollingUpdate");
    // Ctrl-C ends it without a word sent.
    let mut terminal = asked(&cluster, &home, &pause, "send it? [y/N]");
    terminal.send("\u{3}");
    assert_eq!(terminal.wait_for_exit(), 130);
    assert_eq!(strategy(&cluster), "RollingUpdate");
    assert_eq!(home.outcomes(&cluster), [], "nothing was tried");
    let mut terminal = asked(&cluster, &home, &pause, "send it? [y/N]");
    terminal.send("y\r");
    assert_eq!(terminal.wait_for_exit(), 0);
    assert_eq!(strategy(&cluster), "OnDelete");
    // A resume wants the name.
    let resume = ["resume", "logging/fluent-bit"];
    for (typed, code, left) in
        [("y", 1, "OnDelete"), ("fluent-bi", 1, "OnDelete"), ("fluent-bit", 0, "RollingUpdate")]
    {
        let mut terminal = asked(&cluster, &home, &resume, "type fluent-bit to send it:");
        terminal.send(&format!("{typed}\r"));
        assert_eq!(terminal.wait_for_exit(), code, "{typed}");
        assert_eq!(strategy(&cluster), left, "{typed}");
    }
    let done = |verb: &str| (verb.to_owned(), "done".to_owned());
    assert_eq!(home.outcomes(&cluster), [done("pause"), done("resume")]);
    // What is refused before it is sent is told as well.
    assert_eq!(home.run(&cluster, &["pause", "logging/fluent-bit", "--yes", "--read-only"]).code, 1);
    assert_eq!(home.run(&cluster, &["resume", "logging/fluent-bit", "--yes"]).code, 1);
    let refused = |verb: &str| (verb.to_owned(), "refused".to_owned());
    assert_eq!(home.outcomes(&cluster)[2..], [refused("pause"), refused("resume")]);
}

#[test]
fn a_pod_on_a_dead_node_is_forced_away_and_the_rollout_goes_on() {
    let (cluster, home) = (Served::start(&["--scenario", "stuck"]), Home::new("force"));
    let blocked = || {
        let run = cluster.run(&["status", "logging/fluent-bit", "-o", "json"]);
        let status: Value = serde_json::from_str(&run.data).expect("JSON");
        status["blockedBy"][0]["node"].as_str().unwrap_or_default().to_owned()
    };
    let node = blocked();
    assert!(!node.is_empty(), "the scenario is stuck on a node");
    let force = ["force-delete", "logging/fluent-bit", node.as_str(), "--yes"];
    let end = Instant::now() + PATIENCE;
    let run = loop {
        let run = home.run(&cluster, &force);
        // Until its grace period is over it could still end by itself.
        if !run.notes.contains("its grace period lasts until") || Instant::now() > end {
            break run;
        }
        std::thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(run.code, 0, "{}", run.notes);
    assert!(
        run.notes.contains("only if the machine is off") && run.data.contains("is removed"),
        "{}",
        run.notes
    );
    assert_eq!(home.outcomes(&cluster).last(), Some(&("force-delete".to_owned(), "done".to_owned())));
    while blocked() == node {
        assert!(Instant::now() < end, "it still blocks");
        std::thread::sleep(Duration::from_millis(200));
    }
    let ready = cluster.run(&["force-delete", "logging/fluent-bit", "worker-a-001", "--yes"]);
    assert_eq!(ready.code, 1);
    assert!(ready.notes.contains("it is not terminating"), "{}", ready.notes);
}

/// A cluster in this process whose server fails as it is told.
async fn faulty() -> (EmbeddedCluster, Faults, String) {
    let scenario = Scenario::named("default").expect("a scenario");
    let source = Source::Simulated { scenario: Box::new(scenario), nodes: Some(6), seed: 1 };
    let faults = Faults::default();
    let options = Options { faults: faults.clone(), ..Options::default() };
    let cluster = EmbeddedCluster::start_with(source, "127.0.0.1:0", options).await.expect("it starts");
    let address = format!("http://{}", cluster.address());
    (cluster, faults, address)
}

async fn run(address: &str, arguments: &[&str]) -> Run {
    let mut command = dsgrid(arguments);
    command.args(["--server", address]);
    tokio::task::spawn_blocking(move || command.output().expect("it runs").into()).await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_the_server_is_one_clear_sentence() {
    let (_cluster, faults, address) = faulty().await;
    for (code, told) in [
        (403, "nothing was changed: not allowed: "),
        (409, "nothing was changed: "),
        (422, "nothing was changed: the server refuses: "),
    ] {
        let mishap = Mishap::Refuse { code, retry_after: None };
        faults.add(Fault::on(
            Some(http::Method::PATCH),
            "/apis/apps/v1/namespaces/logging/daemonsets/",
            mishap,
        ));
        for arguments in
            [["pause", "logging/fluent-bit", "--yes"], ["restart", "logging/fluent-bit", "--yes"]]
        {
            let run = run(&address, &arguments).await;
            let last = run.notes.lines().last().unwrap_or_default();
            assert_eq!((run.code, run.data.as_str()), (1, ""), "{code} {arguments:?}: {}", run.notes);
            assert!(last.contains(told), "{code} {arguments:?}: {last}");
            assert!(
                last.contains(&format!("cannot {} the DaemonSet logging/fluent-bit", arguments[0])),
                "{last}"
            );
        }
        faults.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reverted_pause_left_is_told_and_removed() {
    let (cluster, _, address) = faulty().await;
    let paused = run(&address, &["pause", "logging/fluent-bit", "--yes", "--reason", "INC-2"]).await;
    assert_eq!(paused.code, 0, "{}", paused.notes);
    // Somebody's tool puts the manifest back, and says whose tool it is.
    let connection = crate::support::embedded::connect(&format!("http://{}", cluster.address())).await;
    let key = dsgrid::domain::id::ObjectKey {
        namespace: dsgrid::domain::text::Text::new("logging"),
        name: dsgrid::domain::text::Text::new("fluent-bit"),
    };
    let uid = connection.daemon_set_json(&key).await.expect("it is there")["metadata"]["uid"].clone();
    let target = dsgrid::domain::id::ObjectRef {
        kind: dsgrid::domain::id::ObjectKind::DaemonSet,
        key,
        uid: dsgrid::domain::id::Uid::new(uid.as_str().expect("a uid")),
    };
    let body = json!({
        "metadata": {"uid": uid, "annotations": {"argocd.argoproj.io/tracking-id": "agents:apps/DaemonSet:logging/fluent-bit"}},
        "spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}},
    });
    let revert = crate::support::embedded::command(
        dsgrid::domain::command::Verb::Annotate,
        &target,
        dsgrid::domain::command::Method::MergePatch,
        &body,
    );
    let journal = dsgrid::cluster::Journal::new(None);
    let sent = connection.execute(&revert, &journal).await.outcome;
    assert_eq!(sent.name(), "done", "{sent:?}");
    let wide = run(&address, &["get", "logging/fluent-bit", "-o", "wide"]).await;
    assert!(wide.data.contains("a pause was reverted and left dsgrid.dev/paused"), "{}", wide.data);
    let left = run(&address, &["resume", "logging/fluent-bit", "--yes"]).await;
    assert_eq!(left.code, 0, "{}", left.notes);
    assert!(left.data.contains("is rid of what a pause left"), "{}", left.data);
    assert!(left.notes.contains("Argo CD"), "{}", left.notes);
    let now = connection.daemon_set_json(&target.key).await.expect("it is there");
    assert_eq!(now["metadata"]["annotations"].get("dsgrid.dev/paused"), None);
    assert_eq!(now["spec"]["updateStrategy"]["type"], "RollingUpdate");
}
