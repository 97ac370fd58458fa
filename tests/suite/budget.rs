//! Disruption budgets over daemon pods: whom they select, and what they ever allow.

use dsgrid::domain::budget::{Eviction, eviction, selecting};
use dsgrid::domain::object::{Labels, PodDisruptionBudget};
use dsgrid::domain::text::Text;
use serde_json::{Value, json};

use crate::support::build::{ago, pod, pod_json, read, with};

/// A budget `default/NAME` over all pods of the namespace, computed: so many may go, ten healthy, nine needed.
fn budget(name: &str, form: Value, allowed: u32) -> PodDisruptionBudget {
    let mut spec = form;
    spec["selector"] = json!({});
    read(json!({
        "metadata": {"name": name, "namespace": "default", "generation": 2}, "spec": spec,
        "status": {"observedGeneration": 2, "disruptionsAllowed": allowed, "currentHealthy": 10,
            "desiredHealthy": 9, "expectedPods": 12},
    }))
}

#[test]
fn selectors_select_as_policy_v1_says() {
    let labels: Labels = [("app", "cni"), ("tier", "node")].into_iter().collect();
    for (selector, namespace, selects) in [
        (json!(null), "default", false),
        (json!({}), "default", true),
        (json!({}), "other", false),
        (json!({"matchLabels": {"app": "cni"}}), "default", true),
        (json!({"matchLabels": {"app": "cni", "tier": "web"}}), "default", false),
        (
            json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x", "cni"]}]}),
            "default",
            true,
        ),
        (json!({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}), "default", true),
        (
            json!({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["node"]}]}),
            "default",
            false,
        ),
    ] {
        let one: PodDisruptionBudget = read(json!({
            "metadata": {"name": "b", "namespace": namespace}, "spec": {"selector": selector, "minAvailable": 1},
        }));
        let budgets = [one];
        let found = selecting(&budgets, &Text::new("default"), &labels);
        assert_eq!(!found.is_empty(), selects, "{selector} in {namespace}");
    }
    let absent: PodDisruptionBudget =
        read(json!({"metadata": {"name": "b", "namespace": "default"}, "spec": {"minAvailable": 1}}));
    assert!(selecting(&[absent], &Text::new("default"), &labels).is_empty());
}

#[test]
fn what_an_eviction_comes_to_is_said() {
    let pod = pod(pod_json("a", "n1"));
    for (budgets, allowed, told) in [
        (vec![], true, "no budget selects this pod"),
        (vec![budget("b", json!({"minAvailable": 9}), 1)], true, "budget default/b allows 1 eviction now"),
        (vec![budget("b", json!({"minAvailable": 5}), 4)], true, "budget default/b allows 4 evictions now"),
        (
            vec![budget("b", json!({"minAvailable": 10}), 0)],
            false,
            "budget default/b allows no eviction now: 10 pods are healthy, and 9 have to stay",
        ),
        (
            vec![budget("b", json!({"minAvailable": 12}), 0)],
            false,
            "budget default/b never allows an eviction: minAvailable is 12, and it selects 12 pods",
        ),
        (
            vec![budget("b", json!({"maxUnavailable": 1}), 0)],
            false,
            "budget default/b never allows an eviction: maxUnavailable 1 cannot be computed over daemon pods, because \
             a DaemonSet has no scale; only a whole number as minAvailable works",
        ),
        (
            vec![budget("b", json!({"minAvailable": "80%"}), 0)],
            false,
            "budget default/b never allows an eviction: minAvailable 80% cannot be computed over daemon pods, because \
             a DaemonSet has no scale; only a whole number as minAvailable works",
        ),
        (
            vec![budget("b", json!({}), 0)],
            false,
            "budget default/b never allows an eviction: it sets neither minAvailable nor maxUnavailable",
        ),
        (
            vec![budget("b", json!({"minAvailable": 1}), 9), budget("c", json!({"minAvailable": 1}), 9)],
            false,
            "2 budgets select this pod, so the server refuses every eviction: default/b, default/c",
        ),
    ] {
        let eviction = eviction(&pod, &Labels::default(), &budgets);
        assert_eq!((eviction.to_string().as_str(), eviction.is_allowed()), (told, allowed));
    }
}

#[test]
fn a_budget_that_was_not_computed_says_nothing_of_its_numbers() {
    let pod = pod(pod_json("a", "n1"));
    let mut fresh = budget("b", json!({"minAvailable": 12}), 7);
    fresh.meta.generation = 3;
    assert!(matches!(eviction(&pod, &Labels::default(), &[fresh]), Eviction::Unprocessed { .. }));
}

#[test]
fn pods_that_are_not_well_are_let_go_where_the_server_lets_them() {
    let never = || budget("b", json!({"maxUnavailable": 1}), 0);
    let always = || budget("b", json!({"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}), 0);
    let healthy = |count| {
        let mut budget = budget("b", json!({"minAvailable": 9}), 0);
        budget.current_healthy = count;
        budget
    };
    let unready = with(pod_json("a", "n1"), "/status/conditions/0/status", json!("False"));
    let phase = |phase| with(pod_json("a", "n1"), "/status/phase", json!(phase));
    let deleting = with(pod_json("a", "n1"), "/metadata/deletionTimestamp", json!(ago(-20)));
    for (object, budget, allowed) in [
        (phase("Pending"), never(), true),
        (phase("Failed"), never(), true),
        (deleting, never(), true),
        (pod_json("a", "n1"), always(), false),
        (unready.clone(), always(), true),
        (unready.clone(), healthy(9), true),
        (unready, healthy(8), false),
        (pod_json("a", "n1"), healthy(9), false),
    ] {
        let told = eviction(&pod(object.clone()), &Labels::default(), &[budget]);
        assert_eq!(told.is_allowed(), allowed, "{told}: {object}");
    }
}
