//! POST of `pods/NAME/eviction`: a delete that asks the pod's disruption budget first (`eviction.go`).

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::write::{body_object, delete_options_of};
use super::{Answer, Call, Shared, json_answer};
use crate::demo::disruption::{budgets_of, tell_allowed};
use crate::demo::kubelet::status::set_condition;
use crate::demo::store::{Cause, DeleteOptions, Details, Kind, Rejection, Scope, Store, Stored, time_text};

/// Seconds after which to ask again about a budget that has not been counted yet.
const UNCOUNTED: u32 = 10;

/// Answers an eviction.
pub(super) fn create(shared: &Shared, call: &Call) -> Answer {
    let eviction = body_object(&call.sent)?;
    let (namespace, name) = (call.target.namespace(), call.target.name());
    if eviction["metadata"]["name"].as_str().is_some_and(|own| !own.is_empty() && own != name) {
        return Err(Rejection::bad_request("name in URL does not match name in Eviction object"));
    }
    let (options, dry) = delete_options_of(&eviction["deleteOptions"], call)?;
    let now = shared.now();
    shared.write(|store| evict(store, namespace, name, &options, dry, now))?;
    let done =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(json_answer(StatusCode::CREATED, &done))
}

fn evict(
    store: &mut Store,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
    dry: bool,
    now: Timestamp,
) -> Result<(), Rejection> {
    let stored = store.check_delete(Kind::Pod, namespace, name, options)?;
    let pod = stored.value();
    if !needs_no_budget(&pod) {
        let budgets = budgets_of(store, &stored);
        if budgets.len() > 1 {
            let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Rejection::internal(why));
        }
        if let Some(budget) = budgets.first().filter(|budget| !is_broken(&pod, budget)) {
            take_from(store, budget, name, dry, now)?;
        }
    }
    if dry {
        return Ok(());
    }
    mark(store, &stored, now)?;
    store.delete(Kind::Pod, namespace, name, options, now).map(|_| ())
}

/// Pods that hold nothing up: not started, ended or ending.
fn needs_no_budget(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Pending" | "Succeeded" | "Failed"))
        || pod["metadata"]["deletionTimestamp"].is_string()
}

/// A pod that is not ready may go where the others suffice, or always, as the budget says.
fn is_broken(pod: &Value, budget: &Value) -> bool {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    if conditions.any(|c| c["type"] == "Ready" && c["status"] == "True") {
        return false;
    }
    let count = |key: &str| budget["status"][key].as_i64().unwrap_or(0);
    budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        || (count("desiredHealthy") > 0 && count("currentHealthy") >= count("desiredHealthy"))
}

/// Counts the disruption against the budget (`checkAndDecrement`).
fn take_from(
    store: &mut Store,
    budget: &Value,
    pod: &str,
    dry: bool,
    now: Timestamp,
) -> Result<(), Rejection> {
    let (meta, status) = (&budget["metadata"], &budget["status"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&meta["namespace"]), text(&meta["name"]));
    let count = |key: &str| status[key].as_i64().unwrap_or(0);
    if count("observedGeneration") < meta["generation"].as_i64().unwrap_or(0) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(refused(why, UNCOUNTED));
    }
    if count("disruptionsAllowed") <= 0 {
        let condition = &status["conditions"][0];
        let why = if condition["reason"] == "SyncFailed" {
            let message = condition["message"].as_str().unwrap_or_default();
            format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            )
        } else {
            let (desired, healthy) = (count("desiredHealthy"), count("currentHealthy"));
            format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
        };
        return Err(refused(why, 0));
    }
    if dry {
        return Ok(());
    }
    let allowed = count("disruptionsAllowed") - 1;
    store.write(Scope::System, Kind::PodDisruptionBudget, &namespace, &name, now, |budget| {
        let status = &mut budget["status"];
        status["disruptionsAllowed"] = allowed.into();
        status["disruptedPods"][pod] = time_text(now).into();
        if allowed == 0 {
            tell_allowed(status, now);
        }
        Ok(())
    })?;
    Ok(())
}

fn refused(why: String, seconds: u32) -> Rejection {
    let cause = Cause { reason: "DisruptionBudget", message: why, field: String::new() };
    let details = Details {
        causes: vec![cause],
        retry_after_seconds: Some(seconds).filter(|s| *s > 0),
        ..Details::default()
    };
    Rejection::too_many("Cannot evict pod as it would violate the pod's disruption budget.", details)
}

/// Says on the pod why it goes.
fn mark(store: &mut Store, pod: &Stored, now: Timestamp) -> Result<(), Rejection> {
    let why = Some(("EvictionByEvictionAPI", "Eviction API: evicting"));
    store.write(Scope::System, Kind::Pod, &pod.namespace, &pod.name, now, |pod| {
        set_condition(&mut pod["status"], "DisruptionTarget", true, why, now);
        Ok(())
    })?;
    Ok(())
}
