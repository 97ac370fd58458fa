//! A small cluster that does what it is told, and judges every deletion by its own truth.

use dsgrid::domain::command::{Method, Outcome};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::NodeName;
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{ControllerRevision, DaemonSet, Node, Pod};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::replace::check::Fresh;
use dsgrid::domain::replace::options::Options;
use dsgrid::domain::replace::plan::{NoPlan, Plan, plan};
use dsgrid::domain::replace::run::{Order, Replacement, RunState};
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::build::{daemon_set_json, node, now, pod_json, read, with};

/// How long a pod takes to end, and to start, in seconds.
const ENDING: i64 = 3;
const STARTING: i64 = 7;

#[derive(Clone, Debug)]
struct TruePod {
    uid: String,
    node: usize,
    new: bool,
    fails: bool,
    created: Timestamp,
    deleting: Option<Timestamp>,
}

/// The cluster.
#[expect(clippy::struct_excessive_bools, reason = "independent mishaps that a test asks for")]
pub struct World {
    pub now: Timestamp,
    pub inventory: Inventory,
    pub new_pods_fail: bool,
    pub next_check_fails: bool,
    pub next_answer_lost: bool,
    pub next_not_sent: bool,
    /// How many pods were deleted by the replacement.
    pub deletions: usize,
    /// On how many nodes a pod was unavailable at once, at the worst.
    pub most_unavailable: usize,
    /// A pod beside each of the set's, with so many restarts.
    pub neighbour: Option<u32>,
    generation: i64,
    ready: Vec<bool>,
    pods: Vec<TruePod>,
    made: usize,
    live: bool,
    /// The generation and the nodes' readiness as they were told last.
    told: Option<(i64, Vec<bool>)>,
}

impl World {
    /// So many nodes `n0`…, in zones a and b by turns, each with an outdated pod that is ready.
    pub fn new(nodes: usize) -> Self {
        let mut world = Self {
            now: now(),
            inventory: Inventory::new(now()),
            new_pods_fail: false,
            next_check_fails: false,
            next_answer_lost: false,
            next_not_sent: false,
            deletions: 0,
            most_unavailable: 0,
            neighbour: None,
            generation: 2,
            ready: vec![true; nodes],
            pods: Vec::new(),
            made: 0,
            live: true,
            told: None,
        };
        for node in 0..nodes {
            world.make(node, false);
            world.pods[node].created = world.now - SignedDuration::from_hours(1);
        }
        world.tell();
        world.link();
        world
    }

    fn make(&mut self, node: usize, new: bool) {
        let (uid, fails) = (format!("pod-{}", self.made), new && self.new_pods_fail);
        self.made += 1;
        self.pods.push(TruePod { uid, node, new, fails, created: self.now, deleting: None });
    }

    pub fn plan(&self, options: Options) -> Result<Plan, NoPlan> {
        let slot = self.inventory.row_of(&dsgrid::domain::id::Uid::new("ds-uid")).expect("there is the set");
        plan(&self.inventory, slot, options)
    }

    pub fn all_new(&self) -> bool {
        self.pods.iter().all(|pod| pod.new) && self.pods.len() == self.ready.len()
    }

    pub fn replace_all(&mut self) {
        self.pods.iter_mut().for_each(|pod| pod.new = true);
        self.tell();
    }

    pub fn set_ready(&mut self, at: usize, ready: bool) {
        let nodes = self.ready.len();
        self.ready[at % nodes] = ready;
        self.settle();
    }

    pub fn other_deletes(&mut self, at: usize) {
        let pods = self.pods.len();
        if pods > 0 {
            let pod = &mut self.pods[at % pods];
            pod.deleting.get_or_insert(self.now);
        }
        self.settle();
    }

    pub fn edit_spec(&mut self) {
        self.generation += 1;
        self.tell();
    }

    pub fn disconnect(&mut self) {
        self.live = false;
        self.link();
    }

    pub fn connect(&mut self) {
        self.live = true;
        self.tell();
        self.link();
    }

    pub fn heal(&mut self) {
        self.ready.iter_mut().for_each(|ready| *ready = true);
        self.new_pods_fail = false;
        self.next_check_fails = false;
        self.next_answer_lost = false;
        self.next_not_sent = false;
        // Somebody fixed the image: what failed is made anew.
        self.pods.iter_mut().for_each(|pod| pod.fails = false);
        self.connect();
        self.settle();
    }

    /// Time passes, second by second where something may happen; the watches tell what came of it at the end.
    pub fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds.min(40) {
            self.now += SignedDuration::from_secs(1);
            self.happen();
        }
        self.now += SignedDuration::from_secs((seconds - 40).max(0));
        self.settle();
    }

    fn settle(&mut self) {
        self.happen();
        self.tell();
    }

    /// What the controller and the kubelets have done by now.
    fn happen(&mut self) {
        let (now, ready) = (self.now, &self.ready);
        let ended = |pod: &TruePod| {
            pod.deleting.is_some_and(|at| ready[pod.node] && now.duration_since(at).as_secs() >= ENDING)
        };
        self.pods.retain(|pod| !ended(pod));
        for node in 0..self.ready.len() {
            if self.ready[node] && !self.pods.iter().any(|pod| pod.node == node) {
                self.make(node, true);
            }
        }
    }

    fn is_available(&self, pod: &TruePod) -> bool {
        !pod.fails && self.ready[pod.node] && (self.now.duration_since(pod.created).as_secs() >= STARTING)
    }

    fn unavailable(&self) -> usize {
        let available = |node| self.pods.iter().any(|pod| pod.node == node && self.is_available(pod));
        (0..self.ready.len()).filter(|node| self.ready[*node] && !available(*node)).count()
    }

    /// Steps, and does what is ordered.
    pub fn turn(&mut self, run: &mut Replacement) {
        self.inventory.advance(self.now);
        let orders = run.step(&self.inventory);
        self.obey(run, orders);
    }

    fn obey(&mut self, run: &mut Replacement, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Check { node, .. } => {
                    let fresh = if std::mem::take(&mut self.next_check_fails) {
                        Err("no answer within 15 s".to_owned())
                    } else {
                        Ok(self.fresh(&node))
                    };
                    let next = run.checked(&node, fresh, &self.inventory);
                    self.obey(run, next.into_iter().collect());
                }
                Order::Send { node, command } => {
                    assert_eq!(command.method, Method::Delete);
                    let outcome = self.send(run, &node, &command.target.uid.to_string());
                    run.sent(&node, &outcome, self.now);
                    self.settle();
                    self.inventory.advance(self.now);
                }
                Order::ReadPods(node) => run.pods_read(&node, Ok(&self.beside(&node)), self.now),
            }
        }
    }

    /// A deletion arrives: it has to be one that every gate allows.
    fn send(&mut self, run: &Replacement, node: &NodeName, uid: &str) -> Outcome {
        assert!(self.live, "deleted on stale data");
        let budget = usize::try_from(run.plan().budget).expect("small");
        let in_flight =
            run.works().iter().filter(|work| work.deleted.is_some() && work.step.is_in_flight()).count();
        assert!(in_flight <= budget, "{in_flight} in flight of {budget}");
        if std::mem::take(&mut self.next_not_sent) {
            return Outcome::NotSent(Text::new("connection refused"));
        }
        let unavailable = self.unavailable();
        let at = self.pods.iter().position(|pod| pod.uid == uid).expect("a pod of this uid is there");
        assert_eq!(format!("n{}", self.pods[at].node), node.to_string());
        assert!(!self.pods[at].new, "an up-to-date pod was deleted");
        assert!(self.pods[at].deleting.is_none(), "a pod was deleted twice");
        assert!(self.ready[self.pods[at].node], "deleted where no pod would start");
        let own_slot = !self.is_available(&self.pods[at]);
        assert!(own_slot || unavailable < budget, "{unavailable} unavailable of {budget}, and one more");
        self.pods[at].deleting = Some(self.now);
        self.deletions += 1;
        if std::mem::take(&mut self.next_answer_lost) {
            return Outcome::Unknown(Text::new("no answer"));
        }
        Outcome::Done(RawObject::default())
    }

    /// Turns for a while, five seconds each.
    pub fn drive(&mut self, run: &mut Replacement, turns: usize) {
        for _ in 0..turns {
            self.turn(run);
            self.most_unavailable = self.most_unavailable.max(self.unavailable());
            self.pass(5);
            self.turn(run);
        }
    }

    /// The same, with a person who goes on whenever that is what it waits for.
    pub fn drive_with_a_person(&mut self, run: &mut Replacement, turns: usize) {
        for _ in 0..turns {
            if matches!(run.state(), RunState::Held(_) | RunState::Halted(_)) {
                run.go_on();
            }
            self.drive(run, 1);
            if run.is_over() {
                return;
            }
        }
    }

    /// The truth as the API server would tell it.
    pub fn fresh(&self, name: &NodeName) -> Fresh {
        let index = (0..self.ready.len()).find(|at| format!("n{at}") == name.to_string()).expect("a node");
        let pods: Vec<Pod> =
            self.pods.iter().filter(|pod| pod.node == index).map(|pod| self.pod(pod)).collect();
        Fresh {
            daemon_set: Some(self.daemon_set()),
            node: Some(self.node(index)),
            pod: pods.first().cloned(),
            claim: None,
            pods: Some(self.beside(name)),
        }
    }

    /// The other pods of a node.
    fn beside(&self, node: &NodeName) -> Vec<Pod> {
        let Some(restarts) = self.neighbour else { return Vec::new() };
        let pod = with(pod_json("api", node.as_str()), "/metadata/ownerReferences", json!([]));
        let pod = with(pod, "/metadata/namespace", json!("payments"));
        vec![read(with(pod, "/status/containerStatuses/0/restartCount", json!(restarts)))]
    }

    fn daemon_set(&self) -> DaemonSet {
        let set = with(daemon_set_json(&json!({})), "/spec/updateStrategy", json!({"type": "OnDelete"}));
        let set = with(set, "/metadata/generation", json!(self.generation));
        read(with(set, "/status/observedGeneration", json!(self.generation)))
    }

    fn node(&self, at: usize) -> Node {
        let zone = if at.is_multiple_of(2) { "a" } else { "b" };
        let taints: &[&str] = if self.ready[at] { &[] } else { &["node.kubernetes.io/not-ready:NoSchedule"] };
        let mut node = node(&format!("n{at}"), &[("zone", zone)], taints);
        if !self.ready[at] {
            node.conditions[0].status = Some(false);
        }
        node
    }

    fn pod(&self, pod: &TruePod) -> Pod {
        let mut object = with(pod_json(&pod.uid, &format!("n{}", pod.node)), "/metadata/uid", json!(pod.uid));
        object["metadata"]["creationTimestamp"] = json!(pod.created.to_string());
        if !pod.new {
            object["metadata"]["labels"] =
                json!({"controller-revision-hash": "old", "pod-template-generation": "1"});
        }
        if let Some(at) = pod.deleting {
            object["metadata"]["deletionTimestamp"] = json!((at + SignedDuration::from_secs(30)).to_string());
        }
        let ready = self.is_available(pod);
        let since = pod.created + SignedDuration::from_secs(if ready { STARTING } else { 0 });
        object["status"]["conditions"][0] = json!({
            "type": "Ready", "status": if ready { "True" } else { "False" }, "lastTransitionTime": since.to_string()
        });
        if pod.fails {
            object["status"]["containerStatuses"][0]["state"] =
                json!({"waiting": {"reason": "CrashLoopBackOff"}});
            object["status"]["containerStatuses"][0]["lastState"] =
                json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        }
        read(object)
    }

    fn revisions() -> Vec<ControllerRevision> {
        let one = |hash: &str, revision: i64| -> Value {
            json!({
                "metadata": {"name": format!("ds-{hash}"), "namespace": "default", "uid": format!("rev-{hash}"),
                    "labels": {"controller-revision-hash": hash},
                    "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds-uid", "controller": true}]},
                "revision": revision,
                "data": {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "a:1"}]}}}},
            })
        };
        vec![read(one("old", 1)), read(one("new", 2))]
    }

    /// The watches tell what is, unless they are broken.
    fn tell(&mut self) {
        if !self.live {
            return;
        }
        let all = Scope::Cluster;
        // Reading objects is what takes the time: what is as it was is not told again.
        let rest = (self.generation, self.ready.clone());
        if self.told != Some(rest.clone()) {
            let nodes = (0..self.ready.len()).map(|at| self.node(at)).collect();
            for event in [
                ClusterEvent::DaemonSets(Change::Replaced(all.clone(), vec![self.daemon_set()])),
                ClusterEvent::Revisions(Change::Replaced(all.clone(), Self::revisions())),
                ClusterEvent::Nodes(Change::Replaced(all.clone(), nodes)),
            ] {
                self.inventory.apply(event);
            }
            self.told = Some(rest);
        }
        let pods = self.pods.iter().map(|pod| self.pod(pod)).collect();
        self.inventory.apply(ClusterEvent::Pods(Change::Replaced(all, pods)));
        self.inventory.advance(self.now);
    }

    fn link(&mut self) {
        let since = self.now;
        for kind in WatchKind::ALL {
            let watch = Watch { kind, scope: Scope::Cluster };
            let state = if self.live {
                LinkState::Live { since }
            } else {
                LinkState::Retrying { since, why: Text::new("reset") }
            };
            self.inventory.apply(ClusterEvent::Link(watch, state));
        }
    }
}
