//! Moves data between terminal, cluster and model; decides nothing.

pub mod logging;
