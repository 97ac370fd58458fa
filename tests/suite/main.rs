//! The integration suite: one binary, so that the loop stays fast.

#[path = "../support/support.rs"]
mod support;

mod absence;
mod blame;
mod budget;
mod causes;
mod cells;
mod client;
mod commands;
mod commands_explain;
mod commands_logs;
mod commands_preview;
mod commands_rollout;
mod commands_status;
mod counts;
mod dialogs;
mod floors;
mod inquiries;
mod inventory;
mod journal;
mod kubectl;
mod licences;
mod log_sources;
mod logs;
mod manifests;
mod nodes;
mod pacing;
mod pages;
mod placement;
mod preview;
mod printing;
mod progress;
mod pty;
mod readme;
mod relabel;
mod replace;
mod replay;
mod review;
mod rollout;
mod rollout_keys;
mod scenarios;
mod screens;
mod staleness;
mod writes;
