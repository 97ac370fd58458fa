//! Flags of `journal`.

use std::time::Duration;

use clap::Args;

use super::{AnswerFormat, read_duration};

/// Flags of `journal`.
#[derive(Debug, Args)]
pub(in crate::cli) struct JournalArgs {
    /// How far back, like 30m or 8h; 0 is everything
    #[arg(long, value_name = "TIME", default_value = "8h", value_parser = read_duration)]
    pub(in crate::cli) since: Duration,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
}
