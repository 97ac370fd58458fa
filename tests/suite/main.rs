//! The integration suite: one binary, so that the loop stays fast.

#[path = "../support/support.rs"]
mod support;

mod cells;
mod client;
mod commands;
mod commands_explain;
mod commands_preview;
mod counts;
mod floors;
mod inventory;
mod licences;
mod manifests;
mod placement;
mod preview;
mod printing;
mod replay;
mod rollout;
