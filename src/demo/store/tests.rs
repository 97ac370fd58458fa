//! What the store promises to the API server and the simulation.

use serde_json::Value;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn daemon_set(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "agent:1"}]},
            },
        },
    })
}

fn pod(name: &str, node: &str, owner: Option<&Stored>) -> Value {
    let mut pod = json!({
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "a"}},
        "spec": {"nodeName": node, "containers": [{"name": "main", "image": "agent:1"}]},
    });
    if let Some(owner) = owner {
        pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet",
            "name": *owner.name, "uid": *owner.uid, "controller": true, "blockOwnerDeletion": true}]);
    }
    pod
}

fn store() -> Store {
    Store::new(1, at(0))
}

fn grace(seconds: i64) -> DeleteOptions {
    DeleteOptions { grace_seconds: Some(seconds), ..DeleteOptions::default() }
}

#[test]
fn a_created_daemon_set_has_everything_the_server_fills_in() {
    let mut store = store();
    let stored = store.create(Kind::DaemonSet, daemon_set("a"), at(3)).unwrap();
    let value = stored.value();
    assert_eq!(value["metadata"]["creationTimestamp"], "2027-01-15T08:00:03Z");
    assert_eq!(value["metadata"]["generation"], 1);
    assert_eq!(value["metadata"]["annotations"][admission::TEMPLATE_GENERATION], "1");
    assert_eq!(value["metadata"]["resourceVersion"], store.resource_version().to_string());
    let limits = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}});
    assert_eq!(value["spec"]["updateStrategy"], limits);
    assert_eq!(value["spec"]["revisionHistoryLimit"], 10);
    assert_eq!(value["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(value["status"]["desiredNumberScheduled"], 0);
    let again = store.create(Kind::DaemonSet, daemon_set("a"), at(3)).unwrap_err();
    assert_eq!((again.code, again.reason), (409, "AlreadyExists"));
    assert_eq!(again.message, "daemonsets.apps \"a\" already exists");
}

#[test]
fn generations_count_what_the_server_counts() {
    let mut store = store();
    store.create(Kind::DaemonSet, daemon_set("a"), at(0)).unwrap();
    let mut change = |f: &dyn Fn(&mut Value)| {
        let stored = store.update(Kind::DaemonSet, "default", "a", at(1), |v| {
            f(v);
            Ok(())
        });
        let value = stored.unwrap().value();
        let template = value["metadata"]["annotations"][admission::TEMPLATE_GENERATION].clone();
        (value["metadata"]["generation"].as_i64().unwrap(), template.as_str().unwrap().to_owned())
    };
    assert_eq!(change(&|v| v["metadata"]["labels"] = json!({"x": "y"})), (1, "1".into()));
    assert_eq!(change(&|v| v["spec"]["updateStrategy"] = json!({"type": "OnDelete"})), (2, "1".into()));
    let image = |v: &mut Value| v["spec"]["template"]["spec"]["containers"][0]["image"] = "agent:2".into();
    assert_eq!(change(&image), (3, "2".into()));
    let own = |v: &mut Value| v["metadata"]["annotations"][admission::TEMPLATE_GENERATION] = "9".into();
    assert_eq!(change(&own), (3, "2".into()));
    assert_eq!(change(&|v| v["status"]["numberReady"] = 7.into()), (3, "2".into()));
    let before = store.resource_version();
    store.update(Kind::DaemonSet, "default", "a", at(1), |_| Ok(())).unwrap();
    assert_eq!(store.resource_version(), before, "a no-op writes nothing");
    let status = store.write(Scope::Status, Kind::DaemonSet, "default", "a", at(1), |v| {
        v["status"]["numberReady"] = 7.into();
        v["spec"]["minReadySeconds"] = 5.into();
        Ok(())
    });
    let value = status.unwrap().value();
    assert_eq!(value["status"]["numberReady"], 7);
    assert!(value["spec"]["minReadySeconds"].is_null());
    assert_eq!(value["metadata"]["generation"], 3);
}

/// The table of semantics §8.4: what is laid over a spec, and the refusal.
fn validation_table() -> Vec<(Value, &'static str)> {
    let rolling =
        |limits: Value| json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": limits}});
    let affinity = |term: Value| {
        json!({"template": {"spec": {"affinity": {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}}}})
    };
    let fields = |values: Value| {
        affinity(json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": values}]}))
    };
    vec![
        (rolling(json!({"maxSurge": 1})), "may not be set when maxUnavailable is non-zero"),
        (rolling(json!({"maxSurge": 1, "maxUnavailable": 0})), ""),
        (rolling(json!({"maxUnavailable": 10_000})), ""),
        (rolling(json!({"maxUnavailable": "50%"})), ""),
        (rolling(json!({"maxUnavailable": 0})), "cannot be 0 when maxSurge is 0"),
        (rolling(json!({"maxUnavailable": "0%", "maxSurge": "0%"})), "cannot be 0 when maxSurge is 0"),
        (rolling(json!({"maxUnavailable": 1, "maxSurge": 1})), "may not be set when"),
        (rolling(json!({"maxUnavailable": "150%"})), "must not be greater than 100%"),
        (rolling(json!({"maxUnavailable": "5"})), "a valid percent string"),
        (rolling(json!({"maxUnavailable": -1})), "must be greater than or equal to 0"),
        (json!({"updateStrategy": {"type": "Recreate"}}), "Unsupported value: \"Recreate\""),
        (
            json!({"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}}),
            "",
        ),
        (json!({"updateStrategy": {}}), ""),
        (json!({"template": {"spec": {"restartPolicy": "OnFailure"}}}), "Unsupported value: \"OnFailure\""),
        (json!({"minReadySeconds": -1}), "must be greater than or equal to 0"),
        (json!({"selector": {"matchLabels": {"app": "b"}}}), "does not match template"),
        (fields(json!(["a", "b"])), "must be only one value"),
        (
            affinity(json!({"matchFields": [{"key": "x", "operator": "In", "values": ["a"]}]})),
            "field selector key",
        ),
        (affinity(json!({"matchExpressions": [{"key": "g", "operator": "Gt", "values": ["abc"]}]})), ""),
        (
            json!({"template": {"spec": {"tolerations": [{"key": "x", "operator": "Gt", "value": "3"}]}}}),
            "Unsupported value: \"Gt\"",
        ),
    ]
}

#[test]
fn validation_is_the_api_servers() {
    for (spec, refusal) in validation_table() {
        let mut object = daemon_set("a");
        json_patch::merge(&mut object, &json!({"spec": spec}));
        match store().create(Kind::DaemonSet, object, at(0)) {
            Ok(_) => assert_eq!(refusal, "", "{spec} was let through"),
            Err(e) => {
                assert_eq!(e.code, 422, "{spec}");
                assert!(!refusal.is_empty() && e.message.contains(refusal), "{spec}: {e}");
            }
        }
    }
    let mut store = store();
    store.create(Kind::DaemonSet, daemon_set("a"), at(0)).unwrap();
    let moved = store.update(Kind::DaemonSet, "default", "a", at(0), |v| {
        v["spec"]["selector"] = json!({"matchLabels": {"app": "b"}});
        Ok(())
    });
    assert!(
        moved
            .unwrap_err()
            .message
            .contains("spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable")
    );
}

#[test]
fn nodes_are_born_tainted_and_events_die_after_an_hour() {
    let mut store = store();
    let node = store.create(Kind::Node, json!({"metadata": {"name": "n1"}}), at(0)).unwrap().value();
    assert_eq!(
        node["spec"]["taints"],
        json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}])
    );
    assert!(node["metadata"]["generation"].is_null());
    let event = |name: &str| json!({"metadata": {"name": name, "namespace": "default"}, "involvedObject": {"kind": "Node"}, "reason": "R"});
    store.create(Kind::Event, event("a"), at(0)).unwrap();
    store.create(Kind::Event, event("b"), at(3599)).unwrap();
    assert_eq!(store.len(Kind::Event), 2);
    store.create(Kind::Event, event("c"), at(3600)).unwrap();
    assert!(store.get(Kind::Event, "default", "a").is_none());
    assert_eq!(store.len(Kind::Event), 2);
}

#[test]
fn pods_end_with_grace() {
    let mut store = store();
    store.create(Kind::Pod, pod("bound", "n1", None), at(0)).unwrap();
    store.create(Kind::Pod, pod("unbound", "", None), at(0)).unwrap();
    assert!(store.delete(Kind::Pod, "default", "unbound", &DeleteOptions::default(), at(5)).unwrap().gone);
    let first = store.delete(Kind::Pod, "default", "bound", &DeleteOptions::default(), at(5)).unwrap();
    assert!(!first.gone && first.object.deleting);
    let meta = first.object.value()["metadata"].clone();
    assert_eq!(meta["deletionTimestamp"], "2027-01-15T08:00:35Z");
    assert_eq!((&meta["deletionGracePeriodSeconds"], &meta["generation"]), (&json!(30), &json!(2)));
    let version = store.resource_version();
    store.delete(Kind::Pod, "default", "bound", &grace(60), at(6)).unwrap();
    assert_eq!(store.resource_version(), version, "a repeat cannot lengthen");
    let shorter = store.delete(Kind::Pod, "default", "bound", &grace(10), at(6)).unwrap();
    assert_eq!(shorter.object.value()["metadata"]["deletionTimestamp"], "2027-01-15T08:00:15Z");
    let wrong = DeleteOptions { uid: Some("other".into()), ..grace(0) };
    let refused = store.delete(Kind::Pod, "default", "bound", &wrong, at(6)).unwrap_err();
    assert_eq!(refused.code, 409);
    assert!(store.delete(Kind::Pod, "default", "bound", &grace(0), at(6)).unwrap().gone);
    let gone = store.delete(Kind::Pod, "default", "bound", &grace(0), at(6)).unwrap_err();
    assert_eq!(gone.message, "pods \"bound\" not found");
}

#[test]
fn finalizers_hold_an_object_until_the_last_one_goes() {
    let mut store = store();
    let mut held = pod("held", "n1", None);
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    store.create(Kind::Pod, held, at(0)).unwrap();
    assert!(!store.delete(Kind::Pod, "default", "held", &grace(0), at(1)).unwrap().gone);
    store
        .update(Kind::Pod, "default", "held", at(2), |v| {
            v["metadata"]["finalizers"] = json!([]);
            Ok(())
        })
        .unwrap();
    assert!(store.get(Kind::Pod, "default", "held").is_none());
}

fn owned() -> Store {
    let mut store = store();
    let set = store.create(Kind::DaemonSet, daemon_set("a"), at(0)).unwrap();
    store.create(Kind::Pod, pod("p1", "n1", Some(&set)), at(0)).unwrap();
    store.create(Kind::Pod, pod("p2", "", Some(&set)), at(0)).unwrap();
    let mut revision = pod("a-1", "", Some(&set));
    revision["revision"] = 1.into();
    store.create(Kind::ControllerRevision, revision, at(0)).unwrap();
    store
}

fn deleting(propagation: Propagation) -> DeleteOptions {
    DeleteOptions { propagation, ..DeleteOptions::default() }
}

#[test]
fn what_a_daemon_set_owns_goes_with_it_or_stays_without_it() {
    let mut store = owned();
    assert!(
        store
            .delete(Kind::DaemonSet, "default", "a", &deleting(Propagation::Background), at(1))
            .unwrap()
            .gone
    );
    assert!(store.is_empty(Kind::ControllerRevision));
    let left: Vec<_> = store.list(Kind::Pod, None).collect();
    assert!(left.len() == 1 && left[0].deleting, "the bound pod ends with grace");

    let mut store = owned();
    assert!(
        store.delete(Kind::DaemonSet, "default", "a", &deleting(Propagation::Orphan), at(1)).unwrap().gone
    );
    assert_eq!((store.len(Kind::Pod), store.len(Kind::ControllerRevision)), (2, 1));
    assert!(store.list(Kind::Pod, None).all(|p| p.owner_uid.is_none() && !p.deleting));

    let mut store = owned();
    assert!(
        !store
            .delete(Kind::DaemonSet, "default", "a", &deleting(Propagation::Foreground), at(1))
            .unwrap()
            .gone
    );
    assert!(store.get(Kind::DaemonSet, "default", "a").unwrap().deleting);
    store.delete(Kind::Pod, "default", "p1", &grace(0), at(2)).unwrap();
    assert!(store.is_empty(Kind::DaemonSet), "the last dependent lets it go");
}

#[test]
fn a_namespace_goes_when_it_is_empty() {
    let mut store = store();
    store.create(Kind::Namespace, json!({"metadata": {"name": "x"}}), at(0)).unwrap();
    let mut p = pod("p", "n1", None);
    p["metadata"]["namespace"] = "x".into();
    store.create(Kind::Pod, p.clone(), at(0)).unwrap();
    assert!(!store.delete(Kind::Namespace, "", "x", &DeleteOptions::default(), at(1)).unwrap().gone);
    p["metadata"]["name"] = "q".into();
    assert_eq!(store.create(Kind::Pod, p, at(1)).unwrap_err().code, 403);
    store.delete(Kind::Pod, "x", "p", &grace(0), at(2)).unwrap();
    assert!(store.get(Kind::Namespace, "", "x").is_none());
    assert_eq!(
        store.delete(Kind::Namespace, "", "default", &DeleteOptions::default(), at(1)).unwrap_err().code,
        403
    );
}

#[test]
fn changes_are_told_from_any_kept_version_and_refused_before_it() {
    let mut store = store();
    store.set_history_limit(3);
    let start = store.resource_version();
    store.create(Kind::Node, json!({"metadata": {"name": "n"}}), at(0)).unwrap();
    for label in ["a", "b"] {
        store
            .update(Kind::Node, "", "n", at(1), |v| {
                v["metadata"]["labels"] = json!({"l": label});
                Ok(())
            })
            .unwrap();
    }
    let since = |store: &Store, version| {
        let from = store.sequence_after(Kind::Node, version)?;
        Some(store.changes_from(from)?.cloned().collect::<Vec<_>>())
    };
    let changes = since(&store, start).unwrap();
    assert_eq!(changes.len(), 3);
    assert_eq!(changes[2].before.as_ref().unwrap().labels.get("l"), Some("a"));
    let from = store.sequence_after(Kind::Node, start + 1).unwrap();
    assert_eq!(store.changes_from(from).unwrap().count(), 2);
    assert_eq!(store.sequence_after(Kind::Pod, start), Some(store.next_sequence()));
    let last = store.delete(Kind::Node, "", "n", &DeleteOptions::default(), at(2)).unwrap();
    assert_eq!(last.object.resource_version, store.resource_version());
    assert!(since(&store, start).is_none());
    assert!(store.sequence_after(Kind::Node, start).is_none());
    assert_eq!(since(&store, start + 1).unwrap().len(), 3);
}

#[test]
fn lists_are_ordered_and_can_be_continued() {
    let mut store = store();
    for name in ["b", "a-b", "a"] {
        store.create(Kind::Namespace, json!({"metadata": {"name": name}}), at(0)).unwrap();
        for pod_name in ["y", "x"] {
            let mut p = pod(pod_name, "", None);
            p["metadata"]["namespace"] = name.into();
            store.create(Kind::Pod, p, at(0)).unwrap();
        }
    }
    let all = |namespace, after| {
        let names =
            store.list_after(Kind::Pod, namespace, after).map(|p| format!("{}/{}", p.namespace, p.name));
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(all(None, None), "a/x a/y a-b/x a-b/y b/x b/y");
    assert_eq!(all(Some("a"), None), "a/x a/y");
    assert_eq!(all(None, Some(("a", "y"))), "a-b/x a-b/y b/x b/y");
    assert_eq!(all(Some("a"), Some(("a", "x"))), "a/y");
    assert_eq!(all(Some("a"), Some(("a", "y"))), "");
    assert_eq!(all(Some("a"), Some(("b", "x"))), "");
    assert_eq!(all(Some("b"), Some(("a", "x"))), "b/x b/y");
}

#[test]
fn a_write_with_another_version_or_identity_is_refused() {
    let mut store = store();
    store.create(Kind::Pod, pod("p", "n1", None), at(0)).unwrap();
    let stale = store.update(Kind::Pod, "default", "p", at(1), |v| {
        v["metadata"]["resourceVersion"] = "1".into();
        Ok(())
    });
    assert_eq!(stale.unwrap_err().code, 409);
    let other = store.update(Kind::Pod, "default", "p", at(1), |v| {
        v["metadata"]["uid"] = "x".into();
        Ok(())
    });
    assert!(other.unwrap_err().message.contains("metadata.uid: Invalid value: \"x\": field is immutable"));
    let image = store.update(Kind::Pod, "default", "p", at(1), |v| {
        v["spec"]["containers"][0]["image"] = "agent:2".into();
        Ok(())
    });
    assert_eq!(image.unwrap().value()["metadata"]["generation"], 2);
    let moved = store.update(Kind::Pod, "default", "p", at(1), |v| {
        v["spec"]["nodeName"] = "n2".into();
        Ok(())
    });
    assert!(moved.unwrap_err().message.contains("pod updates may not change fields"));
    let bound = store.write(Scope::System, Kind::Pod, "default", "p", at(1), |v| {
        v["spec"]["nodeName"] = "n2".into();
        v["status"]["phase"] = "Running".into();
        Ok(())
    });
    let bound = bound.unwrap();
    assert_eq!((bound.node_name(), bound.phase()), ("n2", "Running"));
    assert_eq!(bound.value()["metadata"]["generation"], 2);
}
