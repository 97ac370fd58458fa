//! Rules on what runs on the node, and what it may do there.

use super::{Case, Finding, Severity};
use crate::domain::review::spec::{Container, PodSpec};

/// Holds the template against all of them.
pub(super) fn review(case: &mut Case<'_>) {
    let wanted = case.wanted();
    let pod = std::mem::take(&mut case.spec.template.spec);
    let mut findings = Vec::new();
    for (place, container) in pod.lasting() {
        resources(&pod, &place, container, &wanted, &mut findings);
    }
    for (place, container) in pod.all().filter(|(_, container)| container.floats()) {
        let image = &container.image;
        let why = format!(
            "{image} is whatever was newest when a node pulled it: {wanted} can run different versions under one revision, and an undo changes nothing"
        );
        findings.push(finding(Severity::Warning, format!("{place}.image"), "image without a version", why));
    }
    probes(&pod, &wanted, &mut findings);
    rights(&pod, &mut findings);
    case.spec.template.spec = pod;
    case.findings.append(&mut findings);
}

fn finding(severity: Severity, field: String, rule: &'static str, why: String) -> Finding {
    Finding { field, rule, why, severity }
}

fn resources(pod: &PodSpec, place: &str, container: &Container, wanted: &str, findings: &mut Vec<Finding>) {
    let all = || container.resources.iter().chain(&pod.resources);
    let name = &container.name;
    if !all().any(|resources| resources.requests("cpu")) {
        let why = format!(
            "container {name} asks for no cpu: a full node takes the pod, and starves it first when the node is busy"
        );
        findings.push(finding(
            Severity::Warning,
            format!("{place}.resources.requests.cpu"),
            "no cpu request",
            why,
        ));
    }
    if !all().any(|resources| resources.requests("memory")) {
        let why = format!(
            "container {name} asks for no memory: the pod is put on nodes that have none left, and is among the first to be killed there"
        );
        findings.push(finding(
            Severity::Warning,
            format!("{place}.resources.requests.memory"),
            "no memory request",
            why,
        ));
    }
    if !all().any(|resources| resources.limits("memory")) {
        let why = format!(
            "container {name} may take all memory of a node: a leak hurts everything else on {wanted}"
        );
        findings.push(finding(
            Severity::Warning,
            format!("{place}.resources.limits.memory"),
            "no memory limit",
            why,
        ));
    }
}

/// A pod is ready when all its containers are, so one probe makes it wait.
fn probes(pod: &PodSpec, wanted: &str, findings: &mut Vec<Finding>) {
    let has_gate = pod.readiness_gates.as_ref().is_some_and(|gates| !gates.is_empty());
    if has_gate || pod.lasting().any(|(_, container)| container.readiness_probe.is_some()) {
        return;
    }
    let Some((place, _)) = pod.lasting().next() else { return };
    let why = format!(
        "a pod counts as ready as soon as its process runs: an update that starts but does not work reaches all {wanted} unhindered"
    );
    findings.push(finding(Severity::Warning, format!("{place}.readinessProbe"), "no readiness probe", why));
}

/// What the pod may do to its node: often what a daemon is for, so only said.
fn rights(pod: &PodSpec, findings: &mut Vec<Finding>) {
    let mut info =
        |field: String, rule, why: String| findings.push(finding(Severity::Info, field, rule, why));
    let at = |field: &str| format!("spec.template.spec.{field}");
    if pod.host_network == Some(true) {
        info(
            at("hostNetwork"),
            "host network",
            "it sees all traffic of its node, and its ports are the node's".to_owned(),
        );
    }
    if pod.host_pid == Some(true) {
        info(at("hostPID"), "host processes", "it sees all processes of its node".to_owned());
    }
    if pod.host_ipc == Some(true) {
        info(at("hostIPC"), "host ipc", "it shares memory with the processes of its node".to_owned());
    }
    for (place, container) in pod.all() {
        if container.security_context.as_ref().is_some_and(|context| context.privileged == Some(true)) {
            let why = format!("container {} may do anything on its node", container.name);
            info(format!("{place}.securityContext.privileged"), "privileged", why);
        }
    }
    for (index, volume) in pod.volumes.iter().flatten().enumerate() {
        let Some(host_path) = &volume.host_path else { continue };
        let mounts = || {
            let all = pod.all().flat_map(|(_, container)| container.volume_mounts.iter().flatten());
            all.filter(|mount| mount.name == volume.name)
        };
        let how =
            if mounts().any(|mount| mount.read_only != Some(true)) { "reads and writes" } else { "reads" };
        if mounts().next().is_some() {
            info(
                at(&format!("volumes[{index}].hostPath")),
                "host path",
                format!("it {how} {} of its node", host_path.path),
            );
        }
    }
}
