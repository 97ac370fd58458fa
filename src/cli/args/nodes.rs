//! Flags that name nodes and what is to change on them, of `preview` and of the commands that do it.

use clap::{Args, Subcommand, ValueEnum};

use super::ConfirmArgs;

/// Refuses a selector without a word in it, as kubectl does: it would mean all nodes.
pub(in crate::cli) fn read_node_selector(raw: &str) -> Result<String, String> {
    if raw.split(',').all(|part| part.trim().is_empty()) {
        let all = "a label that all of them have, like kubernetes.io/os";
        return Err(format!("an empty selector chooses nothing; if all nodes are meant, name {all}"));
    }
    Ok(raw.to_owned())
}

/// A change to nodes.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum NodesChange {
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
    /// The nodes, as node/NAME or NAME, or - for names on standard input, then the edits
    #[arg(value_name = "node/NAME | EDIT")]
    pub(in crate::cli) words: Vec<String>,
    /// All nodes with these labels, instead of names
    #[arg(long, value_name = "SELECTOR", value_parser = read_node_selector)]
    pub(in crate::cli) node_selector: Option<String>,
}

/// Nodes.
#[derive(Debug, Args)]
pub(in crate::cli) struct NodeArgs {
    /// The nodes, as node/NAME or NAME, or - for names on standard input
    #[arg(value_name = "node/NAME")]
    pub(in crate::cli) nodes: Vec<String>,
    /// All nodes with these labels, instead of names
    #[arg(long, value_name = "SELECTOR", value_parser = read_node_selector)]
    pub(in crate::cli) node_selector: Option<String>,
}

/// What `--yes` does, for the help of the commands that change nodes.
const ABOUT_YES: &str = "\
--yes asks nothing, as kubectl asks nothing: also not for the name that is to be typed where more than 10 pods or 20 % \
of a set stop, a critical DaemonSet loses pods, or a NoExecute taint evicts; the reason is printed as a warning.
It overwrites no other value (--overwrite does) and changes no label that is refused. Where the cluster changes between \
the look and the sending, so that other pods would start or stop, nothing is sent.";

/// Flags of `label` and `taint`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_YES)]
pub(in crate::cli) struct RelabelArgs {
    #[command(flatten)]
    pub(in crate::cli) edit: EditArgs,
    /// Also change what has another value already
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,
    #[command(flatten)]
    pub(in crate::cli) send: SendArgs,
}

/// Flags of `cordon` and `uncordon`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_YES)]
pub(in crate::cli) struct CordonArgs {
    #[command(flatten)]
    pub(in crate::cli) nodes: NodeArgs,
    #[command(flatten)]
    pub(in crate::cli) send: SendArgs,
}

/// How a change of many nodes is sent.
#[derive(Debug, Args)]
pub(in crate::cli) struct SendArgs {
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
    /// What happens to the other nodes when one fails
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnErrorArg::Stop)]
    pub(in crate::cli) on_error: OnErrorArg,
    /// Do not look whether the cluster then does what was foretold, which takes up to a minute
    #[arg(long)]
    pub(in crate::cli) no_wait: bool,
}

/// What happens to the other nodes when one fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OnErrorArg {
    /// Nothing more is sent
    Stop,
    /// The others are still tried
    Continue,
}
