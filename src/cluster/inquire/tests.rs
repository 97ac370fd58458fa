//! Questions to a scripted server.

use std::sync::{Arc, Mutex};

use super::*;
use crate::cluster::fake::{self, Call, Reply, list, pod};
use crate::domain::id::ObjectKey;

fn object(kind: ObjectKind, namespace: &str, name: &str, uid: &str) -> ObjectRef {
    let key = ObjectKey { namespace: Text::new(namespace), name: Text::new(name) };
    ObjectRef { kind, key, uid: Uid::new(uid) }
}

/// What a question is answered with by this server, and what it was asked.
async fn ask(
    inquiry: Inquiry,
    script: impl Fn(&Call) -> Reply + Send + Sync + 'static,
) -> (Result<Answer, Error>, Vec<Call>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let client = fake::server(move |call| {
        log.lock().unwrap().push(call.clone());
        script(call)
    });
    let answer = Connection::over(client).answer(&inquiry).await;
    let calls = calls.lock().unwrap().clone();
    (answer, calls)
}

#[tokio::test(start_paused = true)]
async fn events_are_found_as_kubectl_describe_finds_them_and_sorted() {
    let (early, late) = (
        r#"{"reason":"Pulled","lastTimestamp":"2026-01-01T00:00:00Z"}"#.to_owned(),
        r#"{"reason":"BackOff","eventTime":"2026-01-01T00:05:00.000000Z"}"#.to_owned(),
    );
    let items = [late, early, "{\"count\":\"nonsense\"}".to_owned()];
    for (of, path) in [
        (
            object(ObjectKind::Pod, "logging", "a", "u-1"),
            "/api/v1/namespaces/logging/events?fieldSelector=involvedObject.uid%3Du-1&limit=500",
        ),
        (
            object(ObjectKind::Node, "", "n1", "u-2"),
            "/api/v1/events?fieldSelector=involvedObject.kind%3DNode%2CinvolvedObject.name%3Dn1&limit=500",
        ),
    ] {
        // A server with more of them is not asked on.
        let page = list("9", "more", &items);
        let (answer, calls) = ask(Inquiry::Events(of), move |_| Reply::new(200, &page)).await;
        let Ok(Answer::Events(events)) = answer else { panic!("{answer:?}") };
        let reasons: Vec<_> = events.iter().map(|event| event.reason.as_str()).collect();
        assert_eq!(reasons, ["Pulled", "BackOff"]);
        assert_eq!(calls.iter().map(|call| call.path.as_str()).collect::<Vec<_>>(), [path]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_budgets_has_none_and_a_refusal_is_told() {
    let inquiry = || Inquiry::Budgets(Text::new("logging"));
    let budget = r#"{"metadata":{"name":"b"},"status":{"disruptionsAllowed":2}}"#.to_owned();
    let (answer, calls) =
        ask(inquiry(), move |_| Reply::new(200, &list("1", "", std::slice::from_ref(&budget)))).await;
    let Ok(Answer::Budgets(budgets)) = answer else { panic!("{answer:?}") };
    assert_eq!((budgets.len(), budgets[0].disruptions_allowed), (1, 2));
    assert_eq!(calls[0].path, "/apis/policy/v1/namespaces/logging/poddisruptionbudgets?limit=500");
    let (answer, _) = ask(inquiry(), |_| Reply::status(404, "no such thing")).await;
    assert_eq!(answer.unwrap(), Answer::Budgets(Vec::new()));
    let (answer, _) = ask(inquiry(), |_| Reply::status(403, "forbidden: you")).await;
    let words = answer.unwrap_err().to_string();
    assert_eq!(words, "not allowed to list poddisruptionbudgets in the namespace logging: forbidden: you");
}

#[tokio::test(start_paused = true)]
async fn an_object_is_only_the_one_that_was_meant() {
    let inquiry = || Inquiry::Object(object(ObjectKind::DaemonSet, "logging", "fluent-bit", "u-1"));
    let (answer, calls) = ask(inquiry(), |_| {
        Reply::new(200, r#"{"kind":"DaemonSet","metadata":{"uid":"u-1"},"spec":{"x":1}}"#)
    })
    .await;
    let Ok(Answer::Object(Some(found))) = answer else { panic!("{answer:?}") };
    assert_eq!(found.at("/spec/x"), Some(&json!(1)));
    assert_eq!(calls[0].path, "/apis/apps/v1/namespaces/logging/daemonsets/fluent-bit");
    for reply in [Reply::new(200, r#"{"metadata":{"uid":"u-2"}}"#), Reply::status(404, "not found")] {
        let (answer, _) = ask(inquiry(), move |_| reply.clone()).await;
        assert_eq!(answer.unwrap(), Answer::Object(None));
    }
    let node = Inquiry::Object(object(ObjectKind::Node, "", "n 1", "u"));
    let (_, calls) = ask(node, |_| Reply::status(404, "not found")).await;
    assert_eq!(calls[0].path, "/api/v1/nodes/n%201");
}

#[tokio::test(start_paused = true)]
async fn all_pods_of_a_node_are_listed_whoever_owns_them() {
    let (answer, calls) = ask(Inquiry::PodsOnNode(NodeName::from("n1")), |call| {
        let last = call.path.contains("continue=t");
        let (token, name) = if last { ("", "b") } else { ("t", "a") };
        Reply::new(200, &list("9", token, &[pod(name, 1, if last { "DaemonSet" } else { "" })]))
    })
    .await;
    let Ok(Answer::Pods(pods)) = answer else { panic!("{answer:?}") };
    assert_eq!(pods.len(), 2);
    let paths: Vec<_> = calls.iter().map(|call| call.path.as_str()).collect();
    let first = "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=500";
    assert_eq!(paths, [first.to_owned(), format!("{first}&continue=t")]);
}

#[tokio::test(start_paused = true)]
async fn a_right_is_asked_for_and_an_unknown_one_counts_as_given() {
    let permission = Permission {
        verb: "patch",
        group: "apps",
        resource: "daemonsets",
        subresource: "",
        namespace: Text::new("logging"),
    };
    let verdict = r#"{"status":{"allowed":false,"reason":"no role"}}"#;
    let (answer, calls) = ask(Inquiry::Access(permission.clone()), move |_| Reply::new(201, verdict)).await;
    assert_eq!(answer.unwrap(), Answer::Access { allowed: false, reason: Text::new("no role") });
    let call = &calls[0];
    assert_eq!(
        (call.method.as_str(), call.path.as_str(), call.content_type.as_str()),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "application/json")
    );
    let body: Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(
        body["spec"]["resourceAttributes"],
        json!({"verb": "patch", "group": "apps", "resource": "daemonsets", "subresource": "", "namespace": "logging"})
    );
    for reply in [
        Reply::status(404, "the server could not find the requested resource"),
        Reply::status(403, "no"),
        Reply::new(201, "{}"),
        Reply::new(200, "hello"),
        Reply::mute(),
    ] {
        let (answer, calls) = ask(Inquiry::Access(permission.clone()), move |_| reply.clone()).await;
        assert_eq!(answer.unwrap(), Answer::Access { allowed: true, reason: Text::default() });
        assert_eq!(calls.len(), 1, "it is asked once");
    }
    let client = fake::server(|call| {
        let allowed = call.body.contains("daemonsets");
        Reply::new(201, &format!(r#"{{"status":{{"allowed":{allowed}}}}}"#))
    });
    let other = Permission { group: "", resource: "pods", ..permission.clone() };
    let asked = [permission, other];
    let missing = Connection::over(client).missing_permissions(&asked).await;
    assert_eq!(missing, [(&asked[1], Text::default())]);
}
