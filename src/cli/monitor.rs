//! `dsgrid` alone: the monitor.

use std::path::PathBuf;
use std::time::Duration;

use super::args::{ColorChoice, Global};
use super::failure::{Failure, Outcome};
use super::names::TypedName;
use super::paths::Paths;
use super::print;
use super::settings::Settings;
use crate::app::{Capabilities, Colour, Settings as MonitorSettings};
use crate::cluster::{ConnectOptions, Connection, Environment, account, mailbox};
use crate::domain::alert::Alert;
use crate::domain::event::Scope;
use crate::domain::selector::Selector;
use crate::domain::text::Text;
use crate::shell::event_loop::ExitReason;
use crate::shell::executor::ClusterExecutor;
use crate::shell::monitor::{Ended, Opened, Options, run_monitor};
use crate::shell::seen::SeenFile;

/// So long the DaemonSet to begin with is looked for before the screen opens.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refuses to start the monitor where it could not be seen; asked before anything is read.
pub(super) fn needs_terminal() -> Result<(), Failure> {
    if print::has_terminal() {
        return Ok(());
    }
    Err(Failure::Usage(
        "the monitor needs a terminal; without one use `dsgrid get` (see `dsgrid get --help`)".to_owned(),
    ))
}

/// How the monitor begins.
#[derive(Debug, Default)]
pub(super) struct Start<'a> {
    /// The DaemonSet to begin with.
    pub(super) at: Option<&'a str>,
    /// The alert that brought somebody here.
    pub(super) alert: Option<Alert>,
    /// The file that remembers the last look; none where there is nothing to remember.
    pub(super) seen: Option<PathBuf>,
    /// The terminal, where it is taken over already.
    pub(super) opened: Option<Opened>,
}

/// Connects and runs the monitor until it ends.
pub(super) async fn run(
    global: &Global,
    settings: &Settings,
    connect: &ConnectOptions,
    start: Start<'_>,
) -> Result<Outcome, Failure> {
    let selector = global.selector.as_deref().map(Selector::parse).transpose();
    let selector = selector.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();
    let connection = Connection::open(connect, &Environment::read()).await?;
    let scope = global.scope();
    let at = match start.at {
        Some(typed) => Some(existing(&connection, typed).await?),
        None => None,
    };
    let seen = start.seen.map(|path| SeenFile::new(path, &connection.context));
    let options = Options {
        settings: MonitorSettings {
            context: connection.context.clone(),
            scope: match &scope {
                Scope::Namespace(namespace) => Some(namespace.clone()),
                Scope::Cluster | Scope::DaemonSet(_) => None,
            },
            selector,
            user: Text::new(global.acts_as(&connection.user)),
            read_only: global.read_only || settings.is_read_only(&connection.context),
            capabilities: capabilities(global, settings),
            start_at: at,
            group_by: (!settings.group_by.is_empty()).then(|| Text::new(&settings.group_by)),
            log_streams: settings.log_streams,
            log_memory: settings.log_bytes(),
            everywhere: settings.everywhere(),
            last_look: seen.as_ref().and_then(SeenFile::last_look),
            alert: start.alert,
            host: host(),
            time_zone: Some(jiff::tz::TimeZone::system()),
            replacement: None,
        },
        is_remote: std::env::var_os("SSH_CONNECTION").is_some(),
    };
    let (sender, receiver) = mailbox();
    if let Some(bytes) = settings.log_bytes() {
        sender.bound_logs(bytes);
    }
    let watches = connection.start_watches(&scope, &sender);
    let executor = ClusterExecutor::new(connection, watches, Paths::journal(), seen, sender);
    let ended = run_monitor(options, start.opened, receiver, executor).await;
    if let Ok(Ended { left: Some(words), .. }) = &ended {
        print::note(words);
    }
    match ended.map(|ended| ended.reason) {
        Ok(ExitReason::Quit | ExitReason::HungUp) => Ok(Outcome::Done),
        Ok(ExitReason::Terminated) => Ok(Outcome::Interrupted),
        Ok(ExitReason::Panicked) => Err(Failure::Broken("a part of dsgrid failed".to_owned())),
        Err(error) => Err(Failure::Usage(format!("{error:#}"))),
    }
}

/// On which machine we are.
pub(super) fn host() -> Text {
    let account = account();
    Text::new(account.rsplit('@').next().unwrap_or_default())
}

/// The DaemonSet to begin with, as the monitor wants it named; refused where it does not exist. Whatever else is wrong
/// is the monitor's to show, and a server that is slow to say does not keep anybody waiting.
async fn existing(connection: &Connection, typed: &str) -> Result<Text, Failure> {
    let name = TypedName::parse(typed).map_err(Failure::Usage)?;
    let place = name.namespace().map(|namespace| name.key(namespace));
    let look = async {
        let is_absent = match &place {
            Some(key) => connection.daemon_set_json(key).await.is_err_and(|error| error.is_absent()),
            None => true,
        };
        if is_absent { connection.daemon_set_names().await.ok() } else { None }
    };
    if let Ok(Some(known)) = tokio::time::timeout(PATIENCE, look).await
        && !known.iter().any(|key| name.means(key))
    {
        return Err(Failure::Usage(name.not_found(&Scope::Cluster, &known)));
    }
    Ok(place.map_or_else(|| name.key(&Text::default()).name, |key| Text::new(&key.to_string())))
}

/// What the terminal can show: flags win over the configuration, and that over the environment.
pub(super) fn capabilities(global: &Global, settings: &Settings) -> Capabilities {
    let colour = match global.color.unwrap_or(settings.color) {
        ColorChoice::Auto => None,
        ColorChoice::Always => Some(Colour::Ansi),
        ColorChoice::Never => Some(Colour::Mono),
    };
    Capabilities::detect(|name| std::env::var(name).ok(), global.ascii || settings.ascii, colour)
}
