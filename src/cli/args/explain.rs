//! Flags of `explain`.

use clap::{Args, ValueEnum};

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Only this node: node/NAME or NAME
    #[arg(value_name = "node/NAME")]
    pub(in crate::cli) node: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AnswerFormat {
    /// Lines for people
    Table,
    /// Everything, as a stable JSON document
    Json,
}
