//! The command line: parses, starts what was asked for, and turns the outcome into an exit code.

mod args;
mod demo;
mod document;
mod explain;
mod failure;
mod get;
mod history;
mod info;
mod journal;
mod label;
mod logs;
mod monitor;
mod names;
mod node_set;
mod paths;
mod preview;
mod print;
mod replace;
mod rollout;
mod run;
mod settings;
mod snapshot;
mod status;
mod table;
mod target;
mod write;

pub use run::main;
