//! The integration suite: one binary, so that the loop stays fast.

#[path = "../support/recording.rs"]
mod recording;

mod pacing;
mod scenarios;
mod screens;
