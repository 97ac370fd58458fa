//! `dsgrid info`: what is where, and what may be read.

use super::args::Global;
use super::failure::{Failure, Outcome};
use super::paths::Paths;
use super::print;
use super::settings::Settings;
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::shell::logging::Level;

/// Runs the command.
pub(super) async fn run(
    global: &Global,
    paths: Option<&Paths>,
    settings: &Settings,
) -> Result<Outcome, Failure> {
    let (options, environment) = (global.connect_options(), Environment::read());
    print::data(&files(global, paths, settings))?;
    let read: Vec<String> = environment
        .kubeconfig_files(&options)
        .iter()
        .map(|path| format!("{}{}", path.display(), if path.exists() { "" } else { " (missing)" }))
        .collect();
    print::data(&line("kubeconfig", &read.join(", ")))?;

    let connection = Connection::open(&options, &environment).await?;
    let place = match global.scope() {
        Scope::Namespace(namespace) => format!("namespace {namespace}"),
        _ => format!("all namespaces (the context's is {})", connection.namespace),
    };
    let mut text = line("context", &connection.context);
    text += &line("cluster", &connection.cluster);
    text += &line("user", &connection.user);
    text += &line("server", &connection.server);
    text += &line("looking at", &place);
    print::data(&text)?;

    // Not everybody may ask for the version; whoever cannot even connect learns it here.
    let version = match connection.server_version().await {
        Ok(version) => version.to_string(),
        Err(error) if error.is_denied() => "not readable".to_owned(),
        Err(error) => return Err(error.into()),
    };
    print::data(&line("server version", &version))?;
    let mut text = String::new();
    for access in connection.probe(&global.scope()).await {
        let outcome = match access.outcome {
            Ok(()) => "ok".to_owned(),
            Err(error) if error.is_denied() => format!("denied ({error})"),
            Err(error) => return Err(error.into()),
        };
        text += &line(&format!("list {}", access.kind.resource()), &outcome);
    }
    print::data(&text)?;
    Ok(Outcome::Done)
}

fn files(global: &Global, paths: Option<&Paths>, settings: &Settings) -> String {
    let mut text = line("version", env!("CARGO_PKG_VERSION"));
    let Some(paths) = paths else { return text + &line("paths", "none: there is no home directory") };
    let present = if paths.config.exists() { "" } else { " (missing: defaults)" };
    text += &line("configuration", &format!("{}{present}", paths.config.display()));
    text += &line("state", &paths.state.display().to_string());
    let level = global.log_level.unwrap_or(settings.log_level);
    text += &line("journal", &paths.journal_file().display().to_string());
    let off = if level == Level::Off { " (off)" } else { "" };
    text + &line("log file", &format!("{}{off}", paths.log().display()))
}

fn line(name: &str, value: &str) -> String {
    let value = if value.is_empty() { "<none>" } else { value };
    format!("{:<27} {value}\n", format!("{name}:"))
}
