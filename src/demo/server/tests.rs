//! The server as clients meet it: in process, and through kubectl where there is one.

use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;

use super::*;
use crate::demo::store::{DeleteOptions, Kind, Scope};

mod access;
mod eviction;
mod fault;
mod kubectl;
mod log;

/// A cluster whose clock the test moves.
struct Cluster {
    server: ApiServer,
    clock: Arc<AtomicI64>,
}

const START: i64 = 1_800_000_000;

fn pod(name: &str, labels: &Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "agent:1"}]},
    })
}

impl Cluster {
    fn new() -> Self {
        Self::with(Access::default())
    }

    fn with(access: Access) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let ticking = Arc::clone(&clock);
        let now = move || Timestamp::from_second(ticking.load(Ordering::Relaxed)).unwrap();
        let shared = Shared::new(Store::new(1, now()), now);
        shared.write(|store| {
            let now = Timestamp::from_second(START).unwrap();
            let node = json!({"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
            store.create(Kind::Node, node, now).unwrap();
            for (name, app) in [("a", "x"), ("b", "x"), ("c", "y")] {
                store.create(Kind::Pod, pod(name, &json!({"app": app})), now).unwrap();
            }
        });
        let options = Options { bookmark_interval: Duration::from_secs(1), access, ..Options::default() };
        Self { server: ApiServer::new(shared, options), clock }
    }

    async fn send(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.server.handle(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await.unwrap()
    }

    async fn json(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let response = self.send(method, uri, headers, body).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{bytes:?}")))
    }

    async fn get(&self, uri: &str) -> (u16, Value) {
        self.json("GET", uri, &[], "").await
    }

    async fn watch(&self, query: &str) -> Events {
        let response = self.send("GET", &format!("/api/v1/pods?watch=true&{query}"), &[], "").await;
        assert_eq!(response.status(), 200);
        Events { body: response.into_body(), lines: Vec::new() }
    }

    fn relabel(&self, name: &str, app: &str) {
        self.server.shared.write(|store| {
            let now = Timestamp::from_second(START).unwrap();
            let change = |v: &mut Value| {
                v["metadata"]["labels"]["app"] = app.into();
                Ok(())
            };
            store.write(Scope::Main, Kind::Pod, "default", name, now, change).unwrap();
        });
    }

    fn version(&self) -> u64 {
        self.server.shared.lock().resource_version()
    }
}

struct Events {
    body: Body,
    lines: Vec<Value>,
}

impl Events {
    async fn next(&mut self) -> Option<Value> {
        while self.lines.is_empty() {
            let frame = self.body.frame().await?.unwrap().into_data().unwrap();
            let text = String::from_utf8(frame.to_vec()).unwrap();
            self.lines.extend(text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()));
        }
        Some(self.lines.remove(0))
    }

    /// `TYPE name` of the next event.
    async fn brief(&mut self) -> String {
        let event = self.next().await.expect("the watch goes on");
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or("-").to_owned();
        format!("{} {name}", event["type"].as_str().unwrap())
    }
}

fn names(list: &Value) -> String {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|i| i["metadata"]["name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn lists_select_and_page() {
    let cluster = Cluster::new();
    let pods = "/api/v1/namespaces/default/pods";
    for (query, expected) in [
        ("", "a b c"),
        ("labelSelector=app%3Dx", "a b"),
        ("labelSelector=app+notin+(x)", "c"),
        ("fieldSelector=metadata.name%3Db", "b"),
        ("fieldSelector=spec.nodeName%3Dn1,status.phase!%3DPending", ""),
        ("fieldSelector=spec.nodeName%3Dn2", ""),
    ] {
        let (status, list) = cluster.get(&format!("{pods}?{query}")).await;
        assert_eq!((status, names(&list).as_str()), (200, expected), "{query}");
        assert_eq!(list["metadata"]["resourceVersion"], cluster.version().to_string());
    }
    let (_, first) = cluster.get("/api/v1/pods?limit=2").await;
    assert_eq!((names(&first).as_str(), &first["metadata"]["remainingItemCount"]), ("a b", &json!(1)));
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, second) = cluster.get(&format!("/api/v1/pods?limit=2&continue={token}")).await;
    assert_eq!(names(&second), "c");
    assert!(second["metadata"]["continue"].is_null());
    assert_eq!(cluster.get("/api/v1/pods?continue=x").await.0, 400);
    assert_eq!(cluster.get("/api/v1/pods?resourceVersion=99999").await.0, 504);
    assert_eq!(cluster.get("/api/v1/pods?labelSelector=a%3D%3D%3Db").await.0, 400);
    assert_eq!(cluster.get("/api/v1/pods?fieldSelector=spec.x%3Db").await.0, 400);
    let (status, missing) = cluster.get(&format!("{pods}/z")).await;
    assert_eq!((status, &missing["message"]), (404, &json!("pods \"z\" not found")));
    assert_eq!(cluster.get("/nowhere").await.1["reason"], "NotFound");
    assert_eq!(cluster.json("PUT", "/api/v1/pods", &[], "").await.0, 405);
    assert_eq!(cluster.json("GET", pods, &[("accept", "text/plain")], "").await.0, 406);
}

#[tokio::test]
async fn tables_have_kubectls_columns() {
    let cluster = Cluster::new();
    cluster.clock.fetch_add(125, Ordering::Relaxed);
    let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")];
    let (_, table) = cluster.json("GET", "/api/v1/pods", &accept, "").await;
    assert_eq!(table["kind"], "Table");
    let cells = json!(["a", "0/1", "Pending", "0", "2m5s", "<none>", "n1", "<none>", "<none>"]);
    assert_eq!(table["rows"][0]["cells"], cells);
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(table["columnDefinitions"].as_array().unwrap().len(), 9);
    let (_, nodes) = cluster.json("GET", "/api/v1/nodes", &accept, "").await;
    assert_eq!(nodes["rows"][0]["cells"][1], "Ready");
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_enters_and_leaves_its_selection() {
    let cluster = Cluster::new();
    let from = cluster.version();
    let mut events = cluster.watch(&format!("labelSelector=app%3Dx&resourceVersion={from}")).await;
    cluster.relabel("a", "y");
    assert_eq!(events.brief().await, "DELETED a");
    cluster.relabel("c", "x");
    assert_eq!(events.brief().await, "ADDED c");
    let grace = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    let now = Timestamp::from_second(START).unwrap();
    cluster.server.shared.write(|s| s.delete(Kind::Pod, "default", "a", &grace, now).unwrap());
    cluster.server.shared.write(|s| s.delete(Kind::Pod, "default", "b", &grace, now).unwrap());
    let last = events.next().await.unwrap();
    assert_eq!((&last["type"], &last["object"]["metadata"]["name"]), (&json!("DELETED"), &json!("b")));
    assert_eq!(last["object"]["metadata"]["resourceVersion"], cluster.version().to_string());
}

#[tokio::test(start_paused = true)]
async fn watches_begin_and_end_as_asked() {
    let cluster = Cluster::new();
    let mut synthetic = cluster.watch("resourceVersion=0&timeoutSeconds=1").await;
    for name in ["a", "b", "c"] {
        assert_eq!(synthetic.brief().await, format!("ADDED {name}"));
    }
    assert_eq!(synthetic.next().await, None, "ended by its timeout, without bookmarks");

    let query =
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=10";
    let mut list = cluster.watch(query).await;
    for name in ["a", "b", "c"] {
        assert_eq!(list.brief().await, format!("ADDED {name}"));
    }
    let end = list.next().await.unwrap();
    assert_eq!(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(end["object"]["metadata"]["resourceVersion"], cluster.version().to_string());
    let mut bookmarks = 0;
    while let Some(event) = list.next().await {
        assert_eq!(event["type"], "BOOKMARK");
        assert!(event["object"]["metadata"]["annotations"].is_null());
        bookmarks += 1;
    }
    assert_eq!(bookmarks, 8, "one a second, the last two seconds before the end");

    let bad = "/api/v1/pods?watch=1&sendInitialEvents=true";
    assert_eq!(cluster.get(bad).await.0, 422);
}

#[tokio::test(start_paused = true)]
async fn a_history_that_is_gone_is_a_410_in_the_stream() {
    let cluster = Cluster::new();
    let from = cluster.version();
    cluster.server.shared.write(|store| store.set_history_limit(1));
    for app in ["1", "2", "3"] {
        cluster.relabel("a", app);
    }
    let mut late = cluster.watch(&format!("resourceVersion={from}")).await;
    let error = late.next().await.unwrap();
    assert_eq!((&error["type"], &error["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!(late.next().await, None);
}

#[tokio::test]
async fn writes_follow_the_api() {
    let cluster = Cluster::new();
    let a = "/api/v1/namespaces/default/pods/a";
    let merge = [("content-type", "application/merge-patch+json")];
    let json_patch = [("content-type", "application/json-patch+json")];
    let (status, patched) =
        cluster.json("PATCH", a, &merge, r#"{"metadata":{"labels":{"new":"1","app":null}}}"#).await;
    assert_eq!((status, &patched["metadata"]["labels"]), (200, &json!({"new": "1"})));
    let test =
        r#"[{"op":"test","path":"/metadata/uid","value":"no"},{"op":"remove","path":"/metadata/labels"}]"#;
    let (status, refused) = cluster.json("PATCH", a, &json_patch, test).await;
    assert_eq!((status, &refused["reason"]), (422, &json!("Invalid")));
    assert_eq!(refused["message"], "the server rejected our request due to an error in our request");
    let (status, refused) = cluster.json("PATCH", a, &merge, r#"{"metadata":{"uid":"no"}}"#).await;
    assert!(status == 422 && refused["message"].as_str().unwrap().contains("metadata.uid"), "{refused}");
    let (status, refused) = cluster.json("PATCH", a, &merge, r#"{"metadata":{"resourceVersion":"1"}}"#).await;
    assert_eq!((status, &refused["reason"]), (409, &json!("Conflict")));
    let before = cluster.version();
    let dry = format!("{a}?dryRun=All");
    let (status, planned) =
        cluster.json("PATCH", &dry, &merge, r#"{"metadata":{"labels":{"dry":"1"}}}"#).await;
    assert_eq!((status, &planned["metadata"]["labels"]["dry"]), (200, &json!("1")));
    assert_eq!(cluster.json("DELETE", &dry, &[], "").await.0, 200);
    assert_eq!(cluster.version(), before);
    let unknown = [("content-type", "application/apply-patch+yaml")];
    assert_eq!(cluster.json("PATCH", a, &unknown, "{}").await.0, 415);
    let status_patch = r#"{"status":{"phase":"Running"},"metadata":{"labels":{"x":"y"}}}"#;
    let (_, running) = cluster.json("PATCH", &format!("{a}/status"), &merge, status_patch).await;
    assert_eq!(
        (&running["status"]["phase"], &running["metadata"]["labels"]),
        (&json!("Running"), &json!({"new": "1"}))
    );
    let wrong = r#"{"preconditions":{"uid":"no"}}"#;
    assert_eq!(cluster.json("DELETE", a, &[], wrong).await.0, 409);
    let (status, ending) = cluster.json("DELETE", a, &[], "").await;
    assert_eq!((status, &ending["metadata"]["deletionGracePeriodSeconds"]), (200, &json!(30)));
    let (_, gone) = cluster.json("DELETE", a, &[], r#"{"gracePeriodSeconds":0}"#).await;
    assert_eq!(gone["kind"], "Pod");
    assert_eq!(cluster.get(a).await.0, 404);
    let (status, gone) = cluster.json("DELETE", "/api/v1/nodes/n1", &[], "").await;
    assert_eq!((status, &gone["status"]), (200, &json!("Success")));
    let strict = "/api/v1/namespaces/default/pods?fieldValidation=Strict";
    let mut new = pod("d", &json!({}));
    new["spec"]["nonsense"] = 1.into();
    let (status, refused) = cluster.json("POST", strict, &[], &new.to_string()).await;
    assert!(
        status == 400 && refused["message"].as_str().unwrap().contains("unknown field \"spec.nonsense\"")
    );
    let warned = cluster.send("POST", "/api/v1/namespaces/default/pods", &[], &new.to_string()).await;
    assert_eq!(warned.status(), 201);
    assert_eq!(warned.headers()["warning"], "299 - \"unknown field \\\"spec.nonsense\\\"\"");
    assert_eq!(warned.headers()["date"], "Fri, 15 Jan 2027 08:00:00 GMT");
    assert_eq!(
        cluster.json("DELETE", "/api/v1/namespaces/default/pods?labelSelector=app%3Dx", &[], "").await.0,
        200
    );
    let (_, left) = cluster.get("/api/v1/pods").await;
    assert!(left["items"][0]["metadata"]["deletionTimestamp"].is_string());
}
