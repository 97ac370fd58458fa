//! Evictions under budgets whose status the test writes, as the disruption controller would.

use super::*;

const BUDGETS: &str = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

/// Pods that run and are ready, under a budget that allows so many disruptions.
async fn cluster(allowed: i64) -> Cluster {
    let cluster = Cluster::new();
    for name in ["a", "b", "c"] {
        let ready = json!([{"op": "replace", "path": "/status", "value": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}]}}]);
        let headers = [("content-type", "application/json-patch+json")];
        let uri = format!("/api/v1/namespaces/default/pods/{name}/status");
        assert_eq!(cluster.json("PATCH", &uri, &headers, &ready.to_string()).await.0, 200);
    }
    let budget = json!({"metadata": {"name": "x"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "x"}}}});
    assert_eq!(cluster.json("POST", BUDGETS, &[], &budget.to_string()).await.0, 201);
    if allowed >= 0 {
        let status = json!({"status": {"disruptionsAllowed": allowed, "currentHealthy": 2, "desiredHealthy": 2,
            "expectedPods": 2, "observedGeneration": 1}});
        let headers = [("content-type", "application/merge-patch+json")];
        let uri = format!("{BUDGETS}/x/status");
        assert_eq!(cluster.json("PATCH", &uri, &headers, &status.to_string()).await.0, 200);
    }
    cluster
}

async fn evict(cluster: &Cluster, pod: &str, options: Value) -> (u16, Value) {
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": pod, "namespace": "default"}, "deleteOptions": options});
    let uri = format!("/api/v1/namespaces/default/pods/{pod}/eviction");
    cluster.json("POST", &uri, &[], &eviction.to_string()).await
}

#[tokio::test]
async fn an_eviction_uses_up_its_budget() {
    let cluster = cluster(1).await;
    let (status, told) = evict(&cluster, "a", json!({"preconditions": {"uid": "no"}})).await;
    assert_eq!((status, &told["reason"]), (409, &json!("Conflict")));
    let (status, told) = evict(&cluster, "a", json!({"dryRun": ["All"]})).await;
    assert_eq!((status, &told["status"]), (201, &json!("Success")));
    let (_, pod) = cluster.get("/api/v1/namespaces/default/pods/a").await;
    assert!(pod["metadata"]["deletionTimestamp"].is_null());
    let uid = pod["metadata"]["uid"].clone();
    assert_eq!(evict(&cluster, "a", json!({"preconditions": {"uid": uid}})).await.0, 201);
    let (_, pod) = cluster.get("/api/v1/namespaces/default/pods/a").await;
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 30);
    let condition = &pod["status"]["conditions"][1];
    assert_eq!(
        (&condition["type"], &condition["reason"]),
        (&json!("DisruptionTarget"), &json!("EvictionByEvictionAPI"))
    );
    let (_, budget) = cluster.get(&format!("{BUDGETS}/x")).await;
    assert_eq!(budget["status"]["disruptionsAllowed"], 0);
    assert!(budget["status"]["disruptedPods"]["a"].is_string());
    assert_eq!(budget["status"]["conditions"][0]["reason"], "InsufficientPods");
    let (status, told) = evict(&cluster, "b", json!({})).await;
    assert_eq!((status, &told["reason"]), (429, &json!("TooManyRequests")));
    assert_eq!(told["message"], "Cannot evict pod as it would violate the pod's disruption budget.");
    let cause = json!([{"reason": "DisruptionBudget",
        "message": "The disruption budget x needs 2 healthy pods and has 2 currently"}]);
    assert_eq!(told["details"], json!({"causes": cause}));
    assert_eq!(evict(&cluster, "a", json!({})).await.0, 201, "one that goes already needs no budget");
    assert_eq!(evict(&cluster, "c", json!({})).await.0, 201, "nobody guards it");
    assert_eq!(evict(&cluster, "z", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_budget_nobody_counted_and_two_budgets() {
    let cluster = cluster(-1).await;
    let uri = "/api/v1/namespaces/default/pods/a/eviction";
    let refused = cluster.send("POST", uri, &[], "{}").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "10"));
    let (_, told) = evict(&cluster, "a", json!({})).await;
    let why = "The disruption budget x is still being processed by the server.";
    assert_eq!(told["details"]["causes"][0]["message"], why);
    let second = json!({"metadata": {"name": "y"}, "spec": {"maxUnavailable": "10%", "selector": {}}});
    assert_eq!(cluster.json("POST", BUDGETS, &[], &second.to_string()).await.0, 201);
    let (status, told) = evict(&cluster, "a", json!({})).await;
    assert_eq!(status, 500);
    assert!(told["message"].as_str().unwrap().starts_with("This pod has more than one PodDisruptionBudget"));
    let both = json!({"metadata": {"name": "z"}, "spec": {"maxUnavailable": 1, "minAvailable": 1}});
    assert_eq!(cluster.json("POST", BUDGETS, &[], &both.to_string()).await.0, 422);
    let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")];
    let (_, table) = cluster.json("GET", BUDGETS, &accept, "").await;
    assert_eq!(table["rows"][1]["cells"], json!(["y", "N/A", "10%", 0, "0s"]));
    assert_eq!(cluster.get(uri).await.0, 405);
}
