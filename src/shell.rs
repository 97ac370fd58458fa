//! Moves data between terminal, cluster and model; decides nothing.

pub mod event_loop;
pub mod executor;
pub mod frame;
pub mod headless;
pub mod logging;
pub mod monitor;
mod replacement;
mod save;
pub mod seen;
mod signal;
pub mod terminal;
