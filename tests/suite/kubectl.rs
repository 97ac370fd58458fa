//! The real kubectl as a witness: what it does to the embedded cluster, and what dsgrid then says.
//!
//! With `DSGRID_TEST_KUBECONFIG` the same story is told to a real cluster, in a namespace of its own.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::program::{Run, Served, dsgrid};
use crate::support::witness::{Kubectl, agent_manifest, kubectl_is_there};

/// How long the cluster may take for a step: machines are shared; a wait ends as soon as it can.
const PATIENCE: Duration = Duration::from_secs(120);

const NAMESPACE: &str = "dsgrid-test";

/// Wants the nodes with the label `dsgrid-test/wanted`.
fn manifest() -> String {
    agent_manifest(NAMESPACE, "{dsgrid-test/wanted: \"yes\"}")
}

/// A cluster that kubectl and dsgrid both talk to.
struct Cluster {
    /// Kept while it is ours.
    served: Option<Served>,
    kubeconfig: String,
}

impl Cluster {
    /// A real one if one is named, else an embedded one; none where kubectl is missing.
    fn start(nodes: &str) -> Option<Self> {
        Self::start_with(&["--nodes", nodes, "--seed", "11"])
    }

    fn start_with(flags: &[&str]) -> Option<Self> {
        if !kubectl_is_there() {
            return None;
        }
        if let Ok(kubeconfig) = std::env::var("DSGRID_TEST_KUBECONFIG") {
            return Some(Self { served: None, kubeconfig });
        }
        let served = Served::start(flags);
        Some(Self { kubeconfig: served.kubeconfig.clone(), served: Some(served) })
    }

    fn kubectl(&self) -> Kubectl<'_> {
        Kubectl(&self.kubeconfig)
    }

    /// Runs kubectl and wants it to succeed.
    fn done(&self, arguments: &str) -> String {
        self.kubectl().done(arguments)
    }

    fn dsgrid(&self, arguments: &[&str]) -> Run {
        dsgrid(arguments).env("KUBECONFIG", &self.kubeconfig).output().expect("it runs").into()
    }

    /// dsgrid's row of the test's own DaemonSet.
    fn agent(&self) -> Value {
        let run = self.dsgrid(&["get", "agent", "-n", NAMESPACE, "-o", "json"]);
        let document: Value = serde_json::from_str(&run.data).unwrap_or_else(|_| panic!("{}", run.notes));
        document["daemonSets"][0].clone()
    }

    /// Waits until dsgrid's own counting and the controller's agree on (desired, up to date, available).
    fn wait_for_agent(&self, desired: u64, updated: u64, available: u64) {
        let end = Instant::now() + PATIENCE;
        loop {
            let row = self.agent();
            let counted =
                |by: &str| ["desired", "upToDate", "available"].map(|counter| row[by][counter].as_u64());
            let wanted = [Some(desired), Some(updated), Some(available)];
            if counted("computed") == wanted && counted("status") == wanted {
                return;
            }
            assert!(Instant::now() < end, "waited in vain for {wanted:?}: {row:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The names of nodes without taints, so that nothing else decides.
    fn plain_nodes(&self) -> Vec<String> {
        let nodes: Value = serde_json::from_str(&self.done("get nodes -o json")).expect("JSON");
        let plain =
            |node: &&Value| node["spec"]["taints"].is_null() && node["spec"]["unschedulable"].is_null();
        let items = nodes["items"].as_array().expect("items").iter().filter(plain);
        items.map(|node| node["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
    }

    fn pods(&self) -> Vec<Value> {
        let pods: Value =
            serde_json::from_str(&self.done("get pods -n dsgrid-test -l app=agent -o json")).expect("JSON");
        pods["items"].as_array().expect("items").clone()
    }
}

#[test]
fn kubectl_reads_the_embedded_cluster() {
    let Some(cluster) = Cluster::start("9") else { return };
    let listed = cluster.done("get ds,nodes,pods -A");
    for word in ["DESIRED", "UP-TO-DATE", "STATUS", "ROLES", "RESTARTS", "daemonset.apps/"] {
        assert!(listed.contains(word), "{word} in {listed}");
    }
    let first = |kind: &str| {
        let names = cluster.done(&format!(
            "get {kind} -A --no-headers -o custom-columns=NS:.metadata.namespace,N:.metadata.name"
        ));
        let mut words = names.lines().next().expect("one").split_whitespace().map(str::to_owned);
        (words.next().expect("a namespace"), words.next().expect("a name"))
    };
    let (namespace, set) = first("ds");
    let described = cluster.done(&format!("describe ds -n {namespace} {set}"));
    assert!(described.contains("Desired Number of Nodes Scheduled"), "{described}");
    let (namespace, pod) = first("pods");
    let described = cluster.done(&format!("describe pod -n {namespace} {pod}"));
    assert!(described.contains("Tolerations") && described.contains("Controlled By"), "{described}");
    let described = cluster.done(&format!("describe node {}", first("nodes").1));
    assert!(described.contains("Conditions") && described.contains("Allocatable"), "{described}");
}

#[test]
fn the_story_of_an_agent() {
    let Some(cluster) = Cluster::start("9") else { return };
    let nodes = cluster.plain_nodes();
    let [a, b, c, ..] = nodes.as_slice() else { panic!("three plain nodes are needed: {nodes:?}") };
    cluster.kubectl().create(&manifest());
    cluster.wait_for_agent(0, 0, 0);
    labels_decide(&cluster, [a, b, c]);
    rollouts_go_their_way(&cluster);
    taints_and_cordons(&cluster, a);
    logs_are_read(&cluster);
    budgets_hold_evictions_back(&cluster);
    cluster.done("delete ns dsgrid-test --wait=false");
    cluster.done(&format!("label node {a} {b} {c} dsgrid-test/wanted-"));
}

fn labels_decide(cluster: &Cluster, [a, b, c]: [&String; 3]) {
    cluster.done(&format!("label node {a} {b} {c} dsgrid-test/wanted=yes"));
    cluster.wait_for_agent(3, 3, 3);
    cluster.done(&format!("label node {c} dsgrid-test/wanted=no --overwrite"));
    cluster.wait_for_agent(2, 2, 2);
    cluster.done(&format!("label node {c} dsgrid-test/wanted=yes --overwrite"));
    cluster.wait_for_agent(3, 3, 3);
    // A deleted pod comes back, as another one.
    let first = cluster.pods()[0]["metadata"].clone();
    cluster
        .done(&format!("delete pod -n dsgrid-test {} --wait=true", first["name"].as_str().expect("a name")));
    cluster.wait_for_agent(3, 3, 3);
    assert!(cluster.pods().iter().all(|pod| pod["metadata"]["uid"] != first["uid"]));
}

fn rollouts_go_their_way(cluster: &Cluster) {
    cluster.done("set image -n dsgrid-test ds/agent main=registry.k8s.io/pause:3.10");
    let told = cluster.done("rollout status -n dsgrid-test ds/agent --timeout=100s");
    assert!(told.contains("successfully rolled out"), "{told}");
    cluster.wait_for_agent(3, 3, 3);
    assert_eq!(cluster.agent()["revision"], 2);
    assert_eq!(cluster.agent()["rollout"], "complete");
    cluster.done("rollout restart -n dsgrid-test ds/agent");
    cluster.done("rollout status -n dsgrid-test ds/agent --timeout=100s");
    let history = cluster.done("rollout history -n dsgrid-test ds/agent");
    assert!(
        history.contains("CHANGE-CAUSE") && history.lines().any(|line| line.starts_with('3')),
        "{history}"
    );
    // OnDelete: a new template moves nothing.
    cluster.done(r#"patch ds -n dsgrid-test agent -p {"spec":{"updateStrategy":{"type":"OnDelete"}}}"#);
    cluster.done("set image -n dsgrid-test ds/agent main=registry.k8s.io/pause:3.9");
    cluster.wait_for_agent(3, 0, 3);
    assert_eq!(cluster.agent()["rollout"], "waiting");
}

fn taints_and_cordons(cluster: &Cluster, node: &str) {
    cluster.done(&format!("cordon {node}"));
    assert!(cluster.done(&format!("get node {node}")).contains("SchedulingDisabled"));
    cluster.done(&format!("uncordon {node}"));
    // The pod there is evicted and, with the taint gone, a new one comes: from the newest template.
    cluster.done(&format!("taint node {node} dsgrid-test=now:NoExecute"));
    cluster.wait_for_agent(2, 0, 2);
    cluster.done(&format!("taint node {node} dsgrid-test-"));
    cluster.wait_for_agent(3, 1, 3);
}

fn logs_are_read(cluster: &Cluster) {
    let pod = cluster.pods()[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    // Only what the embedded cluster prints is known; a real pause image prints nothing.
    if cluster.served.is_none() {
        return;
    }
    let all = cluster.done(&format!("logs -n dsgrid-test {pod}"));
    assert!(all.contains("starting"), "{all}");
    let last = cluster.done(&format!("logs -n dsgrid-test {pod} --tail=1 --timestamps"));
    assert!(last.lines().count() == 1 && last.starts_with("20"), "{last}");
    let refused = cluster.kubectl().run(&format!("logs -n dsgrid-test {pod} --previous"));
    assert!(refused.notes.contains("previous terminated container"), "{}", refused.notes);
    let refused = cluster.kubectl().run(&format!("logs -n dsgrid-test {pod} -c nosuch"));
    assert!(refused.notes.contains("container nosuch is not valid for pod"), "{}", refused.notes);
}

#[test]
fn logs_are_followed_to_their_end() {
    // What is printed is known of the embedded cluster only.
    let Some(cluster) = Cluster::start_with(&["--scenario", "logs"]) else { return };
    if cluster.served.is_none() {
        return;
    }
    let pods = cluster.done("get pods -n logs -l app.kubernetes.io/name=json -o name");
    let pod = pods.lines().next().expect("a pod");
    let of = |flags: &str| cluster.done(&format!("logs -n logs {pod} {flags}"));
    assert!(of("-c prepare").starts_with("level=info msg=\"starting\""), "an init container");
    assert_eq!(of("-c proxy --tail=2").lines().count(), 2, "a sidecar");
    assert_eq!(of("-c reloader --limit-bytes=30").len(), 30);
    let (some, more) = (of("-c json --since=5s").lines().count(), of("-c json --since=60s").lines().count());
    assert!(some < 10 && more > 40, "{some} {more}");
    let crasher = cluster.done("get pods -n logs -l app.kubernetes.io/name=crasher -o json");
    let crasher: Value = serde_json::from_str(&crasher).expect("JSON");
    let mut pods = crasher["items"].as_array().expect("a list").iter();
    let restarted = pods.find(|pod| pod["status"]["containerStatuses"][0]["restartCount"] != 0);
    let name = restarted.and_then(|pod| pod["metadata"]["name"].as_str()).expect("one crashes");
    let before = cluster.done(&format!("logs -n logs {name} --previous"));
    assert!(before.ends_with("panic: no input left\n"), "{before}");
    let arguments = ["logs", "-n", "logs", pod, "-c", "json", "-f", "--tail=1", "--timestamps"];
    let mut command = cluster.kubectl().command(arguments);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("kubectl runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().map(|line| line.expect("text"));
    let first: Vec<String> = (0..4).map(|_| next().expect("it goes on")).collect();
    assert!(first.iter().all(|line| line.starts_with("20")) && first.is_sorted(), "{first:?}");
    cluster.done(&format!("delete -n logs {pod} --wait=false"));
    let rest: Vec<String> = std::iter::from_fn(next).collect();
    assert!(rest.last().is_some_and(|line| line.contains("received SIGTERM")), "{rest:?}");
    assert!(child.wait().expect("it ends with the pod").success());
}

fn budgets_hold_evictions_back(cluster: &Cluster) {
    let pod = cluster.pods()[0]["metadata"].clone();
    let (name, uid) = (pod["name"].as_str().expect("a name"), pod["uid"].as_str().expect("a uid"));
    let eviction = format!(
        r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{name}"}},"deleteOptions":{{"preconditions":{{"uid":"{uid}"}}}}}}"#
    );
    let evict = |expected: &str| {
        let end = Instant::now() + PATIENCE;
        loop {
            let path = format!("/api/v1/namespaces/dsgrid-test/pods/{name}/eviction");
            let run = cluster.kubectl().fed(&["create", "--raw", &path, "-f", "-"], &eviction);
            if format!("{}{}", run.data, run.notes).contains(expected) {
                return;
            }
            assert!(Instant::now() < end, "waited in vain for {expected:?}: {}{}", run.data, run.notes);
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    cluster.done("create pdb agent -n dsgrid-test --selector=app=agent --min-available=3");
    assert!(cluster.done("get pdb -n dsgrid-test").contains("ALLOWED DISRUPTIONS"));
    evict("Cannot evict pod as it would violate the pod's disruption budget.");
    cluster.done(r#"patch pdb agent -n dsgrid-test --type=merge -p {"spec":{"minAvailable":1}}"#);
    evict("Success");
}

#[test]
fn kubectl_asks_what_it_may_do() {
    if std::env::var("DSGRID_TEST_KUBECONFIG").is_ok() {
        return;
    }
    let deny = ["--deny", "patch daemonsets.apps", "--deny", "get pods/log@logging"];
    let Some(cluster) = Cluster::start_with(&[&["--nodes", "6"], &deny[..]].concat()) else { return };
    let may = |what: &str| cluster.kubectl().run(&format!("auth can-i {what}")).data.trim().to_owned();
    assert!(may("patch daemonsets").starts_with("no"));
    assert_eq!(may("patch nodes"), "yes");
    assert_eq!(may("get pods/log -n kube-system"), "yes");
    assert!(may("get pods --subresource=log -n logging").starts_with("no"));
    let refused = cluster.kubectl().run("rollout restart ds/fluent-bit -n logging");
    assert_eq!(refused.code, 1);
    assert!(
        refused.notes.contains("User \"demo\" cannot patch resource \"daemonsets\""),
        "{}",
        refused.notes
    );
    let listed = cluster.done("auth can-i --list -n logging");
    assert!(listed.contains("daemonsets.apps") && listed.contains("pods/eviction"), "{listed}");
}

#[test]
fn kubectl_drains_undoes_and_describes() {
    let Some(cluster) = Cluster::start("60") else { return };
    if cluster.served.is_none() {
        return;
    }
    let node = cluster.plain_nodes().remove(0);
    let refused = cluster.kubectl().run(&format!("drain {node}"));
    assert!(refused.notes.contains("DaemonSet-managed Pods"), "{}", refused.notes);
    cluster.done(&format!("drain {node} --ignore-daemonsets"));
    cluster.done(&format!("uncordon {node}"));
    let described = cluster.done("describe pdb -n monitoring node-exporter");
    assert!(described.contains("CalculateExpectedPodCountFailed"), "{described}");
    let undone = cluster.done("rollout undo ds/falco -n security");
    assert!(undone.contains("rolled back"), "{undone}");
    let before = cluster.done("get ds falco -n security -o jsonpath={.metadata.generation}");
    cluster.done("set image ds/falco -n security falco=docker.io/falcosecurity/falco:0.50 --dry-run=server");
    assert_eq!(cluster.done("get ds falco -n security -o jsonpath={.metadata.generation}"), before);
    cluster.kubectl().create(&manifest());
    cluster.done(&format!("label node {node} dsgrid-test/wanted=yes"));
    cluster.wait_for_agent(1, 1, 1);
    let pod = cluster.pods()[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    let described = cluster.done(&format!("describe pod -n dsgrid-test {pod}"));
    for reason in ["Scheduled", "Pulling", "Created", "Started"] {
        assert!(described.contains(reason), "{reason} in {described}");
    }
    assert!(cluster.done("describe ds -n dsgrid-test agent").contains("SuccessfulCreate"));
    let listed = cluster.done("get events -A --field-selector involvedObject.kind=Node,reason=NodeNotReady");
    assert!(listed.contains("status is now: NodeNotReady"), "{listed}");
    cluster.done(&format!("delete pod -n dsgrid-test {pod} --grace-period=0 --force"));
    cluster.wait_for_agent(1, 1, 1);
}

#[test]
fn kubectl_watches_pods_come_and_go() {
    let Some(cluster) = Cluster::start("9") else { return };
    let node = cluster.plain_nodes().into_iter().next().expect("a plain node");
    cluster.kubectl().create(&manifest());
    let mut watching = cluster
        .kubectl()
        .command(["get", "pods", "-n", NAMESPACE, "-w", "-o", "name"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("kubectl runs");
    let lines = BufReader::new(watching.stdout.take().expect("piped")).lines();
    // The watch has to be open before something happens.
    std::thread::sleep(Duration::from_secs(1));
    cluster.done(&format!("label node {node} dsgrid-test/wanted=yes"));
    let seen: Vec<String> = lines.map(|line| line.expect("readable")).take(3).collect();
    assert!(seen.iter().all(|line| line.starts_with("pod/agent-")), "{seen:?}");
    watching.kill().expect("it runs");
    watching.wait().expect("it ends");
    cluster.done("delete ns dsgrid-test --wait=false");
}
