//! The flags and commands.

mod explain;
mod journal;
mod logs;
mod nodes;
mod preview;
mod replace;
mod rollout;
mod status;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::cluster::{ConnectOptions, Token};
use crate::demo::server::access::Denial;
use crate::domain::alert::Alert;
use crate::domain::event::Scope;
use crate::domain::text::Text;
use crate::shell::logging::Level;

pub(super) use explain::{AnswerFormat, ExplainArgs};
pub(super) use journal::JournalArgs;
pub(super) use logs::LogsArgs;
pub(super) use nodes::{CordonArgs, EditArgs, NodeArgs, NodesChange, OnErrorArg, RelabelArgs, SendArgs};
pub(super) use preview::PreviewArgs;
pub(super) use replace::ReplaceArgs;
pub(super) use rollout::{
    ConfirmArgs, DryRun, ForceDeleteArgs, PauseArgs, RestartArgs, ResumeArgs, ThrottleArgs, UndoArgs,
};
pub(super) use status::{HistoryArgs, StatusArgs};

/// A live terminal monitor for Kubernetes DaemonSets: one grid of DaemonSets and Nodes that says why.
///
/// Without a command it opens the monitor on the kubeconfig's current context.
#[derive(Debug, Parser)]
#[command(name = "dsgrid", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    /// Open the monitor at this DaemonSet
    #[arg(value_name = "NAMESPACE/NAME", value_parser = read_place)]
    pub(super) name: Option<String>,
    /// Say which clause of an alert holds: `KubeDaemonSetRolloutStuck`, `NotScheduled` or `MisScheduled`
    #[arg(long, value_name = "ALERT", value_parser = Alert::parse, requires = "name")]
    pub(super) alert: Option<Alert>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// A word without a slash is more likely a mistyped command.
fn read_place(raw: &str) -> Result<String, String> {
    match raw.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok(raw.to_owned()),
        _ => Err("neither a command nor a DaemonSet as NAMESPACE/NAME; see `dsgrid --help`".to_owned()),
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the grid once, from a complete first sync
    Get(GetArgs),
    /// Say why a DaemonSet has a pod on a node or has none; exit 1 if a cell shown is a problem
    Explain(ExplainArgs),
    /// Say which pods a change of labels, taints, cordons or manifests would start and stop; changes nothing
    Preview(PreviewArgs),
    /// Change labels of nodes, as `kubectl label`, once it is clear which pods start and stop by it
    Label(RelabelArgs),
    /// Change taints of nodes, as `kubectl taint`, once it is clear which pods start and stop by it
    Taint(RelabelArgs),
    /// Make nodes unschedulable; daemon pods do not care
    Cordon(CordonArgs),
    /// Make nodes schedulable again
    Uncordon(CordonArgs),
    /// Print the logs of a DaemonSet's pods, each line after the name of its node
    Logs(LogsArgs),
    /// Pause a rollout: nothing more is replaced until it is resumed
    Pause(PauseArgs),
    /// Resume a paused rollout, with exactly the strategy it had
    Resume(ResumeArgs),
    /// Restart all pods by a rollout, as `kubectl rollout restart`
    Restart(RestartArgs),
    /// Go back to an earlier revision, as `kubectl rollout undo`
    Undo(UndoArgs),
    /// Change maxUnavailable or maxSurge, also of a rollout that is under way
    Throttle(ThrottleArgs),
    /// Remove a pod that cannot end because its node is off
    ForceDelete(ForceDeleteArgs),
    /// Replace the outdated pods of a DaemonSet that is not rolled out (on delete, or paused), under gates
    Replace(Box<ReplaceArgs>),
    /// Print what dsgrid changed or tried to change from this account; needs no cluster
    Journal(JournalArgs),
    /// Say how far a rollout is, under either strategy and while paused; exit 1 unless it is complete
    Status(StatusArgs),
    /// List the revisions of a DaemonSet, print one, or compare two
    History(HistoryArgs),
    /// Open the monitor on an embedded cluster, or serve one; needs no cluster
    Demo(DemoArgs),
    /// Print version, paths, connection and what may be read
    Info,
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Print the commented default configuration
    Config,
}

/// Flags of `get`.
#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// Only these DaemonSets: NAME, NAMESPACE/NAME or ds/NAME
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    pub(super) output: OutputFormat,
    /// Only cells that are a problem; exit 1 if there are any
    #[arg(long)]
    pub(super) problems: bool,
    /// Only DaemonSets that dsgrid paused
    #[arg(long)]
    pub(super) paused: bool,
    /// With json and yaml: also cells where nothing is wanted
    #[arg(long)]
    pub(super) all: bool,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// How many nodes the scenario gets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000), conflicts_with = "replay")]
    pub(super) nodes: Option<u32>,
    /// What happens in the cluster
    #[arg(long, value_name = "NAME", default_value = "default", conflicts_with = "replay")]
    pub(super) scenario: String,
    /// The same seed gives the same cluster
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "replay")]
    pub(super) seed: u64,
    /// Play a recording of a real control plane instead
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<PathBuf>,
    /// Play the recording without waiting, to its end
    #[arg(long, requires = "replay")]
    pub(super) fast: bool,
    /// Forbid something, to see what small rights look like: 'patch daemonsets.apps', 'get pods/log@NAMESPACE'
    #[arg(long, value_name = "VERB RESOURCE")]
    pub(super) deny: Vec<Denial>,
    /// Serve without a screen: prints a kubeconfig's path; port 0 is any free one
    #[arg(long, value_name = "ADDRESS")]
    pub(super) serve: Option<String>,
}

/// How `get` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// A line per DaemonSet
    Table,
    /// The same with strategy, revision, node selector and images
    Wide,
    /// Everything, as a stable JSON document
    Json,
    /// The same document as YAML
    Yaml,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Flags of every command; before or after it.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub(super) struct Global {
    /// The only kubeconfig file to read
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context
    #[arg(long, global = true, value_name = "NAME", help_heading = "Connection")]
    context: Option<String>,
    /// The kubeconfig's cluster, instead of the context's
    #[arg(long, global = true, value_name = "NAME", help_heading = "Connection")]
    cluster: Option<String>,
    /// The kubeconfig's user, instead of the context's
    #[arg(long, global = true, value_name = "NAME", help_heading = "Connection")]
    user: Option<String>,
    /// Only this namespace
    #[arg(short, long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), help_heading = "Connection")]
    pub(super) namespace: Option<String>,
    /// All namespaces (the default)
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace", help_heading = "Connection")]
    pub(super) all_namespaces: bool,
    /// Only DaemonSets whose labels match, like app=cni,tier!=test
    #[arg(short = 'l', long, global = true, value_name = "SELECTOR", help_heading = "Connection")]
    pub(super) selector: Option<String>,
    /// The server's address, instead of the cluster's; works without a kubeconfig
    #[arg(short, long, global = true, value_name = "URL", help_heading = "Connection")]
    server: Option<String>,
    /// A bearer token, instead of the user's credentials
    #[arg(long, global = true, value_parser = read_token, help_heading = "Connection")]
    token: Option<Token>,
    /// Impersonate this user
    #[arg(long = "as", global = true, value_name = "USER", help_heading = "Connection")]
    impersonate: Option<String>,
    /// Impersonate this group; can be repeated
    #[arg(long = "as-group", global = true, value_name = "GROUP", help_heading = "Connection")]
    impersonate_groups: Vec<String>,
    /// Impersonate this uid
    #[arg(long = "as-uid", global = true, value_name = "UID", help_heading = "Connection")]
    impersonate_uid: Option<String>,
    /// Accept any server certificate: anybody in between can read and change everything
    #[arg(long, global = true, help_heading = "Connection")]
    insecure_skip_tls_verify: bool,
    /// The name to check the server's certificate against
    #[arg(long, global = true, value_name = "NAME", help_heading = "Connection")]
    tls_server_name: Option<String>,
    /// The longest time to wait for an answer, like 30s or 2m; 0 is no limit
    #[arg(long, global = true, value_name = "TIME", value_parser = read_duration, help_heading = "Connection")]
    pub(super) request_timeout: Option<Duration>,
    /// Change nothing, whatever is pressed; also per context in the configuration
    #[arg(long, global = true, help_heading = "Safety")]
    pub(super) read_only: bool,
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = "Display")]
    pub(super) color: Option<ColorChoice>,
    /// Draw with ASCII characters only
    #[arg(long, global = true, help_heading = "Display")]
    pub(super) ascii: bool,
    /// Write a log file (see `dsgrid info` for its path)
    #[arg(long, global = true, value_parser = levels(), value_name = "LEVEL", help_heading = "Display")]
    pub(super) log_level: Option<Level>,
}

impl Global {
    /// The part that is about the connection.
    pub(super) fn connect_options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            namespace: self.namespace.clone(),
            server: self.server.clone(),
            token: self.token.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            impersonate_uid: self.impersonate_uid.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            tls_server_name: self.tls_server_name.clone(),
            request_timeout: self.request_timeout.filter(|time| !time.is_zero()),
        }
    }

    /// As whom: the user to impersonate, else the kubeconfig's name for the user.
    pub(super) fn acts_as<'a>(&'a self, user: &'a str) -> &'a str {
        self.impersonate.as_deref().unwrap_or(user)
    }

    /// Where to look: all namespaces, unless one is named.
    pub(super) fn scope(&self) -> Scope {
        match &self.namespace {
            Some(namespace) => Scope::Namespace(Text::new(namespace)),
            None => Scope::Cluster,
        }
    }
}

fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::name)).map(|name| {
        Level::ALL.into_iter().find(|level| level.name() == name).expect("clap lets only these names through")
    })
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn read_token(raw: &str) -> Result<Token, String> {
    Ok(Token::new(raw))
}

/// Reads a duration as kubectl does: seconds, or numbers with units like `1m30s`.
fn read_duration(raw: &str) -> Result<Duration, String> {
    let wrong = || format!("{raw:?} is no time; write it like 30s, 2m or 1m30s");
    if let Ok(seconds) = raw.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let (mut total, mut rest) = (Duration::ZERO, raw);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let units = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(units);
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let unit = match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            _ => return Err(wrong()),
        };
        total += unit.checked_mul(number).ok_or_else(wrong)?;
        rest = tail;
    }
    if raw.is_empty() { Err(wrong()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_work_before_and_after_the_command() {
        for line in [
            "dsgrid -n logging --context prod get fluent-bit -o json",
            "dsgrid get fluent-bit -o json -n logging --context prod",
            "dsgrid --context=prod get -ojson fluent-bit --namespace=logging",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let options = cli.global.connect_options();
            assert_eq!(options.context.as_deref(), Some("prod"), "{line}");
            assert_eq!(cli.global.scope(), Scope::Namespace(Text::new("logging")), "{line}");
            let Some(Command::Get(get)) = cli.command else { panic!("{line}") };
            assert_eq!((get.names, get.output), (vec!["fluent-bit".to_owned()], OutputFormat::Json));
        }
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "dsgrid get -o xml",
            "dsgrid -A -n x get",
            "dsgrid --request-timeout soon get",
            "dsgrid --color pink get",
            "dsgrid fetch",
            "dsgrid completions",
            "dsgrid logging/fluent-bit --alert KubePodCrashLooping",
            "dsgrid --alert RolloutStuck",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn an_alert_opens_the_monitor_at_a_daemon_set() {
        for name in ["KubeDaemonSetNotScheduled", "notscheduled"] {
            let cli = Cli::try_parse_from(["dsgrid", "logging/fluent-bit", "--alert", name]).unwrap();
            assert_eq!(
                (cli.name.as_deref(), cli.alert),
                (Some("logging/fluent-bit"), Some(Alert::NotScheduled))
            );
        }
    }

    #[test]
    fn times_are_read_as_kubectl_reads_them() {
        for (raw, seconds) in [("0", 0), ("30", 30), ("30s", 30), ("1m30s", 90), ("2h", 7200), ("1500ms", 1)]
        {
            assert_eq!(read_duration(raw).unwrap().as_secs(), seconds, "{raw}");
        }
        for raw in ["", "s", "-1", "1d", "1m30", "99999999999h", "1.5s"] {
            assert!(read_duration(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let cli = Cli::try_parse_from(["dsgrid", "--token", "tok-secret", "get"]).unwrap();
        assert!(!format!("{cli:?}").contains("tok-secret"));
    }
}
