//! Logs as the API server and a kubelet serve them.

use super::*;

const POD: &str = "/api/v1/namespaces/default/pods/a";

async fn run(cluster: &Cluster, state: Value, last: Value) {
    let status = json!([{"op": "replace", "path": "/status", "value": {"phase": "Running",
        "containerStatuses": [{"name": "main", "image": "agent:1", "imageID": "", "ready": true, "restartCount": 0,
            "state": state, "lastState": last}]}}]);
    let headers = [("content-type", "application/json-patch+json")];
    let (code, told) = cluster.json("PATCH", &format!("{POD}/status"), &headers, &status.to_string()).await;
    assert_eq!(code, 200, "{told}");
}

fn running() -> Value {
    json!({"running": {"startedAt": "2027-01-15T08:00:00Z"}})
}

fn ended() -> Value {
    json!({"terminated": {"exitCode": 1, "startedAt": "2027-01-15T08:00:00Z", "finishedAt": "2027-01-15T08:00:09Z"}})
}

async fn text(cluster: &Cluster, query: &str) -> (u16, String) {
    let response = cluster.send("GET", &format!("{POD}/log?{query}"), &[], "").await;
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn options_choose_the_lines() {
    let cluster = Cluster::new();
    run(&cluster, running(), json!({})).await;
    cluster.clock.fetch_add(100, Ordering::Relaxed);
    let (code, all) = text(&cluster, "").await;
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(code, 200);
    assert!(lines.len() > 20 && lines[0].contains("starting"), "{all}");
    let last = &lines[lines.len() - 2..];
    assert_eq!(text(&cluster, "tailLines=2").await.1, format!("{}\n{}\n", last[0], last[1]));
    assert_eq!(text(&cluster, "tailLines=0").await.1, "");
    assert_eq!(text(&cluster, "limitBytes=5").await.1, all[..5]);
    let stamped = text(&cluster, "timestamps=true&sinceSeconds=20&container=main").await.1;
    assert!(stamped.lines().count() < 7 && stamped.lines().all(|line| line.starts_with("2027-01-15T08:01:")));
    let first = stamped.split(' ').next().unwrap();
    assert_eq!((first.len(), first.ends_with('Z')), ("2027-01-15T08:01:20.000000000Z".len(), true));
    let since = text(&cluster, &format!("timestamps=true&sinceTime={first}")).await.1;
    assert_eq!(since, stamped);
}

#[tokio::test]
async fn refusals_have_the_servers_and_the_kubelets_words() {
    let cluster = Cluster::new();
    let message = |text: String| serde_json::from_str::<Value>(&text).unwrap()["message"].clone();
    for (query, code, words) in [
        (
            "tailLines=-1",
            422,
            "PodLogOptions \"a\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            "limitBytes=0",
            422,
            "PodLogOptions \"a\" is invalid: limitBytes: Invalid value: 0: must be greater than 0",
        ),
        (
            "sinceSeconds=0",
            422,
            "PodLogOptions \"a\" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0",
        ),
        ("container=z", 400, "container z is not valid for pod a"),
        ("", 400, "container \"main\" in pod \"a\" is not available"),
    ] {
        let (status, told) = text(&cluster, query).await;
        assert_eq!((status, message(told)), (code, json!(words)), "{query}");
    }
    assert_eq!(text(&cluster, "sinceSeconds=1&sinceTime=2027-01-15T08:00:00Z").await.0, 422);
    assert_eq!(text(&cluster, "tailLines=x").await.0, 400);
    run(&cluster, running(), json!({})).await;
    let (code, told) = text(&cluster, "previous=true").await;
    assert_eq!(
        (code, message(told)),
        (400, json!("previous terminated container \"main\" in pod \"a\" not found"))
    );
    let mut two = pod("two", &json!({}));
    two["spec"]["containers"] = json!([{"name": "x", "image": "i"}, {"name": "y", "image": "i"}]);
    two["spec"]["initContainers"] = json!([{"name": "z", "image": "i"}]);
    two["spec"].as_object_mut().unwrap().remove("nodeName");
    let pods = "/api/v1/namespaces/default/pods";
    assert_eq!(cluster.json("POST", pods, &[], &two.to_string()).await.0, 201);
    let (code, told) = cluster.get(&format!("{pods}/two/log")).await;
    let words = "a container name must be specified for pod two, choose one of: [x y] or one of the init containers: [z]";
    assert_eq!((code, &told["message"]), (400, &json!(words)));
    let unbound = cluster.send("GET", &format!("{pods}/two/log?container=x"), &[], "").await;
    assert_eq!(unbound.status(), 204);
    assert_eq!(cluster.get(&format!("{pods}/none/log")).await.0, 404);
    assert_eq!(cluster.json("POST", &format!("{POD}/log"), &[], "").await.0, 405);
    let silent = json!([{"op": "replace", "path": "/status/conditions/0/status", "value": "Unknown"}]);
    let headers = [("content-type", "application/json-patch+json")];
    cluster.json("PATCH", "/api/v1/nodes/n1/status", &headers, &silent.to_string()).await;
    let (code, told) = text(&cluster, "").await;
    assert!(code == 500 && told.contains("i/o timeout"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_followed_log_goes_on_until_its_container_ends() {
    let cluster = Cluster::new();
    run(&cluster, running(), json!({})).await;
    let response = cluster.send("GET", &format!("{POD}/log?follow=true&tailLines=1"), &[], "").await;
    let mut body = response.into_body();
    let mut piece = async || {
        let frame = body.frame().await?;
        Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    };
    assert_eq!(piece().await.unwrap().lines().count(), 1);
    cluster.clock.fetch_add(9, Ordering::Relaxed);
    let more = piece().await.unwrap();
    assert!((1..=3).contains(&more.lines().count()), "{more}");
    run(&cluster, json!({"waiting": {"reason": "CrashLoopBackOff"}}), ended()).await;
    assert_eq!(piece().await.unwrap(), "level=error msg=\"exiting\" code=1\n");
    assert_eq!(piece().await, None);
    assert!(text(&cluster, "previous=true").await.1.ends_with("code=1\n"));
}
