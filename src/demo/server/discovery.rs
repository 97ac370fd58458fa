//! What the server says about itself: version, health, and which resources there are.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{Body, json_answer, respond, whole};
use crate::demo::store::{Kind, Resource};

/// Every path that leads to such a document.
pub(super) const PATHS: [&str; 13] = [
    "/",
    "/version",
    "/healthz",
    "/livez",
    "/readyz",
    "/api",
    "/apis",
    "/apis/apps",
    "/api/v1",
    "/apis/apps/v1",
    "/openapi/v3",
    "/openapi/v3/api/v1",
    "/openapi/v3/apis/apps/v1",
];

/// The document at one of `PATHS`.
pub(super) fn document(path: &str) -> Response<Body> {
    let value = match path {
        "/healthz" | "/livez" | "/readyz" => return respond(StatusCode::OK, "text/plain", whole("ok")),
        "/version" => version(),
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [apps()]}),
        "/apis/apps" => {
            let mut group = apps();
            group["kind"] = "APIGroup".into();
            group["apiVersion"] = "v1".into();
            group
        }
        "/api/v1" => resources(""),
        "/apis/apps/v1" => resources("apps"),
        "/openapi/v3" => openapi_index(),
        "/openapi/v3/api/v1" => openapi(""),
        "/openapi/v3/apis/apps/v1" => openapi("apps"),
        _ => json!({"paths": PATHS}),
    };
    json_answer(StatusCode::OK, &value)
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.2+dsgrid-demo", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

fn apps() -> Value {
    let version = json!({"groupVersion": "apps/v1", "version": "v1"});
    json!({"name": "apps", "versions": [version], "preferredVersion": version})
}

fn in_group(group: &str) -> impl Iterator<Item = &'static Resource> {
    Kind::ALL.into_iter().map(Kind::resource).filter(move |r| r.group == group)
}

fn resources(group: &str) -> Value {
    let mut list = Vec::new();
    for resource in in_group(group) {
        let mut entry = json!({
            "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
            "kind": resource.name,
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        });
        if !resource.short.is_empty() {
            entry["shortNames"] = json!(resource.short);
        }
        if !resource.categories.is_empty() {
            entry["categories"] = json!(resource.categories);
        }
        list.push(entry);
        if resource.status {
            list.push(json!({
                "name": format!("{}/status", resource.plural), "singularName": "", "namespaced": resource.namespaced,
                "kind": resource.name, "verbs": ["get", "patch", "update"],
            }));
        }
    }
    let group_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}

/// Enough `OpenAPI` for kubectl to see that the server checks fields itself, so that it need not.
fn openapi_index() -> Value {
    json!({"paths": {
        "api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"},
        "apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1"},
    }})
}

fn openapi(group: &str) -> Value {
    let mut paths = json!({});
    for resource in in_group(group) {
        let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
        let namespace = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let parameters = ["dryRun", "fieldManager", "fieldValidation"].map(
            |name| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}}),
        );
        let kind = json!({"group": group, "version": "v1", "kind": resource.name});
        paths[format!("{root}{namespace}/{}/{{name}}", resource.plural)] = json!({"patch": {
            "parameters": parameters, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind,
            "responses": {"200": {"description": "OK"}},
        }});
    }
    json!({"openapi": "3.0.0", "info": {"title": "dsgrid demo", "version": "v1"}, "paths": paths})
}
