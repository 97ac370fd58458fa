//! Questions to the embedded cluster: events, budgets, the pods of a node, and rights.

use dsgrid::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use dsgrid::domain::inquiry::{Answer, Inquiry, Permission};
use dsgrid::domain::text::Text;

use crate::support::embedded::{Embedded, pod_ref};

async fn ask(cluster: &Embedded, inquiry: Inquiry) -> Answer {
    cluster.connection.answer(&inquiry).await.expect("an answer")
}

#[tokio::test]
async fn what_pages_ask_is_answered() {
    let cluster = Embedded::start(&[]).await;
    let set = cluster.daemon_set("monitoring", "node-exporter").await;
    let pod = cluster.pod(&set).await;
    let node = pod.node_name.clone().expect("it runs somewhere");

    let Answer::Pods(pods) = ask(&cluster, Inquiry::PodsOnNode(node.clone())).await else {
        panic!("no pods")
    };
    assert!(pods.iter().any(|other| other.meta.uid == pod.meta.uid));
    assert!(pods.iter().all(|other| other.node_name.as_ref() == Some(&node)));

    let Answer::Budgets(budgets) = ask(&cluster, Inquiry::Budgets(Text::new("monitoring"))).await else {
        panic!("no budgets")
    };
    assert_eq!(budgets.len(), 1);
    let Answer::Budgets(others) = ask(&cluster, Inquiry::Budgets(Text::new("logging"))).await else {
        panic!("no list")
    };
    assert_eq!(others, []);

    assert!(cluster.read(&pod_ref(&pod)).await.is_some());
    let node = ObjectRef {
        kind: ObjectKind::Node,
        key: ObjectKey { namespace: Text::default(), name: node.0 },
        uid: Uid::default(),
    };
    for object in [set, pod_ref(&pod), node] {
        let Answer::Events(events) = ask(&cluster, Inquiry::Events(object)).await else {
            panic!("no events")
        };
        assert!(events.is_sorted_by_key(|event| event.last_seen));
    }
}

#[tokio::test]
async fn rights_are_the_servers_to_give() {
    let cluster = Embedded::start(&["patch daemonsets.apps@logging", "list events"]).await;
    let permission = |namespace: &str| Permission {
        verb: "patch",
        group: "apps",
        resource: "daemonsets",
        subresource: "",
        namespace: Text::new(namespace),
    };
    let asked = [permission("logging"), permission("monitoring")];
    let missing = cluster.connection.missing_permissions(&asked).await;
    assert_eq!(missing.iter().map(|(permission, _)| *permission).collect::<Vec<_>>(), [&asked[0]]);
    let set = cluster.daemon_set("logging", "fluent-bit").await;
    let error = cluster.connection.answer(&Inquiry::Events(set)).await.expect_err("denied");
    assert!(error.is_denied() && error.to_string().contains("list the events of the DaemonSet"), "{error}");
}
