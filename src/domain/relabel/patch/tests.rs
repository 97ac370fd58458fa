//! A patch applies to the node as it was shown and to no other, and its inverse brings it back.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn raw(labels: &Value, taints: &Value, unschedulable: bool) -> RawObject {
    let mut node = json!({
        "metadata": {"name": "n1", "uid": "0b8e0000-0000-4000-8000-000000000001", "labels": labels},
        "spec": {"podCIDR": "10.0.0.0/24"}
    });
    if taints.as_array().is_some_and(|taints| !taints.is_empty()) {
        node["spec"]["taints"] = taints.clone();
    }
    if unschedulable {
        node["spec"]["unschedulable"] = json!(true);
    }
    RawObject::new(node)
}

fn node(raw: &RawObject) -> Node {
    raw.decode().expect("it is a node")
}

/// The object after the command; none where a test of the patch fails.
fn sent(to: &RawObject, command: &Command) -> Option<RawObject> {
    let mut object = to.value().clone();
    let patch: json_patch::Patch = serde_json::from_str(&command.body).expect("it is a JSON patch");
    json_patch::patch(&mut object, &patch).ok()?;
    Some(RawObject::new(object))
}

fn taint(written: &str) -> Taint {
    let (pair, effect) = written.rsplit_once(':').expect("an effect");
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    Taint { key: key.into(), value: value.into(), effect: Text::new(effect).into() }
}

fn label(key: &str, value: Option<&str>) -> NodeChange {
    NodeChange { labels: [(key.into(), value.map(Text::new))].into(), ..NodeChange::default() }
}

#[test]
fn a_label_patch_tests_uid_and_labels_and_writes_what_changes() {
    let fresh = raw(&json!({"pool": "m5", "example.com/a~b": "x"}), &json!([]), false);
    let command =
        node_patch(&node(&fresh), &fresh, &label("example.com/a~b", Some("y"))).expect("it is sent");
    assert_eq!((command.verb, command.method), (Verb::Label, Method::JsonPatch));
    assert_eq!((command.from.as_str(), command.to.as_str()), ("example.com/a~b=x", "example.com/a~b=y"));
    assert!(command.body.contains("/metadata/labels/example.com~1a~0b"), "{}", command.body);
    let after = sent(&fresh, &command).expect("it applies");
    assert_eq!(after.at("/metadata/labels"), Some(&json!({"pool": "m5", "example.com/a~b": "y"})));
    for (pointer, other) in [
        ("/metadata/uid", json!("another")),
        ("/metadata/labels/pool", json!("m6")),
        ("/metadata/labels", json!({})),
    ] {
        let mut changed = fresh.value().clone();
        *changed.pointer_mut(pointer).expect("it is there") = other;
        assert_eq!(sent(&RawObject::new(changed), &command), None, "{pointer}");
    }
}

#[test]
fn a_node_that_is_not_as_shown_is_not_written_to() {
    let shown = node(&raw(&json!({"pool": "m5"}), &json!([]), false));
    for (fresh, told) in [
        (raw(&json!({"pool": "m6"}), &json!([]), false), r#"label pool was "m5" and is "m6""#),
        (raw(&json!({}), &json!([]), false), r#"label pool was "m5" and is missing"#),
        (
            raw(&json!({"pool": "m5"}), &json!([{"key": "a", "effect": "NoSchedule"}]), false),
            "taint a:NoSchedule is new",
        ),
        (raw(&json!({"pool": "m5"}), &json!([]), true), "it was cordoned"),
    ] {
        let refused = node_patch(&shown, &fresh, &label("disk", Some("ssd")));
        assert_eq!(refused, Err(NotSent::Changed(told.to_owned())));
    }
    let fresh = raw(&json!({"pool": "m5"}), &json!([]), false);
    assert_eq!(node_patch(&shown, &fresh, &label("pool", Some("m5"))), Err(NotSent::Already));
    assert_eq!(node_patch(&shown, &fresh, &label("disk", None)), Err(NotSent::Already));
    let mut anew = fresh.value().clone();
    anew["metadata"]["uid"] = json!("another");
    let refused = node_patch(&shown, &RawObject::new(anew), &label("disk", Some("ssd")));
    assert_eq!(refused, Err(NotSent::Changed("it was deleted and made anew".to_owned())));
}

#[test]
fn a_taint_patch_keeps_the_other_taints_as_they_were() {
    let taints = json!([
        {"key": "gone", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"},
        {"key": "stays", "value": "v", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}
    ]);
    let fresh = raw(&json!({}), &taints, false);
    let change = NodeChange {
        add_taints: vec![taint("new=1:NoSchedule")],
        remove_taints: vec![("gone".into(), None)],
        ..NodeChange::default()
    };
    let command = node_patch(&node(&fresh), &fresh, &change).expect("it is sent");
    assert_eq!((command.verb, command.to.as_str()), (Verb::Taint, "new=1:NoSchedule gone-"));
    let after = sent(&fresh, &command).expect("it applies");
    let expected = json!([taints[1].clone(), {"key": "new", "value": "1", "effect": "NoSchedule"}]);
    assert_eq!(after.at("/spec/taints"), Some(&expected));
    // Without taints there is nothing to test but the spec.
    let bare = raw(&json!({}), &json!([]), false);
    let added = NodeChange { add_taints: vec![taint("new:NoSchedule")], ..NodeChange::default() };
    let command = node_patch(&node(&bare), &bare, &added).expect("it is sent");
    assert_eq!(sent(&raw(&json!({}), &json!([{"key": "x", "effect": "NoSchedule"}]), false), &command), None);
    assert!(sent(&bare, &command).is_some());
}

#[test]
fn cordoning_is_told_from_uncordoning() {
    let change = |unschedulable| NodeChange { unschedulable: Some(unschedulable), ..NodeChange::default() };
    let (free, cordoned) = (raw(&json!({}), &json!([]), false), raw(&json!({}), &json!([]), true));
    let command = node_patch(&node(&free), &free, &change(true)).expect("it is sent");
    assert_eq!(command.verb, Verb::Cordon);
    assert_eq!(sent(&free, &command).expect("it applies").at("/spec/unschedulable"), Some(&json!(true)));
    let command = node_patch(&node(&cordoned), &cordoned, &change(false)).expect("it is sent");
    assert_eq!(command.verb, Verb::Uncordon);
    assert_eq!(sent(&cordoned, &command).expect("it applies").at("/spec/unschedulable"), None);
    assert_eq!(sent(&free, &command), None);
    assert_eq!(node_patch(&node(&free), &free, &change(false)), Err(NotSent::Already));
}

fn some_labels() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("[abc]", "[xyz]?", 0..3).prop_map(|labels| json!(labels))
}

fn some_taints() -> impl Strategy<Value = Vec<Taint>> {
    let effect = prop_oneof!["NoSchedule", "NoExecute", "PreferNoSchedule"];
    proptest::collection::btree_map(("[ab]", effect), "[xy]?", 0..3).prop_map(|taints| {
        let taints = taints.into_iter();
        taints.map(|((key, effect), value)| taint(&format!("{key}={value}:{effect}"))).collect()
    })
}

fn some_change() -> impl Strategy<Value = NodeChange> {
    let labels = proptest::collection::btree_map("[abc]", proptest::option::of("[xyz]?"), 0..3);
    let removed = proptest::collection::vec(("[ab]", proptest::bool::ANY), 0..2);
    (labels, some_taints(), removed).prop_map(|(labels, add_taints, removed)| {
        let all = removed
            .into_iter()
            .map(|(key, all)| (Text::new(&key), (!all).then_some(TaintEffect::NoSchedule)));
        let meant = |(key, effect): &(Text, Option<TaintEffect>)| {
            !add_taints
                .iter()
                .any(|taint| taint.key == *key && effect.as_ref().is_none_or(|e| *e == taint.effect))
        };
        let remove_taints = all.filter(meant).collect();
        let labels = labels.into_iter().map(|(k, v)| (Text::new(&k), v.as_deref().map(Text::new))).collect();
        NodeChange { labels, add_taints, remove_taints, unschedulable: None }
    })
}

fn json_taints(taints: &[Taint]) -> Value {
    let one = |taint: &Taint| json!({"key": taint.key.as_str(), "value": taint.value.as_str(), "effect": taint.effect.as_str()});
    taints.iter().map(one).collect()
}

/// Taints are a set: the order in which they are listed means nothing.
fn state(node: &Node) -> (Vec<(String, String)>, Vec<String>) {
    let labels = node.meta.labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let mut taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    taints.sort();
    (labels, taints)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    /// What is sent does what the preview was made for, and the inverse undoes it.
    #[test]
    fn a_patch_does_what_was_previewed_and_its_inverse_undoes_it(
        labels in some_labels(), taints in some_taints(), change in some_change()
    ) {
        let fresh = raw(&labels, &json_taints(&taints), false);
        let before = node(&fresh);
        match node_patch(&before, &fresh, &change) {
            Err(refused) => {
                prop_assert_eq!(refused, NotSent::Already);
                prop_assert_eq!(state(&change.applied(&before)), state(&before));
            }
            Ok(command) => {
                let after = sent(&fresh, &command).expect("it applies to the node as shown");
                prop_assert_eq!(state(&node(&after)), state(&change.applied(&before)));
                let back = inverse(&before, &change);
                let undo = node_patch(&node(&after), &after, &back).expect("something changed");
                let undone = sent(&after, &undo).expect("it applies");
                prop_assert_eq!(state(&node(&undone)), state(&before));
            }
        }
    }
}
