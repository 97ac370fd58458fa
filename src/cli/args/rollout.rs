//! Flags of the commands that change a rollout.

use clap::{ArgGroup, Args, ValueEnum};

/// How a write is confirmed.
#[derive(Debug, Args)]
pub(in crate::cli) struct ConfirmArgs {
    /// Do not ask; needed where there is no terminal to ask on
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
    /// Change nothing: print what would be sent (client), or also let the server check it (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub(in crate::cli) dry_run: Option<DryRun>,
}

/// Where a dry run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DryRun {
    /// Nothing is sent
    Client,
    /// It is sent with dryRun=All
    Server,
}

/// Flags of `pause`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PauseArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Why: shown to everybody who looks at it, and kept in the journal
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(in crate::cli) reason: String,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}

/// Flags of `resume`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ResumeArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Restore this where the strategy was edited meanwhile: what the pause saved, or a file with an updateStrategy
    #[arg(long, value_name = "saved|FILE")]
    pub(in crate::cli) to: Option<String>,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(in crate::cli) reason: String,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}

/// Flags of `restart`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RestartArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}

/// Flags of `undo`.
#[derive(Debug, Args)]
pub(in crate::cli) struct UndoArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// The revision to go back to; without it or with 0, the one before, as with kubectl
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub(in crate::cli) to_revision: Option<i64>,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}

/// Flags of `throttle`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("limits").required(true).multiple(true))]
pub(in crate::cli) struct ThrottleArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// How many nodes may be without an available pod, like 3 or 10%
    #[arg(long, value_name = "N|P%", group = "limits", allow_hyphen_values = true)]
    pub(in crate::cli) max_unavailable: Option<String>,
    /// How many nodes may have a new pod beside the old one, like 3 or 10%
    #[arg(long, value_name = "N|P%", group = "limits", allow_hyphen_values = true)]
    pub(in crate::cli) max_surge: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}

/// Flags of `force-delete`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ForceDeleteArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// The node that is off: NAME or node/NAME
    #[arg(value_name = "node/NAME")]
    pub(in crate::cli) node: String,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}
