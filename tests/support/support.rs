//! What several tests stand on.

pub mod build;
pub mod embedded;
pub mod monitor;
pub mod oracle;
pub mod program;
pub mod recording;
pub mod terminal;
pub mod witness;
