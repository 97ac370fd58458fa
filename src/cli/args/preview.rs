//! Flags of `preview`.

use clap::{Args, Subcommand};

use super::AnswerFormat;

/// Flags of `preview`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PreviewArgs {
    #[command(subcommand)]
    pub(in crate::cli) change: Option<PreviewChange>,
    /// A new or changed DaemonSet manifest, YAML or JSON, several documents; - is standard input
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(in crate::cli) files: Vec<String>,
    /// How to print
    #[arg(short, long, value_enum, global = true, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
}

/// A change to nodes.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PreviewChange {
    /// Set (key=value) and remove (key-) labels of nodes
    Label(EditArgs),
    /// Add (key=value:Effect) and remove (key:Effect-, key-) taints of nodes
    Taint(EditArgs),
    /// Make nodes unschedulable
    Cordon(NodeArgs),
    /// Make nodes schedulable again
    Uncordon(NodeArgs),
}

/// Nodes and edits.
#[derive(Debug, Args)]
pub(in crate::cli) struct EditArgs {
    /// The nodes, as node/NAME or NAME, then the edits
    #[arg(value_name = "node/NAME | EDIT")]
    pub(in crate::cli) words: Vec<String>,
    /// All nodes with these labels, instead of names
    #[arg(long, value_name = "SELECTOR")]
    pub(in crate::cli) node_selector: Option<String>,
}

/// Nodes.
#[derive(Debug, Args)]
pub(in crate::cli) struct NodeArgs {
    /// The nodes, as node/NAME or NAME
    #[arg(value_name = "node/NAME")]
    pub(in crate::cli) nodes: Vec<String>,
    /// All nodes with these labels, instead of names
    #[arg(long, value_name = "SELECTOR")]
    pub(in crate::cli) node_selector: Option<String>,
}
