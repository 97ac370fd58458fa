//! Flags of `logs`.

use std::time::Duration;

use clap::Args;

use super::read_duration;
use crate::domain::log::{DEFAULT_STREAMS, MOST_STREAMS};

/// Flags of `logs`.
#[derive(Debug, Args)]
pub(in crate::cli) struct LogsArgs {
    /// The DaemonSet: ds/NAME, NAME or NAMESPACE/NAME; without -n in the context's namespace
    #[arg(value_name = "ds/NAME")]
    pub(in crate::cli) daemon_set: String,
    /// Only these nodes: node/NAME or NAME; can be repeated, or several with commas
    #[arg(long = "node", value_name = "NODE", value_delimiter = ',')]
    pub(in crate::cli) nodes: Vec<String>,
    /// The container; otherwise the annotated default one, else the first
    #[arg(short, long, value_name = "NAME")]
    pub(in crate::cli) container: Option<String>,
    /// Go on as lines are printed, also in pods that come later
    #[arg(short, long)]
    pub(in crate::cli) follow: bool,
    /// Of the run before this one
    #[arg(short, long, conflicts_with = "follow")]
    pub(in crate::cli) previous: bool,
    /// Only lines newer than this, like 30s, 5m or 2h
    #[arg(long, value_name = "TIME", value_parser = read_since)]
    pub(in crate::cli) since: Option<Duration>,
    /// Only the last lines of each pod; with -f 10 where nothing is said, else all
    #[arg(long, value_name = "N")]
    pub(in crate::cli) tail: Option<u32>,
    /// Only lines that match this regular expression, out of those that --since and --tail leave
    #[arg(long, value_name = "RE")]
    pub(in crate::cli) grep: Option<String>,
    /// So many logs at once
    #[arg(long, value_name = "N", default_value_t = DEFAULT_STREAMS, value_parser = read_streams)]
    pub(in crate::cli) max_streams: usize,
}

fn read_since(raw: &str) -> Result<Duration, String> {
    let since = read_duration(raw)?;
    if since.is_zero() { Err("it has to be longer than nothing".to_owned()) } else { Ok(since) }
}

fn read_streams(raw: &str) -> Result<usize, String> {
    let wrong =
        || format!("it has to be a number from 1 to {MOST_STREAMS}: each is a connection to a kubelet");
    raw.parse().ok().filter(|streams| (1..=MOST_STREAMS).contains(streams)).ok_or_else(wrong)
}
