//! Faults hit the requests they name, as often as they say.

use super::*;
use crate::demo::server::fault::Fault;

const PODS: &str = "/api/v1/pods";

fn faulty(fault: Fault) -> Cluster {
    let cluster = Cluster::new();
    cluster.server.options.faults.add(fault);
    cluster
}

#[tokio::test]
async fn refusals_are_counted_and_name_their_requests() {
    let refuse = Mishap::Refuse { code: 429, retry_after: Some(7) };
    let cluster = faulty(Fault::on(Some(Method::GET), PODS, refuse).asking("limit").times(1));
    assert_eq!(cluster.get(PODS).await.0, 200);
    assert_eq!(cluster.get("/api/v1/nodes?limit=1").await.0, 200);
    let refused = cluster.send("GET", "/api/v1/pods?limit=1", &[], "").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &HeaderValue::from(7)));
    assert_eq!(cluster.get("/api/v1/pods?limit=1").await.0, 200, "only once");
    for code in [403, 410, 500] {
        let faults = &cluster.server.options.faults;
        faults.add(Fault::on(None, "/", Mishap::Refuse { code, retry_after: None }));
        assert_eq!(cluster.get(PODS).await.0, code);
        faults.clear();
        assert_eq!(cluster.get(PODS).await.0, 200);
    }
}

#[tokio::test]
async fn bodies_break_off_and_are_not_what_they_should_be() {
    let cluster = faulty(Fault::on(None, PODS, Mishap::Cut { after: 10 }).times(1));
    let mut body = cluster.send("GET", PODS, &[], "").await.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 10);
    assert!(body.frame().await.unwrap().is_err());
    cluster.server.options.faults.add(Fault::on(None, PODS, Mishap::expired_watch()));
    let mut watch = cluster.watch("").await;
    assert_eq!(watch.next().await.unwrap()["object"]["code"], 410);
}

#[tokio::test(start_paused = true)]
async fn silence_and_drops() {
    let cluster = faulty(Fault::on(None, PODS, Mishap::Mute).times(1));
    let patience = Duration::from_secs(3_600);
    assert!(tokio::time::timeout(patience, cluster.get(PODS)).await.is_err());
    cluster.server.options.faults.add(Fault::on(None, PODS, Mishap::Hang { after: 5 }).times(1));
    let mut body = cluster.send("GET", PODS, &[], "").await.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    assert!(tokio::time::timeout(patience, body.frame()).await.is_err());
    let drip = Mishap::Drip { bytes: 100, pause: Duration::from_secs(1) };
    cluster.server.options.faults.add(Fault::on(None, PODS, drip));
    let began = tokio::time::Instant::now();
    let (status, list) = cluster.get(PODS).await;
    assert_eq!((status, names(&list).as_str()), (200, "a b c"));
    assert!(began.elapsed() > Duration::from_secs(5));
}

#[tokio::test]
async fn a_lost_answer_and_a_lost_race() {
    let a = "/api/v1/namespaces/default/pods/a";
    let cluster = faulty(Fault::on(Some(Method::DELETE), a, Mishap::Lose));
    let request = Request::builder().method("DELETE").uri(a).body(Full::new(Bytes::new())).unwrap();
    assert!(cluster.server.handle(request).await.is_err());
    assert!(cluster.get(a).await.1["metadata"]["deletionTimestamp"].is_string(), "it was done all the same");

    let hook = Mishap::before(|store| {
        let change = |pod: &mut Value| {
            pod["metadata"]["labels"]["app"] = "other".into();
            Ok(())
        };
        store.write(Scope::Main, Kind::Pod, "default", "b", Timestamp::MIN, change).unwrap();
    });
    let b = "/api/v1/namespaces/default/pods/b";
    cluster.server.options.faults.add(Fault::on(Some(Method::PATCH), b, hook));
    let patch = r#"[{"op":"test","path":"/metadata/labels/app","value":"x"},{"op":"remove","path":"/metadata/labels"}]"#;
    let headers = [("content-type", "application/json-patch+json")];
    assert_eq!(cluster.json("PATCH", b, &headers, patch).await.0, 422);
    assert_eq!(cluster.get(b).await.1["metadata"]["labels"]["app"], "other");
}
