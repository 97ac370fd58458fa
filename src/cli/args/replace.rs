//! Flags of `replace`.

use std::time::Duration;

use clap::Args;
use jiff::{Timestamp, Zoned};

use super::rollout::ConfirmArgs;
use super::{AnswerFormat, read_duration};
use crate::domain::object::IntOrPercent;
use crate::domain::replace::options::{self, Options, read_count, read_failures, read_limit};
use crate::domain::text::Text;

/// Flags of `replace`.
#[derive(Debug, Args)]
#[command(after_help = "\
Ctrl-c holds first: nothing more is deleted, and it ends when nothing is in flight; a second Ctrl-c ends it at once.
Where only a person could let it go on, it ends with exit 1 and says why; --continue takes the same options from the
annotation dsgrid.dev/replacing and plans anew what is still outdated. Where somebody else is at it, it refuses;
--continue --yes takes over, and the other one ends at its next heartbeat, within a minute.")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(in crate::cli) struct ReplaceArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Only these nodes: NAME or node/NAME, several times or separated by commas
    #[arg(long = "node", value_name = "NODE", value_delimiter = ',')]
    pub(in crate::cli) nodes: Vec<String>,
    /// Only nodes with these labels
    #[arg(long, value_name = "SELECTOR", value_parser = super::nodes::read_node_selector)]
    pub(in crate::cli) node_selector: Option<String>,
    /// On how many nodes a pod may be unavailable at once, whoever caused it, like 3 or 10% [default: 1]
    #[arg(long, value_name = "N|P%", value_parser = read_limit, allow_hyphen_values = true)]
    pub(in crate::cli) max_in_flight: Option<IntOrPercent>,
    /// How long a new pod has to stay ready; minReadySeconds where that is longer [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = read_duration, allow_hyphen_values = true)]
    pub(in crate::cli) soak: Option<Duration>,
    /// How long a node may take [default: 5m, or three times what it usually takes]
    #[arg(long, value_name = "TIME", value_parser = read_duration, allow_hyphen_values = true)]
    pub(in crate::cli) ready_timeout: Option<Duration>,
    /// So many nodes first, done before the others begin [default: 1]
    #[arg(long, value_name = "N", value_parser = read_count, allow_hyphen_values = true)]
    pub(in crate::cli) canary: Option<u32>,
    /// One group of nodes after another, by the values of this node label
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) group_by: Option<String>,
    /// Only these groups, in this order, several times or separated by commas
    #[arg(long = "group", value_name = "VALUE", value_delimiter = ',')]
    pub(in crate::cli) groups: Vec<String>,
    /// Stop after each group; --continue goes on with the next
    #[arg(long)]
    pub(in crate::cli) hold_between_groups: bool,
    /// Wait so long after each group
    #[arg(long, value_name = "TIME", value_parser = read_duration, allow_hyphen_values = true)]
    pub(in crate::cli) bake: Option<Duration>,
    /// Delete nothing after this: the next 04:00 of this machine's time zone, or 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = read_until, allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<Timestamp>,
    /// Halt after so many failures [default: 1]
    #[arg(long, value_name = "N", value_parser = read_failures, allow_hyphen_values = true)]
    pub(in crate::cli) max_failures: Option<u32>,
    /// Do not look after the other pods of a node
    #[arg(long)]
    pub(in crate::cli) without_neighbours: bool,
    /// Evict instead of deleting, which asks the budgets for disruptions
    #[arg(long)]
    pub(in crate::cli) evict: bool,
    /// Outdated pods that are not available come before everything else, canaries included
    #[arg(long)]
    pub(in crate::cli) unhealthy_first: bool,
    /// Also nodes whose pod would not come back
    #[arg(long)]
    pub(in crate::cli) include_set_apart: bool,
    /// Go on with what was begun, by the options kept on the DaemonSet; only --until may be given anew
    #[arg(long = "continue", conflicts_with_all = ["nodes", "node_selector", "max_in_flight", "soak", "ready_timeout",
        "canary", "group_by", "groups", "hold_between_groups", "bake", "max_failures",
        "without_neighbours", "evict", "unhealthy_first", "include_set_apart"])]
    pub(in crate::cli) go_on: bool,
    /// How to print the summary at the end
    #[arg(short, long, value_enum, default_value_t = AnswerFormat::Table)]
    pub(in crate::cli) output: AnswerFormat,
    #[command(flatten)]
    pub(in crate::cli) confirm: ConfirmArgs,
}

impl ReplaceArgs {
    /// How it is to go; the nodes are names that were read.
    pub(in crate::cli) fn options(&self, nodes: Vec<Text>) -> Options {
        let usual = Options::default();
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        Options {
            max_in_flight: self.max_in_flight.clone().unwrap_or(usual.max_in_flight),
            soak_seconds: self.soak.map_or(usual.soak_seconds, seconds),
            ready_timeout_seconds: self.ready_timeout.map(seconds),
            canary: self.canary.unwrap_or(usual.canary),
            group_by: self.group_by.as_deref().map(Text::new),
            groups: self.groups.iter().map(|group| Text::new(group)).collect(),
            hold_between_groups: self.hold_between_groups,
            bake_seconds: self.bake.map_or(0, seconds),
            until: self.until,
            max_failures: self.max_failures.unwrap_or(usual.max_failures),
            without_neighbours: self.without_neighbours,
            evict: self.evict,
            unhealthy_first: self.unhealthy_first,
            include_set_apart: self.include_set_apart,
            nodes,
            node_selector: self.node_selector.as_deref().map(Text::new),
        }
    }
}

/// Reads a time of day here, the next one, or a whole time.
fn read_until(raw: &str) -> Result<Timestamp, String> {
    options::read_until(raw, &Zoned::now())
}
