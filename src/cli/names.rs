//! DaemonSets and nodes by the names people type.

use crate::domain::event::Scope;
use crate::domain::id::{NodeName, ObjectKey};
use crate::domain::text::{Text, sanitize};

/// The most suggestions that help.
const SUGGESTIONS: usize = 5;

/// What is named before a slash where kubectl is meant; a namespace can be called so, but hardly is.
const OTHER_KINDS: [&str; 15] = [
    "pod",
    "pods",
    "po",
    "node",
    "nodes",
    "no",
    "deploy",
    "deployment",
    "deployments",
    "sts",
    "statefulset",
    "statefulsets",
    "job",
    "jobs",
    "svc",
];

/// A typed name: `NAME`, `NAMESPACE/NAME`, or with `ds/` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypedName {
    namespace: Option<Text>,
    name: Text,
}

impl TypedName {
    /// Reads a name; says what is wrong with it.
    pub(super) fn parse(raw: &str) -> Result<Self, String> {
        let wrong =
            || format!("{:?} names no DaemonSet; write NAME, NAMESPACE/NAME or ds/NAME", sanitize(raw));
        let parts: Vec<&str> = raw.split('/').collect();
        let is_kind = |word: &str| {
            matches!(word, "ds" | "daemonset" | "daemonsets" | "daemonset.apps" | "daemonsets.apps")
        };
        if let [kind, _, ..] = parts.as_slice()
            && OTHER_KINDS.contains(kind)
        {
            return Err(format!(
                "{:?} is not a DaemonSet: name one as ds/NAME or NAMESPACE/NAME; for one in a namespace {kind} \
                 write ds/{kind}/NAME",
                sanitize(raw)
            ));
        }
        let (namespace, name) = match parts.as_slice() {
            [name] => (None, *name),
            [kind, name] if is_kind(kind) => (None, *name),
            [kind, namespace, name] if is_kind(kind) => (Some(*namespace), *name),
            [namespace, name] => (Some(*namespace), *name),
            _ => return Err(wrong()),
        };
        if name.is_empty() || namespace.is_some_and(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self { namespace: namespace.map(Text::new), name: Text::new(name) })
    }

    /// The namespace, where it was typed with the name.
    pub(super) fn namespace(&self) -> Option<&Text> {
        self.namespace.as_ref()
    }

    /// The key in a namespace, unless the name holds one.
    pub(super) fn key(&self, namespace: &Text) -> ObjectKey {
        let namespace = self.namespace.as_ref().unwrap_or(namespace).clone();
        ObjectKey { namespace, name: self.name.clone() }
    }

    /// Whether it means this DaemonSet.
    pub(super) fn means(&self, key: &ObjectKey) -> bool {
        self.name == key.name && self.namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace)
    }

    /// Says that there is none, where there is one of that name, and which ones are called alike.
    pub(super) fn not_found(&self, scope: &Scope, known: &[ObjectKey]) -> String {
        let place = match (&self.namespace, scope) {
            (Some(namespace), _) | (None, Scope::Namespace(namespace)) => {
                format!(" in the namespace {namespace}")
            }
            _ => String::new(),
        };
        let list = |keys: Vec<&ObjectKey>| {
            keys.into_iter().take(SUGGESTIONS).map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let named: Vec<_> = known.iter().filter(|key| key.name == self.name).collect();
        let hint = if named.is_empty() {
            let close = list(close(&self.name, known, |key| key.name.as_str()));
            if close.is_empty() {
                "; `dsgrid get` lists all".to_owned()
            } else {
                format!("; did you mean {close}?")
            }
        } else {
            format!("; there is {}", list(named))
        };
        format!("there is no DaemonSet {:?}{place}{hint}", self.name.as_str())
    }
}

/// Reads the name of a node: `NAME` or `node/NAME`.
pub(super) fn typed_node(raw: &str) -> Result<NodeName, String> {
    let name = match raw.split_once('/') {
        None => raw,
        Some(("node" | "nodes" | "no", name)) => name,
        Some(_) => "",
    };
    // What no node can be called: whoever typed it meant something else.
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if name.is_empty() || !name.chars().all(legal) {
        return Err(format!("{:?} names no node; write node/NAME", sanitize(raw)));
    }
    Ok(NodeName::from(name))
}

/// Says that there is no such node, and which ones are called alike.
pub(super) fn node_not_found(name: &NodeName, known: &[NodeName]) -> String {
    let close: Vec<&str> = close(name.as_str(), known, NodeName::as_str)
        .into_iter()
        .take(SUGGESTIONS)
        .map(NodeName::as_str)
        .collect();
    let hint = match (close.is_empty(), known.len()) {
        (false, _) => format!("; did you mean {}?", close.join(", ")),
        (true, 0) => "; the cluster has none".to_owned(),
        (true, count) => format!("; the cluster has {count}, like {}", known[0]),
    };
    format!("there is no node {:?}{hint}", name.as_str())
}

/// Those called alike, the closest first.
fn close<'a, T: Ord>(typed: &str, known: &'a [T], name: impl Fn(&T) -> &str) -> Vec<&'a T> {
    let mut close: Vec<_> = known
        .iter()
        .map(|one| (strangeness(typed, name(one)), one))
        .filter(|(strangeness, _)| *strangeness <= 2)
        .collect();
    close.sort();
    close.into_iter().map(|(_, one)| one).collect()
}

/// 0 where one name holds the other, else the number of edits between them.
fn strangeness(typed: &str, known: &str) -> usize {
    if typed.len() > 2 && (known.contains(typed) || typed.contains(known)) {
        return 0;
    }
    let known: Vec<char> = known.chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (line, a) in typed.chars().enumerate() {
        let mut corner = line;
        row[0] = line + 1;
        for (at, b) in known.iter().enumerate() {
            let replaced = corner + usize::from(a != *b);
            corner = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(corner + 1);
        }
    }
    row[known.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, name: &str) -> ObjectKey {
        ObjectKey { namespace: Text::new(namespace), name: Text::new(name) }
    }

    #[test]
    fn every_accepted_form_means_the_same() {
        for raw in
            ["cni", "ds/cni", "daemonset/cni", "daemonsets/cni", "kube-system/cni", "ds/kube-system/cni"]
        {
            assert!(TypedName::parse(raw).unwrap().means(&key("kube-system", "cni")), "{raw}");
        }
        assert!(!TypedName::parse("other/cni").unwrap().means(&key("kube-system", "cni")));
        assert_eq!(
            TypedName::parse("pod/foo").unwrap_err(),
            "\"pod/foo\" is not a DaemonSet: name one as ds/NAME or NAMESPACE/NAME; for one in a namespace pod write \
             ds/pod/NAME"
        );
        assert!(TypedName::parse("ds/pod/cni").unwrap().means(&key("pod", "cni")));
        for raw in ["", "ds/", "/cni", "a/b/c", "ds/a/b/c"] {
            assert!(TypedName::parse(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn a_missing_name_is_helped_along() {
        let known = [key("logging", "fluent-bit"), key("kube-system", "kube-proxy"), key("other", "cni")];
        let said = |raw: &str, scope: &Scope| TypedName::parse(raw).unwrap().not_found(scope, &known);
        let scope = Scope::Namespace(Text::new("kube-system"));
        assert_eq!(
            said("cni", &scope),
            "there is no DaemonSet \"cni\" in the namespace kube-system; there is other/cni"
        );
        assert_eq!(
            said("fluentbit", &Scope::Cluster),
            "there is no DaemonSet \"fluentbit\"; did you mean logging/fluent-bit?"
        );
        assert_eq!(
            said("proxy", &Scope::Cluster),
            "there is no DaemonSet \"proxy\"; did you mean kube-system/kube-proxy?"
        );
        assert_eq!(said("zzz", &Scope::Cluster), "there is no DaemonSet \"zzz\"; `dsgrid get` lists all");
    }
}
