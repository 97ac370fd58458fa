//! What the API server says when it refuses: a Kubernetes `Status` as data.

use serde_json::{Value, json};

use super::kind::{Kind, Resource};

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// The sentence for people.
    pub message: String,
    /// What it is about.
    pub details: Option<Box<Details>>,
}

/// What a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// Object name.
    pub name: String,
    /// API group.
    pub group: &'static str,
    /// Plural resource, or the kind string where validation failed.
    pub kind: &'static str,
    /// Object uid, where it is known.
    pub uid: String,
    /// Field by field.
    pub causes: Vec<Cause>,
    /// Seconds after which a retry makes sense.
    pub retry_after_seconds: Option<u32>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable reason, such as `FieldValueInvalid`.
    pub reason: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Path of the field.
    pub field: String,
}

impl Cause {
    /// A value that is not allowed.
    #[must_use]
    pub fn invalid(field: &str, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {value}: {detail}");
        Self { reason: "FieldValueInvalid", message, field: field.to_owned() }
    }

    /// A value outside a closed set.
    #[must_use]
    pub fn unsupported(field: &str, value: &Value, supported: &str) -> Self {
        let message = format!("Unsupported value: {value}: supported values: {supported}");
        Self { reason: "FieldValueNotSupported", message, field: field.to_owned() }
    }

    /// A value that is missing.
    #[must_use]
    pub fn required(field: &str, detail: &str) -> Self {
        let message =
            if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        Self { reason: "FieldValueRequired", message, field: field.to_owned() }
    }

    /// A value or a change that is forbidden here.
    #[must_use]
    pub fn forbidden(field: &str, detail: &str) -> Self {
        let message = format!("Forbidden: {detail}");
        Self { reason: "FieldValueForbidden", message, field: field.to_owned() }
    }
}

fn details(resource: &'static Resource, name: &str) -> Details {
    Details { name: name.to_owned(), group: resource.group, kind: resource.plural, ..Details::default() }
}

impl Rejection {
    fn plain(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    /// 404 for one object.
    #[must_use]
    pub fn not_found(kind: Kind, name: &str) -> Self {
        let resource = kind.resource();
        Self {
            code: 404,
            reason: "NotFound",
            message: format!("{} \"{name}\" not found", resource.qualified_plural()),
            details: Some(Box::new(details(resource, name))),
        }
    }

    /// 404 for a path nobody serves.
    #[must_use]
    pub fn no_such_path() -> Self {
        let details = Details {
            causes: vec![Cause {
                reason: "UnexpectedServerResponse",
                message: "404 page not found".to_owned(),
                field: String::new(),
            }],
            ..Details::default()
        };
        let message = "the server could not find the requested resource";
        Self { details: Some(Box::new(details)), ..Self::plain(404, "NotFound", message) }
    }

    /// 409 for a name that is taken.
    #[must_use]
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        let resource = kind.resource();
        Self {
            code: 409,
            reason: "AlreadyExists",
            message: format!("{} \"{name}\" already exists", resource.qualified_plural()),
            details: Some(Box::new(details(resource, name))),
        }
    }

    /// 409 for a write that lost a race or a precondition.
    #[must_use]
    pub fn conflict(kind: Kind, name: &str, why: &str) -> Self {
        let resource = kind.resource();
        Self {
            code: 409,
            reason: "Conflict",
            message: format!(
                "Operation cannot be fulfilled on {} \"{name}\": {why}",
                resource.qualified_plural()
            ),
            details: Some(Box::new(details(resource, name))),
        }
    }

    /// 422 for an object that breaks rules, with every rule it breaks.
    #[must_use]
    pub fn invalid(kind: Kind, name: &str, causes: Vec<Cause>) -> Self {
        let resource = kind.resource();
        let details = Details { kind: resource.name, causes, ..details(resource, name) };
        Self::not_valid(&resource.qualified_name(), details)
    }

    /// 422 for options that break rules.
    #[must_use]
    pub fn invalid_options(kind: &'static str, name: &str, causes: Vec<Cause>) -> Self {
        Self::not_valid(kind, Details { kind, name: name.to_owned(), causes, ..Details::default() })
    }

    fn not_valid(what: &str, details: Details) -> Self {
        let mut texts: Vec<String> =
            details.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let text = if texts.len() == 1 { texts.remove(0) } else { format!("[{}]", texts.join(", ")) };
        Self {
            code: 422,
            reason: "Invalid",
            message: format!("{what} \"{}\" is invalid: {text}", details.name),
            details: Some(Box::new(details)),
        }
    }

    /// 422 for a JSON patch whose `test` or path does not hold, in the API server's own words.
    #[must_use]
    pub fn patch_failed(details: Details) -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self { details: Some(Box::new(details)), ..Self::plain(422, "Invalid", message) }
    }

    /// 400 for a request that makes no sense.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(400, "BadRequest", message)
    }

    /// 403 for a change that a rule of the cluster forbids.
    #[must_use]
    pub fn forbidden(kind: Kind, name: &str, why: &str) -> Self {
        let resource = kind.resource();
        Self {
            code: 403,
            reason: "Forbidden",
            message: format!("{} \"{name}\" is forbidden: {why}", resource.qualified_plural()),
            details: Some(Box::new(details(resource, name))),
        }
    }

    /// 403 for something that the user may not do.
    #[must_use]
    pub fn not_authorized(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let mut what = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        if !name.is_empty() {
            what = format!("{what} {name:?}");
        }
        let known = Kind::from_plural(group, resource).map(Kind::resource);
        let details = known.map(|resource| Box::new(details(resource, name)));
        Self { details, ..Self::plain(403, "Forbidden", format!("{what} is forbidden: {why}")) }
    }

    /// 429 for something that has to wait.
    #[must_use]
    pub fn too_many(message: &str, details: Details) -> Self {
        Self { details: Some(Box::new(details)), ..Self::plain(429, "TooManyRequests", message) }
    }

    /// 500 for something the server cannot do.
    #[must_use]
    pub fn internal(message: &str) -> Self {
        Self::plain(500, "InternalError", message)
    }

    /// 405 for a verb the path does not know.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::plain(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    /// 406 for a representation nobody offers.
    #[must_use]
    pub fn not_acceptable(offered: &str) -> Self {
        let message = format!("only the following media types are accepted: {offered}; ask for one of these");
        Self::plain(406, "NotAcceptable", message)
    }

    /// 415 for a body nobody understands.
    #[must_use]
    pub fn unsupported_media_type(accepted: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
        Self::plain(415, "UnsupportedMediaType", message)
    }

    /// 413 for a body beyond the limit.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the request body is larger than {limit} bytes; send a smaller object");
        Self::plain(413, "RequestEntityTooLarge", message)
    }

    /// 410 for a history that is gone.
    #[must_use]
    pub fn expired(asked: u64, oldest: u64) -> Self {
        Self::plain(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// 410 for a continue token that is too old.
    #[must_use]
    pub fn continue_expired() -> Self {
        Self::plain(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result; \
             start a new list without the continue parameter",
        )
    }

    /// 504 for a resource version the server has not reached.
    #[must_use]
    pub fn not_yet(asked: u64, current: u64) -> Self {
        let message = format!("Too large resource version: {asked}, current: {current}");
        let cause = Cause {
            reason: "ResourceVersionTooLarge",
            message: "Too large resource version".to_owned(),
            field: String::new(),
        };
        let details = Details { causes: vec![cause], retry_after_seconds: Some(1), ..Details::default() };
        Self {
            details: Some(Box::new(details)),
            ..Self::plain(504, "Timeout", format!("Timeout: {message}"))
        }
    }

    /// The `Status` object that goes over the wire.
    #[must_use]
    pub fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if let Some(details) = &self.details {
            status["details"] = details.to_value();
        }
        status
    }
}

impl Details {
    fn to_value(&self) -> Value {
        let mut value = json!({});
        for (key, text) in
            [("name", self.name.as_str()), ("group", self.group), ("kind", self.kind), ("uid", &self.uid)]
        {
            if !text.is_empty() {
                value[key] = text.into();
            }
        }
        if !self.causes.is_empty() {
            let cause = |c: &Cause| {
                let mut cause = json!({"reason": c.reason, "message": c.message});
                if !c.field.is_empty() {
                    cause["field"] = c.field.as_str().into();
                }
                cause
            };
            value["causes"] = self.causes.iter().map(cause).collect();
        }
        if let Some(seconds) = self.retry_after_seconds {
            value["retryAfterSeconds"] = seconds.into();
        }
        value
    }
}
