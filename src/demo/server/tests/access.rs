//! What is denied is denied twice: to who asks whether, and to who tries.

use super::*;

const REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

fn denying(rules: &[&str]) -> Cluster {
    let denials = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    Cluster::with(Access { user: "x".to_owned(), denials })
}

async fn may(cluster: &Cluster, verb: &str, resource: &str, namespace: &str) -> Value {
    let wanted = json!({"verb": verb, "group": "", "resource": resource, "namespace": namespace});
    let review = json!({"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
        "spec": {"resourceAttributes": wanted}});
    let (status, told) = cluster.json("POST", REVIEW, &[], &review.to_string()).await;
    assert_eq!(status, 201, "{told}");
    told["status"].clone()
}

#[tokio::test]
async fn reviews_and_requests_agree() {
    let cluster = denying(&["list pods", "delete pods@default", "get pods/log"]);
    assert_eq!(may(&cluster, "list", "pods", "").await["allowed"], false);
    assert!(may(&cluster, "list", "pods", "").await["reason"].is_string());
    assert_eq!(may(&cluster, "watch", "pods", "").await, json!({"allowed": true}));
    assert_eq!(may(&cluster, "delete", "pods", "default").await["allowed"], false);
    let (status, refused) = cluster.get("/api/v1/pods").await;
    let words =
        "pods is forbidden: User \"x\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
    assert_eq!((status, &refused["message"]), (403, &json!(words)));
    assert_eq!(refused["details"], json!({"kind": "pods"}));
    let a = "/api/v1/namespaces/default/pods/a";
    assert_eq!(cluster.json("DELETE", a, &[], "").await.0, 403);
    assert_eq!(cluster.get(a).await.0, 200);
    assert_eq!(cluster.send("GET", "/api/v1/pods?watch=1&timeoutSeconds=1", &[], "").await.status(), 200);
}

#[tokio::test]
async fn rules_name_what_is_left() {
    let cluster = denying(&["patch nodes", "* events", "list pods@other"]);
    let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let (_, told) = cluster.json("POST", rules, &[], r#"{"spec":{"namespace":"default"}}"#).await;
    let rules = told["status"]["resourceRules"].as_array().unwrap();
    let verbs = |resource: &str| {
        let rule = rules.iter().find(|rule| rule["resources"] == json!([resource]));
        rule.map(|rule| {
            rule["verbs"].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>()
        })
    };
    assert!(verbs("nodes").is_some_and(|v| !v.contains(&"patch") && v.contains(&"watch")));
    assert_eq!(verbs("events"), None);
    assert!(verbs("pods").is_some_and(|v| v.contains(&"list")), "denied elsewhere only");
    let who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    assert_eq!(cluster.json("POST", who, &[], "{}").await.1["status"]["userInfo"]["username"], "x");
    assert_eq!(cluster.get(who).await.0, 405);
}
