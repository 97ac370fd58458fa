//! The command line: parses, starts what was asked for, and turns the outcome into an exit code.

mod args;
mod demo;
mod document;
mod explain;
mod failure;
mod get;
mod info;
mod logs;
mod monitor;
mod names;
mod paths;
mod preview;
mod print;
mod run;
mod settings;
mod snapshot;
mod table;

pub use run::main;
