//! Identities. What is selected, counted or sent is named by one of these, never by a position.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::{Text, sanitize};

/// The uid of an object, as the server gave it. Two objects of one name have different uids.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(UidForm);

/// Kubernetes writes uids as lower-case RFC 4122 UUIDs, but promises only a string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum UidForm {
    Uuid(u128),
    Other(Arc<str>),
}

impl Uid {
    /// Reads a uid; any string is one.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        Self(parse_uuid(raw).map_or_else(|| UidForm::Other(Arc::from(sanitize(raw).as_ref())), UidForm::Uuid))
    }
}

/// The 128 bits of a canonical (lower case, 8-4-4-4-12) UUID, so that printing gives the same text.
fn parse_uuid(raw: &str) -> Option<u128> {
    let bytes = raw.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut value = 0_u128;
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        value = value << 4 | u128::from(digit);
    }
    Some(value)
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            UidForm::Uuid(v) => write!(
                f,
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                v >> 96,
                v >> 80 & 0xffff,
                v >> 64 & 0xffff,
                v >> 48 & 0xffff,
                v & 0xffff_ffff_ffff
            ),
            UidForm::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

impl Default for Uid {
    fn default() -> Self {
        Self::new("")
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A borrowed string would fail on escapes; Cow takes either.
        let raw = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self::new(&raw))
    }
}

impl Serialize for Uid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The name of a node. A node that is deleted and made again keeps its column.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeName(pub Text);

impl NodeName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for NodeName {
    fn from(raw: &str) -> Self {
        Self(Text::new(raw))
    }
}

impl std::borrow::Borrow<str> for NodeName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A namespace and a name; printed `namespace/name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            self.name.fmt(f)
        } else {
            f.pad(&format!("{}/{}", self.namespace, self.name))
        }
    }
}

/// The kinds of objects that are shown, changed or asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ObjectKind {
    /// A DaemonSet.
    DaemonSet,
    /// A node.
    Node,
    /// A pod.
    Pod,
    /// A `ControllerRevision`.
    ControllerRevision,
}

impl ObjectKind {
    /// The resource's name, as in a URL.
    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::DaemonSet => "daemonsets",
            Self::Node => "nodes",
            Self::Pod => "pods",
            Self::ControllerRevision => "controllerrevisions",
        }
    }

    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::DaemonSet | Self::ControllerRevision => "apps",
            Self::Node | Self::Pod => "",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DaemonSet => "DaemonSet",
            Self::Node => "node",
            Self::Pod => "pod",
            Self::ControllerRevision => "ControllerRevision",
        })
    }
}

/// Percent-encodes a part of a URL.
#[must_use]
pub fn encode(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            safe.push(char::from(byte));
        } else {
            write!(safe, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    safe
}

/// One object, and no other of the same name: printed like `DaemonSet logging/fluent-bit`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: ObjectKind,
    /// Namespace and name.
    pub key: ObjectKey,
    /// The uid.
    pub uid: Uid,
}

impl ObjectRef {
    /// The object's path on the API server, as it is asked for and as dialogs show it.
    #[must_use]
    pub fn path(&self) -> String {
        let group = match self.kind.group() {
            "" => "/api/v1".to_owned(),
            group => format!("/apis/{group}/v1"),
        };
        let namespace = match self.key.namespace.as_str() {
            "" => String::new(),
            namespace => format!("/namespaces/{}", encode(namespace)),
        };
        format!("{group}{namespace}/{}/{}", self.kind.resource(), encode(&self.key.name))
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_escapes_what_is_no_name() {
        let object = ObjectRef {
            kind: ObjectKind::DaemonSet,
            key: ObjectKey { namespace: Text::new("a/b"), name: Text::new("x?y") },
            uid: Uid::default(),
        };
        assert_eq!(object.path(), "/apis/apps/v1/namespaces/a%2Fb/daemonsets/x%3Fy");
    }

    #[test]
    fn a_uid_prints_as_it_came() {
        for raw in ["f73c4e28-301d-4d91-8ae8-079b4b9fb0a8", "", "F73C4E28-301D-4D91-8AE8-079B4B9FB0A8", "abc"]
        {
            assert_eq!(Uid::new(raw).to_string(), raw);
        }
        assert_ne!(
            Uid::new("f73c4e28-301d-4d91-8ae8-079b4b9fb0a8"),
            Uid::new("F73c4e28-301d-4d91-8ae8-079b4b9fb0a8")
        );
    }
}
