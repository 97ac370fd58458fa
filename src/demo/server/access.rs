//! Who may do what: everything, but for what a list of denials names.

use std::fmt;
use std::str::FromStr;

use crate::demo::store::Rejection;

/// What a request wants to do, as an authorizer sees it; empty where it does not apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The verb, like `patch`.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource, like `daemonsets`.
    pub resource: String,
    /// The subresource, like `log`.
    pub subresource: String,
    /// The namespace; empty for all of them, and for cluster-wide kinds.
    pub namespace: String,
    /// The name of one object.
    pub name: String,
}

/// Something that is not allowed: `VERB RESOURCE[.GROUP][/SUBRESOURCE][@NAMESPACE]`, as in `patch daemonsets.apps`,
/// `get pods/log@kube-system`, `* nodes`. A `*` is any verb, any resource, any subresource; no namespace is everywhere,
/// and a namespace leaves requests for all namespaces allowed; `@*` denies just those, as roles without a cluster role do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    verb: String,
    group: String,
    resource: String,
    subresource: String,
    namespace: Option<String>,
    reason: String,
}

/// Text that names no denial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} does not say what is denied; write VERB RESOURCE[.GROUP][/SUBRESOURCE][@NAMESPACE], like 'patch daemonsets.apps'"
)]
pub struct DenialError(String);

impl FromStr for Denial {
    type Err = DenialError;

    fn from_str(text: &str) -> Result<Self, DenialError> {
        let wrong = || DenialError(text.to_owned());
        let (verb, rest) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (rest, namespace) = match rest.trim().split_once('@') {
            Some((_, "")) => return Err(wrong()),
            Some((rest, "*")) => (rest, Some(String::new())),
            Some((rest, namespace)) => (rest, Some(namespace.to_owned())),
            None => (rest.trim(), None),
        };
        let (rest, subresource) = rest.split_once('/').unwrap_or((rest, ""));
        let (resource, group) = rest.split_once('.').unwrap_or((rest, ""));
        if verb.is_empty() || resource.is_empty() {
            return Err(wrong());
        }
        let own = str::to_owned;
        let (verb, group, resource) = (own(verb), own(group), own(resource));
        Ok(Self { verb, group, resource, subresource: own(subresource), namespace, reason: String::new() })
    }
}

impl Denial {
    /// The same, with a reason that the server tells.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        Self { reason: reason.to_owned(), ..self }
    }

    fn covers(&self, wanted: &Attributes) -> bool {
        let one = |rule: &str, is: &str| rule == "*" || rule == is;
        let whole = self.resource == "*";
        one(&self.verb, &wanted.verb)
            && (whole || self.resource == wanted.resource && one(&self.group, &wanted.group))
            && (whole || one(&self.subresource, &wanted.subresource))
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == wanted.namespace)
    }
}

/// The rules of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What the server calls whoever asks: it lets anybody in.
    pub user: String,
    /// What nobody may do.
    pub denials: Vec<Denial>,
}

impl Default for Access {
    fn default() -> Self {
        Self { user: "demo".to_owned(), denials: Vec::new() }
    }
}

impl Access {
    /// The reason why something is not allowed; none where it is. The reason is often empty, as RBAC's are.
    #[must_use]
    pub fn refusal(&self, wanted: &Attributes) -> Option<&str> {
        self.denials.iter().find(|denial| denial.covers(wanted)).map(|denial| denial.reason.as_str())
    }

    /// Refuses what is not allowed, in the API server's words.
    pub(super) fn check(&self, wanted: &Attributes) -> Result<(), Rejection> {
        match self.refusal(wanted) {
            None => Ok(()),
            Some(reason) => Err(refused(&self.user, wanted, reason)),
        }
    }
}

/// 403 for something the user may not do.
pub(super) fn refused(user: &str, wanted: &Attributes, reason: &str) -> Rejection {
    let mut why = format!("User {user:?} cannot {wanted}");
    if !reason.is_empty() {
        why = format!("{why}: {reason}");
    }
    Rejection::not_authorized(&wanted.group, &wanted.resource, &wanted.name, &why)
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, group, resource, subresource, namespace, .. } = self;
        let slash = if subresource.is_empty() { "" } else { "/" };
        write!(f, "{verb} resource \"{resource}{slash}{subresource}\" in API group {group:?} ")?;
        match namespace.as_str() {
            "" => f.write_str("at the cluster scope"),
            namespace => write!(f, "in the namespace {namespace:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(verb: &str, group: &str, resource: &str, subresource: &str, namespace: &str) -> Attributes {
        let [verb, group, resource, subresource, namespace] =
            [verb, group, resource, subresource, namespace].map(str::to_owned);
        Attributes { verb, group, resource, subresource, namespace, name: String::new() }
    }

    #[test]
    fn a_denial_covers_what_it_names() {
        for (rule, verb, group, resource, subresource, namespace, covered) in [
            ("list pods", "list", "", "pods", "", "", true),
            ("list pods", "list", "", "pods", "", "x", true),
            ("list pods", "watch", "", "pods", "", "", false),
            ("list pods@x", "list", "", "pods", "", "x", true),
            ("list pods@x", "list", "", "pods", "", "", false),
            ("get pods", "get", "", "pods", "log", "x", false),
            ("get pods/log", "get", "", "pods", "log", "x", true),
            ("get pods/*", "get", "", "pods", "", "x", true),
            ("patch daemonsets.apps", "patch", "apps", "daemonsets", "", "x", true),
            ("patch daemonsets", "patch", "apps", "daemonsets", "", "x", false),
            ("patch daemonsets.*", "patch", "apps", "daemonsets", "", "x", true),
            ("delete *", "delete", "apps", "daemonsets", "", "x", true),
            ("* *@x", "create", "", "pods", "eviction", "x", true),
        ] {
            let access = Access { denials: vec![rule.parse().unwrap()], ..Access::default() };
            let wanted = wanted(verb, group, resource, subresource, namespace);
            assert_eq!(access.refusal(&wanted).is_some(), covered, "{rule} {wanted:?}");
        }
        for bad in ["", "list", "list pods@", " pods", "list /log"] {
            assert!(bad.parse::<Denial>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn refusals_have_the_api_servers_words() {
        let list = wanted("list", "", "pods", "", "");
        assert_eq!(
            refused("x", &list, "").message,
            "pods is forbidden: User \"x\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
        );
        let mut evict = wanted("create", "", "pods", "eviction", "n");
        evict.name = "p".to_owned();
        assert_eq!(
            refused("x", &evict, "no").message,
            "pods \"p\" is forbidden: User \"x\" cannot create resource \"pods/eviction\" in API group \"\" in the \
             namespace \"n\": no"
        );
        let patch = refused("x", &wanted("patch", "apps", "daemonsets", "", "n"), "");
        assert!(patch.message.starts_with("daemonsets.apps is forbidden: User \"x\" cannot patch resource \"daemonsets\" in API group \"apps\""));
    }
}
