//! A monitor that replaces pods, and a made-up cluster that does what it asks, step by step.

use std::collections::{BTreeMap, VecDeque};

use dsgrid::app::{Capabilities, Effect, Model, Msg, Settings, update};
use dsgrid::domain::command::{Command, Method, Outcome, Ticket, Verb, delete_pod};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::{NodeName, ObjectKind, ObjectRef};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::object::Pod;
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::replace::check::Fresh;
use dsgrid::domain::replace::claim::Claim;
use dsgrid::domain::replace::evidence::Evidence;
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::build::{now, read};
use super::monitor::{AUDIT_TAIL, object, pod, press, screen, synthetic_events, text};

/// So many nodes.
pub const NODES: usize = 60;
/// Usual terminals.
pub const SIZE: (u16, u16) = (120, 40);

/// A monitor, its cluster, and the time.
pub struct Desk {
    pub model: Model,
    pub now: Timestamp,
    /// The DaemonSet whose pods are replaced, as the server has it.
    pub daemon_set: Value,
    /// Its pods by node.
    pods: BTreeMap<usize, Value>,
    /// Another pod of each node, as it is read.
    pub neighbour: Value,
    /// What is waited for.
    pub waiting: VecDeque<Effect>,
    /// Every write that was sent.
    pub sent: Vec<(Ticket, Command)>,
    /// Whether the program was asked to end.
    pub has_quit: bool,
    /// New pods crash.
    pub is_broken: bool,
    /// Rights that are missing, as `verb resource/subresource`.
    pub denied: Vec<&'static str>,
}

/// The place of a node with a made-up name.
fn index(node: &NodeName) -> usize {
    node.as_str()["node-".len()..].parse().expect("a made-up name")
}

impl Desk {
    /// With the cursor on the DaemonSet, everything live.
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// The same with these settings.
    pub fn with(settings: Settings) -> Self {
        let settings = Settings {
            context: Text::new("prod-eu-1"),
            user: Text::new("me"),
            host: Text::new("bastion-1"),
            capabilities: Capabilities { ..settings.capabilities },
            ..settings
        };
        let mut model = Model::new(settings, now());
        let events = synthetic_events(NODES);
        let row = events.iter().find_map(|event| match event {
            ClusterEvent::DaemonSets(Change::Replaced(_, sets)) => {
                sets.iter().find(|set| set.meta.key.name == "audit-tail").cloned()
            }
            _ => None,
        });
        let meta = row.expect("there is one").meta;
        let reference = ObjectRef { kind: ObjectKind::DaemonSet, key: meta.key, uid: meta.uid };
        let mut daemon_set = object(&reference, NODES).expect("there is one").value().clone();
        daemon_set["metadata"]["resourceVersion"] = json!("1");
        let wanted = (0..NODES).filter(|node| node % 10 != 9);
        let pods = wanted.map(|node| (node, pod(AUDIT_TAIL, node))).collect();
        let effects = update(&mut model, Msg::Cluster(events));
        let neighbour = json!({"metadata": {"name": "api-7d9", "namespace": "payments", "uid": "api-7d9"},
            "spec": {"nodeName": "node-00000", "containers": [{"name": "main"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "main", "ready": true, "restartCount": 0, "state": {"running": {}}}]}});
        let mut desk = Self {
            model,
            now: now(),
            daemon_set,
            pods,
            neighbour,
            waiting: effects.into(),
            sent: Vec::new(),
            has_quit: false,
            is_broken: false,
            denied: Vec::new(),
        };
        desk.tell(Msg::Ticked(now()));
        desk.shown();
        for _ in 0..20 {
            let row = desk.model.selected_row().and_then(|slot| desk.model.inventory().row(slot));
            if row.is_some_and(|row| row.daemon_set.meta.key.name == "audit-tail") {
                return desk;
            }
            desk.press("j");
        }
        panic!("there is no audit-tail");
    }

    /// The screen.
    pub fn shown(&mut self) -> String {
        self.at(SIZE)
    }

    /// The screen at a size.
    pub fn at(&mut self, size: (u16, u16)) -> String {
        text(&screen(&mut self.model, size))
    }

    /// Presses keys; nothing is answered yet.
    pub fn press(&mut self, keys: &str) {
        let effects = press(&mut self.model, keys);
        self.take(effects);
    }

    /// Presses keys, one frame each, and answers everything.
    pub fn go(&mut self, keys: &str) {
        self.press(keys);
        self.answer();
        self.shown();
    }

    /// Hands a message over.
    pub fn tell(&mut self, msg: Msg) {
        let effects = update(&mut self.model, msg);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Quit => self.has_quit = true,
                Effect::Send { ticket, command, dry_run } => {
                    if !dry_run {
                        self.sent.push((ticket, (*command).clone()));
                    }
                    self.waiting.push_back(Effect::Send { ticket, command, dry_run });
                }
                other => self.waiting.push_back(other),
            }
        }
    }

    /// How many pods were deleted so far.
    pub fn deletions(&self) -> usize {
        self.sent.iter().filter(|(_, command)| command.method == Method::Delete).count()
    }

    /// Answers everything that is waited for, and what that leads to.
    pub fn answer(&mut self) {
        while let Some(effect) = self.waiting.pop_front() {
            let msg = match effect {
                Effect::Ask(inquiry) => {
                    let answer = self.reply(&inquiry);
                    Msg::Answered(inquiry, answer)
                }
                Effect::CheckReplacement(check) => {
                    Msg::ReplacementChecked { fresh: Box::new(Ok(self.fresh(&check.node))), node: check.node }
                }
                Effect::ReadNeighbours(node) => {
                    let pods = Ok(self.on(&node));
                    Msg::NeighboursRead { node, pods }
                }
                Effect::ReadEvidence { node, .. } => {
                    let log = vec!["config: no such key: outputs".to_owned(), "giving up".to_owned()];
                    let events = vec!["BackOff Back-off restarting failed container main".to_owned()];
                    Msg::EvidenceRead { node, evidence: Evidence { log, events } }
                }
                // What the server would make of it is none of this cluster's business.
                Effect::Send { ticket, dry_run: true, .. } => {
                    let as_it_is = RawObject::new(self.daemon_set.clone());
                    Msg::Sent { ticket, outcome: Box::new(Outcome::Done(as_it_is)) }
                }
                Effect::Send { ticket, command, .. } => {
                    let outcome = Box::new(self.carry_out(&command));
                    Msg::Sent { ticket, outcome }
                }
                _ => continue,
            };
            self.tell(msg);
        }
    }

    fn reply(&self, inquiry: &Inquiry) -> Result<Answer, String> {
        match inquiry {
            Inquiry::Object(reference) if reference.kind == ObjectKind::DaemonSet => {
                let is_it = self.daemon_set["metadata"]["uid"] == reference.uid.to_string().as_str();
                let found = if is_it {
                    Some(RawObject::new(self.daemon_set.clone()))
                } else {
                    object(reference, NODES)
                };
                Ok(Answer::Object(found))
            }
            Inquiry::Object(reference) => Ok(Answer::Object(object(reference, NODES))),
            Inquiry::Access(right) => {
                let slash = if right.subresource.is_empty() { "" } else { "/" };
                let name = format!("{} {}{slash}{}", right.verb, right.resource, right.subresource);
                let allowed = !self.denied.contains(&name.as_str());
                Ok(Answer::Access { allowed, reason: Text::default() })
            }
            _ => Err("forbidden".to_owned()),
        }
    }

    /// All pods of a node.
    fn on(&self, node: &NodeName) -> Vec<Pod> {
        let own = self.pods.get(&index(node)).cloned();
        own.into_iter().chain([self.neighbour.clone()]).map(read).collect()
    }

    fn fresh(&self, node: &NodeName) -> Fresh {
        let inventory = self.model.inventory();
        let column =
            inventory.column_of(node).and_then(|column| inventory.column_at(column)).expect("a node");
        Fresh {
            daemon_set: Some(read(self.daemon_set.clone())),
            claim: Claim::read(&RawObject::new(self.daemon_set.clone())),
            node: column.node.clone(),
            pod: self.pods.get(&index(node)).cloned().map(read),
            pods: Some(self.on(node)),
        }
    }

    /// What the server does with a write.
    fn carry_out(&mut self, command: &Command) -> Outcome {
        if command.verb == Verb::Replace && command.method == Method::JsonPatch {
            let patch: json_patch::Patch = serde_json::from_str(&command.body).expect("a JSON patch");
            let before = self.daemon_set.clone();
            if json_patch::patch(&mut self.daemon_set, &patch).is_err() {
                self.daemon_set = before.clone();
                return Outcome::LostRace(Some(RawObject::new(before)));
            }
            let version = self.daemon_set["metadata"]["resourceVersion"].as_str();
            let version: u64 = version.and_then(|it| it.parse().ok()).unwrap_or(1);
            self.daemon_set["metadata"]["resourceVersion"] = json!((version + 1).to_string());
            self.tell_daemon_set();
            return Outcome::Done(RawObject::new(self.daemon_set.clone()));
        }
        assert_eq!(command.method, Method::Delete);
        let found = self
            .pods
            .iter()
            .find(|(_, pod)| pod["metadata"]["uid"] == command.target.uid.to_string().as_str());
        let node = *found.expect("a pod of this uid").0;
        let mut new = pod(AUDIT_TAIL, 1);
        let name = format!("audit-tail-new-{node:05}");
        new["metadata"]["name"] = json!(name);
        new["metadata"]["uid"] = json!(name);
        new["metadata"]["creationTimestamp"] = json!(self.now.to_string());
        new["spec"]["nodeName"] = json!(format!("node-{node:05}"));
        let ready = if self.is_broken { "False" } else { "True" };
        new["status"]["conditions"][0] =
            json!({"type": "Ready", "status": ready, "lastTransitionTime": self.now.to_string()});
        new["status"]["containerStatuses"][0] = if self.is_broken {
            json!({"name": "main", "ready": false, "restartCount": 2, "lastState": {"terminated":
                {"exitCode": 1, "reason": "Error", "finishedAt": self.now.to_string()}},
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}}})
        } else {
            json!({"name": "main", "ready": true, "restartCount": 0, "state": {"running": {}}})
        };
        let old = self.pods.insert(node, new.clone()).expect("there was one");
        let gone = read(old);
        self.tell(Msg::Cluster(vec![
            ClusterEvent::Pods(Change::Deleted(gone)),
            ClusterEvent::Pods(Change::Applied(read(new))),
        ]));
        Outcome::Done(RawObject::default())
    }

    /// Somebody else replaces all outdated pods.
    pub fn replace_elsewhere(&mut self) {
        let is_old = |node: &usize, pod: &Value| {
            node.is_multiple_of(5)
                && !pod["metadata"]["name"].as_str().is_some_and(|name| name.contains("new"))
        };
        let old: Vec<Value> =
            self.pods.iter().filter(|(node, pod)| is_old(node, pod)).map(|(_, pod)| pod.clone()).collect();
        for pod in old {
            let meta = read::<Pod>(pod).meta;
            let outcome = self.carry_out(&delete_pod(ObjectRef {
                kind: ObjectKind::Pod,
                key: meta.key,
                uid: meta.uid,
            }));
            assert!(matches!(outcome, Outcome::Done(_)));
        }
    }

    /// The watch tells how the DaemonSet is.
    pub fn tell_daemon_set(&mut self) {
        let set = read(self.daemon_set.clone());
        self.tell(Msg::Cluster(vec![ClusterEvent::DaemonSets(Change::Applied(set))]));
    }

    /// Time passes, and everything is answered.
    pub fn pass(&mut self, seconds: i64) {
        self.wait(seconds);
        self.answer();
        self.shown();
    }

    /// Time passes; nothing is answered.
    pub fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.tell(Msg::Ticked(self.now));
    }

    /// All watches are in this state.
    pub fn link(&mut self, state: &LinkState) {
        let watch = |kind| Watch { kind, scope: Scope::Cluster };
        let events = WatchKind::ALL.into_iter().map(|kind| ClusterEvent::Link(watch(kind), state.clone()));
        self.tell(Msg::Cluster(events.collect()));
    }

    /// Asks for a replacement as it stands in the form, and confirms it.
    pub fn begin(&mut self, form: &str) {
        self.go("R");
        self.go(form);
        self.go("<enter>");
        self.confirm();
    }

    /// Confirms what is asked, by the name where that is demanded.
    pub fn confirm(&mut self) {
        let wants_word = self.model.dialog().expect("it is asked").word().is_some();
        self.go(if wants_word { "audit-tail<enter>" } else { "y" });
        assert!(self.model.dialog().is_none(), "{}", self.shown());
    }
}
