//! Proposals held against the objects they change: preconditions, round trips, refusals.

mod property;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::domain::pause::ANNOTATION;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

const NOON: &str = "2026-01-02T12:00:00Z";

/// A DaemonSet as a server has it.
fn daemon_set(strategy: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {
            "name": "agent", "namespace": "logging", "uid": "u-1", "generation": 4, "resourceVersion": "77",
            "annotations": {"deprecated.daemonset.template.generation": "3"},
        },
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "template": template("3.2.0"),
            "updateStrategy": strategy,
        },
        "status": {"observedGeneration": 4},
    })
}

fn template(tag: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "agent"}},
        "spec": {"containers": [{"name": "main", "image": format!("registry/agent:{tag}")}]},
    })
}

fn rolling() -> Value {
    json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 0}})
}

fn raw(value: &Value) -> RawObject {
    RawObject::new(value.clone())
}

fn paused(object: &Value) -> Result<Proposal, Refusal> {
    paused_for(object, "INC-4711")
}

fn paused_for(object: &Value, reason: &str) -> Result<Proposal, Refusal> {
    let (by, reason) = (Text::new("oncall"), Text::new(reason));
    pause(&raw(object), &PauseBy { by: &by, at: at(NOON), reason: &reason })
}

/// What a server makes of the bytes that are sent; none where it refuses them.
fn sent(object: &Value, proposal: &Proposal) -> Option<Value> {
    assert_eq!(proposal.command.method, Method::JsonPatch);
    let patch: json_patch::Patch = serde_json::from_str(&proposal.command.body).expect("a JSON patch");
    let mut changed = object.clone();
    json_patch::patch(&mut changed, &patch).ok()?;
    Some(changed)
}

/// The server's own counting, after an edit of the spec.
fn edited(mut object: Value) -> Value {
    object["metadata"]["generation"] =
        json!(object["metadata"]["generation"].as_i64().expect("a number") + 1);
    object
}

#[test]
fn a_pause_keeps_everything_but_the_type() {
    let before = daemon_set(&rolling());
    let proposal = paused(&before).unwrap();
    let after = sent(&before, &proposal).unwrap();
    assert_eq!(proposal.after.as_ref().map(RawObject::value), Some(&after));
    assert_eq!(after["spec"]["updateStrategy"]["type"], "OnDelete");
    assert_eq!(after["spec"]["updateStrategy"]["rollingUpdate"], rolling()["rollingUpdate"]);
    assert_eq!(after["spec"]["template"], before["spec"]["template"]);
    let annotations = &after["metadata"]["annotations"];
    assert_eq!(annotations["deprecated.daemonset.template.generation"], "3");
    let note: Value = serde_json::from_str(annotations[ANNOTATION].as_str().unwrap()).unwrap();
    assert_eq!(note, json!({"updateStrategy": rolling(), "by": "oncall", "at": NOON, "reason": "INC-4711"}));
    assert_eq!(proposal.command.from, "RollingUpdate, maxUnavailable 10%, maxSurge 0");
    assert_eq!(proposal.command.target.to_string(), "DaemonSet logging/agent");
    assert!(!proposal.notes.iter().any(|note| note.contains("surge")), "{:?}", proposal.notes);
}

#[test]
fn a_pause_goes_through_after_an_edit_of_the_template_and_of_annotations() {
    let before = daemon_set(&rolling());
    let proposal = paused(&before).unwrap();
    let mut now = edited(before);
    now["spec"]["template"] = template("3.3.0");
    now["metadata"]["annotations"]["team"] = json!("storage");
    now["metadata"]["resourceVersion"] = json!("99");
    let after = sent(&now, &proposal).unwrap();
    assert_eq!(after["spec"]["template"], template("3.3.0"));
    assert_eq!(after["metadata"]["annotations"]["team"], "storage");
}

#[test]
fn without_annotations_a_pause_loses_none_that_come_meanwhile() {
    let mut before = daemon_set(&rolling());
    before["metadata"].as_object_mut().unwrap().remove("annotations");
    let proposal = paused(&before).unwrap();
    assert!(sent(&before, &proposal).unwrap()["metadata"]["annotations"][ANNOTATION].is_string());
    before["metadata"]["annotations"] = json!({"team": "storage"});
    before["metadata"]["resourceVersion"] = json!("78");
    assert_eq!(sent(&before, &proposal), None);
}

#[test]
fn what_cannot_be_paused_says_why() {
    let on_delete = json!({"type": "OnDelete"});
    let with = |strategy: &Value, note: &str| {
        let mut object = daemon_set(strategy);
        object["metadata"]["annotations"][ANNOTATION] = json!(note);
        object
    };
    let note = r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"ada","at":"2026-01-02T03:04:05Z","reason":"INC-1"}"#;
    let mut deleting = daemon_set(&rolling());
    deleting["metadata"]["deletionTimestamp"] = json!(NOON);
    for (object, told) in [
        (with(&on_delete, note), "paused already, by ada since 2026-01-02T03:04:05Z, \"INC-1\""),
        (daemon_set(&on_delete), "its strategy is OnDelete: there is no rollout to pause"),
        (with(&on_delete, "nonsense"), "cannot be read"),
        (with(&rolling(), "nonsense"), "cannot be read"),
        (deleting, "being deleted"),
        (json!({}), "no metadata.name"),
        (json!({"metadata": {"name": "a", "uid": "u"}}), "no spec.updateStrategy"),
    ] {
        let refusal = paused(&object).unwrap_err().to_string();
        assert!(refusal.contains(told), "{refusal}");
    }
    // A stop is not refused for what an earlier one left.
    let leftover = with(&rolling(), note);
    let proposal = paused(&leftover).unwrap();
    assert!(proposal.notes[0].contains("by ada since"), "{:?}", proposal.notes);
    let after = sent(&leftover, &proposal).unwrap();
    assert!(after["metadata"]["annotations"][ANNOTATION].as_str().unwrap().contains("oncall"));
    assert_eq!(sent(&daemon_set(&rolling()), &proposal), None, "the leftover was looked at");
}

#[test]
fn what_cannot_be_resumed_says_why() {
    let before = daemon_set(&rolling());
    let mut object = edited(sent(&before, &paused(&before).unwrap()).unwrap());
    // A tool that dropped the limits did no harm.
    object["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    assert!(resume(&raw(&object), &ResumeTo::Untouched).is_ok());

    object["spec"]["updateStrategy"]["rollingUpdate"] = json!({"maxUnavailable": 7, "maxSurge": 0});
    let refusal = resume(&raw(&object), &ResumeTo::Untouched).unwrap_err().to_string();
    assert!(refusal.contains("edited while it was paused") && refusal.contains("--to saved"), "{refusal}");
    assert!(refusal.contains("maxUnavailable 10%") && refusal.contains('7'), "{refusal}");
    let restored = sent(&object, &resume(&raw(&object), &ResumeTo::Saved).unwrap()).unwrap();
    assert_eq!(restored["spec"]["updateStrategy"], rolling());
    let other = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 3}});
    let restored =
        sent(&object, &resume(&raw(&object), &ResumeTo::Strategy(other.clone())).unwrap()).unwrap();
    assert_eq!(restored["spec"]["updateStrategy"], other);
    assert_eq!(restored["metadata"]["annotations"].get(ANNOTATION), None);
    let wrong = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3}});
    let refusal = resume(&raw(&object), &ResumeTo::Strategy(wrong)).unwrap_err().to_string();
    assert!(refusal.contains("maxSurge may not be set"), "{refusal}");

    object["metadata"]["annotations"][ANNOTATION] = json!("{}");
    for to in [ResumeTo::Untouched, ResumeTo::Saved] {
        assert_eq!(resume(&raw(&object), &to), Err(Refusal::UnreadablePause));
    }
    assert!(resume(&raw(&object), &ResumeTo::Strategy(rolling())).is_ok());
    assert_eq!(
        resume(&raw(&before), &ResumeTo::Untouched).unwrap_err().to_string(),
        "it is not paused: its strategy is RollingUpdate, maxUnavailable 10%, maxSurge 0"
    );
}

#[test]
fn a_leftover_can_be_removed_and_a_pause_cannot() {
    let before = daemon_set(&rolling());
    let mut object = sent(&before, &paused(&before).unwrap()).unwrap();
    assert!(matches!(forget(&raw(&object)), Err(Refusal::PausedAlready(_))));
    object["spec"]["updateStrategy"] = rolling();
    let proposal = forget(&raw(&object)).unwrap();
    assert_eq!(proposal.command.verb, Verb::Annotate);
    assert_eq!(sent(&object, &proposal), Some(before.clone()));
    assert!(matches!(forget(&raw(&before)), Err(Refusal::NotPaused(_))));
}

#[test]
fn a_restart_is_kubectls_and_not_twice_a_second() {
    let mut object = daemon_set(&rolling());
    let place = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    for step in 0..2 {
        let proposal = restart(&raw(&object), at(&format!("2026-01-02T12:00:0{step}.75Z"))).unwrap();
        object = edited(sent(&object, &proposal).unwrap());
        assert_eq!(object.pointer(place), Some(&json!(format!("2026-01-02T12:00:0{step}Z"))));
    }
    assert_eq!(restart(&raw(&object), at("2026-01-02T12:00:01.9Z")), Err(Refusal::RestartedJustNow));
    let mut bare = daemon_set(&rolling());
    bare["spec"]["template"].as_object_mut().unwrap().remove("metadata");
    let proposal = restart(&raw(&bare), at(NOON)).unwrap();
    assert_eq!(sent(&bare, &proposal).unwrap().pointer(place), Some(&json!(NOON)));
}

fn revision(number: i64, tag: &str, owner: &str) -> RawObject {
    let mut template = template(tag);
    template["$patch"] = json!("replace");
    // As controllers before 1.36 stored it.
    template["metadata"]["creationTimestamp"] = Value::Null;
    RawObject::new(json!({
        "metadata": {
            "name": format!("agent-{number}"), "namespace": "logging",
            "labels": {"controller-revision-hash": format!("h{number}")},
            "ownerReferences": [{"controller": true, "kind": "DaemonSet", "name": "agent", "uid": owner}],
        },
        "revision": number,
        "data": {"spec": {"template": template}},
    }))
}

#[test]
fn an_undo_brings_back_the_stored_template() {
    let object = daemon_set(&rolling());
    let revisions = [
        revision(3, "3.2.0", "u-1"),
        revision(1, "3.0.0", "u-1"),
        revision(2, "3.1.4", "u-1"),
        revision(9, "9.9.9", "u-2"),
    ];
    let undone = undo(&raw(&object), &revisions, None).unwrap();
    assert_eq!((undone.revision, undone.hash.as_str()), (2, "h2"));
    assert_eq!((undone.from.as_str(), undone.to.as_str()), ("3.2.0 (r3)", "3.1.4 (r2)"));
    assert_eq!(undone.proposal.notes, ["main goes from 3.2.0 to 3.1.4"]);
    let mut stored = template("3.1.4");
    stored["metadata"]["creationTimestamp"] = Value::Null;
    assert_eq!(sent(&object, &undone.proposal).unwrap()["spec"]["template"], stored);
    assert_eq!(sent(&edited(object.clone()), &undone.proposal), None, "another edit came first");
    assert_eq!(undo(&raw(&object), &revisions, Some(1)).unwrap().to, "3.0.0 (r1)");
    assert_eq!(undo(&raw(&object), &revisions, Some(0)).unwrap().revision, 2, "as kubectl means it");

    for (to, revisions, told) in [
        (Some(3), &revisions[..], "nothing would change: its template is that of 3.2.0 (r3) already"),
        (Some(9), &revisions[..], "there is no revision 9; there are 3.0.0 (r1), 3.1.4 (r2), 3.2.0 (r3)"),
        (Some(-1), &revisions[..1], "there is no revision -1; there are 3.2.0 (r3)"),
        (None, &revisions[..1], "there is no earlier revision to go back to; there are 3.2.0 (r3)"),
        (None, &[], "none is recorded"),
        (None, &revisions[1..3], "has not recorded its newest template yet"),
    ] {
        let refusal = undo(&raw(&object), revisions, to).unwrap_err().to_string();
        assert!(refusal.contains(told), "{refusal}");
    }
}

#[test]
fn limits_change_as_the_server_allows() {
    let object = daemon_set(&rolling());
    let set = |unavailable: Value, surge: Value| {
        let some = |value: Value| (!value.is_null()).then_some(value);
        throttle(&raw(&object), &Limits { max_unavailable: some(unavailable), max_surge: some(surge) })
    };
    let proposal = set(json!(3), Value::Null).unwrap();
    let after = sent(&object, &proposal).unwrap();
    assert_eq!(after["spec"]["updateStrategy"]["rollingUpdate"], json!({"maxUnavailable": 3, "maxSurge": 0}));
    assert_eq!(sent(&edited(object.clone()), &proposal), None);
    assert!(set(json!(0), json!("25%")).unwrap().notes[0].contains("host ports"));
    for (unavailable, surge, told) in [
        (Value::Null, json!(1), "maxUnavailable would be 10% and maxSurge 1, and only one of them"),
        (json!(0), Value::Null, "would both be 0"),
        (json!("101%"), Value::Null, "more than 100%"),
        (json!("10%"), json!(0), "nothing would change"),
        (Value::Null, Value::Null, "nothing would change"),
    ] {
        let refusal = set(unavailable, surge).unwrap_err().to_string();
        assert!(refusal.contains(told), "{refusal}");
    }
    let stopped = sent(&object, &paused(&object).unwrap()).unwrap();
    let limits = Limits { max_unavailable: Some(json!(3)), max_surge: None };
    let refusal = throttle(&raw(&stopped), &limits).unwrap_err().to_string();
    assert!(refusal.contains("it is paused, by oncall") && refusal.contains("--to FILE"), "{refusal}");
    assert_eq!(throttle(&raw(&daemon_set(&json!({"type": "OnDelete"}))), &limits), Err(Refusal::NoLimits));
    let bare = daemon_set(&json!({"type": "RollingUpdate"}));
    assert!(sent(&bare, &throttle(&raw(&bare), &limits).unwrap()).is_some());
}

#[test]
fn only_a_pod_that_cannot_end_is_forced() {
    let pod = |until: Option<&str>| {
        RawObject::new(json!({
            "metadata": {"name": "agent-x", "namespace": "logging", "uid": "p-1", "deletionTimestamp": until},
            "spec": {"nodeName": "node-1"},
        }))
    };
    let node = |ready: &str| {
        RawObject::new(json!({
            "metadata": {"name": "node-1", "uid": "n-1"},
            "status": {"conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": "2026-01-02T11:38:00Z"}]},
        }))
    };
    let overdue = pod(Some("2026-01-02T11:39:00Z"));
    let proposal = force_delete(&overdue, Some(&node("Unknown")), at(NOON)).unwrap();
    assert_eq!(proposal.after, None);
    assert_eq!(proposal.command.method, Method::Delete);
    let body: Value = serde_json::from_str(&proposal.command.body).unwrap();
    assert_eq!((&body["gracePeriodSeconds"], &body["preconditions"]["uid"]), (&json!(0), &json!("p-1")));
    assert_eq!(proposal.notes[0], "node-1 is NotReady 22m");
    assert!(force_delete(&overdue, None, at(NOON)).is_ok());
    for (pod, node, told) in [
        (pod(None), Some(node("Unknown")), "it is not terminating"),
        (pod(Some("2026-01-02T12:00:10Z")), Some(node("Unknown")), "lasts until 2026-01-02T12:00:10Z"),
        (overdue, Some(node("True")), "node-1 is Ready"),
    ] {
        let refusal = force_delete(&pod, node.as_ref(), at(NOON)).unwrap_err().to_string();
        assert!(refusal.contains(told), "{refusal}");
    }
}

#[test]
fn a_lost_race_is_told_in_a_sentence() {
    let before = daemon_set(&rolling());
    let told = |change: &dyn Fn(&mut Value)| {
        let mut now = before.clone();
        change(&mut now);
        difference(&raw(&before), Some(&raw(&now)))
    };
    assert_eq!(difference(&raw(&before), None), "it is gone");
    for (change, expected) in [
        (
            &(|now: &mut Value| now["metadata"]["uid"] = json!("u-2")) as &dyn Fn(&mut Value),
            "it was deleted, and another one was made under its name",
        ),
        (
            &|now: &mut Value| *now = edited(sent(now, &paused(now).unwrap()).unwrap()),
            "its strategy was RollingUpdate, maxUnavailable 10%, maxSurge 0 and is OnDelete; it was paused by oncall \
             since 2026-01-02T12:00:00Z, \"INC-4711\"",
        ),
        (
            &|now: &mut Value| {
                *now = edited(now.clone());
                now["spec"]["template"] = template("3.3.0");
                now["metadata"]["managedFields"] = json!([
                    {"manager": "kube-controller-manager", "subresource": "status", "time": "2026-01-02T12:00:09Z"},
                    {"manager": "helm", "time": "2026-01-02T10:00:00Z"},
                    {"manager": "kubectl-set", "time": "2026-01-02T12:00:07Z"}]);
            },
            "its image was registry/agent:3.2.0 and is registry/agent:3.3.0 (last written by kubectl-set at \
             2026-01-02T12:00:07Z)",
        ),
        (&|now: &mut Value| *now = edited(now.clone()), "its spec was edited (generation 5, was 4)"),
        (&|now: &mut Value| now["metadata"]["deletionTimestamp"] = json!(NOON), "it is being deleted"),
        (
            &|now: &mut Value| now["metadata"]["resourceVersion"] = json!("78"),
            "nothing of it that matters is different now",
        ),
    ] {
        assert_eq!(told(change), expected);
    }
}
