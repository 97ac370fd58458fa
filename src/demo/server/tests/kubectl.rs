//! Real kubectl against the server; without kubectl these tests say so and pass.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::*;

struct Kubectl {
    folder: PathBuf,
    shared: Shared,
    server: tokio::task::JoinHandle<io::Result<()>>,
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        self.server.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn fill(store: &mut Store) {
    let now = now();
    for name in ["n1", "n2"] {
        let node = json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/os": "linux"}},
            "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
                "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Demo", "architecture": "amd64"}},
        });
        store.create(Kind::Node, node, now).unwrap();
        let untaint = |v: &mut Value| {
            v["spec"]["taints"] = json!([]);
            Ok(())
        };
        store.update(Kind::Node, "", name, now, untaint).unwrap();
    }
    let set = json!({
        "metadata": {"name": "agent", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": {"metadata": {"labels": {"app": "agent"}},
            "spec": {"containers": [{"name": "main", "image": "agent:1"}, {"name": "side", "image": "side:1"}]}}},
    });
    let set = store.create(Kind::DaemonSet, set, now).unwrap();
    observe(store);
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": *set.uid,
        "controller": true, "blockOwnerDeletion": true}]);
    for (number, image) in [(1, "agent:0"), (2, "agent:1")] {
        let revision = json!({
            "metadata": {"name": format!("agent-{number}"), "namespace": "default", "ownerReferences": owner,
                "labels": {"app": "agent", "controller-revision-hash": number.to_string()}},
            "revision": number,
            "data": {"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "agent"}},
                "spec": {"containers": [{"name": "main", "image": image}]}}}},
        });
        store.create(Kind::ControllerRevision, revision, now).unwrap();
    }
    for (name, node) in [("agent-a", "n1"), ("agent-b", "n2")] {
        let mut pod = pod(name, &json!({"app": "agent"}));
        pod["spec"]["nodeName"] = node.into();
        pod["metadata"]["ownerReferences"] = owner.clone();
        store.create(Kind::Pod, pod, now).unwrap();
        let running = |v: &mut Value| {
            v["status"]["phase"] = "Running".into();
            v["status"]["containerStatuses"] = json!([{"name": "main", "ready": true, "restartCount": 0,
                "image": "agent:1", "imageID": "", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]);
            Ok(())
        };
        store.write(Scope::Status, Kind::Pod, "default", name, now, running).unwrap();
    }
    let event = json!({
        "metadata": {"name": "agent.1", "namespace": "default"}, "reason": "SuccessfulCreate",
        "involvedObject": {"kind": "DaemonSet", "namespace": "default", "name": "agent", "uid": *set.uid},
        "message": "Created pod: agent-a", "type": "Normal", "count": 1, "source": {"component": "daemonset-controller"},
    });
    store.create(Kind::Event, event, now).unwrap();
}

/// What the controller would write: everything is as wanted.
fn observe(store: &mut Store) {
    let change = |v: &mut Value| {
        v["status"] = json!({"observedGeneration": v["metadata"]["generation"], "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 2, "numberAvailable": 2,
            "numberMisscheduled": 0});
        Ok(())
    };
    store.write(Scope::Status, Kind::DaemonSet, "default", "agent", now(), change).unwrap();
}

async fn kubectl(name: &str) -> Option<Kubectl> {
    let found = Command::new("kubectl").args(["version", "--client"]).output().await;
    if !found.is_ok_and(|o| o.status.success()) {
        // Past the test runner, which shows nothing of tests that pass.
        let told = format!("skipped {name}: there is no kubectl on PATH\n");
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).expect("standard error takes it");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("dsgrid-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut store = Store::new(1, now());
    fill(&mut store);
    let shared = Shared::new(store, now);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    write_kubeconfig(&folder.join("config"), "dsgrid-demo", address).unwrap();
    let server = tokio::spawn(serve(shared.clone(), listener, Options::default()));
    Some(Kubectl { folder, shared, server })
}

impl Kubectl {
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("kubectl");
        command.env("KUBECONFIG", self.folder.join("config")).env("HOME", &self.folder).kill_on_drop(true);
        command.args(line.split(' '));
        command
    }

    /// Standard output and error of a command that works.
    async fn ok(&self, line: &str) -> String {
        let output = self.command(line).output().await.unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {line}: {text}");
        text
    }

    /// What a command prints that must fail.
    async fn refused(&self, line: &str) -> String {
        let output = self.command(line).output().await.unwrap();
        assert!(!output.status.success(), "kubectl {line} should fail");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Checks what a command prints, piece by piece.
    async fn prints(&self, line: &str, pieces: &[&str]) {
        let text = self.ok(line).await;
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for piece in pieces {
            assert!(words.contains(piece), "kubectl {line} does not print {piece:?}:\n{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads() {
    let Some(kubectl) = kubectl("kubectl_reads").await else { return };
    kubectl.prints("version", &["Server Version: v1.36.2+dsgrid-demo"]).await;
    kubectl
        .prints(
            "get ds,nodes,pods -A",
            &[
                "default daemonset.apps/agent 2 2 2 2 2 <none>",
                "node/n1 Ready <none>",
                "default pod/agent-a 1/1 Running 0",
            ],
        )
        .await;
    kubectl.prints("get ds -o wide", &["main,side agent:1,side:1 app=agent"]).await;
    kubectl.prints("get pods -l app=agent --field-selector spec.nodeName=n2 -o name", &["pod/agent-b"]).await;
    kubectl.prints("get ds agent -o yaml", &["kind: DaemonSet", "maxUnavailable: 1"]).await;
    kubectl.prints("get events", &["Normal SuccessfulCreate daemonset/agent Created pod: agent-a"]).await;
    kubectl.prints("get controllerrevisions", &["agent-2 daemonset.apps/agent 2"]).await;
    kubectl.prints("get ns", &["kube-system Active"]).await;
    kubectl.prints("get pods --chunk-size=1", &["agent-a", "agent-b"]).await;
    let described = ["Desired Number of Nodes Scheduled: 2", "2 Running / 0 Waiting", "Created pod: agent-a"];
    kubectl.prints("describe ds agent", &described).await;
    kubectl.prints("describe pod agent-a", &["Controlled By: DaemonSet/agent", "Image: agent:1"]).await;
    kubectl.prints("describe node n1", &["Name: n1", "agent-a", "Taints: <none>"]).await;
    assert!(kubectl.refused("get ds nothing").await.contains("daemonsets.apps \"nothing\" not found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_changes_nodes_and_pods() {
    let Some(kubectl) = kubectl("kubectl_nodes").await else { return };
    kubectl.prints("label node n1 disk=ssd", &["node/n1 labeled"]).await;
    kubectl.prints("get nodes -l disk=ssd -o name", &["node/n1"]).await;
    kubectl.prints("label node n1 disk-", &["node/n1 unlabeled"]).await;
    kubectl.prints("annotate node n1 a=b", &["node/n1 annotated"]).await;
    kubectl.prints("taint node n1 k=v:NoSchedule k2:NoExecute", &["node/n1 tainted"]).await;
    kubectl.prints("describe node n1", &["k2:NoExecute", "k=v:NoSchedule"]).await;
    kubectl.prints("taint node n1 k:NoSchedule-", &["node/n1 untainted"]).await;
    kubectl.prints("get node n1 -o jsonpath={.spec.taints[*].key}", &["k2"]).await;
    kubectl.prints("cordon n1", &["node/n1 cordoned"]).await;
    kubectl.prints("get nodes", &["n1 Ready,SchedulingDisabled"]).await;
    kubectl.prints("uncordon n1", &["node/n1 uncordoned"]).await;
    kubectl.prints("get nodes", &["n1 Ready <none>"]).await;

    let mut watch = kubectl.command("get pods -w").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().unwrap().starts_with("agent-b") {}
    kubectl.prints("delete pod agent-a --wait=false", &["pod \"agent-a\" deleted"]).await;
    let line = lines.next_line().await.unwrap().unwrap();
    assert!(line.contains("Terminating"), "{line}");
    kubectl.prints("delete pod agent-a --force", &["force deleted"]).await;
    assert!(kubectl.refused("get pod agent-a").await.contains("not found"));
    kubectl.prints("run bare --image=x --restart=Never", &["pod/bare created"]).await;
    let bind = |v: &mut Value| {
        v["spec"]["nodeName"] = "n2".into();
        v["status"]["phase"] = "Succeeded".into();
        Ok(())
    };
    kubectl.shared.write(|s| s.write(Scope::System, Kind::Pod, "default", "bare", now(), bind).unwrap());
    let drain = "drain n2 --ignore-daemonsets --force --timeout=10s";
    kubectl.prints(drain, &["pod/bare evicted", "node/n2 drained"]).await;
    kubectl.prints("get pods -o name", &["pod/agent-b"]).await;
    kubectl.prints("delete node n2", &["deleted"]).await;
    kubectl.prints("create ns extra", &["namespace/extra created"]).await;
    kubectl.prints("delete ns extra", &["namespace \"extra\" deleted"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_rolls_out() {
    let Some(kubectl) = kubectl("kubectl_rollout").await else { return };
    kubectl.prints("rollout status ds/agent", &["daemon set \"agent\" successfully rolled out"]).await;
    kubectl.prints("rollout history ds/agent", &["REVISION CHANGE-CAUSE", "1 <none>", "2 <none>"]).await;
    kubectl.prints("set image ds/agent main=agent:2", &["daemonset.apps/agent image updated"]).await;
    kubectl.prints("get ds -o wide", &["agent:2,side:1"]).await;
    let mut status = kubectl.command("rollout status ds/agent").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(status.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    assert_eq!(line, "Waiting for daemon set spec update to be observed...");
    kubectl.shared.write(observe);
    let line = lines.next_line().await.unwrap().unwrap();
    assert_eq!(line, "daemon set \"agent\" successfully rolled out");
    assert!(status.wait().await.unwrap().success());
    kubectl.prints("rollout restart ds/agent", &["daemonset.apps/agent restarted"]).await;
    kubectl.prints("rollout undo ds/agent --to-revision=1", &["daemonset.apps/agent rolled back"]).await;
    kubectl.prints("get ds -o wide", &["main agent:0 app=agent"]).await;
    let generations = "get ds agent -o jsonpath={.metadata.generation}/{.metadata.annotations}";
    kubectl.prints(generations, &["4/{\"deprecated.daemonset.template.generation\":\"4\"}"]).await;
    let patch = r#"patch ds agent -p {"spec":{"updateStrategy":{"type":"OnDelete"}}}"#;
    kubectl.prints(patch, &["daemonset.apps/agent patched"]).await;
    let refused = kubectl.refused("rollout status ds/agent").await;
    assert!(refused.contains("only available for RollingUpdate strategy type"), "{refused}");
    let bad = r#"patch ds agent -p {"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#;
    assert!(kubectl.refused(bad).await.contains("may not be set when maxUnavailable is non-zero"));
    assert!(kubectl.refused("rollout pause ds/agent").await.contains("pausing is not supported"));
    let manifest = kubectl.folder.join("new.yaml");
    let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: new}\nspec:\n  selector: {matchLabels: {a: b}}\n  \
        template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n      - {name: c, image: x, env: [{name: E, value: f}]}\n";
    std::fs::write(&manifest, text).unwrap();
    let apply = format!("apply -f {}", manifest.display());
    kubectl.prints(&apply, &["daemonset.apps/new created"]).await;
    kubectl.prints(&apply, &["daemonset.apps/new unchanged"]).await;
    std::fs::write(&manifest, text.replace("image: x", "image: z")).unwrap();
    kubectl.prints(&apply, &["daemonset.apps/new configured"]).await;
    kubectl.prints("delete ds new agent", &["daemonset.apps \"new\" deleted"]).await;
}
