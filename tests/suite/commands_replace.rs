//! `dsgrid replace` as people and scripts run it, against the embedded cluster.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

use dsgrid::demo::embedded::{EmbeddedCluster, Source};
use dsgrid::demo::scenario::Scenario;
use dsgrid::demo::server::Options;
use dsgrid::demo::server::access::Access;
use dsgrid::demo::server::fault::{Fault, Faults, Mishap};
use dsgrid::demo::store::{Kind, Scope};
use dsgrid::domain::command::{Method, Outcome, Verb};
use dsgrid::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::replace::claim::Claim;
use dsgrid::domain::text::Text;
use http::Method as HttpMethod;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::embedded::{command, connect};
use crate::support::program::{Run, Served, dsgrid};

/// Pods that come up in a blink, all of them outdated.
fn scenario(image: &str, more: &str) -> String {
    format!(
        r"
about: a fast cluster with an OnDelete set
pools:
  - {{name: worker, nodes: 6, instance: m7i.xlarge, cpu: 4, memory: 16}}
daemonSets:
  - namespace: agents
    name: agent
    image: registry.example.com/agent
    versions: ['1.0', '{image}']
    updated: 0
    strategy: {{type: OnDelete}}
    tolerations: [{{operator: Exists}}]
    sim: {{startSeconds: 0.1, readySeconds: 0.1, stopSeconds: 0.1, crash: {{nodes: [nowhere]}}}}
  - namespace: payments
    name: api
    image: registry.example.com/api
    versions: ['1.0']
{more}"
    )
}

struct Cluster {
    /// Ends when dropped.
    _embedded: EmbeddedCluster,
    faults: Faults,
    folder: PathBuf,
    address: String,
}

impl Cluster {
    async fn start(scenario: &str, nodes: usize, deny: &[&str]) -> Self {
        let scenario = Box::new(Scenario::read("test", scenario).expect("a scenario"));
        let source = Source::Simulated { scenario, nodes: Some(nodes), seed: 3 };
        let denials = deny.iter().map(|text| text.parse().expect("a denial")).collect();
        let access = Access { denials, ..Access::default() };
        let options = Options { access, ..Options::default() };
        let faults = options.faults.clone();
        let embedded = EmbeddedCluster::start_with(source, "127.0.0.1:0", options).await.expect("it starts");
        let address = format!("http://{}", embedded.address());
        let name = format!("dsgrid-replace-{}-{}", std::process::id(), embedded.address().port());
        let folder = std::env::temp_dir().join(name);
        Self { _embedded: embedded, faults, folder, address }
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = dsgrid(&["--server", &self.address, "-n", "agents", "replace"]);
        command.args(flags).env("XDG_STATE_HOME", &self.folder).env("USER", "oncall");
        command
    }

    /// Runs it to its end.
    async fn run(&self, flags: &[&str]) -> Run {
        let mut command = self.command(flags);
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        output.expect("no panic").expect("it runs").into()
    }

    /// Starts it.
    fn spawn(&self, flags: &[&str]) -> Going {
        Going::start(self.command(flags))
    }

    async fn daemon_set(&self) -> (ObjectRef, Value) {
        let key = ObjectKey { namespace: Text::new("agents"), name: Text::new("agent") };
        let object = connect(&self.address).await.daemon_set_json(&key).await.expect("it is there");
        let uid = Uid::new(object["metadata"]["uid"].as_str().expect("a uid"));
        (ObjectRef { kind: ObjectKind::DaemonSet, key, uid }, object)
    }

    async fn claim(&self) -> Option<Claim> {
        let (reference, _) = self.daemon_set().await;
        let answer = connect(&self.address).await.answer(&Inquiry::Object(reference)).await;
        let Ok(Answer::Object(Some(object))) = answer else { panic!("no object") };
        Claim::read(&object)
    }

    async fn patch(&self, body: Value) {
        let (reference, _) = self.daemon_set().await;
        let write = command(Verb::Annotate, &reference, Method::MergePatch, &body);
        let journal = dsgrid::cluster::Journal::new(None);
        let executed = connect(&self.address).await.execute(&write, &journal).await;
        assert!(matches!(executed.outcome, Outcome::Done(_)), "{:?}", executed.outcome);
    }

    /// The journal's lines of this kind that were done.
    fn journalled(&self, verb: &str) -> usize {
        let file = self.folder.join("dsgrid/journal.jsonl");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter(|line| line["verb"] == verb && line["outcome"] == "done").count()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A replacement that goes on.
struct Going {
    child: Child,
    notes: BufReader<ChildStderr>,
    seen: String,
}

impl Going {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let notes = BufReader::new(child.stderr.take().expect("piped"));
        Self { child, notes, seen: String::new() }
    }

    /// Waits until it says this.
    async fn until(mut self, words: &'static str) -> Self {
        tokio::task::spawn_blocking(move || {
            while !self.seen.contains(words) {
                let read = self.notes.read_line(&mut self.seen).expect("text");
                assert!(read > 0, "it ended without {words:?}: {}", self.seen);
            }
            self
        })
        .await
        .expect("it was said")
    }

    fn interrupt(&self) {
        self.signal("INT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// What it came to.
    async fn end(mut self) -> Run {
        tokio::task::spawn_blocking(move || {
            self.notes.read_to_string(&mut self.seen).expect("text");
            let mut data = String::new();
            self.child.stdout.take().expect("piped").read_to_string(&mut data).expect("text");
            let code = self.child.wait().expect("it ends").code().expect("by itself");
            Run { code, data, notes: self.seen }
        })
        .await
        .expect("it ends")
    }
}

fn summary(run: &Run) -> Value {
    serde_json::from_str(&run.data).unwrap_or_else(|_| panic!("no document: {}{}", run.data, run.notes))
}

fn count(summary: &Value, key: &str) -> usize {
    summary[key].as_array().expect("a list").len()
}

const FAST: [&str; 4] = ["ds/agent", "--soak=0s", "--yes", "-ojson"];

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_run_over_sixty_nodes_leaves_nothing_outdated_and_a_line_for_each_deletion() {
    let cluster = Cluster::start(&scenario("2.0", ""), 60, &[]).await;
    let zone = "--group-by=topology.kubernetes.io/zone";
    let run = cluster.run(&[&FAST[..], &["--max-in-flight=25%", zone]].concat()).await;
    assert_eq!(run.code, 0, "{}", run.notes);
    let summary = summary(&run);
    assert_eq!((count(&summary, "done"), count(&summary, "remaining")), (60, 0));
    assert_eq!((&summary["kind"], &summary["complete"]), (&json!("ReplaceSummary"), &json!(true)));
    assert!(run.notes.contains("25% = 15 of 60 nodes (rounded up)"), "{}", run.notes);
    assert!(run.notes.contains("2. eu-1a: "), "{}", run.notes);
    assert_eq!(cluster.journalled("delete"), 60);
    assert_eq!(cluster.claim().await, None, "nothing is left on the DaemonSet");
    let again = cluster.run(&FAST).await;
    assert_eq!((again.code, self::summary(&again)["complete"].clone()), (0, json!(true)), "{}", again.notes);
    assert!(again.notes.contains("nothing to replace"), "{}", again.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_image_halts_after_the_first_canary_and_can_be_continued() {
    let cluster = Cluster::start(&scenario("bad", ""), 6, &[]).await;
    let run = cluster.run(&[&FAST[..], &["--max-in-flight=3", "--ready-timeout=60s"]].concat()).await;
    assert_eq!(run.code, 1, "{}", run.notes);
    let summary = summary(&run);
    assert_eq!((count(&summary, "done"), count(&summary, "failed"), count(&summary, "remaining")), (0, 1, 5));
    let why = summary["failed"][0]["why"].as_str().expect("a reason");
    assert!(why.contains("ErrImagePull") || why.contains("ImagePullBackOff"), "{why}");
    assert_eq!(cluster.journalled("delete"), 1);
    assert!(run.notes.contains("HALTED: ") && run.notes.contains("--continue"), "{}", run.notes);
    let claim = cluster.claim().await.expect("it is kept");
    assert!(claim.stopped.contains("ImagePull") && !claim.is_held(Timestamp::now()), "{claim:?}");
    // Somebody fixes the image; what was begun goes on with the options it had.
    cluster
        .patch(json!({"spec": {"template": {"spec": {"containers":
        [{"name": "agent", "image": "registry.example.com/agent:2.1"}]}}}}))
        .await;
    let again = cluster.run(&["ds/agent", "--continue", "--yes", "-ojson"]).await;
    assert_eq!(again.code, 0, "{}", again.notes);
    assert!(
        again.notes.contains("stopped") && again.notes.contains("at most 3 of 6 nodes"),
        "{}",
        again.notes
    );
    assert_eq!(count(&self::summary(&again), "done"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_breaks_halts_it_by_name() {
    let cluster = Cluster::start(&scenario("2.0", ""), 6, &[]).await;
    // Whatever pod is deleted, its neighbours restart.
    let restart = Mishap::before(|store| {
        let now = Timestamp::now();
        let pods: Vec<String> = store
            .list(Kind::Pod, Some("payments"))
            .map(|pod| pod.value()["metadata"]["name"].as_str().unwrap_or_default().to_owned())
            .collect();
        for name in pods {
            let _ = store.write(Scope::Status, Kind::Pod, "payments", &name, now, |pod| {
                pod["status"]["containerStatuses"][0]["restartCount"] = json!(7);
                Ok(())
            });
        }
    });
    cluster
        .faults
        .add(Fault::on(Some(HttpMethod::DELETE), "/api/v1/namespaces/agents/pods/", restart).times(1));
    let run = cluster.run(&FAST).await;
    assert_eq!(run.code, 1, "{}", run.notes);
    let why = summary(&run)["failed"][0]["why"].to_string();
    assert!(why.contains("payments/api-") && why.contains("restarted 7 times"), "{why}");
    assert_eq!(cluster.journalled("delete"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_blocks_an_eviction_with_its_words() {
    // As many pods as there are must stay: known before anything is tried.
    let never = scenario("2.0", "budgets: [{namespace: agents, name: agent, minAvailable: 6}]");
    let cluster = Cluster::start(&never, 6, &[]).await;
    let run = cluster.run(&[&FAST[..], &["--evict"]].concat()).await;
    assert_eq!(run.code, 1, "{}", run.notes);
    assert!(
        run.notes.contains("never allows an eviction") && run.notes.contains("minAvailable is 6"),
        "{}",
        run.notes
    );
    assert_eq!(cluster.journalled("evict"), 0);
    // One more may go when the plan is made; then somebody asks for all of them.
    let now = scenario("2.0", "budgets: [{namespace: agents, name: agent, minAvailable: 5}]");
    let cluster = Cluster::start(&now, 6, &[]).await;
    let refuse = Mishap::before(|store| {
        let now = Timestamp::now();
        let _ = store.write(Scope::Main, Kind::PodDisruptionBudget, "agents", "agent", now, |budget| {
            budget["spec"]["minAvailable"] = json!(6);
            Ok(())
        });
    });
    cluster.faults.add(Fault::on(Some(HttpMethod::POST), "/api/v1/namespaces/agents/pods/", refuse));
    let run = cluster.run(&[&FAST[..], &["--evict", "--ready-timeout=3s"]].concat()).await;
    assert_eq!(run.code, 1, "{}", run.notes);
    assert!(
        run.notes.contains("cannot be evicted now") && run.notes.contains("disruption budget"),
        "{}",
        run.notes
    );
    assert!(run.notes.contains("not allowed to be evicted for 3 s"), "{}", run.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_stuck_on_a_node_that_died_holds_and_then_halts_with_the_reason() {
    let scenario = scenario("2.0", "flaps: [{pool: worker, at: 0, upSeconds: 8, downSeconds: 3600}]")
        .replace("stopSeconds: 0.1", "stopSeconds: 600");
    let cluster = Cluster::start(&scenario, 3, &[]).await;
    let first = cluster.run(&["ds/agent", "--dry-run=client"]).await;
    let node = first.notes.split_once("canary: 1 (").expect("a canary").1.split(')').next().expect("a node");
    let run = cluster.run(&[&FAST[..], &["--node", node, "--ready-timeout=15s"]].concat()).await;
    assert_eq!(run.code, 1, "{}", run.notes);
    assert!(run.notes.contains("held: ") && run.notes.contains("its node is not Ready"), "{}", run.notes);
    let why = summary(&run)["failed"][0]["why"].to_string();
    assert!(why.contains("not available within 15 s") && why.contains("the old pod cannot end"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_one_is_refused_with_who_and_how_far_until_the_first_stops() {
    let cluster = Cluster::start(&scenario("2.0", ""), 3, &[]).await;
    let first = cluster.spawn(&["ds/agent", "--soak=10m", "--yes", "--canary=2"]).until("soaking").await;
    let second = cluster.run(&FAST).await;
    assert_eq!(second.code, 1, "{}", second.notes);
    assert!(second.notes.contains("is replacing this, 0/3"), "{}", second.notes);
    assert_eq!(cluster.journalled("delete"), 1);
    // Taken over on purpose, the first one ends by itself at the next word on the DaemonSet.
    first.interrupt();
    let first = first.until("held by you").await;
    let claim = loop {
        let claim = cluster.claim().await.expect("it is kept");
        if !claim.stopped.is_empty() {
            break claim;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(claim.options.canary, 2);
    let looked = cluster.run(&["ds/agent", "--continue", "--dry-run=client"]).await;
    assert_eq!(looked.code, 0, "{}", looked.notes);
    assert!(
        looked.notes.contains("stay so for 10m") && looked.notes.contains("canary: 2"),
        "{}",
        looked.notes
    );
    first.interrupt();
    assert_eq!(first.end().await.code, 130);
    let third = cluster.run(&FAST).await;
    assert_eq!(third.code, 0, "{}", third.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_flight_when_it_was_held_is_counted_for_colleagues() {
    let cluster = Cluster::start(&scenario("2.0", ""), 3, &[]).await;
    let going = cluster.spawn(&["ds/agent", "--soak=2s", "--yes", "-ojson"]).until("soaking").await;
    going.interrupt();
    let run = going.end().await;
    assert_eq!((run.code, count(&summary(&run), "done")), (130, 1), "{}", run.notes);
    let claim = cluster.claim().await.expect("it is kept");
    assert_eq!((claim.done, claim.total, claim.stopped.as_str()), (1, 3, "held by hand"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_change_of_the_rollout_says_who_is_at_it() {
    let cluster = Cluster::start(&scenario("2.0", ""), 30, &[]).await;
    let going = cluster.spawn(&["ds/agent", "--soak=10m", "--yes", "--canary=2"]).until("soaking").await;
    for (verb, told) in [("restart", "another template ends it"), ("undo", "another template ends it")] {
        let mut command = dsgrid(&["--server", &cluster.address, "-n", "agents", verb, "ds/agent"]);
        command.args(["--yes", "--dry-run=server"]).env("XDG_STATE_HOME", &cluster.folder);
        let run = tokio::task::spawn_blocking(move || command.output()).await;
        let run: Run = run.expect("no panic").expect("it runs").into();
        assert_eq!(run.code, 0, "{}", run.notes);
        assert!(run.notes.contains("is replacing this, 0/30") && run.notes.contains(told), "{}", run.notes);
    }
    going.interrupt();
    let going = going.until("Ctrl-c again ends it").await;
    going.interrupt();
    assert_eq!(going.end().await.code, 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_ends_the_other_one_before_its_next_deletion() {
    let cluster = Cluster::start(&scenario("2.0", ""), 4, &[]).await;
    let first = cluster.spawn(&["ds/agent", "--soak=4s", "--yes", "-ojson"]).until("soaking").await;
    let refused = cluster.run(&["ds/agent", "--continue"]).await;
    assert_eq!(refused.code, 2, "{}", refused.notes);
    let second = cluster.run(&["ds/agent", "--continue", "--yes", "-ojson"]).await;
    assert_eq!(second.code, 0, "{}", second.notes);
    assert!(
        second.notes.contains("is replacing this, 0/4") && second.notes.contains("this takes over"),
        "{}",
        second.notes
    );
    let first = first.end().await;
    assert_eq!(first.code, 1, "{}", first.notes);
    assert!(first.notes.contains("ended: ") && first.notes.contains("is replacing this"), "{}", first.notes);
    assert_eq!(cluster.journalled("delete"), 4, "each pod once, by one of them");
    assert_eq!(cluster.claim().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_holds_names_the_watch_and_an_interruption_ends_it() {
    // A program of its own, so that it can die with all its connections.
    let served = Served::start(&["--nodes", "6"]);
    let mut command = dsgrid(&["-n", "security", "replace", "ds/falco", "--soak=10m", "--yes", "-ojson"]);
    command.env("KUBECONFIG", &served.kubeconfig);
    let going = Going::start(command).until("soaking").await;
    drop(served);
    let going = going.until("in flight and unknown from now on").await.until(" not live").await;
    assert!(going.seen.contains("nothing is deleted blind"), "{}", going.seen);
    going.interrupt();
    let going = going.until("held by you").await.until("Ctrl-c again ends it at once").await;
    going.interrupt();
    let run = going.end().await;
    assert_eq!(run.code, 130, "{}", run.notes);
    let summary = summary(&run);
    assert!(count(&summary, "remaining") > 1 && count(&summary, "done") == 0, "{}", run.data);
    assert!(run.notes.contains("--continue"), "{}", run.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_holds_and_a_dropped_session_ends_it_told_to_colleagues() {
    let cluster = Cluster::start(&scenario("2.0", ""), 3, &[]).await;
    let no = Mishap::Refuse { code: 500, retry_after: None };
    cluster.faults.add(Fault::on(Some(HttpMethod::GET), "/api/v1/namespaces/agents/pods/agent-", no));
    let going = cluster.spawn(&FAST).until("could not be checked").await;
    going.signal("HUP");
    let run = going.end().await;
    assert_eq!(run.code, 130, "{}", run.notes);
    assert_eq!(cluster.journalled("delete"), 0);
    let claim = cluster.claim().await.expect("it is kept");
    assert!(claim.stopped.contains("held by hand"), "who starts again need not take over: {claim:?}");
    cluster.faults.clear();
    let again = cluster.run(&["ds/agent", "--continue", "--yes"]).await;
    assert_eq!((again.code, cluster.journalled("delete")), (0, 3), "{}", again.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_wait_for_a_person_and_the_time_that_is_up_ends_it() {
    let cluster = Cluster::start(&scenario("2.0", ""), 6, &[]).await;
    let zones = ["--group-by=topology.kubernetes.io/zone", "--hold-between-groups", "--canary=0"];
    let first = cluster.run(&[&FAST[..], &zones].concat()).await;
    assert_eq!(first.code, 1, "{}", first.notes);
    assert!(first.notes.contains("held: a group is done; next: eu-1b"), "{}", first.notes);
    assert_eq!((count(&summary(&first), "done"), count(&summary(&first), "remaining")), (2, 4));
    // The next one is begun by a person, but not after the time that is given.
    let begun = cluster.claim().await.expect("it is kept");
    let until = format!("--until={}", Timestamp::now() + jiff::SignedDuration::from_secs(50));
    let late = cluster.run(&["ds/agent", "--soak=1m", "--yes", "-ojson", &until]).await;
    assert_eq!((late.code, cluster.journalled("delete")), (1, 2), "{}", late.notes);
    assert!(late.notes.contains("Z, is up: 4 nodes are left"), "{}", late.notes);
    assert!(late.notes.contains("--continue --until=HH:MM"), "{}", late.notes);
    let past = "2026-01-02T03:04:05Z".parse().expect("a time");
    let options = dsgrid::domain::replace::options::Options { until: Some(past), ..begun.options.clone() };
    let past = serde_json::to_string(&Claim { options, ..begun }).expect("it can be written");
    cluster.patch(json!({"metadata": {"annotations": {"dsgrid.dev/replacing": past}}})).await;
    let over = cluster.run(&["ds/agent", "--continue", "--yes"]).await;
    assert_eq!(over.code, 2, "{}", over.notes);
    assert!(over.notes.contains("give it more with --until"), "{}", over.notes);
    let more = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let until = format!("--until={more}");
    let second = cluster.run(&["ds/agent", "--continue", "--yes", "-ojson", &until]).await;
    assert_eq!((second.code, cluster.journalled("delete")), (1, 4), "{}", second.notes);
    let third = cluster.run(&["ds/agent", "--continue", "--yes", "-ojson"]).await;
    assert_eq!((third.code, cluster.journalled("delete")), (0, 6), "{}", third.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_rollout_is_replaced_one_named_pod_after_the_other() {
    let cluster = Cluster::start(&scenario("2.0", ""), 3, &[]).await;
    let api = async |verb: &str, flags: &[&str]| -> Run {
        let mut command = dsgrid(&["--server", &cluster.address, "-n", "payments", verb, "ds/api", "--yes"]);
        command.args(flags).env("XDG_STATE_HOME", &cluster.folder);
        let run = tokio::task::spawn_blocking(move || command.output()).await;
        run.expect("no panic").expect("it runs").into()
    };
    let paused = api("pause", &[]).await;
    assert_eq!(paused.code, 0, "{}", paused.notes);
    let restarted = api("restart", &[]).await;
    assert_eq!(restarted.code, 0, "{}", restarted.notes);
    let all = api("replace", &["--dry-run=client"]).await;
    let node = all.notes.split_once("canary: 1 (").expect("a canary").1.split(')').next().expect("a node");
    let one = api("replace", &["--node", node, "--soak=0s", "-ojson"]).await;
    assert_eq!(one.code, 0, "{}", one.notes);
    assert_eq!((summary(&one)["done"].clone(), cluster.journalled("delete")), (json!([node]), 1));
    let rest = api("replace", &["--soak=0s", "--max-in-flight=100%", "-ojson"]).await;
    assert_eq!((rest.code, cluster.journalled("delete")), (0, 3), "{}", rest.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_failures_may_be_allowed_and_what_failed_is_at_hand() {
    let crash = "crash: {exitCode: 3, afterSeconds: 0.2, lastLines: ['permission denied']}";
    let crashes = scenario("2.0", "").replace("crash: {nodes: [nowhere]}", crash);
    let cluster = Cluster::start(&crashes, 5, &[]).await;
    let flags = ["ds/agent", "--soak=5s", "--yes", "-ojson", "--max-failures=2", "--canary=0"];
    let run = cluster.run(&flags).await;
    assert_eq!(run.code, 1, "{}", run.notes);
    assert_eq!((count(&summary(&run), "failed"), cluster.journalled("delete")), (2, 2), "{}", run.notes);
    for told in ["CrashLoopBackOff: exit 3", "HALTED: ", ":   log    permission denied", ":   event  BackOff"]
    {
        assert!(run.notes.contains(told), "{told}: {}", run.notes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_said_before_anything_is_deleted() {
    let said = async |deny: &str, flags: &[&str]| {
        let cluster = Cluster::start(&scenario("2.0", ""), 3, &[deny]).await;
        let run = cluster.run(&[&FAST[..], flags].concat()).await;
        (run.code, cluster.journalled("delete"), run.notes)
    };
    let (code, deleted, notes) = said("list pods@*", &[]).await;
    assert_eq!((code, deleted), (1, 0), "{notes}");
    assert!(
        notes.contains("you may not list the pods of nodes") && notes.contains("--without-neighbours"),
        "{notes}"
    );
    let (code, deleted, notes) = said("list pods@*", &["--without-neighbours", "--max-in-flight=3"]).await;
    assert_eq!((code, deleted), (0, 3), "{notes}");
    assert!(notes.contains("the other pods of the node are NOT looked after"), "{notes}");
    let (code, deleted, notes) = said("delete pods", &[]).await;
    assert_eq!((code, deleted), (1, 0), "{notes}");
    assert!(notes.contains("you may not delete pods in agents"), "{notes}");
    let (code, deleted, notes) = said("patch daemonsets.apps", &["--max-in-flight=3"]).await;
    assert_eq!((code, deleted), (0, 3), "{notes}");
    assert!(notes.contains("colleagues will not see this") && notes.contains("--max-in-flight=3"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_one_clear_sentence() {
    let cluster = Cluster::start(&scenario("2.0", ""), 3, &[]).await;
    for (flags, code, told) in [
        (&["ds/agent", "--max-in-flight=0"][..], 2, "lets no pod be replaced"),
        (&["ds/agent", "--max-in-flight=101%"], 2, "is more than all nodes"),
        (&["ds/agent", "--max-in-flight=-1"], 2, "is no number of nodes"),
        (&["ds/agent", "--max-failures=0"], 2, "--max-failures"),
        (&["ds/agent", "--until=noon"], 2, "is no time"),
        (&["ds/agent", "--until=2020-01-01T00:00:00Z"], 2, "is past"),
        (&["ds/agent", "--max-failures", "many"], 2, "is no number of failures"),
        (&["ds/agent", "--soak=soon"], 2, "--soak"),
        (&["ds/agent", "--soak", "-5"], 2, "\"-5\" is no time; write it like 30s"),
        (&["ds/agent", "--canary", "x"], 2, "\"x\" is no number of nodes; write one like 2"),
        (&["ds/agent", "--canary", "-1"], 2, "\"-1\" is no number of nodes"),
        (&["ds/agent", "--node=nowhere"], 2, "there is no node nowhere"),
        (&["ds/agent", "--node-selector=pool=none"], 2, "no node has the labels pool=none"),
        (&["ds/agent", "--node-selector=a in"], 2, "a in"),
        (&["ds/agent", "--group-by=rack"], 2, "no node has the label rack"),
        (&["ds/agent", "--group-by=pool", "--group=z"], 2, "there are worker"),
        (&["ds/agent", "--group=z"], 2, "--group-by"),
        (&["ds/nothing"], 2, "nothing"),
        (&["ds/agent", "--continue"], 2, "nothing is kept on this DaemonSet"),
        (&["ds/agent", "--continue", "--canary=2"], 2, "--canary"),
        (&["-n", "payments", "ds/api"], 1, "pause it first"),
    ] {
        let mut command = dsgrid(&["--server", &cluster.address, "replace", "--yes"]);
        let namespaced = flags.contains(&"-n");
        command.args(flags).args(if namespaced { &[][..] } else { &["-n", "agents"] });
        let run: Run = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("no panic")
            .expect("it runs")
            .into();
        assert_eq!(run.code, code, "{flags:?}: {}", run.notes);
        assert!(run.notes.contains(told), "{flags:?}: {}", run.notes);
    }
    let unasked = cluster.run(&["ds/agent"]).await;
    assert_eq!(unasked.code, 2);
    assert!(unasked.notes.contains("--yes"), "{}", unasked.notes);
    assert_eq!(cluster.journalled("delete"), 0);
}
