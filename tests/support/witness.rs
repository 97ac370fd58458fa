//! The real kubectl as a witness of what is in a cluster.

use std::io::Write;
use std::process::{Command, Stdio};

use super::program::Run;

/// Whether kubectl is on the PATH; where it is not, says so past the test runner, which shows nothing of tests that pass.
pub fn kubectl_is_there() -> bool {
    let found = Command::new("kubectl").args(["version", "--client"]).output().is_ok();
    if !found {
        writeln!(std::io::stderr(), "skipped: kubectl is not on PATH").expect("standard error takes it");
    }
    found
}

/// kubectl with the kubeconfig of a cluster.
pub struct Kubectl<'a>(pub &'a str);

impl Kubectl<'_> {
    /// kubectl with arguments; nothing to read.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new("kubectl");
        command.args(arguments).env("KUBECONFIG", self.0).stdin(Stdio::null());
        command
    }

    /// Runs it with arguments between spaces.
    pub fn run(&self, arguments: &str) -> Run {
        self.command(arguments.split(' ')).output().expect("kubectl runs").into()
    }

    /// Runs it and wants it to succeed.
    pub fn done(&self, arguments: &str) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "kubectl {arguments}: {}{}", run.data, run.notes);
        run.data
    }

    /// Runs it with something to read.
    pub fn fed(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = self.command(arguments.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl runs");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
        child.wait_with_output().expect("ends").into()
    }

    /// Creates what a manifest says.
    pub fn create(&self, manifest: &str) {
        let run = self.fed(&["create", "--validate=false", "-f", "-"], manifest);
        assert_eq!(run.code, 0, "{}", run.notes);
    }
}

/// A namespace with a DaemonSet `agent` that starts and stops within seconds, on the nodes that a selector (YAML) names.
pub fn agent_manifest(namespace: &str, node_selector: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, namespace: {namespace}, labels: {{app: agent}}}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  updateStrategy: {{type: RollingUpdate, rollingUpdate: {{maxUnavailable: 1}}}}
  template:
    metadata:
      labels: {{app: agent}}
      annotations:
        dsgrid.dev/sim: '{{"startSeconds":1,"readySeconds":1}}'
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {node_selector}
      tolerations: [{{operator: Exists, effect: NoSchedule}}]
      containers:
      - name: main
        image: registry.k8s.io/pause:3.9
"#
    )
}
