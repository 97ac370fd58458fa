//! Flags of `status` and `history`.

use std::time::Duration;

use clap::Args;

use super::{AnswerFormat, read_duration};

/// Flags of `status`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Print a line for each change until the rollout is complete
    #[arg(short, long)]
    pub(in crate::cli) watch: bool,
    /// With --watch: give up after this time, like 10m; 0 is no limit
    #[arg(long, value_name = "TIME", value_parser = read_duration, requires = "watch")]
    pub(in crate::cli) timeout: Option<Duration>,
    /// How to print; with --watch a JSON document a line
    #[arg(short, long, value_enum, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
}

/// Flags of `history`.
#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Only this revision: prints its pod template as YAML
    #[arg(long, value_name = "N")]
    pub(in crate::cli) revision: Option<i64>,
    /// What differs between the pod templates of two revisions; of one, from it to the current one
    #[arg(long, value_name = "N", num_args = 1.., conflicts_with = "revision")]
    pub(in crate::cli) diff: Vec<i64>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
}
