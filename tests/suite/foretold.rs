//! Random changes of nodes: what was foretold is what the embedded cluster then does, pod for pod.

use std::collections::{BTreeMap, BTreeSet};

use dsgrid::demo::scenario::{Scenario, nodes::plan};
use dsgrid::demo::simulation::Simulation;
use dsgrid::demo::store::{Kind, Scope as Writer, Store};
use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::id::NodeName;
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{Node, Pod, Taint};
use dsgrid::domain::preview::{NodeChange, Outcome};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::relabel::harm::Harm;
use dsgrid::domain::relabel::patch::{NotSent, node_patch};
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::build::now;

/// After so long the cluster is quiet again, and the longest toleration has run out.
const QUIET: SignedDuration = SignedDuration::from_secs(60);

/// A cluster of a few plain nodes, with virtual time.
struct Cluster {
    store: Store,
    simulation: Simulation,
    now: Timestamp,
}

impl Cluster {
    fn new(nodes: usize, sets: &[Value]) -> Self {
        let text = "about: x\npools: [{name: n, nodes: 1, instance: m, cpu: 4, memory: 8}]\ndaemonSets: []\n";
        let scenario = Scenario::read("test", text).expect("a scenario");
        let mut store = Store::new(1, now());
        for node in plan(&scenario, Some(nodes), now()) {
            store.place_initial(Kind::Node, node.object, |_| ());
        }
        let simulation = Simulation::new(&store, 1, now());
        let mut cluster = Self { store, simulation, now: now() };
        for set in sets {
            cluster.store.create(Kind::DaemonSet, set.clone(), cluster.now).expect("a valid DaemonSet");
        }
        cluster.settle();
        cluster
    }

    fn settle(&mut self) {
        let end = self.now + QUIET;
        self.simulation.step(&mut self.store, self.now);
        while let Some(due) = self.simulation.next_due().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.simulation.step(&mut self.store, self.now);
        }
        self.now = end;
        self.simulation.step(&mut self.store, end);
    }

    fn all<T: DeserializeOwned>(&self, kind: Kind) -> Vec<T> {
        let read = |value| serde_json::from_value(value).expect("an object of its kind");
        self.store.list(kind, None).map(|stored| read(stored.value())).collect()
    }

    fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::new(self.now);
        let all = || Scope::Cluster;
        for event in [
            ClusterEvent::Nodes(Change::Replaced(all(), self.all(Kind::Node))),
            ClusterEvent::DaemonSets(Change::Replaced(all(), self.all(Kind::DaemonSet))),
            ClusterEvent::Revisions(Change::Replaced(all(), self.all(Kind::ControllerRevision))),
            ClusterEvent::Pods(Change::Replaced(all(), self.all(Kind::Pod))),
        ] {
            inventory.apply(event);
        }
        inventory
    }

    /// The pods that nobody deletes: by uid, as `DaemonSet on node`.
    fn pods(&self) -> BTreeMap<String, String> {
        let pods = self.all::<Pod>(Kind::Pod).into_iter().filter(|pod| !pod.is_deleting());
        let place = |pod: &Pod| {
            let owner = pod.meta.owner.as_ref().expect("a daemon pod");
            format!("default/{} on {}", owner.name, pod.target().expect("a daemon pod has its node"))
        };
        pods.map(|pod| (pod.meta.uid.to_string(), place(&pod))).collect()
    }

    /// Sends what dsgrid would send, made from what it would have read.
    fn send(&mut self, name: &NodeName, change: &NodeChange) {
        let stored = self.store.get(Kind::Node, "", name.as_str()).expect("a node");
        let fresh = RawObject::new(stored.value());
        let shown: Node = fresh.decode().expect("a node");
        let command = match node_patch(&shown, &fresh, change) {
            Ok(command) => command,
            Err(NotSent::Already) => return,
            Err(why) => panic!("nothing came between: {why:?}"),
        };
        let patch: json_patch::Patch = serde_json::from_str(&command.body).expect("a JSON patch");
        let write = |node: &mut Value| {
            json_patch::patch(node, &patch).expect("it applies");
            Ok(())
        };
        self.store.write(Writer::Main, Kind::Node, "", name.as_str(), self.now, write).expect("it is valid");
    }
}

/// What happens to a DaemonSet on a node, from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Started,
    Stopped,
    /// Deleted, and another one made.
    Renewed,
}

fn deeds(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> BTreeMap<String, Deed> {
    let gone: BTreeSet<&String> =
        before.iter().filter(|(uid, _)| !after.contains_key(*uid)).map(|(_, place)| place).collect();
    let new: BTreeSet<&String> =
        after.iter().filter(|(uid, _)| !before.contains_key(*uid)).map(|(_, place)| place).collect();
    let deed = |place: &&String| match (gone.contains(*place), new.contains(*place)) {
        (true, true) => Deed::Renewed,
        (true, false) => Deed::Stopped,
        (false, _) => Deed::Started,
    };
    gone.union(&new).map(|place| ((*place).clone(), deed(place))).collect()
}

fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("example.com/b"), Just("c")]
}

fn value() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("1"), Just("2"), Just("x")]
}

fn effect() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("NoSchedule"), Just("NoExecute"), Just("PreferNoSchedule")]
}

fn expression() -> impl Strategy<Value = Value> {
    let listed = (key(), prop_oneof![Just("In"), Just("NotIn")], prop::collection::vec(value(), 1..3))
        .prop_map(|(key, operator, values)| json!({"key": key, "operator": operator, "values": values}));
    let there = (key(), prop_oneof![Just("Exists"), Just("DoesNotExist")])
        .prop_map(|(key, operator)| json!({"key": key, "operator": operator}));
    let compared = (key(), prop_oneof![Just("Gt"), Just("Lt")])
        .prop_map(|(key, operator)| json!({"key": key, "operator": operator, "values": ["1"]}));
    prop_oneof![3 => listed, 3 => there, 1 => compared]
}

fn toleration() -> impl Strategy<Value = Value> {
    let forever = (key(), value(), prop::option::of(effect()), any::<bool>()).prop_map(
        |(key, value, effect, exists)| {
            let mut toleration = if exists {
                json!({"key": key, "operator": "Exists"})
            } else {
                json!({"key": key, "operator": "Equal", "value": value})
            };
            if let Some(effect) = effect {
                toleration["effect"] = effect.into();
            }
            toleration
        },
    );
    let for_a_while = (key(), prop_oneof![Just(1), Just(5), Just(20)]).prop_map(|(key, seconds)| {
        json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds})
    });
    prop_oneof![4 => forever, 2 => for_a_while, 1 => Just(json!({"operator": "Exists"}))]
}

fn daemon_set() -> impl Strategy<Value = Value> {
    let terms = prop::collection::vec(prop::collection::vec(expression(), 1..3), 1..3);
    (
        prop_oneof![
            2 => Just(BTreeMap::new()),
            1 => prop::collection::btree_map(key(), value(), 1..2),
        ],
        prop::option::of(terms),
        prop::collection::vec(toleration(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(selector, terms, tolerations, on_delete)| {
            let terms = terms.map(|terms| {
                let terms: Vec<Value> =
                    terms.into_iter().map(|expressions| json!({"matchExpressions": expressions})).collect();
                json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}})
            });
            let strategy = if on_delete { "OnDelete" } else { "RollingUpdate" };
            json!({"metadata": {"namespace": "default"}, "spec": {"updateStrategy": {"type": strategy},
                "template": {"spec": {"nodeSelector": selector, "affinity": terms.unwrap_or_else(|| json!({})),
                    "tolerations": tolerations, "containers": [{"name": "main", "image": "x:1"}]}}}})
        })
}

/// Sets of different names.
fn daemon_sets() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(daemon_set(), 1..4).prop_map(|sets| {
        let named = |(at, mut set): (usize, Value)| {
            let name = format!("ds-{at}");
            set["metadata"]["name"] = name.as_str().into();
            set["spec"]["selector"] = json!({"matchLabels": {"app": name}});
            set["spec"]["template"]["metadata"] = json!({"labels": {"app": name}});
            set
        };
        sets.into_iter().enumerate().map(named).collect()
    })
}

fn change() -> impl Strategy<Value = NodeChange> {
    let labels = prop::collection::btree_map(key(), prop::option::of(value()), 0..3);
    let added = prop::collection::btree_map((key(), effect()), value(), 0..3);
    let removed = prop::collection::vec((key(), prop::option::of(effect())), 0..2);
    (labels, added, removed, prop::option::weighted(0.3, any::<bool>())).prop_map(
        |(labels, added, removed, unschedulable)| {
            let taint = |((key, effect), value): ((&str, &str), &str)| Taint {
                key: key.into(),
                value: value.into(),
                effect: Text::new(effect).into(),
            };
            let remove = |(key, effect): (&str, Option<&str>)| {
                (Text::new(key), effect.map(|effect| Text::new(effect).into()))
            };
            NodeChange {
                labels: labels.into_iter().map(|(key, value)| (key.into(), value.map(Text::new))).collect(),
                add_taints: added.into_iter().map(taint).collect(),
                remove_taints: removed.into_iter().map(remove).collect(),
                unschedulable,
            }
        },
    )
}

/// One change for some nodes, as in the editor, or one of its own for each.
fn edits(nodes: usize) -> impl Strategy<Value = BTreeMap<usize, NodeChange>> {
    let same = (prop::collection::btree_set(0..nodes, 1..=nodes), change())
        .prop_map(|(nodes, change)| nodes.into_iter().map(|node| (node, change.clone())).collect());
    prop_oneof![same, prop::collection::btree_map(0..nodes, change(), 1..=nodes)]
}

const NODES: usize = 4;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_foretold_for_random_edits_is_what_happens(
        sets in daemon_sets(), steps in prop::collection::vec(edits(NODES), 1..4),
    ) {
        let mut cluster = Cluster::new(NODES, &sets);
        let names: Vec<NodeName> = cluster.all::<Node>(Kind::Node).iter().map(Node::name).collect();
        for step in steps {
            let before = cluster.pods();
            let changes: Vec<(&NodeName, &NodeChange)> =
                step.iter().map(|(at, change)| (&names[*at], change)).collect();
            let harm = Harm::of_each(&cluster.inventory(), changes.iter().copied());
            for (node, change) in &changes {
                cluster.send(node, change);
            }
            cluster.settle();
            let after = cluster.pods();
            let mut done = deeds(&before, &after);
            let mut is_looping = false;
            for impact in &harm.impacts {
                let place = format!("{} on {}", impact.daemon_set, impact.node);
                let deed = done.remove(&place);
                let loops = impact.reason.contains("evicted and made again");
                is_looping |= loops;
                let is_true = match impact.outcome {
                    Outcome::Stop => deed == Some(Deed::Stopped),
                    Outcome::KeepMisscheduled => deed.is_none() && after.values().any(|there| *there == place),
                    // At this moment one may just have been evicted.
                    Outcome::EvictLoop => deed.is_some_and(|deed| deed != Deed::Started),
                    Outcome::Start => deed == Some(Deed::Started) || (loops && deed.is_none()),
                    Outcome::Replace | Outcome::RemoveOnRollout => false,
                };
                prop_assert!(is_true, "{:?} was foretold ({}), {:?} happened", impact.outcome, impact.reason, deed);
            }
            prop_assert!(done.is_empty(), "not foretold: {:?}", done);
            if is_looping {
                return Ok(());
            }
        }
    }
}
