//! Reading a request's path and query.

use super::review::Review;
use crate::demo::store::{Kind, Rejection};

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A document of the server itself: `/version`, discovery and the like; without the trailing slash.
    Fixed(String),
    /// A question about who asks.
    Review(Review),
    /// Objects.
    Resource(Target),
}

/// The objects a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    /// None for all namespaces, and for cluster-wide kinds.
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
}

impl Target {
    /// The namespace as the store wants it: empty for none.
    pub(super) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The name; empty where the path names a collection.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// Finds out where a path leads.
pub(super) fn place(path: &str) -> Result<Place, Rejection> {
    let parts: Vec<String> = path.split('/').filter(|p| !p.is_empty()).map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (group, rest) = match parts.as_slice() {
        ["api", "v1", rest @ ..] if !rest.is_empty() => ("", rest),
        ["apis", group, "v1", rest @ ..] if !rest.is_empty() => (*group, rest),
        _ => {
            let fixed = format!("/{}", parts.join("/"));
            let known = super::discovery::paths().contains(&fixed);
            return if known { Ok(Place::Fixed(fixed)) } else { Err(Rejection::no_such_path()) };
        }
    };
    if let Some(review) = rest.first().and_then(|plural| Review::from_plural(group, plural))
        && rest.len() == 1
    {
        return Ok(Place::Review(review));
    }
    resource(group, rest).map(Place::Resource).ok_or_else(Rejection::no_such_path)
}

fn resource(group: &str, parts: &[&str]) -> Option<Target> {
    let owned = |text: &str| Some(text.to_owned());
    let (namespace, plural, rest) = match parts {
        // A namespace is an object itself; behind it follow its subresources or what lives in it.
        ["namespaces"] | ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => {
            (None, "namespaces", &parts[1..])
        }
        ["namespaces", namespace, plural, rest @ ..] => (owned(namespace), *plural, rest),
        [plural, rest @ ..] => (None, *plural, rest),
        [] => return None,
    };
    let kind = Kind::from_plural(group, plural)?;
    let (name, subresource) = match rest {
        [] => (None, None),
        [name] => (owned(name), None),
        [name, subresource] => (owned(name), owned(subresource)),
        _ => return None,
    };
    let namespaced = kind.resource().namespaced;
    // An object of a namespace is only reached through its namespace.
    if namespace.is_some() != namespaced && (namespace.is_some() || name.is_some()) {
        return None;
    }
    Some(Target { kind, namespace, name, subresource })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|d| std::str::from_utf8(d).ok());
        if let Some(decoded) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            bytes.push(decoded);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The parameters of a request.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the question mark.
    pub(super) fn parse(text: &str) -> Self {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
        };
        Self(text.split('&').filter(|p| !p.is_empty()).map(pair).collect())
    }

    /// A parameter; empty where it is absent.
    pub(super) fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v)
    }

    /// A boolean parameter, as the API server reads them: present and not false.
    pub(super) fn flag(&self, key: &str) -> bool {
        let value = self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        value.is_some_and(|v| !matches!(v, "0" | "false"))
    }

    /// A boolean parameter that differs where it is absent.
    pub(super) fn given_flag(&self, key: &str) -> Option<bool> {
        self.0.iter().any(|(k, _)| k == key).then(|| self.flag(key))
    }

    /// A number.
    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, Rejection> {
        match self.get(key) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                Rejection::bad_request(format!("invalid value for {key}: {text:?}; give a whole number"))
            }),
        }
    }

    /// `dryRun=All`, or a refusal of any other kind of dry run.
    pub(super) fn dry_run(&self) -> Result<bool, Rejection> {
        match self.get("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => {
                Err(Rejection::bad_request(format!("invalid dryRun {other:?}; the only value is \"All\"")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (Kind, Option<String>, Option<String>, Option<String>);

    fn target(path: &str) -> Option<Parts> {
        match place(path) {
            Ok(Place::Resource(t)) => Some((t.kind, t.namespace, t.name, t.subresource)),
            _ => None,
        }
    }

    #[test]
    fn paths_lead_where_the_api_has_them() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(target("/api/v1/pods"), Some((Kind::Pod, None, None, None)));
        assert_eq!(target("/api/v1/nodes/n/status"), Some((Kind::Node, None, some("n"), some("status"))));
        assert_eq!(target("/api/v1/namespaces/x"), Some((Kind::Namespace, None, some("x"), None)));
        assert_eq!(target("/api/v1/namespaces/x/status").map(|t| t.3), Some(some("status")));
        let log = target("/api/v1/namespaces/x/pods/p%2Dq/log");
        assert_eq!(log, Some((Kind::Pod, some("x"), some("p-q"), some("log"))));
        let set = target("/apis/apps/v1/namespaces/x/daemonsets/d");
        assert_eq!(set, Some((Kind::DaemonSet, some("x"), some("d"), None)));
        for bad in
            ["/api/v1/pods/p", "/api/v1/namespaces/x/nodes", "/apis/apps/v1/pods", "/api/v1/a/b/c/d/e", "/x"]
        {
            assert!(place(bad).is_err(), "{bad}");
        }
        assert_eq!(place("/apis/apps/v1/").unwrap(), Place::Fixed("/apis/apps/v1".into()));
    }

    #[test]
    fn queries_are_decoded() {
        let query =
            Query::parse("labelSelector=a+in+%28b%2Cc%29&watch&limit=x&allowWatchBookmarks=false&bad=%zz");
        assert_eq!(query.get("labelSelector"), "a in (b,c)");
        assert!(query.flag("watch") && !query.flag("allowWatchBookmarks") && !query.flag("absent"));
        assert!(query.number("limit").is_err());
        assert_eq!(query.get("bad"), "%zz");
    }
}
