//! The integration suite: one binary, so that the loop stays fast.

#[path = "../support/support.rs"]
mod support;

mod cells;
mod counts;
mod floors;
mod inventory;
mod licences;
mod placement;
mod preview;
mod printing;
//mod pty;
mod replay;
mod rollout;
