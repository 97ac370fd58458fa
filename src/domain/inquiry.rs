//! What is asked of the cluster once, while somebody looks at the answer; everything else is watched.

use super::id::{NodeName, ObjectRef};
use super::journal::Record;
use super::object::{Event, Pod, PodDisruptionBudget};
use super::raw::RawObject;
use super::text::Text;

/// A question. Equal questions have equal answers, so an answer is kept under its question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Inquiry {
    /// The recent events about an object, as `kubectl describe` finds them.
    Events(ObjectRef),
    /// The `PodDisruptionBudget`s of a namespace.
    Budgets(Text),
    /// An object as the server has it now, whole.
    Object(ObjectRef),
    /// All pods of a node, not only daemon pods.
    PodsOnNode(NodeName),
    /// Whether we may do something.
    Access(Permission),
    /// What dsgrid changed from this account; asked of the journal, not of the cluster.
    Journal,
}

/// Something one may do or not, in the words of RBAC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The verb, like `patch`.
    pub verb: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The resource, like `daemonsets`.
    pub resource: &'static str,
    /// The subresource, like `log`; empty for none.
    pub subresource: &'static str,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
}

/// An answer, of the same name as its question.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Newest last.
    Events(Vec<Event>),
    /// All of the namespace.
    Budgets(Vec<PodDisruptionBudget>),
    /// As it is now; none if there is no such object any more, or another one under its name.
    Object(Option<RawObject>),
    /// All of the node.
    Pods(Vec<Pod>),
    /// Newest last.
    Journal(Vec<Record>),
    /// Whether it is allowed.
    Access {
        /// The server's verdict.
        allowed: bool,
        /// Why, in the server's words; often empty.
        reason: Text,
    },
}
