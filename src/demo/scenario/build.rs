//! Makes a scenario's cluster: already settled, with an age and a past.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::director::{Campaign, Flap};
use super::nodes::{Planned, plan};
use super::{Scenario, SetSpec, manifest};
use crate::demo::controller::pods::daemon_pod;
use crate::demo::controller::revisions::{hash_of, patch_of, revision_object};
use crate::demo::kubelet::status::{self, Doing, set_condition};
use crate::demo::kubelet::{Outage, crash_text, crashed, settled_at};
use crate::demo::lifecycle::{lose, put_taint, report};
use crate::demo::simulation::cluster::{Cluster, NodeEntry, SetEntry};
use crate::demo::simulation::mold::Mold;
use crate::demo::simulation::random::mix;
use crate::demo::simulation::{Io, Simulation};
use crate::demo::store::{Kind, Rejection, Store, time_text};
use crate::domain::id::ObjectKey;
use crate::domain::object::{Pod, Taint};
use crate::domain::text::Text;

use super::ScenarioError;

/// A template that some of a DaemonSet's pods run.
struct Version {
    template: Value,
    hash: String,
    generation: String,
    since: Timestamp,
}

/// A node that is out, since when.
struct Out {
    node: Text,
    since: Timestamp,
}

fn ago(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// Builds a scenario's cluster with its own number of nodes or another; equal seeds give equal clusters.
///
/// # Errors
/// Where a DaemonSet of the scenario is not a legal one.
pub fn build(
    scenario: &Scenario,
    nodes: Option<usize>,
    seed: u64,
    now: Timestamp,
) -> Result<(Store, Simulation), ScenarioError> {
    let mut store = Store::new(seed, ago(now, 90 * 86_400));
    let mut cluster = Cluster::default();
    let planned = plan(scenario, nodes.map(|n| n.max(1)), now);
    let find = |pool: &str, at: usize| {
        let size = planned.iter().filter(|node| node.pool == pool).count();
        // A pool with one node would be out as a whole.
        let node = planned.iter().find(|node| node.pool == pool && node.at == at).filter(|_| size > 1);
        node.map(|node| Text::new(node.object["metadata"]["name"].as_str().unwrap_or_default()))
    };
    let outages: Vec<Out> = scenario
        .outages
        .iter()
        .filter_map(|o| Some(Out { node: find(&o.pool, o.at)?, since: ago(now, o.seconds.into()) }))
        .collect();
    let flaps = scenario
        .flaps
        .iter()
        .filter_map(|f| {
            let seconds = |s: u32| std::time::Duration::from_secs(s.into());
            Some(Flap {
                node: find(&f.pool, f.at)?,
                up: seconds(f.up_seconds),
                down: seconds(f.down_seconds),
            })
        })
        .collect();
    for node in planned {
        place_node(&mut store, &mut cluster, node, &outages, now);
    }
    for spec in &scenario.daemon_sets {
        place_set(&mut store, &mut cluster, spec, &outages, seed, now).map_err(|refused| {
            ScenarioError::Unreadable {
                name: "of the demo".to_owned(),
                why: format!("daemonSets: {}/{}: {refused}", spec.namespace, spec.name),
            }
        })?;
    }
    for spec in &scenario.budgets {
        let budget = manifest::budget(spec);
        store.create(Kind::PodDisruptionBudget, budget, ago(now, 40 * 86_400)).map_err(|refused| {
            ScenarioError::Unreadable {
                name: "of the demo".to_owned(),
                why: format!("budgets: {}/{}: {refused}", spec.namespace, spec.name),
            }
        })?;
    }
    let mut simulation = Simulation::new(&store, seed, now);
    for out in &outages {
        simulation.kubelets.set_outage(&out.node, Some(Outage::Silent));
        simulation.mourn(&mut Io { store: &mut store, now: out.since }, &out.node);
    }
    simulation.direct(campaigns(scenario), flaps, now);
    simulation.step(&mut store, now);
    Ok((store, simulation))
}

fn campaigns(scenario: &Scenario) -> Vec<Campaign> {
    let campaign = |set: &SetSpec| {
        let key = ObjectKey { namespace: Text::new(&set.namespace), name: Text::new(&set.name) };
        Some(Campaign { key, image: set.image.clone(), spec: set.campaign.clone()?, done: None })
    };
    scenario.daemon_sets.iter().filter_map(campaign).collect()
}

fn place_node(store: &mut Store, cluster: &mut Cluster, planned: Planned, outages: &[Out], now: Timestamp) {
    let mut object = planned.object;
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let beat = i64::try_from(mix(9, &name) % 290).unwrap_or(0);
    match outages.iter().find(|out| out.node == *name) {
        Some(out) => {
            report(&mut object, true, ago(out.since, 50 + beat));
            lose(&mut object, out.since);
            for effect in ["NoSchedule", "NoExecute"] {
                put_taint(&mut object, "node.kubernetes.io/unreachable", effect, true, out.since);
            }
        }
        None => report(&mut object, true, ago(now, beat)),
    }
    let stored = store.place_initial(Kind::Node, object, |_| ());
    if let Ok(node) = serde_json::from_slice(&stored.bytes) {
        cluster.put_node(&stored, node);
    }
}

fn place_set(
    store: &mut Store,
    cluster: &mut Cluster,
    spec: &SetSpec,
    outages: &[Out],
    seed: u64,
    now: Timestamp,
) -> Result<(), Rejection> {
    if store.get(Kind::Namespace, "", &spec.namespace).is_none() {
        let namespace = json!({"metadata": {"name": spec.namespace}});
        store.create(Kind::Namespace, namespace, ago(now, 80 * 86_400))?;
    }
    let mut versions = Vec::new();
    let last = spec.versions.len() - 1;
    for (at, version) in spec.versions.iter().enumerate() {
        // The last version is new where its rollout is under way, and some days old otherwise.
        let age = match (last - at, spec.updated < 1.0) {
            (0, true) => 240,
            (back, _) => 86_400 * (3 + 12 * i64::try_from(back).unwrap_or(0)),
        };
        versions.push(place_version(store, cluster, spec, version, ago(now, age))?);
    }
    let uid = cluster
        .sets
        .iter()
        .find(|(_, set)| set.ds.meta.key.name == *spec.name && set.ds.meta.key.namespace == *spec.namespace);
    let Some((_, set)) = uid else { return Ok(()) };
    let mut chosen: Vec<&NodeEntry> = cluster
        .nodes
        .values()
        .filter(|node| {
            let lasting = |t: &&Taint| !t.key.starts_with("node.kubernetes.io/");
            let taints: Vec<Taint> = node.node.taints.iter().filter(lasting).cloned().collect();
            set.placement.verdict_for(&node.node.meta.key.name, &node.node.meta.labels, &taints).run
        })
        .collect();
    chosen.sort_by_key(|node| mix(seed ^ mix(0, &spec.name), &node.node.meta.key.name));
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the nodes"
    )]
    let updated = (chosen.len() as f64 * spec.updated.clamp(0.0, 1.0)).round() as usize;
    let mut mold: Option<Mold> = None;
    for (rank, node) in chosen.into_iter().enumerate() {
        let version = if rank < updated { last } else { last.saturating_sub(1) };
        let out = outages.iter().find(|out| out.node == node.node.meta.key.name);
        place_pod(store, set, &versions[version], node, out, &mut mold, now);
    }
    Ok(())
}

/// Applies one version of a DaemonSet and keeps its revision.
fn place_version(
    store: &mut Store,
    cluster: &mut Cluster,
    spec: &SetSpec,
    version: &str,
    at: Timestamp,
) -> Result<Version, Rejection> {
    let manifest = manifest::daemon_set(spec, version);
    let stored = if store.get(Kind::DaemonSet, &spec.namespace, &spec.name).is_some() {
        store.update(Kind::DaemonSet, &spec.namespace, &spec.name, at, |ds| {
            ds["spec"]["template"] = manifest["spec"]["template"].clone();
            let cause = &manifest["metadata"]["annotations"]["kubernetes.io/change-cause"];
            ds["metadata"]["annotations"]["kubernetes.io/change-cause"] = cause.clone();
            Ok(())
        })?
    } else {
        store.create(Kind::DaemonSet, manifest, at)?
    };
    let ds: crate::domain::object::DaemonSet = serde_json::from_slice(&stored.bytes)
        .map_err(|error| Rejection::bad_request(format!("cannot be read: {error}")))?;
    let (uid, number) = (ds.meta.uid.clone(), ds.meta.generation);
    let generation = ds.template_generation.clone().unwrap_or_default().as_str().to_owned();
    cluster.put_set(&stored, ds);
    let set = &cluster.sets[&uid];
    let template = (*set.template).clone();
    let hash = hash_of(&template, 0);
    let revision = revision_object(set, &patch_of(&template), &hash, number);
    let namespace = spec.namespace.as_str();
    let name = revision["metadata"]["name"].as_str().unwrap_or_default();
    if store.get(Kind::ControllerRevision, namespace, name).is_none() {
        store.create(Kind::ControllerRevision, revision, at)?;
    }
    Ok(Version { template, hash, generation, since: at })
}

fn place_pod(
    store: &mut Store,
    set: &SetEntry,
    version: &Version,
    node: &NodeEntry,
    out: Option<&Out>,
    mold: &mut Option<Mold>,
    now: Timestamp,
) {
    let name = node.node.meta.key.name.as_str();
    let mut pod = daemon_pod(set, &version.template, &version.hash, Some(&version.generation), name);
    let spread = i64::try_from(mix(3, &format!("{name}/{}", version.hash)) % 60).unwrap_or(0);
    let age = now.duration_since(version.since).as_secs();
    // A rollout takes its time: pods are younger than their version, but older than now.
    let created = ago(now, (age - spread * age / 100).max(60));
    let created = out.map_or(created, |out| created.min(ago(out.since, 3_600)));
    pod["metadata"]["creationTimestamp"] = time_text(created).into();
    pod["spec"]["nodeName"] = name.into();
    for key in ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"] {
        if let Some(value) = node.node.meta.labels.get(key) {
            pod["metadata"]["labels"][key] = value.as_str().into();
        }
    }
    let mold = mold.get_or_insert_with(|| Mold::read(&pod));
    let behavior = &mold.behavior;
    let (started, ready) = settled_at(created, behavior);
    store.place_initial(Kind::Pod, pod, |pod| {
        status::admit(pod, node, created);
        if let Some(crash) = behavior.crash_on(&node.node) {
            let restarts = 6 + u32::try_from(mix(4, name) % 30).unwrap_or(0);
            let ended = ago(now, i64::try_from(mix(5, name) % 200).unwrap_or(0));
            let began = ago(ended, 5);
            status::run(pod, node, false, started);
            pod["status"]["containerStatuses"][0]["restartCount"] = restarts.into();
            let read: Pod = serde_json::from_value(pod.clone()).unwrap_or_default();
            let text = crash_text(&read, &set.ds.meta.key.name, restarts);
            crashed(
                pod,
                &Doing::Ended(crash.exit_code, crash.reason(), began, ended),
                restarts,
                &text,
                ended,
            );
            return;
        }
        status::run(pod, node, false, started);
        if behavior.gets_ready(&node.node) {
            status::mark_ready(pod, ready);
        }
        if let Some(out) = out {
            set_condition(&mut pod["status"], "Ready", false, None, out.since);
        }
    });
}
