//! `dsgrid pause`, `resume`, `restart`, `undo` and `throttle` as people and scripts run them, with kubectl as the witness.

use std::time::{Duration, Instant};

use dsgrid::domain::command::{
    Limits, Outcome, PauseBy, Proposal, ResumeTo, difference, pause, restart, resume, throttle, undo,
};
use dsgrid::domain::id::ObjectRef;
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use serde_json::{Value, json};

use crate::support::embedded::{Embedded, command};
use crate::support::program::{Run, Served, dsgrid};
use crate::support::witness::{Kubectl, agent_manifest, kubectl_is_there};

/// How long the cluster may take for a step: machines are shared; a wait ends as soon as it can.
const PATIENCE: Duration = Duration::from_secs(120);

struct Cluster(Served);

impl Cluster {
    fn dsgrid(&self, arguments: &[&str]) -> Run {
        dsgrid(arguments).env("KUBECONFIG", &self.0.kubeconfig).output().expect("it runs").into()
    }

    /// Runs dsgrid and wants it to succeed.
    fn done(&self, arguments: &[&str]) -> Run {
        let run = self.dsgrid(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.data, run.notes);
        run
    }

    fn kubectl(&self) -> Kubectl<'_> {
        Kubectl(&self.0.kubeconfig)
    }

    fn witness(&self, arguments: &str) -> String {
        self.kubectl().done(arguments)
    }

    fn agent(&self) -> Value {
        let run = self.done(&["get", "story/agent", "-o", "json"]);
        serde_json::from_str::<Value>(&run.data).expect("JSON")["daemonSets"][0].clone()
    }

    fn wait(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let row = self.agent();
            if holds(&row) {
                return row;
            }
            assert!(Instant::now() < end, "waited in vain until {what}: {row:#}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn pods(&self) -> Vec<String> {
        let names = self.witness("get pods -n story -l app=agent -o name");
        let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    fn strategy(&self) -> Value {
        let text = self.witness("get ds -n story agent -o jsonpath={.spec.updateStrategy}");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn count(row: &Value, by: &str, counter: &str) -> u64 {
    row[by][counter].as_u64().expect("a number")
}

#[test]
fn a_rollout_is_paused_midway_resumed_and_undone() {
    if !kubectl_is_there() {
        return;
    }
    let cluster = Cluster(Served::start(&["--nodes", "9", "--seed", "11"]));
    cluster.kubectl().create(&agent_manifest("story", "{}"));
    cluster.wait("all run", |row| row["rollout"] == "complete" && count(row, "computed", "desired") > 3);
    let before = cluster.strategy();

    // Midway.
    cluster.witness("set image -n story ds/agent main=registry.k8s.io/pause:3.10");
    cluster.wait("one is updated", |row| count(row, "computed", "upToDate") > 0);
    let told =
        cluster.done(&["pause", "story/agent", "--reason", "INC-4711 \"disk\"", "--as", "oncall", "--yes"]);
    assert_eq!(told.data, "story/agent is paused\n");
    for words in ["no further pod is replaced", "new nodes still get pods", "\"op\":\"test\"", "next: "] {
        assert!(told.notes.contains(words), "{words}: {}", told.notes);
    }
    assert_eq!(cluster.strategy()["type"], "OnDelete");
    assert!(
        cluster
            .kubectl()
            .run("rollout status -n story ds/agent")
            .notes
            .contains("only available for RollingUpdate")
    );
    let still = cluster.wait("what was in flight has come up", |row| {
        row["rollout"] == "paused" && count(row, "status", "available") == count(row, "status", "desired")
    });
    assert!(count(&still, "status", "upToDate") < count(&still, "status", "desired"), "{still:#}");

    // Nothing moves, also when the controller looks again.
    let pods = cluster.pods();
    cluster.witness("label ds -n story agent looked=again");
    let listed = cluster.done(&["get", "--paused"]);
    assert!(listed.data.contains("by oncall") && listed.data.contains("INC-4711"), "{}", listed.data);
    assert_eq!(cluster.pods(), pods);
    let again = cluster.dsgrid(&["pause", "story/agent", "--yes"]);
    assert_eq!(again.code, 1);
    assert!(again.notes.contains("it is paused already, by oncall since"), "{}", again.notes);

    // Another one resumes.
    let told = cluster.done(&["resume", "ds/agent", "-n", "story", "--as", "ada", "--yes"]);
    assert!(
        told.notes.contains("it was paused by oncall") && told.notes.contains("deletes and replaces"),
        "{}",
        told.notes
    );
    assert_eq!(cluster.strategy(), before);
    let finished = cluster.witness("rollout status -n story ds/agent --timeout=100s");
    assert!(finished.contains("successfully rolled out"), "{finished}");

    back_again(&cluster);
}

/// An undo finds the old revision again, by kubectl's own comparison.
fn back_again(cluster: &Cluster) {
    let revisions = || cluster.witness("get controllerrevisions -n story -o name");
    let before = revisions();
    let told = cluster.done(&["undo", "story/agent", "--yes"]);
    assert_eq!(told.data, "story/agent goes back from 3.10 (r2) to 3.9 (r1)\n");
    assert!(told.notes.contains("main goes from 3.10 to 3.9"), "{}", told.notes);
    cluster.witness("rollout status -n story ds/agent --timeout=100s");
    assert_eq!(revisions(), before, "no revision was made");
    let history = cluster.witness("rollout history -n story ds/agent");
    let numbers: Vec<&str> = history.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(numbers.contains(&"3") && !numbers.contains(&"1"), "{history}");
    // kubectl sends the stored data itself then: to a template that is the same this changes nothing.
    let generation = || cluster.witness("get ds -n story agent -o jsonpath={.metadata.generation}");
    let before = generation();
    cluster.witness("rollout undo -n story ds/agent --to-revision=3");
    assert_eq!(generation(), before);
    let idle = cluster.done(&["undo", "story/agent", "--to-revision", "3", "--yes"]);
    assert!(
        idle.notes.contains("nothing was changed: its template is that of 3.9 (r3) already"),
        "{}",
        idle.notes
    );

    // Under a pause an undo moves nothing, and says what does.
    cluster.done(&["pause", "story/agent", "--yes"]);
    let pods = cluster.pods();
    let told = cluster.done(&["undo", "story/agent", "--to-revision", "2", "--yes"]);
    assert!(
        told.notes.contains("moves 0 pods") && told.notes.contains("dsgrid replace story/agent"),
        "{}",
        told.notes
    );
    cluster.wait("it is seen", |row| count(row, "status", "upToDate") == 0);
    assert_eq!(cluster.pods(), pods);
    cluster.done(&["resume", "story/agent", "--yes"]);
    cluster.done(&["throttle", "story/agent", "--max-unavailable", "100%", "--yes"]);
    assert_eq!(cluster.strategy()["rollingUpdate"], json!({"maxUnavailable": "100%", "maxSurge": 0}));
    cluster.witness("rollout status -n story ds/agent --timeout=100s");
    cluster.done(&["restart", "story/agent", "--yes"]);
    let at = cluster.witness(
        "get ds -n story agent -o jsonpath={.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}",
    );
    assert!(at.ends_with('Z'), "{at}");
}

#[test]
fn what_cannot_be_done_is_one_clear_sentence() {
    let cluster = Served::start(&["--nodes", "6", "--seed", "3"]);
    let file = std::env::temp_dir().join(format!("dsgrid-strategy-{}.yaml", std::process::id()));
    std::fs::write(&file, "updateStrategy: {rollingUpdate: {maxUnavailable: 1}}\n").expect("it is written");
    let file = file.to_string_lossy().into_owned();
    for (arguments, code, told) in [
        (vec!["pause", "nope", "--yes"], 2, "there is no DaemonSet \"nope\" in the namespace default"),
        (vec!["pause", "fluent-bit", "--yes"], 2, "there is logging/fluent-bit"),
        (vec!["pause", "node/x/y/z", "--yes"], 2, "is not a DaemonSet"),
        (vec!["pause", "logging/fluent-bit", "-n", "gpu", "--yes"], 2, "but -n says gpu"),
        (vec!["pause", "logging/fluent-bit"], 2, "confirm with --yes"),
        (vec!["pause", "-l", "a=b", "logging/fluent-bit", "--yes"], 2, "leave -l out"),
        (vec!["pause", "logging/fluent-bit", "--yes", "--read-only"], 1, "--read-only is given"),
        (
            vec!["pause", "security/falco", "--yes"],
            1,
            "its strategy is OnDelete: there is no rollout to pause",
        ),
        (vec!["resume", "logging/fluent-bit", "--yes"], 1, "it is not paused: its strategy is RollingUpdate"),
        (
            vec!["resume", "logging/fluent-bit", "--to", "/nonexistent", "--yes"],
            2,
            "cannot read \"/nonexistent\"",
        ),
        (vec!["resume", "logging/fluent-bit", "--to", &file, "--yes"], 2, "no updateStrategy with a type"),
        (
            vec!["undo", "logging/fluent-bit", "--to-revision", "77", "--yes"],
            2,
            "there is no revision 77; there are",
        ),
        (vec!["undo", "logging/fluent-bit", "--to-revision", "x", "--yes"], 2, "invalid value"),
        (vec!["throttle", "logging/fluent-bit", "--yes"], 2, "--max-unavailable"),
        (
            vec!["throttle", "logging/fluent-bit", "--max-surge", "2", "--yes"],
            1,
            "only one of them may be above 0",
        ),
        (vec!["throttle", "logging/fluent-bit", "--max-unavailable", "200%", "--yes"], 2, "more than 100%"),
        (vec!["throttle", "security/falco", "--max-unavailable", "2", "--yes"], 1, "which has no limits"),
        (vec!["force-delete", "logging/fluent-bit", "nowhere", "--yes"], 2, "there is no node nowhere"),
    ] {
        let run = cluster.run(&arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.notes);
        assert!(run.notes.contains(told) && run.data.is_empty(), "{arguments:?}: {}", run.notes);
    }
    std::fs::remove_file(file).expect("it is ours");
    // A dry run changes nothing, and what would be sent is data.
    let dry = cluster.run(&["restart", "logging/fluent-bit", "--dry-run=client"]);
    let patch: Value = serde_json::from_str(&dry.data).expect("a JSON patch");
    assert_eq!((dry.code, patch[0]["path"].as_str()), (0, Some("/metadata/uid")), "{}", dry.notes);
    let dry = cluster.run(&["restart", "logging/fluent-bit", "--dry-run=server"]);
    assert_eq!((dry.code, dry.data.as_str()), (0, ""), "{}", dry.notes);
    assert!(dry.notes.contains("the server would do it; nothing was changed"), "{}", dry.notes);
    let generation = cluster.run(&["get", "logging/fluent-bit", "-o", "json"]).data;
    let grid: Value = serde_json::from_str(&generation).expect("JSON");
    assert_eq!(grid["daemonSets"][0]["paused"], false);
}

#[test]
fn without_rights_nothing_is_written_and_the_right_is_named() {
    let cluster = Served::start(&["--nodes", "6", "--seed", "3", "--deny", "patch daemonsets.apps"]);
    for arguments in [["pause", "logging/fluent-bit", "--yes"], ["restart", "logging/fluent-bit", "--yes"]] {
        let run = cluster.run(&arguments);
        assert_eq!(run.code, 1, "{}", run.notes);
        let last = run.notes.lines().last().unwrap_or_default();
        assert!(
            last.contains("nothing was changed: not allowed: ") && last.contains("patch"),
            "{}",
            run.notes
        );
    }
}

/// A DaemonSet of the embedded cluster, and a write made from it.
struct Decided {
    target: ObjectRef,
    before: RawObject,
}

impl Decided {
    async fn read(cluster: &Embedded) -> Self {
        let target = cluster.daemon_set("kube-system", "node-problem-detector").await;
        let before = cluster.read(&target).await.expect("it is there");
        Self { target, before }
    }

    fn pause(&self) -> Proposal {
        let (by, reason) = (Text::new("oncall"), Text::default());
        let at = "2026-01-02T03:04:05Z".parse().expect("a time");
        pause(&self.before, &PauseBy { by: &by, at, reason: &reason }).expect("it can be paused")
    }

    fn careful(&self, revisions: &[RawObject]) -> Vec<Proposal> {
        let limits = Limits { max_unavailable: Some(json!(7)), max_surge: Some(json!(0)) };
        let mut all = vec![
            restart(&self.before, "2026-01-02T03:04:05Z".parse().expect("a time")).expect("it restarts"),
            throttle(&self.before, &limits).expect("other limits"),
        ];
        all.extend(undo(&self.before, revisions, None).map(|undone| undone.proposal));
        all
    }
}

/// Sends a change by somebody else.
async fn meanwhile(cluster: &Embedded, target: &ObjectRef, patch: &Value) {
    use dsgrid::domain::command::{Method, Verb};
    let came = cluster.send(&command(Verb::Annotate, target, Method::MergePatch, patch)).await;
    assert!(matches!(came, Outcome::Done(_)), "{came:?}");
}

#[tokio::test]
async fn lost_races_write_nothing_and_say_what_changed() {
    let cluster = Embedded::start(&[]).await;
    let decided = Decided::read(&cluster).await;
    let careful = decided.careful(&[]);
    let stop = decided.pause();

    // The generation moved: only the stop goes through.
    let edit = json!({"spec": {"minReadySeconds": 2}});
    meanwhile(&cluster, &decided.target, &edit).await;
    for proposal in &careful {
        let before = cluster.read(&decided.target).await;
        let Outcome::LostRace(Some(now)) = cluster.send(&proposal.command).await else {
            panic!("{:?} was written", proposal.command.verb)
        };
        let told = difference(&decided.before, Some(&now));
        assert!(told.starts_with("its spec was edited (generation"), "{told}");
        let spec =
            |object: &Option<RawObject>| object.as_ref().and_then(|object| object.at("/spec").cloned());
        assert_eq!(spec(&cluster.read(&decided.target).await), spec(&before), "nothing was written");
    }
    assert!(matches!(cluster.send(&stop.command).await, Outcome::Done(_)));

    // The strategy changed: now that it is paused, another stop is lost, and says by whom.
    let Outcome::LostRace(Some(now)) = cluster.send(&stop.command).await else {
        panic!("it was paused twice")
    };
    let told = difference(&decided.before, Some(&now));
    assert!(told.contains("and is OnDelete; it was paused by oncall since 2026-01-02T03:04:05Z"), "{told}");

    // Somebody resumed it first.
    let first = resume(&now, &ResumeTo::Untouched).expect("it is paused");
    let second = resume(&now, &ResumeTo::Untouched).expect("it is paused");
    assert!(matches!(cluster.send(&first.command).await, Outcome::Done(_)));
    let Outcome::LostRace(Some(later)) = cluster.send(&second.command).await else { panic!("resumed twice") };
    let told = difference(&now, Some(&later));
    assert!(
        told.contains("was OnDelete and is RollingUpdate") && told.contains("pause was removed"),
        "{told}"
    );
}

#[tokio::test]
async fn another_object_of_the_same_name_is_not_touched() {
    let cluster = Embedded::start(&[]).await;
    let decided = Decided::read(&cluster).await;
    let mut proposals = decided.careful(&[]);
    proposals.push(decided.pause());
    for mut proposal in proposals {
        // The object that is there has another uid than the one that was decided on.
        let uid = decided.before.at("/metadata/uid").and_then(Value::as_str).expect("a uid");
        let former = "00000000-0000-4000-8000-000000000000";
        proposal.command.body = proposal.command.body.replace(uid, former);
        proposal.command.target.uid = dsgrid::domain::id::Uid::new(former);
        assert_eq!(cluster.send(&proposal.command).await, Outcome::Gone, "{:?}", proposal.command.verb);
    }
    assert_eq!(
        cluster.read(&decided.target).await.as_ref().and_then(|now| now.at("/spec")),
        decided.before.at("/spec")
    );
}
