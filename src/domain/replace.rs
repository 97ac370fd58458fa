//! Replacing outdated pods of an `OnDelete` set node by node, under gates.
//!
//! [`plan`] says which nodes come in which order and which are set apart, with the reason. [`run::Replacement`] is the
//! machine that goes through a plan: it is told what happened and says what to do next; it does nothing itself. The
//! cluster is the only record of progress: a plan made anew holds just the pods that are still outdated, so that
//! stopping at any point loses nothing.

pub mod check;
pub mod claim;
pub mod evidence;
pub mod liveness;
pub mod neighbour;
pub mod options;
pub mod plan;
pub mod run;
pub mod work;
