//! What several tests stand on.

pub mod build;
pub mod oracle;
pub mod recording;
pub mod terminal;
