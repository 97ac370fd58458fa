//! What the server says about itself: version, health, and which resources there are.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::review::{Review, VERBS};
use super::{Body, json_answer, respond, whole};
use crate::demo::store::{Kind, Resource};

/// The API groups, the core group first.
const GROUPS: [&str; 5] = ["", "apps", "authentication.k8s.io", "authorization.k8s.io", "policy"];

/// `/api/v1`, `/apis/apps/v1`
fn root(group: &str) -> String {
    if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") }
}

/// Every path that leads to such a document.
pub(super) fn paths() -> Vec<String> {
    let mut paths: Vec<String> =
        ["/", "/version", "/healthz", "/livez", "/readyz", "/api", "/apis", "/openapi/v3"]
            .map(str::to_owned)
            .into();
    for group in GROUPS {
        if !group.is_empty() {
            paths.push(format!("/apis/{group}"));
        }
        paths.push(root(group));
        paths.push(format!("/openapi/v3{}", root(group)));
    }
    paths
}

/// The document at one of `paths`.
pub(super) fn document(path: &str) -> Response<Body> {
    let value = match path {
        "/healthz" | "/livez" | "/readyz" => return respond(StatusCode::OK, "text/plain", whole("ok")),
        "/version" => version(),
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        "/apis" => {
            let groups: Vec<Value> = GROUPS.into_iter().filter(|g| !g.is_empty()).map(about_group).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        "/openapi/v3" => openapi_index(),
        _ => group_document(path).unwrap_or_else(|| json!({"paths": paths()})),
    };
    json_answer(StatusCode::OK, &value)
}

/// The documents that each group has.
fn group_document(path: &str) -> Option<Value> {
    GROUPS.into_iter().find_map(|group| {
        let root = root(group);
        if path == root {
            return Some(resources(group));
        }
        if path.strip_prefix("/openapi/v3") == Some(&root) {
            return Some(openapi(group));
        }
        (root.strip_suffix("/v1") == Some(path)).then(|| {
            let mut about = about_group(group);
            about["kind"] = "APIGroup".into();
            about["apiVersion"] = "v1".into();
            about
        })
    })
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.2+dsgrid-demo", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

fn about_group(group: &str) -> Value {
    let version = json!({"groupVersion": format!("{group}/v1"), "version": "v1"});
    json!({"name": group, "versions": [version], "preferredVersion": version})
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
            "verbs": VERBS,
        });
        if !resource.short.is_empty() {
            entry["shortNames"] = json!(resource.short);
        }
        if !resource.categories.is_empty() {
            entry["categories"] = json!(resource.categories);
        }
        list.push(entry);
        for sub in resource.subresources {
            let mut entry = json!({
                "name": format!("{}/{}", resource.plural, sub.name), "singularName": "",
                "namespaced": resource.namespaced, "kind": resource.name, "verbs": sub.verbs,
            });
            if let Some((group, version, kind)) = sub.sends {
                entry["group"] = group.into();
                entry["version"] = version.into();
                entry["kind"] = kind.into();
            }
            list.push(entry);
        }
    }
    for (_, plural, kind) in Review::ALL.into_iter().map(Review::names).filter(|names| names.0 == group) {
        let singular = kind.to_lowercase();
        list.push(json!({"name": plural, "singularName": singular, "namespaced": false, "kind": kind, "verbs": ["create"]}));
    }
    let group_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}

/// Enough `OpenAPI` for kubectl to see that the server checks fields itself, so that it need not.
fn openapi_index() -> Value {
    let mut paths = json!({});
    for root in GROUPS.map(root) {
        paths[root.trim_start_matches('/')] = json!({"serverRelativeURL": format!("/openapi/v3{root}")});
    }
    json!({"paths": paths})
}

fn openapi(group: &str) -> Value {
    let mut paths = json!({});
    for resource in in_group(group) {
        let root = root(group);
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
