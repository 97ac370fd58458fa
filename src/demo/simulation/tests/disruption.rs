//! Budgets as the disruption controller counts them.

use super::*;

fn budget(rig: &mut Rig, name: &str, spec: &Value) {
    let mut budget = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
    budget["spec"]["selector"] = json!({"matchLabels": {"app": "x"}});
    rig.store.create(Kind::PodDisruptionBudget, budget, rig.now).unwrap();
    rig.run(1);
}

fn status(rig: &Rig, name: &str) -> Value {
    rig.store.get(Kind::PodDisruptionBudget, "default", name).unwrap().value()["status"].clone()
}

#[test]
fn a_number_follows_the_pods_and_a_share_never_does() {
    let mut rig = Rig::with_set(4, |_| ());
    budget(&mut rig, "number", &json!({"minAvailable": 3}));
    let counted = status(&rig, "number");
    let numbers =
        ["expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed", "observedGeneration"];
    assert_eq!(numbers.map(|key| counted[key].as_i64()), [4, 4, 3, 1, 1].map(Some));
    assert_eq!(counted["conditions"][0]["reason"], "SufficientPods");
    let pod = rig.store.list(Kind::Pod, Some("default")).next().unwrap().name.to_string();
    rig.store.delete(Kind::Pod, "default", &pod, &DeleteOptions::default(), rig.now).unwrap();
    rig.run(1);
    let counted = status(&rig, "number");
    assert_eq!((&counted["currentHealthy"], &counted["disruptionsAllowed"]), (&json!(3), &json!(0)));
    assert_eq!(counted["conditions"][0]["reason"], "InsufficientPods");
    rig.run(30);
    assert_eq!(status(&rig, "number")["disruptionsAllowed"], 1, "its successor is ready");

    budget(&mut rig, "share", &json!({"minAvailable": "50%"}));
    let failed = status(&rig, "share");
    assert_eq!((&failed["disruptionsAllowed"], &failed["observedGeneration"]), (&json!(0), &Value::Null));
    let condition = &failed["conditions"][0];
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("SyncFailed")));
    assert_eq!(condition["message"], "daemonsets.apps does not implement the scale subresource");
    let said = rig.store.list(Kind::Event, None).any(|event| {
        let event = event.value();
        event["reason"] == "CalculateExpectedPodCountFailed" && event["involvedObject"]["name"] == "share"
    });
    assert!(said);
}
