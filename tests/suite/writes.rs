//! Writes to the embedded cluster: done once, on their conditions, and read back where they were lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dsgrid::domain::command::{Command, Method, Outcome, Verb};
use dsgrid::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use dsgrid::domain::text::Text;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::embedded::{Embedded, command, connect, pod_ref};

/// Stops a rollout of this very DaemonSet.
fn pause(daemon_set: &ObjectRef) -> Command {
    let body = json!([
        {"op": "test", "path": "/metadata/uid", "value": daemon_set.uid.to_string()},
        {"op": "test", "path": "/spec/updateStrategy/type", "value": "RollingUpdate"},
        {"op": "replace", "path": "/spec/updateStrategy/type", "value": "OnDelete"},
    ]);
    command(Verb::Pause, daemon_set, Method::JsonPatch, &body)
}

fn throttle(daemon_set: &ObjectRef, limit: i64) -> Command {
    let body = json!({"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": limit}}}});
    command(Verb::Throttle, daemon_set, Method::MergePatch, &body)
}

/// The same name with another uid: made anew meanwhile.
fn another(object: &ObjectRef) -> ObjectRef {
    ObjectRef { uid: Uid::new("00000000-0000-0000-0000-000000000000"), ..object.clone() }
}

#[tokio::test]
async fn a_patch_is_done_once_and_then_its_condition_is_lost() {
    let cluster = Embedded::start(&[]).await;
    let set = cluster.daemon_set("logging", "fluent-bit").await;
    let strategy = "/spec/updateStrategy/type";
    let rehearsed = cluster.connection.rehearse(&pause(&set)).await;
    assert!(matches!(&rehearsed, Outcome::Done(after) if after.at(strategy) == Some(&json!("OnDelete"))));
    let before = cluster.read(&set).await.expect("it is there");
    assert_eq!(before.at(strategy), Some(&json!("RollingUpdate")), "a dry run writes nothing");

    let done = cluster.send(&pause(&set)).await;
    assert!(
        matches!(&done, Outcome::Done(after) if after.at(strategy) == Some(&json!("OnDelete"))),
        "{done:?}"
    );
    let lost = cluster.send(&pause(&set)).await;
    assert!(
        matches!(&lost, Outcome::LostRace(Some(now)) if now.at(strategy) == Some(&json!("OnDelete"))),
        "{lost:?}"
    );
    assert_eq!(cluster.send(&pause(&another(&set))).await, Outcome::Gone);
    let nowhere = ObjectKey { name: Text::new("nobody"), ..set.key.clone() };
    assert_eq!(cluster.send(&pause(&ObjectRef { key: nowhere, ..set })).await, Outcome::Gone);

    let told: Vec<_> =
        cluster.journal.read(None).expect("readable").into_iter().map(|line| line.outcome).collect();
    assert_eq!(told, ["done", "lostRace", "gone", "gone"], "a dry run is no write");
}

#[tokio::test]
async fn only_the_very_pod_is_deleted() {
    let cluster = Embedded::start(&[]).await;
    let set = cluster.daemon_set("security", "falco").await;
    let pod = pod_ref(&cluster.pod(&set).await);
    let delete = |target: &ObjectRef| {
        let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": target.uid.to_string()}});
        command(Verb::DeletePod, target, Method::Delete, &body)
    };
    assert_eq!(cluster.send(&delete(&another(&pod))).await, Outcome::Gone);
    assert!(matches!(cluster.connection.rehearse(&delete(&pod)).await, Outcome::Done(_)));
    let still = cluster.read(&pod).await.expect("neither of the two deleted it");
    assert_eq!(still.at("/metadata/deletionTimestamp"), None);
    assert!(matches!(cluster.send(&delete(&pod)).await, Outcome::Done(_)));
    let now = cluster.read(&pod).await;
    assert!(now.is_none_or(|now| now.at("/metadata/deletionTimestamp").is_some()));
}

#[tokio::test]
async fn a_node_is_labelled_only_if_it_is_the_same_node() {
    let cluster = Embedded::start(&[]).await;
    let set = cluster.daemon_set("security", "falco").await;
    let name = cluster.pod(&set).await.node_name.expect("it runs somewhere").0;
    let key = ObjectKey { namespace: Text::default(), name };
    // The uid is not known yet: whatever is found there is another one.
    let unknown = ObjectRef { kind: ObjectKind::Node, key, uid: Uid::default() };
    assert_eq!(cluster.read(&unknown).await, None);
    let label = |target: &ObjectRef, uid: &str| {
        let body = json!({"metadata": {"uid": uid, "labels": {"pool": "other"}}});
        command(Verb::Label, target, Method::MergePatch, &body)
    };
    let done = cluster
        .send(&command(
            Verb::Label,
            &unknown,
            Method::MergePatch,
            &json!({"metadata": {"labels": {"a": "b"}}}),
        ))
        .await;
    let Outcome::Done(node) = done else { panic!("{done:?}") };
    let uid = node.at("/metadata/uid").and_then(|uid| uid.as_str()).expect("a uid").to_owned();
    let node = ObjectRef { uid: Uid::new(&uid), ..unknown };
    let done = cluster.send(&label(&node, &uid)).await;
    assert!(
        matches!(&done, Outcome::Done(after) if after.at("/metadata/labels/pool") == Some(&json!("other")))
    );
    let other = another(&node);
    let gone = cluster.send(&label(&other, &other.uid.to_string())).await;
    assert_eq!(gone, Outcome::Gone);
}

#[tokio::test]
async fn refusals_come_in_the_servers_words() {
    let cluster =
        Embedded::start(&["patch daemonsets.apps@kube-system", "create pods/eviction@monitoring"]).await;
    let denied = cluster.daemon_set("kube-system", "cilium").await;
    let outcome = cluster.send(&pause(&denied)).await;
    let Outcome::Denied(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.contains("cannot patch resource \"daemonsets\""), "{words}");

    let set = cluster.daemon_set("logging", "fluent-bit").await;
    let outcome = cluster.send(&throttle(&set, 0)).await;
    let Outcome::Refused(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.contains("maxUnavailable"), "{words}");

    let evict = |target: &ObjectRef| {
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": target.key.name, "namespace": target.key.namespace},
            "deleteOptions": {"preconditions": {"uid": target.uid.to_string()}}});
        command(Verb::EvictPod, target, Method::Evict, &body)
    };
    let falco = cluster.daemon_set("security", "falco").await;
    let pod = pod_ref(&cluster.pod(&falco).await);
    // Fewer nodes than the budget wants healthy: nothing may be evicted.
    let outcome = cluster.send(&evict(&pod)).await;
    let Outcome::Budget(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.contains("disruption budget"), "{words}");
    assert!(matches!(cluster.connection.rehearse(&evict(&pod)).await, Outcome::Budget(_)));

    let pod = pod_ref(&cluster.pod(&set).await);
    assert!(matches!(cluster.connection.rehearse(&evict(&pod)).await, Outcome::Done(_)));
    let still = cluster.read(&pod).await.expect("a dry run evicts nobody");
    assert_eq!(still.at("/metadata/deletionTimestamp"), None);
    assert!(matches!(cluster.send(&evict(&pod)).await, Outcome::Done(_)));
    let exporter = cluster.daemon_set("monitoring", "node-exporter").await;
    let pod = pod_ref(&cluster.pod(&exporter).await);
    assert!(matches!(cluster.send(&evict(&pod)).await, Outcome::Denied(_)));
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_unknown_done_and_not_repeated() {
    let cluster = Embedded::start(&[]).await;
    let set = cluster.daemon_set("logging", "fluent-bit").await;
    let (address, writes) = losing_answers(cluster.cluster.address().to_string()).await;
    let connection = connect(&address).await;
    let executed = connection.execute(&pause(&set), &cluster.journal).await;
    assert!(matches!(executed.outcome, Outcome::Unknown(_)), "{:?}", executed.outcome);
    assert_eq!(writes.load(Ordering::SeqCst), 1);
    let now = cluster.read(&set).await.expect("it is there");
    assert_eq!(now.at("/spec/updateStrategy/type"), Some(&json!("OnDelete")));
    let records = cluster.journal.read(None).expect("readable");
    assert!(matches!(records.as_slice(), [record] if record.outcome == "unknown" && !record.is_settled()));
}

/// A road to the server on which every answer is lost; how many requests went along.
async fn losing_answers(server: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&server).await.expect("the server listens");
            let (mut up, mut down) = ([0; 16384], [0; 16384]);
            loop {
                tokio::select! {
                    read = client.read(&mut up) => match read {
                        Ok(length) if length > 0 => {
                            server.write_all(&up[..length]).await.expect("the server reads");
                            if up.starts_with(b"PATCH ") {
                                counted.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                        _ => break,
                    },
                    // The answer came as far as here.
                    _ = server.read(&mut down) => break,
                }
            }
        }
    });
    (address, count)
}
