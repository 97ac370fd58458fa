//! An embedded cluster in this process and a connection to it.

use std::path::PathBuf;

use dsgrid::cluster::{ConnectOptions, Connection, Environment, Journal};
use dsgrid::demo::embedded::{EmbeddedCluster, Source};
use dsgrid::demo::scenario::Scenario;
use dsgrid::demo::server::Options;
use dsgrid::demo::server::access::Access;
use dsgrid::domain::command::{Command, Method, Outcome, Verb};
use dsgrid::domain::event::Change;
use dsgrid::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::object::{Phase, Pod};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::selector::Selector;
use dsgrid::domain::text::Text;
use serde_json::Value;

/// A cluster, a connection, and a journal of its own; all of it goes when dropped.
pub struct Embedded {
    /// The cluster.
    pub cluster: EmbeddedCluster,
    /// The connection.
    pub connection: Connection,
    /// The journal.
    pub journal: Journal,
    folder: PathBuf,
}

impl Embedded {
    /// The scenario `default`, with a server that denies these.
    pub async fn start(deny: &[&str]) -> Self {
        let scenario = Scenario::named("default").expect("a scenario");
        let source = Source::Simulated { scenario: Box::new(scenario), nodes: Some(12), seed: 1 };
        let denials = deny.iter().map(|text| text.parse().expect("a denial")).collect();
        let access = Access { denials, ..Access::default() };
        let options = Options { access, ..Options::default() };
        let cluster = EmbeddedCluster::start_with(source, "127.0.0.1:0", options).await.expect("it starts");
        let address = format!("http://{}", cluster.address());
        let connection = connect(&address).await;
        let name = format!("dsgrid-embedded-{}-{}", std::process::id(), cluster.address().port());
        let folder = std::env::temp_dir().join(name);
        let journal = Journal::new(Some(folder.join("journal.jsonl")));
        Self { cluster, connection, journal, folder }
    }

    /// A DaemonSet, found by name.
    pub async fn daemon_set(&self, namespace: &str, name: &str) -> ObjectRef {
        let key = ObjectKey { namespace: Text::new(namespace), name: Text::new(name) };
        let object = self.connection.daemon_set_json(&key).await.expect("it is there");
        let uid = Uid::new(object["metadata"]["uid"].as_str().expect("a uid"));
        ObjectRef { kind: ObjectKind::DaemonSet, key, uid }
    }

    /// A running pod of a DaemonSet.
    pub async fn pod(&self, daemon_set: &ObjectRef) -> Pod {
        let selector = Selector::default().to_string();
        let listed = self.connection.list_daemon_set_pods(&daemon_set.key, &selector, &daemon_set.uid).await;
        let Ok(Change::Replaced(_, pods)) = listed else { panic!("no pods but {listed:?}") };
        let running = |pod: &Pod| {
            let owner = pod.meta.owner.as_ref();
            owner.is_some_and(|owner| owner.uid == daemon_set.uid)
                && pod.phase == Phase::Running
                && pod.meta.deleting.is_none()
        };
        pods.into_iter().find(running).expect("a running pod")
    }

    /// An object as it is now.
    pub async fn read(&self, object: &ObjectRef) -> Option<RawObject> {
        match self.connection.answer(&Inquiry::Object(object.clone())).await.expect("an answer") {
            Answer::Object(found) => found,
            other => panic!("no object but {other:?}"),
        }
    }

    /// Sends a write.
    pub async fn send(&self, command: &Command) -> Outcome {
        let executed = self.connection.execute(command, &self.journal).await;
        assert_eq!(executed.unjournalled, None);
        executed.outcome
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Which pod it is.
pub fn pod_ref(pod: &Pod) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Pod, key: pod.meta.key.clone(), uid: pod.meta.uid.clone() }
}

/// A connection to a server.
pub async fn connect(address: &str) -> Connection {
    let options = ConnectOptions { server: Some(address.to_owned()), ..ConnectOptions::default() };
    Connection::open(&options, &Environment::default()).await.expect("no secrets are needed")
}

/// A write.
pub fn command(verb: Verb, target: &ObjectRef, method: Method, body: &Value) -> Command {
    let body = body.to_string();
    Command { verb, target: target.clone(), method, body, from: Text::default(), to: Text::default() }
}
