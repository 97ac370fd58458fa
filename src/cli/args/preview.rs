//! Flags of `preview`.

use clap::Args;

use super::{AnswerFormat, NodesChange};

/// Flags of `preview`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PreviewArgs {
    #[command(subcommand)]
    pub(in crate::cli) change: Option<NodesChange>,
    /// A new or changed DaemonSet manifest, YAML or JSON, several documents; - is standard input
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(in crate::cli) files: Vec<String>,
    /// How to print
    #[arg(short, long, value_enum, global = true, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
}
