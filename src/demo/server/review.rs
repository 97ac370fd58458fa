//! Questions about oneself: who am I, may I do that, what may I do.

use http::StatusCode;
use serde_json::{Value, json};

use super::access::{Access, Attributes};
use super::{Answer, Sent, json_answer, write};
use crate::demo::store::{Kind, Rejection};

/// The verbs every kept resource has.
pub(super) const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Why a recording refuses writes.
pub(super) const RECORDED: &str =
    "this cluster is a recording, which nobody can change; use a simulated one to try things";

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Review {
    Subject,
    Access,
    Rules,
}

impl Review {
    pub(super) const ALL: [Self; 3] = [Self::Subject, Self::Access, Self::Rules];

    /// API group, plural name and kind.
    pub(super) fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Subject => ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
            Self::Access => ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
            Self::Rules => ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        }
    }

    /// The question a URL's group and plural name lead to.
    pub(super) fn from_plural(group: &str, plural: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|review| {
            let names = review.names();
            (names.0, names.1) == (group, plural)
        })
    }
}

/// Answers a question; `recording` means that nothing can be changed here.
pub(super) fn answer(review: Review, access: &Access, recording: bool, sent: &Sent) -> Answer {
    let asked = write::body_object(sent)?;
    let (group, _, kind) = review.names();
    let version = format!("{group}/v1");
    for (key, expected) in [("apiVersion", version.as_str()), ("kind", kind)] {
        if asked[key].as_str().is_some_and(|is| is != expected) {
            return Err(Rejection::bad_request(format!("the {key} of the review must be {expected}")));
        }
    }
    let spec = &asked["spec"];
    let status = match review {
        Review::Subject => json!({"userInfo": {"username": access.user, "groups": ["system:authenticated"]}}),
        Review::Access => verdict(access, recording, spec),
        Review::Rules => rules(access, recording, spec["namespace"].as_str().unwrap_or_default()),
    };
    let mut told = json!({"kind": kind, "apiVersion": version, "metadata": {}, "status": status});
    if review != Review::Subject {
        told["spec"] = spec.clone();
    }
    Ok(json_answer(StatusCode::CREATED, &told))
}

fn refusal<'a>(access: &'a Access, recording: bool, wanted: &Attributes) -> Option<&'a str> {
    let reads = matches!(wanted.verb.as_str(), "get" | "list" | "watch");
    access.refusal(wanted).or_else(|| (recording && !reads).then_some(RECORDED))
}

fn verdict(access: &Access, recording: bool, spec: &Value) -> Value {
    // What is no resource is the server's own documents, which anybody may read.
    let Some(asked) = spec["resourceAttributes"].as_object() else {
        return json!({"allowed": true});
    };
    let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = Attributes {
        verb: text("verb"),
        group: text("group"),
        resource: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
    };
    match refusal(access, recording, &wanted) {
        None => json!({"allowed": true}),
        Some("") => json!({"allowed": false, "reason": "no rule allows it"}),
        Some(reason) => json!({"allowed": false, "reason": reason}),
    }
}

fn rules(access: &Access, recording: bool, namespace: &str) -> Value {
    let mut rules = Vec::new();
    for resource in Kind::ALL.into_iter().map(Kind::resource) {
        let mut parts: Vec<(&str, &[&str])> = vec![("", &VERBS)];
        parts.extend(resource.subresources.iter().map(|sub| (sub.name, sub.verbs)));
        for (subresource, verbs) in parts {
            let allowed = |verb: &&&str| {
                let wanted = Attributes {
                    verb: (**verb).to_owned(),
                    group: resource.group.to_owned(),
                    resource: resource.plural.to_owned(),
                    subresource: subresource.to_owned(),
                    namespace: if resource.namespaced { namespace.to_owned() } else { String::new() },
                    name: String::new(),
                };
                refusal(access, recording, &wanted).is_none()
            };
            let verbs: Vec<&str> = verbs.iter().filter(allowed).copied().collect();
            if !verbs.is_empty() {
                let slash = if subresource.is_empty() { "" } else { "/" };
                rules.push(json!({"verbs": verbs, "apiGroups": [resource.group],
                    "resources": [format!("{}{slash}{subresource}", resource.plural)]}));
            }
        }
    }
    json!({"resourceRules": rules, "incomplete": false,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version"]}]})
}
