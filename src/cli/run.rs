//! From arguments to an exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use super::args::{Cli, Command, Global};
use super::failure::{Failure, Outcome};
use super::paths::Paths;
use super::settings::{self, Settings};
use super::{
    demo, explain, get, history, info, journal, label, logs, monitor, preview, print, replace, rollout,
    status,
};
use crate::domain::text::sanitize;
use crate::shell::logging;

/// Runs the program with these arguments, the first being its own name.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let command = command(arguments.first());
    let code = match parse(command.clone(), arguments) {
        Ok(cli) => run(&cli, command),
        Err(error) => match show_usage(&error) {
            Ok(()) => Ok(u8::try_from(error.exit_code()).unwrap_or(2)),
            Err(error) => Err(error.into()),
        },
    };
    ExitCode::from(code.unwrap_or_else(|failure| {
        if failure.code() != 0 {
            print::note(&format!("dsgrid: {}", sanitize(&failure.to_string())));
        }
        failure.code()
    }))
}

/// The command line; as a plugin of kubectl it calls itself what the person typed.
fn command(name: Option<&OsString>) -> clap::Command {
    let file = name.and_then(|name| Path::new(name).file_stem()).unwrap_or_default();
    let command = Cli::command();
    if file == "kubectl-dsgrid" { command.bin_name("kubectl dsgrid") } else { command.bin_name("dsgrid") }
}

fn parse(command: clap::Command, arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// Help and version are data, wrong usage is not.
fn show_usage(error: &clap::Error) -> std::io::Result<()> {
    let text = error.render().to_string();
    if error.use_stderr() {
        print::note(text.trim_end());
        return Ok(());
    }
    print::data(&text)
}

fn run(cli: &Cli, mut command: clap::Command) -> Result<u8, Failure> {
    let global = &cli.global;
    let outcome = match &cli.command {
        None => {
            monitor::needs_terminal()?;
            let connect = global.connect_options();
            let start = |paths: Option<&Paths>| monitor::Start {
                at: cli.name.as_deref(),
                alert: cli.alert,
                seen: paths.map(Paths::seen),
            };
            online(global, async |paths, settings| {
                monitor::run(global, settings, &connect, start(paths)).await
            })?
        }
        Some(Command::Completions { shell }) => completions(*shell, &mut command)?,
        Some(Command::Man) => man(command)?,
        Some(Command::Config) => {
            print::data(settings::DEFAULT)?;
            Outcome::Done
        }
        Some(Command::Get(args)) => online(global, async |_, _| get::run(global, args).await)?,
        Some(Command::Explain(args)) => online(global, async |_, _| explain::run(global, args).await)?,
        Some(Command::Preview(args)) => online(global, async |_, _| preview::run(global, args).await)?,
        Some(Command::Logs(args)) => online(global, async |_, _| logs::run(global, args).await)?,
        Some(
            command @ (Command::Label(_) | Command::Taint(_) | Command::Cordon(_) | Command::Uncordon(_)),
        ) => online(global, async |_, settings| label::run(global, settings, command).await)?,
        Some(
            command @ (Command::Pause(_)
            | Command::Resume(_)
            | Command::Restart(_)
            | Command::Undo(_)
            | Command::Throttle(_)
            | Command::ForceDelete(_)),
        ) => online(global, async |_, settings| rollout::run(global, settings, command).await)?,
        Some(Command::Replace(args)) => {
            online(global, async |_, settings| replace::run(global, settings, args).await)?
        }
        Some(Command::Journal(args)) => journal::run(global, args)?,
        Some(Command::Status(args)) => online(global, async |_, _| status::run(global, args).await)?,
        Some(Command::History(args)) => online(global, async |_, _| history::run(global, args).await)?,
        Some(Command::Demo(args)) => {
            if args.serve.is_none() {
                monitor::needs_terminal()?;
            }
            online(global, async |_, settings| demo::run(global, settings, args).await)?
        }
        Some(Command::Info) => {
            online(global, async |paths, settings| info::run(global, paths, settings).await)?
        }
    };
    Ok(outcome.code())
}

fn completions(shell: clap_complete::Shell, command: &mut clap::Command) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "dsgrid", &mut script);
    print::bytes(&script)?;
    Ok(Outcome::Done)
}

fn man(command: clap::Command) -> Result<Outcome, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print::bytes(&page)?;
    Ok(Outcome::Done)
}

/// Runs a command that talks to a cluster: with configuration, log and runtime.
fn online<T>(
    global: &Global,
    work: impl AsyncFnOnce(Option<&Paths>, &Settings) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let paths = Paths::find();
    let settings = Settings::load(paths.as_ref())?;
    let level = global.log_level.unwrap_or(settings.log_level);
    let log = paths.as_ref().map(|paths| logging::start(level, &paths.log())).transpose();
    let _log = log.map_err(|error| Failure::Usage(error.to_string()))?.flatten();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(work(paths.as_ref(), &settings));
    // A credential plugin or a name lookup that hangs must not keep the program from ending.
    runtime.shutdown_background();
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> clap::Error {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        parse(command(arguments.first()), arguments).unwrap_err()
    }

    #[test]
    fn as_a_plugin_of_kubectl_it_calls_itself_so() {
        for (name, shown) in [
            ("/usr/bin/dsgrid", "Usage: dsgrid get"),
            ("/usr/bin/kubectl-dsgrid", "Usage: kubectl dsgrid get"),
        ] {
            let help = told(&[name, "get", "--help"]).render().to_string();
            assert!(help.contains(shown), "{help}");
        }
    }

    #[test]
    fn help_and_version_are_data_and_wrong_usage_is_not() {
        for (arguments, code, data) in [
            (["dsgrid", "--help"], 0, true),
            (["dsgrid", "--version"], 0, true),
            (["dsgrid", "--nope"], 2, false),
        ] {
            let error = told(&arguments);
            assert_eq!((error.exit_code(), !error.use_stderr()), (code, data), "{arguments:?}");
        }
    }

    #[test]
    fn exit_codes_are_the_contract() {
        let broken_pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        for (failure, code) in [
            (Failure::Usage("no such name".to_owned()), 2),
            (Failure::Cluster(crate::cluster::Error::Unauthorized { server: "s".to_owned() }), 3),
            (Failure::Unread("denied".to_owned()), 3),
            (Failure::Unwritten("refused".to_owned()), 1),
            (Failure::Output(broken_pipe), 0),
            (Failure::Output(std::io::Error::from(std::io::ErrorKind::StorageFull)), 1),
        ] {
            assert_eq!(failure.code(), code, "{failure}");
        }
        assert_eq!((Outcome::Done.code(), Outcome::Problem.code()), (0, 1));
    }
}
