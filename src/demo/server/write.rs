//! POST, PUT, PATCH and DELETE.

use std::sync::Arc;

use http::header::{HeaderValue, WARNING};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::managed;
use super::protobuf;
use super::read::Selection;
use super::shape::{self, Strictness};
use super::{Answer, Body, Call, Sent, Shared, json_answer, patch as patching, respond, whole};
use crate::demo::store::{DeleteOptions, Kind, Propagation, Rejection, Scope, Stored};

fn parse(bytes: &[u8]) -> Result<Value, Rejection> {
    serde_json::from_slice(bytes).map_err(|e| {
        Rejection::bad_request(format!("the request body is not JSON: {e}; send application/json"))
    })
}

pub(super) fn body_object(sent: &Sent) -> Result<Value, Rejection> {
    let media = sent.content_type.split(';').next().unwrap_or_default().trim();
    match media {
        "" | "application/json" => parse(&sent.body),
        "application/vnd.kubernetes.protobuf" => protobuf::decode(&sent.body),
        "application/yaml" => serde_yaml::from_slice(&sent.body)
            .map_err(|e| Rejection::bad_request(format!("the request body is not YAML: {e}"))),
        _ => Err(Rejection::unsupported_media_type("application/json, application/yaml")),
    }
}

/// An object's own type must be the one its URL names.
fn check_type(kind: Kind, object: &Value) -> Result<(), Rejection> {
    let resource = kind.resource();
    let expected = resource.api_version();
    for (key, expected) in [("apiVersion", expected.as_str()), ("kind", resource.name)] {
        let found = object[key].as_str().unwrap_or(expected);
        if found != expected {
            return Err(Rejection::bad_request(format!(
                "the {key} in the data ({found}) does not match the expected {key} ({expected})"
            )));
        }
    }
    Ok(())
}

fn written(status: StatusCode, bytes: impl Into<bytes::Bytes>, warnings: &[String]) -> Response<Body> {
    let mut response = respond(status, "application/json", whole(bytes));
    for warning in warnings {
        let text = format!("299 - \"{}\"", warning.replace('\\', "\\\\").replace('"', "\\\""));
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(WARNING, value);
        }
    }
    response
}

/// Answers POST.
pub(super) fn create(shared: &Shared, call: &Call) -> Answer {
    let kind = call.target.kind;
    let mut object = body_object(&call.sent)?;
    check_type(kind, &object)?;
    let namespace = call.target.namespace();
    if kind.resource().namespaced {
        let own = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
        if namespace.is_empty() {
            return Err(Rejection::method_not_allowed());
        }
        if own != namespace {
            return Err(Rejection::bad_request(format!(
                "the namespace of the provided object does not match the namespace sent on the request: \
                 {own:?} is not {namespace:?}"
            )));
        }
        super::shape::object_at(&mut object, "metadata")?.insert("namespace".to_owned(), namespace.into());
    }
    let strictness = Strictness::parse(call.query.get("fieldValidation"))?;
    let warnings = shape::check(kind, &mut object, strictness)?;
    let now = shared.now();
    if call.query.dry_run()? {
        let planned = shared.lock().create_dry_run(kind, object, now)?;
        return Ok(written(StatusCode::CREATED, planned.to_string(), &warnings));
    }
    let stored = shared.write(|store| store.create(kind, object, now))?;
    Ok(written(StatusCode::CREATED, stored.bytes.clone(), &warnings))
}

/// Answers PUT.
pub(super) fn replace(shared: &Shared, call: &Call) -> Answer {
    let kind = call.target.kind;
    let name = call.target.name();
    let object = body_object(&call.sent)?;
    check_type(kind, &object)?;
    let own = object["metadata"]["name"].as_str().unwrap_or_default();
    if own != name {
        return Err(Rejection::bad_request(format!(
            "the name of the object ({own}) does not match the name on the URL ({name})"
        )));
    }
    apply(shared, call, |value| {
        let (sent, is) = (&object["metadata"]["uid"], &value["metadata"]["uid"]);
        if sent.as_str().is_some_and(|s| !s.is_empty() && s != is) {
            let why = format!(
                "Precondition failed: UID in precondition: {}, UID in object meta: {}",
                sent.as_str().unwrap_or_default(),
                is.as_str().unwrap_or_default()
            );
            return Err(Rejection::conflict(kind, name, &why));
        }
        *value = object;
        Ok(())
    })
}

/// Answers PATCH.
pub(super) fn patch(shared: &Shared, call: &Call) -> Answer {
    let media = call.sent.content_type.split(';').next().unwrap_or_default().trim().to_owned();
    let form = patching::PatchType::parse(&media)?;
    let body = parse(&call.sent.body)?;
    let patch = patching::Patch::read(form, body)?;
    apply(shared, call, |value| patch.apply(value))
}

/// Changes one object, for real or as a dry run.
fn apply(shared: &Shared, call: &Call, change: impl FnOnce(&mut Value) -> Result<(), Rejection>) -> Answer {
    let target = &call.target;
    let scope = if target.subresource.is_some() { Scope::Status } else { Scope::Main };
    let strictness = Strictness::parse(call.query.get("fieldValidation"))?;
    let mut warnings = Vec::new();
    let now = shared.now();
    let manager = managed::manager(call.query.get("fieldManager"), &call.sent.agent);
    let checked = |value: &mut Value| {
        let is_accounted = target.kind == Kind::Node && scope == Scope::Main;
        let before = is_accounted.then(|| value.clone());
        change(value)?;
        if let Some(before) = before {
            managed::record(&before, value, manager, now);
        }
        warnings = shape::check(target.kind, value, strictness)?;
        Ok(())
    };
    let (namespace, name) = (target.namespace(), target.name());
    if call.query.dry_run()? {
        let planned = shared.lock().write_dry_run(scope, target.kind, namespace, name, checked)?;
        return Ok(written(StatusCode::OK, planned.to_string(), &warnings));
    }
    let stored = shared.write(|store| store.write(scope, target.kind, namespace, name, now, checked))?;
    Ok(written(StatusCode::OK, stored.bytes.clone(), &warnings))
}

fn delete_options(call: &Call) -> Result<(DeleteOptions, bool), Rejection> {
    let body = if call.sent.body.is_empty() { json!({}) } else { body_object(&call.sent)? };
    let (options, dry) = delete_options_of(&body, call)?;
    // Beside options in the body the server does not look at the query.
    Ok((options, if call.sent.body.is_empty() { dry } else { is_dry(&body) }))
}

fn is_dry(options: &Value) -> bool {
    options["dryRun"].as_array().is_some_and(|d| !d.is_empty())
}

/// Reads delete options and the query that can stand in for them; whether it is a dry run.
pub(super) fn delete_options_of(body: &Value, call: &Call) -> Result<(DeleteOptions, bool), Rejection> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let query = |key: &str| Some(call.query.get(key)).filter(|v| !v.is_empty()).map(str::to_owned);
    let policy = text(&body["propagationPolicy"]).or_else(|| query("propagationPolicy"));
    let orphan = body["orphanDependents"].as_bool().or_else(|| call.query.given_flag("orphanDependents"));
    let propagation = match (policy.as_deref(), orphan) {
        (Some("Orphan"), _) | (None, Some(true)) => Propagation::Orphan,
        (Some("Foreground"), _) => Propagation::Foreground,
        (Some("Background") | None, _) => Propagation::Background,
        (Some(other), _) => {
            return Err(Rejection::bad_request(format!(
                "invalid propagationPolicy {other:?}; use Background, Foreground or Orphan"
            )));
        }
    };
    let seconds = query("gracePeriodSeconds")
        .map(|s| s.parse::<i64>())
        .transpose()
        .map_err(|_| Rejection::bad_request("invalid gracePeriodSeconds; give a whole number of seconds"))?;
    let options = DeleteOptions {
        uid: text(&body["preconditions"]["uid"]),
        resource_version: text(&body["preconditions"]["resourceVersion"]),
        grace_seconds: body["gracePeriodSeconds"].as_i64().or(seconds),
        propagation,
    };
    let dry = call.query.dry_run()? || is_dry(body);
    Ok((options, dry))
}

/// Answers DELETE of one object.
pub(super) fn delete(shared: &Shared, call: &Call) -> Answer {
    let (options, dry) = delete_options(call)?;
    let (kind, namespace, name) = (call.target.kind, call.target.namespace(), call.target.name());
    if dry {
        let stored = shared.lock().check_delete(kind, namespace, name, &options)?;
        return Ok(deleted(&stored, kind != Kind::Pod));
    }
    let now = shared.now();
    let deletion = shared.write(|store| store.delete(kind, namespace, name, &options, now))?;
    Ok(deleted(&deletion.object, deletion.gone && kind != Kind::Pod))
}

/// Pods come back as they were; of other objects that are gone only a success is told.
fn deleted(stored: &Arc<Stored>, as_status: bool) -> Response<Body> {
    if !as_status {
        return written(StatusCode::OK, stored.bytes.clone(), &[]);
    }
    let resource = stored.kind.resource();
    let mut details = json!({"name": *stored.name, "kind": resource.plural, "uid": *stored.uid});
    if !resource.group.is_empty() {
        details["group"] = resource.group.into();
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details});
    json_answer(StatusCode::OK, &status)
}

/// Answers DELETE of a collection.
pub(super) fn delete_collection(shared: &Shared, call: &Call) -> Answer {
    let (options, dry) = delete_options(call)?;
    let kind = call.target.kind;
    if kind.resource().namespaced && call.target.namespace.is_none() {
        return Err(Rejection::method_not_allowed());
    }
    let selection = Selection::of(call)?;
    let now = shared.now();
    let chosen: Vec<Arc<Stored>> = selection.objects(&shared.lock(), None).cloned().collect();
    if !dry {
        shared.write(|store| {
            for stored in &chosen {
                match store.delete(kind, &stored.namespace, &stored.name, &options, now) {
                    // One that went meanwhile is what was wanted.
                    Ok(_) | Err(Rejection { code: 404, .. }) => {}
                    Err(rejection) => return Err(rejection),
                }
            }
            Ok(())
        })?;
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"kind": kind.resource().plural}});
    Ok(json_answer(StatusCode::OK, &status))
}
