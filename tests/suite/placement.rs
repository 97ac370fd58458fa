//! Every placement fact of the semantics page (§8.1, P1-P48) and the malformed forms of §1.3.

use dsgrid::domain::object::Node;
use dsgrid::domain::placement::{Origin, Placement, effective_tolerations};
use dsgrid::domain::reason::{Rule, Ruling};
use serde_json::{Value, json};

use crate::support::build::{daemon_set, node, read};

fn placement(spec: &Value) -> Placement {
    Placement::new(&daemon_set(spec).template)
}

/// `y/y`, `n/y` or `n/n`.
fn verdict(node: &Node, spec: &Value) -> &'static str {
    let verdict = placement(spec).verdict(node);
    match (verdict.run, verdict.keep) {
        (true, true) => "y/y",
        (false, true) => "n/y",
        (false, false) => "n/n",
        (true, false) => "run without keep",
    }
}

fn terms(terms: &Value) -> Value {
    json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}})
}

fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
    json!({"key": key, "operator": operator, "values": values})
}

/// One term of label expressions.
fn labels(expressions: &[Value]) -> Value {
    json!({"matchExpressions": expressions})
}

fn tolerating(tolerations: &Value) -> Value {
    json!({"tolerations": tolerations})
}

#[test]
fn names_and_selectors() {
    let base = json!({});
    let (plain, n1, n2) = (node("n", &[], &[]), node("n1", &[], &[]), node("n2", &[], &[]));
    for (fact, node, spec, expected) in [
        ("P1", &plain, base.clone(), "y/y"),
        ("P2", &n1, json!({"nodeName": "n1"}), "y/y"),
        ("P3", &n2, json!({"nodeName": "n1"}), "n/n"),
        ("P4", &node("n", &[("z", "")], &[]), json!({"nodeSelector": {"z": ""}}), "y/y"),
        ("P5", &plain, json!({"nodeSelector": {"q": ""}}), "n/n"),
        (
            "selector value differs",
            &node("n", &[("q", "b")], &[]),
            json!({"nodeSelector": {"q": "a"}}),
            "n/n",
        ),
    ] {
        assert_eq!(verdict(node, &spec), expected, "{fact}");
    }
}

#[test]
fn required_affinity() {
    let gt = |value: &str| terms(&json!([labels(&[expression("g", "Gt", &[value])])]));
    let g = |value: &str| node("n", &[("g", value)], &[]);
    let z = |value: &str| node("n", &[("z", value)], &[]);
    let plain = node("n", &[], &[]);
    let z_in_b = expression("z", "In", &["b"]);
    let both = {
        let mut spec = terms(&json!([labels(&[expression("g", "Gt", &["4"])])]));
        spec["nodeSelector"] = json!({"z": "b"});
        spec
    };
    let one = |e: Value| terms(&json!([labels(&[e])]));
    for (fact, node, spec, expected) in [
        ("P6", node("n", &[("g", "10"), ("z", "b")], &[]), both.clone(), "y/y"),
        ("P6, selector fails", g("10"), both, "n/n"),
        ("P7", g("5"), gt("5"), "n/n"),
        ("P8", g("007"), gt("5"), "y/y"),
        ("P9", g("007"), one(expression("g", "Lt", &["8"])), "y/y"),
        ("P10", g("abc"), gt("1"), "n/n"),
        ("P11", plain.clone(), one(expression("g", "Lt", &["9"])), "n/n"),
        ("P12", g("5"), gt("abc"), "n/n"),
        (
            "P13",
            z("b"),
            terms(&json!([
                labels(&[expression("g", "Gt", &["abc"])]),
                labels(std::slice::from_ref(&z_in_b))
            ])),
            "y/y",
        ),
        ("P14", z("b"), terms(&json!([labels(&[expression("g", "Gt", &["abc"]), z_in_b])])), "n/n"),
        ("P15", plain.clone(), terms(&json!([{}])), "n/n"),
        ("P16", z("a"), terms(&json!([{}, labels(&[expression("z", "In", &["a"])])])), "y/y"),
        ("P17", plain.clone(), one(expression("q", "NotIn", &["a"])), "y/y"),
        ("NotIn, listed", node("n", &[("q", "a")], &[]), one(expression("q", "NotIn", &["a"])), "n/n"),
        ("P18", plain.clone(), one(expression("q", "DoesNotExist", &[])), "y/y"),
        ("Exists", z("b"), one(expression("z", "Exists", &[])), "y/y"),
        ("Exists, absent", plain.clone(), one(expression("z", "Exists", &[])), "n/n"),
        ("P19", z(""), one(expression("z", "In", &[""])), "y/y"),
        ("P20", plain.clone(), one(expression("z", "In", &[""])), "n/n"),
        ("no terms", plain.clone(), terms(&json!([])), "n/n"),
        ("terms null", plain, terms(&Value::Null), "n/n"),
    ] {
        assert_eq!(verdict(&node, &spec), expected, "{fact}");
    }
}

#[test]
fn fields_and_preferences() {
    let field = |operator: &str, values: &[&str]| json!({"matchFields": [expression("metadata.name", operator, values)]});
    let n2 = node("n2", &[("z", "b")], &[]);
    let and = json!({"matchFields": [expression("metadata.name", "In", &["n2"])],
        "matchExpressions": [expression("z", "In", &["a"])]});
    let preferred = json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
        [{"weight": 1, "preference": labels(&[expression("z", "In", &["nowhere"])])}]}}});
    for (fact, spec, expected) in [
        ("P21", terms(&json!([field("In", &["n2"])])), "y/y"),
        ("P22", terms(&json!([field("NotIn", &["n2"])])), "n/n"),
        ("P23", terms(&json!([and])), "n/n"),
        ("P24", preferred, "y/y"),
        ("two values", terms(&json!([field("In", &["n2", "n3"])])), "n/n"),
        ("Exists on a field", terms(&json!([field("Exists", &[])])), "n/n"),
        ("other field", terms(&json!([{"matchFields": [expression("spec.x", "In", &["n2"])]}])), "n/n"),
    ] {
        assert_eq!(verdict(&n2, &spec), expected, "{fact}");
    }
}

#[test]
fn malformed_terms_match_nothing_and_say_so() {
    let node = node("n", &[("g", "5")], &[]);
    for (what, malformed) in [
        ("unknown operator", expression("g", "Near", &["5"])),
        ("In without values", expression("g", "In", &[])),
        ("NotIn without values", expression("q", "NotIn", &[])),
        ("Exists with values", expression("g", "Exists", &["5"])),
        ("DoesNotExist with values", expression("q", "DoesNotExist", &["5"])),
        ("Gt without value", expression("g", "Gt", &[])),
        ("Gt with two values", expression("g", "Gt", &["1", "2"])),
        ("Lt not a number", expression("g", "Lt", &["9.5"])),
        ("bad key", expression("not a key", "DoesNotExist", &[])),
        ("bad value", expression("g", "NotIn", &["not a value!"])),
    ] {
        let alone = terms(&json!([labels(std::slice::from_ref(&malformed))]));
        assert_eq!(verdict(&node, &alone), "n/n", "{what}");
        let reasons = placement(&alone).reasons(&node, false);
        assert!(reasons[0].detail.contains("malformed"), "{what}: {}", reasons[0].detail);
        let beside = terms(&json!([labels(&[malformed]), labels(&[expression("g", "In", &["5"])])]));
        assert_eq!(verdict(&node, &beside), "y/y", "{what} beside a good term");
    }
}

#[test]
fn taints_and_tolerations() {
    let base = json!({});
    let tolerates = |key: &str| tolerating(&json!([{"key": key, "operator": "Exists"}]));
    for (fact, taints, spec, expected) in [
        ("P25", vec!["k:NoSchedule"], base.clone(), "n/y"),
        ("P26", vec!["k:NoExecute"], base.clone(), "n/n"),
        ("P27", vec!["k:PreferNoSchedule"], base, "y/y"),
        ("P28", vec!["k:NoSchedule", "m:NoExecute"], tolerates("k"), "n/n"),
        ("P29", vec!["k:NoSchedule", "m:NoExecute"], tolerates("m"), "n/y"),
        ("P30", vec!["x=a:NoSchedule"], tolerating(&json!([{"key": "x", "value": "a"}])), "y/y"),
        ("P31", vec!["x=a:NoSchedule"], tolerating(&json!([{"key": "x"}])), "n/y"),
        ("P32", vec!["x:NoSchedule"], tolerating(&json!([{"key": "x"}])), "y/y"),
        (
            "P33",
            vec!["x=a:NoSchedule"],
            tolerating(&json!([{"key": "x", "operator": "Exists", "effect": "NoExecute"}])),
            "n/y",
        ),
        ("P34", vec!["x=a:NoSchedule"], tolerating(&json!([{"operator": "Exists"}])), "y/y"),
        (
            "P34b",
            vec!["x=a:NoSchedule"],
            tolerating(&json!([{"operator": "Exists", "effect": "NoSchedule"}])),
            "y/y",
        ),
        (
            "P35",
            vec!["x:NoExecute"],
            tolerating(
                &json!([{"key": "x", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}]),
            ),
            "y/y",
        ),
        (
            "P46",
            vec!["x=5:NoSchedule"],
            tolerating(&json!([{"key": "x", "operator": "Gt", "value": "3"}])),
            "n/y",
        ),
        (
            "Equal written out",
            vec!["x=a:NoSchedule"],
            tolerating(&json!([{"key": "x", "operator": "Equal", "value": "a"}])),
            "y/y",
        ),
    ] {
        assert_eq!(verdict(&node("n", &[], &taints), &spec), expected, "{fact}");
    }
}

#[test]
fn the_states_of_a_node() {
    let (base, everything) = (json!({}), tolerating(&json!([{"operator": "Exists"}])));
    let host_network = json!({"hostNetwork": true});
    let k8s = |taints: &[&str]| -> Node {
        let named: Vec<String> = taints.iter().map(|taint| format!("node.kubernetes.io/{taint}")).collect();
        node("n", &[], &named.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let not_ready = k8s(&["not-ready:NoSchedule", "not-ready:NoExecute"]);
    let unreachable = k8s(&["unreachable:NoSchedule", "unreachable:NoExecute"]);
    let network = k8s(&["network-unavailable:NoSchedule"]);
    let mut cordoned_untainted = node("n", &[], &[]);
    cordoned_untainted.unschedulable = true;
    for (fact, node, spec, expected) in [
        ("P36", &k8s(&["unschedulable:NoSchedule"]), &base, "y/y"),
        ("P37", &not_ready, &base, "n/y"),
        ("P38", &k8s(&["not-ready:NoExecute"]), &base, "y/y"),
        ("P39", &unreachable, &base, "n/y"),
        ("P40", &not_ready, &everything, "y/y"),
        (
            "P41",
            &k8s(&["disk-pressure:NoSchedule", "memory-pressure:NoSchedule", "pid-pressure:NoSchedule"]),
            &base,
            "y/y",
        ),
        ("P42", &network, &base, "n/y"),
        ("P42 hostNetwork", &network, &host_network, "y/y"),
        ("P43", &k8s(&["out-of-service:NoExecute"]), &base, "n/n"),
        ("P44", &node("n", &[], &["node-role.kubernetes.io/control-plane:NoSchedule"]), &base, "n/y"),
        ("P45", &k8s(&["disk-pressure:NoExecute"]), &base, "n/n"),
        ("P47", &cordoned_untainted, &base, "y/y"),
        (
            "P48, no cpu",
            &node("n", &[], &[]),
            &json!({"containers": [{"resources": {"requests": {"cpu": "1"}}}]}),
            "y/y",
        ),
    ] {
        assert_eq!(verdict(node, spec), expected, "{fact}");
    }
}

#[test]
fn the_controller_adds_its_tolerations_in_place_or_behind() {
    let template = read::<dsgrid::domain::object::DaemonSet>(json!({"spec": {"template": {"spec": {"tolerations": [
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30},
        {"key": "node.kubernetes.io/unreachable", "operator": "Equal", "effect": "NoExecute", "tolerationSeconds": 30},
    ]}}}}))
    .template;
    let effective = effective_tolerations(&template);
    let shown: Vec<(String, Origin)> =
        effective.iter().map(|e| (e.toleration.to_string(), e.origin)).collect();
    assert_eq!(shown.len(), 7);
    assert_eq!(
        shown[0],
        ("node.kubernetes.io/not-ready:NoExecute".into(), Origin::Controller),
        "replaced in place"
    );
    assert_eq!(
        shown[1],
        ("node.kubernetes.io/unreachable=:NoExecute".into(), Origin::Template),
        "another operator"
    );
    assert_eq!(shown[2], ("node.kubernetes.io/unreachable:NoExecute".into(), Origin::Controller), "appended");
}

#[test]
fn all_reasons_are_told_not_only_the_first() {
    let spec = json!({"nodeName": "other", "nodeSelector": {"pool": "gpu", "zone": "a"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms":
            [labels(&[expression("disk", "In", &["ssd", "nvme"])])]}}}});
    let node = node(
        "n1",
        &[("pool", "web")],
        &["nvidia.com/gpu=present:NoSchedule", "dead:NoExecute", "soft:PreferNoSchedule"],
    );
    let reasons = placement(&spec).reasons(&node, false);
    let told: Vec<(Rule, Ruling, &str)> =
        reasons.iter().map(|r| (r.rule, r.verdict, r.detail.as_str())).collect();
    assert_eq!(
        told,
        [
            (Rule::NodeName, Ruling::Stop, "the template names another node: nodeName other"),
            (Rule::NodeSelector, Ruling::Stop, "nodeSelector wants pool=gpu, the node has pool=web"),
            (Rule::NodeSelector, Ruling::Stop, "nodeSelector wants zone=a, the node has no label zone"),
            (
                Rule::NodeAffinity,
                Ruling::Stop,
                "required node affinity term 1 of 1 fails: disk In [ssd, nvme], the node has no label disk"
            ),
            (Rule::Taint, Ruling::Refuse, "taint nvidia.com/gpu=present:NoSchedule is not tolerated"),
            (Rule::Taint, Ruling::Stop, "taint dead:NoExecute is not tolerated"),
        ]
    );
}

#[test]
fn what_allows_is_told_on_request() {
    let spec = tolerating(&json!([{"key": "nvidia.com/gpu", "operator": "Exists"}]));
    let node = node(
        "n1",
        &[],
        &["nvidia.com/gpu=present:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"],
    );
    assert!(placement(&spec).reasons(&node, false).is_empty());
    let told: Vec<String> =
        placement(&spec).reasons(&node, true).iter().map(|r| r.detail.to_string()).collect();
    assert_eq!(
        told,
        [
            "taint nvidia.com/gpu=present:NoSchedule is tolerated by toleration nvidia.com/gpu:*",
            "taint node.kubernetes.io/unschedulable:NoSchedule is tolerated by automatic toleration \
             node.kubernetes.io/unschedulable:NoSchedule",
        ]
    );
}
