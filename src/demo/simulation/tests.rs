//! Tests of the simulation: rows of the DaemonSet semantics, on a cluster of a few nodes and virtual time.

mod disruption;
mod placement;
mod rolling;
mod scenarios;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Io, Simulation};
use crate::demo::kubelet::Outage;
use crate::demo::scenario::{Scenario, nodes};
use crate::demo::store::{DeleteOptions, Kind, Scope, Store};
use crate::domain::text::Text;

/// A small cluster and its time.
struct Rig {
    store: Store,
    sim: Simulation,
    now: Timestamp,
}

fn start() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

impl Rig {
    /// So many plain nodes, named `n-a-001`, `n-b-001` and so on.
    fn new(count: usize) -> Self {
        let text = "about: x\npools: [{name: n, nodes: 1, instance: m, cpu: 4, memory: 8}]\ndaemonSets: []\n";
        let scenario = Scenario::read("test", text).unwrap();
        let mut store = Store::new(1, start());
        for node in nodes::plan(&scenario, Some(count), start()) {
            store.place_initial(Kind::Node, node.object, |_| ());
        }
        let sim = Simulation::new(&store, 1, start());
        Self { store, sim, now: start() }
    }

    /// A DaemonSet `x` of the default namespace, changed by `change` before it is created; run until settled.
    fn with_set(count: usize, change: impl FnOnce(&mut Value)) -> Self {
        let mut rig = Self::new(count);
        let mut ds = json!({
            "metadata": {"name": "x", "namespace": "default"},
            "spec": {
                "selector": {"matchLabels": {"app": "x"}},
                "template": {
                    "metadata": {"labels": {"app": "x"}},
                    "spec": {"containers": [{"name": "main", "image": "x:1"}]},
                },
            },
        });
        change(&mut ds);
        rig.store.create(Kind::DaemonSet, ds, rig.now).unwrap();
        rig.run(60);
        rig
    }

    /// Lets time pass.
    fn run(&mut self, seconds: i64) {
        let end = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.sim.step(&mut self.store, self.now);
        while let Some(due) = self.sim.next_due().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.sim.step(&mut self.store, self.now);
        }
        self.now = end;
        self.sim.step(&mut self.store, end);
    }

    fn patch(&mut self, change: impl FnOnce(&mut Value)) {
        self.edit(Kind::DaemonSet, "default", "x", change);
    }

    fn node(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        self.edit(Kind::Node, "", name, change);
    }

    fn edit(&mut self, kind: Kind, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let write = |value: &mut Value| {
            change(value);
            Ok(())
        };
        self.store.write(Scope::Main, kind, namespace, name, self.now, write).unwrap();
        self.sim.step(&mut self.store, self.now);
    }

    fn image(&mut self, image: &str) {
        self.patch(|ds| ds["spec"]["template"]["spec"]["containers"][0]["image"] = image.into());
    }

    fn outage(&mut self, node: &str, outage: Option<Outage>) {
        let mut io = Io { store: &mut self.store, now: self.now };
        self.sim.set_outage(&mut io, &Text::new(node), outage);
    }

    fn pods(&self) -> Vec<Value> {
        self.store.list(Kind::Pod, None).map(|stored| stored.value()).collect()
    }

    /// Image tags by node, oldest pod first; a pod that is being deleted has a `-` before it.
    fn tags(&self) -> BTreeMap<String, Vec<String>> {
        let mut pods = self.pods();
        pods.sort_by_key(|pod| pod["metadata"]["creationTimestamp"].to_string());
        let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pod in pods {
            let node = target(&pod);
            let image = pod["spec"]["containers"][0]["image"].as_str().unwrap();
            let tag = image.rsplit(':').next().unwrap();
            let mark = if pod["metadata"]["deletionTimestamp"].is_string() { "-" } else { "" };
            tags.entry(node).or_default().push(format!("{mark}{tag}"));
        }
        tags
    }

    /// How many nodes have exactly these pods.
    fn nodes_with(&self, wanted: &[&str]) -> usize {
        self.tags().values().filter(|tags| *tags == wanted).count()
    }

    /// Desired, current, ready, updated, available and misscheduled.
    fn counters(&self) -> [i64; 6] {
        let status = self.store.get(Kind::DaemonSet, "default", "x").unwrap().value()["status"].take();
        [
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberMisscheduled",
        ]
        .map(|key| status[key].as_i64().unwrap_or(0))
    }

    fn revisions(&self) -> Vec<i64> {
        let mut numbers: Vec<i64> = self
            .store
            .list(Kind::ControllerRevision, None)
            .map(|stored| stored.value()["revision"].as_i64().unwrap())
            .collect();
        numbers.sort_unstable();
        numbers
    }

    fn delete_pod_on(&mut self, node: &str) {
        let pod = self.pods().into_iter().find(|pod| target(pod) == node).unwrap();
        let name = pod["metadata"]["name"].as_str().unwrap();
        self.store.delete(Kind::Pod, "default", name, &DeleteOptions::default(), self.now).unwrap();
        self.sim.step(&mut self.store, self.now);
    }

    fn reasons(&self) -> Vec<String> {
        let reason = |stored: &std::sync::Arc<crate::demo::store::Stored>| {
            stored.value()["reason"].as_str().unwrap().to_owned()
        };
        self.store.list(Kind::Event, None).map(reason).collect()
    }
}

fn target(pod: &Value) -> String {
    let bound = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let affinity = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let named = affinity["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].as_str();
    if bound.is_empty() { named.unwrap_or_default().to_owned() } else { bound.to_owned() }
}
