//! A write, from what it would do to what came of it: told, checked by the server, confirmed, sent once, read back.

use super::args::{ConfirmArgs, DryRun, Global};
use super::failure::{Failure, Outcome};
use super::paths::Paths;
use super::print::{self, Reply};
use super::settings::Settings;
use crate::cluster::{Connection, Executed};
use crate::domain::change::changes;
use crate::domain::command::{Outcome as Came, Proposal, Verb, difference};
use crate::domain::gate::Gate;
use crate::domain::id::ObjectRef;
use crate::domain::inquiry::{Answer as Answered, Inquiry};
use crate::domain::ownership::ownership;
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// What is needed for every write.
pub(super) struct Writer<'a> {
    pub(super) connection: &'a Connection,
    pub(super) confirm: &'a ConfirmArgs,
}

/// A write, ready to be told.
pub(super) struct Writing {
    pub(super) proposal: Proposal,
    /// The object on which it was decided.
    pub(super) before: RawObject,
    /// What happens to pods.
    pub(super) forecast: Vec<String>,
    /// What else has to be known before it is confirmed.
    pub(super) warnings: Vec<String>,
    pub(super) gate: Gate,
    /// What to type where the gate wants a name.
    pub(super) name: String,
    /// Said once it is done.
    pub(super) done: String,
    /// What one does next.
    pub(super) next: String,
}

/// Refuses where nothing may be changed, or where nobody can be asked: before anything is read.
pub(super) fn check_usage(confirm: &ConfirmArgs, verb: &str) -> Result<(), Failure> {
    if confirm.yes || confirm.dry_run.is_some() || print::can_ask() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{verb} asks before it changes anything, and there is no terminal to ask on; confirm with --yes, or look \
         with --dry-run=server"
    )))
}

/// Refuses in a context in which nothing may be changed.
pub(super) fn check_read_only(
    global: &Global,
    settings: &Settings,
    connection: &Connection,
    verb: &str,
) -> Result<(), Failure> {
    let why = if global.read_only {
        "--read-only is given".to_owned()
    } else if settings.is_read_only(&connection.context) {
        format!("the configuration makes the context {} read-only", connection.context)
    } else {
        return Ok(());
    };
    Err(Failure::Unwritten(format!("cannot {verb}: {why}; nothing was changed")))
}

impl Writer<'_> {
    /// Tells, asks and sends.
    pub(super) async fn run(&self, writing: &Writing) -> Result<Outcome, Failure> {
        self.tell(writing);
        let command = &writing.proposal.command;
        if self.confirm.dry_run == Some(DryRun::Client) {
            print::data(&format!("{}\n", command.body))?;
            print::note("dry run: nothing was sent");
            return Ok(Outcome::Done);
        }
        // A stop waits for nothing.
        if command.verb != Verb::Pause || self.confirm.dry_run.is_some() {
            match self.connection.rehearse(command).await {
                Came::Done(after) => tell_surprises(writing, &after),
                came => {
                    let why = format!("the server's dry run: {} {}", came.name(), came.words());
                    if self.confirm.dry_run.is_none() {
                        journal_refusal(self.connection, command.verb, &command.target, why.trim_end()).await;
                    }
                    return Err(failed(writing, came));
                }
            }
        }
        if self.confirm.dry_run.is_some() {
            print::note("dry run: the server would do it; nothing was changed");
            return Ok(Outcome::Done);
        }
        if !self.confirm.yes {
            confirm(&writing.gate, &writing.name, None).await?;
        }
        let Executed { outcome, unjournalled } = self.connection.execute(command, &Paths::journal()).await;
        if let Some(why) = unjournalled {
            print::note(&format!("warning: {why}"));
        }
        match outcome {
            Came::Done(_) => {}
            Came::Unknown(why) => self.read_back(writing, &why).await?,
            other => return Err(failed(writing, other)),
        }
        print::data(&format!("{}\n", writing.done))?;
        print::note(&format!("next: {}", writing.next));
        Ok(Outcome::Done)
    }

    fn tell(&self, writing: &Writing) {
        let command = &writing.proposal.command;
        let (verb, target) = (command.verb.name(), &command.target);
        let (context, server) = (&self.connection.context, &self.connection.server);
        print::note(&format!("{verb} the {target} in {context} ({server})"));
        print::note(&format!("  from  {}", command.from));
        print::note(&format!("  to    {}", command.to));
        let lines = writing.forecast.iter().chain(&writing.proposal.notes);
        lines.for_each(|line| print::note(&format!("  - {line}")));
        let owner = ownership(&writing.before).map(|owner| owner.warning());
        let warnings = writing.warnings.iter().chain(&owner);
        warnings.for_each(|warning| print::note(&format!("  warning: {warning}")));
        print::note(&format!("  {} {}:", command.method.http(), command.method.media_type()));
        command.lines().iter().for_each(|line| print::note(&format!("    {line}")));
    }

    /// What a write without an answer came to.
    async fn read_back(&self, writing: &Writing, why: &str) -> Result<(), Failure> {
        let command = &writing.proposal.command;
        let (verb, target) = (command.verb.name(), &command.target);
        let unknown = |more: &str| {
            Failure::Unwritten(format!("{verb} of the {target} was sent, and no answer came ({why}); {more}"))
        };
        let read = self.connection.answer(&Inquiry::Object(target.clone())).await;
        let Ok(Answered::Object(now)) = read else {
            return Err(unknown("it cannot be read either: look with `dsgrid get` before you try again"));
        };
        let part = |object: Option<&RawObject>, pointer: &str| object?.at(pointer).cloned();
        let is_done = match (&now, &writing.proposal.after) {
            (None, None) => true,
            (Some(now), Some(after)) => ["/spec", "/metadata/annotations"].iter().all(|pointer| {
                let (is, wanted) = (part(Some(now), pointer), part(Some(after), pointer));
                is == wanted
            }),
            _ => false,
        };
        if is_done {
            print::note(&format!("no answer came ({why}), but it is done: read back just now"));
            return Ok(());
        }
        let now = difference(&writing.before, now.as_ref());
        Err(unknown(&format!("it was not done as far as can be seen: {now}")))
    }
}

/// What the server would do beyond what was announced.
fn tell_surprises(writing: &Writing, after: &RawObject) {
    let Some(announced) = &writing.proposal.after else { return };
    let more = changes(announced, after);
    if !more.is_empty() {
        print::note("  the server would also change:");
        for change in &more {
            print::note(&format!("    {change}"));
        }
    }
}

/// Tells the journal of a change that was wanted and refused before it was sent.
pub(super) async fn journal_refusal(connection: &Connection, verb: Verb, target: &ObjectRef, why: &str) {
    if let Some(why) = Paths::journal().refuse(connection, verb, target, &Text::new(why)).await {
        print::note(&format!("warning: {why}"));
    }
}

/// One sentence about a write that did not come about; nothing was changed.
fn failed(writing: &Writing, came: Came) -> Failure {
    let command = &writing.proposal.command;
    let (verb, target) = (command.verb.name(), &command.target);
    let why = match came {
        Came::LostRace(Some(now)) => {
            format!("{}; look again, and decide anew", difference(&writing.before, Some(&now)))
        }
        Came::LostRace(None) => "it changed meanwhile, and cannot be read now; look again".to_owned(),
        Came::Gone => "it is gone, or another one has its name".to_owned(),
        Came::Denied(why) => format!("not allowed: {why}"),
        Came::Budget(why) | Came::Refused(why) => format!("the server refuses: {why}"),
        Came::NotSent(why) | Came::Unknown(why) => format!("it was not sent: {why}"),
        Came::Done(_) => "it was only checked".to_owned(),
    };
    Failure::Unwritten(format!("cannot {verb} the {target}, nothing was changed: {why}"))
}

/// What was not told yet of a write, and can be.
pub(super) struct Untold<'a> {
    /// What it is called.
    pub(super) name: String,
    /// Prints it.
    pub(super) tell: &'a dyn Fn(),
}

/// Asks, as hard as the gate says, until it is clear; the word is what is to be typed.
///
/// # Errors
/// It is not to be sent: nothing was changed.
pub(super) async fn confirm(gate: &Gate, word: &str, untold: Option<Untold<'_>>) -> Result<(), Failure> {
    if let Some(Untold { name, tell }) = untold.filter(|_| word != "p") {
        match ask(gate, word, &format!("p prints {name}")).await? {
            line if line == "p" => tell(),
            line => return agrees(gate, word, &line),
        }
    }
    let line = ask(gate, word, "").await?;
    agrees(gate, word, &line)
}

async fn ask(gate: &Gate, word: &str, more: &str) -> Result<String, Failure> {
    let question = match (gate, more) {
        (Gate::Yes, "") => "send it? [y/N]".to_owned(),
        (Gate::Yes, more) => format!("send it? [y/N; {more}]"),
        (Gate::TypedName { why }, "") => format!("{why}; type {word} to send it:"),
        (Gate::TypedName { why }, more) => format!("{why}; type {word} to send it ({more}):"),
    };
    match print::ask(&question).await? {
        Reply::Line(line) => Ok(line),
        Reply::Interrupted => Err(Failure::Interrupted("nothing was changed".to_owned())),
    }
}

fn agrees(gate: &Gate, word: &str, line: &str) -> Result<(), Failure> {
    let is_yes = match gate {
        Gate::Yes => matches!(line.to_lowercase().as_str(), "y" | "yes"),
        Gate::TypedName { .. } => line == word,
    };
    if is_yes { Ok(()) } else { Err(Failure::Unwritten("nothing was changed".to_owned())) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::command::restart;

    fn writing() -> Writing {
        let before = RawObject::new(json!({
            "metadata": {"name": "agent", "namespace": "logging", "uid": "u-1", "generation": 4},
            "spec": {"template": {"metadata": {}}, "updateStrategy": {"type": "RollingUpdate"}},
        }));
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        Writing {
            proposal: restart(&before, at).unwrap(),
            before,
            forecast: Vec::new(),
            warnings: Vec::new(),
            gate: Gate::Yes,
            name: "agent".to_owned(),
            done: String::new(),
            next: String::new(),
        }
    }

    #[test]
    fn what_did_not_come_about_is_one_sentence() {
        let now = RawObject::new(json!({
            "metadata": {"name": "agent", "namespace": "logging", "uid": "u-1", "generation": 5},
            "spec": {"template": {"metadata": {}}, "updateStrategy": {"type": "OnDelete"}},
        }));
        let said = |why: &str| Text::new(why);
        for (came, told) in [
            (Came::LostRace(Some(now)), "its strategy was RollingUpdate and is OnDelete; look again"),
            (Came::LostRace(None), "it changed meanwhile"),
            (Came::Gone, "it is gone, or another one has its name"),
            (Came::Denied(said("user may not patch")), "not allowed: user may not patch"),
            (Came::Refused(said("spec is invalid")), "the server refuses: spec is invalid"),
            (Came::Budget(said("budget")), "the server refuses: budget"),
            (Came::NotSent(said("no route")), "it was not sent: no route"),
        ] {
            let failure = failed(&writing(), came);
            let sentence = failure.to_string();
            let start = "cannot restart the DaemonSet logging/agent, nothing was changed: ";
            assert!(sentence.starts_with(start) && sentence.contains(told), "{sentence}");
            assert_eq!((failure.code(), sentence.lines().count()), (1, 1));
        }
    }
}
