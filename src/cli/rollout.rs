//! `dsgrid pause`, `resume`, `restart`, `undo`, `throttle` and `force-delete`: changes to a rollout.

mod build;
mod find;

use super::args::{Command, ConfirmArgs, Global};
use super::failure::{Failure, Outcome};
use super::names::typed_node;
use super::settings::Settings;
use super::write::{Writer, check_read_only, check_usage};
use crate::cluster::{Connection, Environment};
use crate::domain::command::{Limits, Refusal, ResumeTo};
use crate::domain::id::{NodeName, ObjectKey};

/// Runs the command.
pub(super) async fn run(global: &Global, settings: &Settings, command: &Command) -> Result<Outcome, Failure> {
    let task = Task::of(command).map_err(Failure::Usage)?;
    let name = find::typed(global, task.daemon_set)?;
    check_usage(task.confirm, task.what.verb())?;
    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    check_read_only(global, settings, &connection, task.what.verb())?;
    let found = find::one(global, &connection, &name).await?;
    let writing = build::writing(global, &connection, found, &task.what).await?;
    let Some(writing) = writing else { return Ok(Outcome::Done) };
    Writer { connection: &connection, confirm: task.confirm }.run(&writing).await
}

/// A command with its words read.
struct Task<'a> {
    daemon_set: &'a str,
    what: What<'a>,
    confirm: &'a ConfirmArgs,
}

/// What is done to the DaemonSet.
enum What<'a> {
    Pause { reason: &'a str },
    Resume { to: ResumeTo, reason: &'a str },
    Restart,
    Undo { to: Option<i64> },
    Throttle(Limits),
    ForceDelete { node: NodeName },
}

impl What<'_> {
    /// The command's word.
    fn verb(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Restart => "restart",
            Self::Undo { .. } => "undo",
            Self::Throttle(_) => "throttle",
            Self::ForceDelete { .. } => "force-delete",
        }
    }
}

impl<'a> Task<'a> {
    fn of(command: &'a Command) -> Result<Self, String> {
        let task = |daemon_set: &'a str, confirm, what| Self { daemon_set, what, confirm };
        Ok(match command {
            Command::Resume(args) => {
                let what = What::Resume { to: build::resume_to(args.to.as_deref())?, reason: &args.reason };
                task(&args.daemon_set, &args.confirm, what)
            }
            Command::Restart(args) => task(&args.daemon_set, &args.confirm, What::Restart),
            Command::Undo(args) => task(&args.daemon_set, &args.confirm, What::Undo { to: args.to_revision }),
            Command::Throttle(args) => {
                let (unavailable, surge) = (args.max_unavailable.as_deref(), args.max_surge.as_deref());
                let what = What::Throttle(build::limits(unavailable, surge)?);
                task(&args.daemon_set, &args.confirm, what)
            }
            Command::ForceDelete(args) => {
                let what = What::ForceDelete { node: typed_node(&args.node)? };
                task(&args.daemon_set, &args.confirm, what)
            }
            Command::Pause(args) => {
                task(&args.daemon_set, &args.confirm, What::Pause { reason: &args.reason })
            }
            _ => return Err("this command changes no rollout".to_owned()),
        })
    }
}

/// A refusal as a sentence, with its exit code: names that do not exist are wrong usage.
fn refused(verb: &str, key: &ObjectKey, refusal: &Refusal) -> Failure {
    let sentence = format!("cannot {verb} {key}: {refusal}");
    match refusal {
        Refusal::NoSuchRevision { .. } => Failure::Usage(sentence),
        _ => Failure::Unwritten(sentence),
    }
}
