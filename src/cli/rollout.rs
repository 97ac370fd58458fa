//! `dsgrid pause`, `resume`, `restart`, `undo`, `throttle` and `force-delete`: changes to a rollout.

mod build;
mod find;

use super::args::{Command, ConfirmArgs, Global};
use super::failure::{Failure, Outcome};
use super::names::typed_node;
use super::settings::Settings;
use super::write::{Writer, check_read_only, check_usage, journal_refusal};
use crate::cluster::{Connection, Environment};
use crate::domain::command::{Limits, Refusal, ResumeTo, Verb};
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef, Uid};

/// Runs the command.
pub(super) async fn run(global: &Global, settings: &Settings, command: &Command) -> Result<Outcome, Failure> {
    let task = Task::of(command).map_err(Failure::Usage)?;
    let name = find::typed(global, task.daemon_set)?;
    check_usage(task.confirm, task.what.verb())?;
    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    let mut target = ObjectRef {
        kind: ObjectKind::DaemonSet,
        key: name.key(name.namespace().unwrap_or(&connection.namespace)),
        uid: Uid::default(),
    };
    let verb = task.what.written();
    let allowed = check_read_only(global, settings, &connection, task.what.verb());
    told(&connection, verb, &target, allowed).await?;
    let found = find::one(global, &connection, &name).await?;
    let uid = found.object.at("/metadata/uid").and_then(|uid| uid.as_str()).unwrap_or_default();
    (target.key, target.uid) = (found.key.clone(), Uid::new(uid));
    let writing = build::writing(global, &connection, found, &task.what).await;
    let writing = told(&connection, verb, &target, writing).await?;
    let Some(writing) = writing else { return Ok(Outcome::Done) };
    Writer { connection: &connection, confirm: task.confirm }.run(&writing).await
}

/// The same, once the journal tells of it where it is a refusal.
async fn told<T>(
    connection: &Connection,
    verb: Verb,
    target: &ObjectRef,
    result: Result<T, Failure>,
) -> Result<T, Failure> {
    if let Err(failure @ Failure::Unwritten(_)) = &result {
        journal_refusal(connection, verb, target, &failure.to_string()).await;
    }
    result
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

impl What<'_> {
    /// In the words of the journal.
    fn written(&self) -> Verb {
        match self {
            Self::Pause { .. } => Verb::Pause,
            Self::Resume { .. } => Verb::Resume,
            Self::Restart => Verb::Restart,
            Self::Undo { .. } => Verb::Undo,
            Self::Throttle(_) => Verb::Throttle,
            Self::ForceDelete { .. } => Verb::ForceDeletePod,
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
