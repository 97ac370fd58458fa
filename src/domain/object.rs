//! Slim Kubernetes objects: the fields that placing, counting and showing need, nothing else.
//!
//! They are decoded straight from the API's JSON; managedFields and whole specs are skipped while
//! reading and never held.

mod budget;
mod daemon_set;
mod decode;
mod event;
mod meta;
mod node;
mod pod;
mod revision;
mod template;

pub use budget::PodDisruptionBudget;
pub use daemon_set::{DaemonSet, DaemonSetStatus, IntOrPercent, UpdateStrategy};
pub use event::Event;
pub use meta::{Labels, Meta, Owner};
pub use node::{Node, NodeCondition, Taint, TaintEffect};
pub use pod::{Container, ContainerState, InitContainer, Phase, Pod, Scheduling, Termination};
pub use revision::ControllerRevision;
pub use template::{
    MatchExpression, NodeSelectorTerm, Requests, Resources, Template, TemplateContainer, Toleration,
    TolerationOperator,
};
