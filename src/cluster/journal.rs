//! The journal: what dsgrid changed or tried to change from this account, a JSON line each, never rewritten.
//!
//! A write leaves two lines of one id: one before it is sent, one when its outcome is known. If dsgrid dies in between,
//! the first one stays and says so.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::connect::Connection;
use crate::domain::command::{Command, Outcome, Verb};
use crate::domain::id::ObjectRef;
use crate::domain::journal::{REFUSED, Record, SENT};
use crate::domain::text::Text;

/// How long a line may take: a home directory on a server that is down must not keep anybody from pausing a rollout.
const WITHIN: Duration = Duration::from_secs(2);
/// The longest text of a line, in characters.
const LONGEST: usize = 2000;
/// How each line begins; no string inside a line can hold this, as its quotes are escaped there.
const BEGINNING: &[u8] = br#"{"id":""#;

/// The journal of this account.
#[derive(Clone, Debug)]
pub struct Journal {
    path: Option<PathBuf>,
}

/// A write whose first line is written.
pub(super) struct Line {
    journal: Journal,
    record: Record,
}

impl Journal {
    /// The journal in this file; without one, as where there is no home directory, nothing is kept, and each write
    /// says so.
    #[must_use]
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// What was written since then, oldest first; everything where no time is given. Lines that are no records, as a
    /// full disk leaves them, are passed over.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self, since: Option<Timestamp>) -> io::Result<Vec<Record>> {
        let Some(path) = &self.path else { return Ok(Vec::new()) };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut records: Vec<Record> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for record in bytes.split(|byte| *byte == b'\n').filter_map(parse) {
            match places.get(&record.id) {
                None => {
                    places.insert(record.id.clone(), records.len());
                    records.push(record);
                }
                // The first line may come last where the disk was slow.
                Some(_) if record.outcome == SENT => {}
                Some(place) => records[*place] = record,
            }
        }
        records.retain(|record| since.is_none_or(|since| record.when >= since));
        records.sort_by_key(|record| record.when);
        Ok(records)
    }

    /// Writes that a command is about to be sent.
    pub(super) async fn begin(&self, connection: &Connection, command: &Command) -> Line {
        let mut record = record(connection, command.verb, &command.target);
        (record.from, record.to) = (cut(&command.from), cut(&command.to));
        // The second line holds everything that the first does: only its failure matters.
        drop(self.append(&record).await);
        Line { journal: self.clone(), record }
    }

    /// Writes that a change was wanted and refused before it was sent; why the journal does not tell of it, if it does
    /// not.
    pub async fn refuse(
        &self,
        connection: &Connection,
        verb: Verb,
        target: &ObjectRef,
        why: &Text,
    ) -> Option<String> {
        let mut record = record(connection, verb, target);
        (record.outcome, record.words) = (Text::new(REFUSED), cut(why));
        self.append(&record).await.err()
    }

    async fn append(&self, record: &Record) -> Result<(), String> {
        let Some(path) = self.path.clone() else {
            return Err("there is no home directory for the journal; set HOME or XDG_STATE_HOME".to_owned());
        };
        let mut line = serde_json::to_vec(record).map_err(|error| error.to_string())?;
        line.push(b'\n');
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || append(&path, &line));
        let why = match tokio::time::timeout(WITHIN, written).await {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the disk does not answer within {} s", WITHIN.as_secs()),
        };
        tracing::warn!(why, "the journal cannot be written");
        Err(format!("the journal {shown} cannot be written: {why}"))
    }
}

impl Line {
    /// Writes what came of the command; why the journal does not tell of it, if it does not.
    pub(super) async fn end(mut self, outcome: &Outcome) -> Option<String> {
        self.record.outcome = Text::new(outcome.name());
        self.record.words = cut(&outcome.words());
        self.journal.append(&self.record).await.err()
    }
}

/// A record of a write to an object that is about to be sent.
fn record(connection: &Connection, verb: Verb, target: &ObjectRef) -> Record {
    Record {
        id: Text::new(&new_id()),
        when: Timestamp::now(),
        context: connection.context.clone(),
        server: connection.server.clone(),
        user: if connection.impersonated.is_empty() {
            connection.user.clone()
        } else {
            Text::new(&format!("{} as {}", connection.user, connection.impersonated))
        },
        by: account(),
        verb: Text::new(verb.name()),
        kind: Text::new(&target.kind.to_string()),
        namespace: target.key.namespace.clone(),
        name: target.key.name.clone(),
        uid: Text::new(&target.uid.to_string()),
        from: Text::default(),
        to: Text::default(),
        outcome: Text::new(SENT),
        words: Text::default(),
    }
}

/// Reads a line. What a torn line left before it is skipped.
fn parse(line: &[u8]) -> Option<Record> {
    let starts = line.windows(BEGINNING.len()).rposition(|window| window == BEGINNING)?;
    serde_json::from_slice(&line[starts..]).ok()
}

/// Appends a line in one write, to a file of its owner alone.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let written = open(path)?.write(line)?;
    if written < line.len() {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Unique among all processes of this machine.
fn new_id() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{:x}-{number:x}", Timestamp::now().as_nanosecond(), std::process::id())
}

/// The account on this machine, as it is named in the journal and to others: `user@host`, and who became that user by
/// sudo.
#[must_use]
pub fn account() -> Text {
    account_of(|name| std::env::var(name).ok())
}

fn account_of(environment: impl Fn(&str) -> Option<String>) -> Text {
    let named = |names: [&str; 2]| {
        names.into_iter().filter_map(&environment).find(|value| !value.trim().is_empty()).unwrap_or_default()
    };
    let user = named(["USER", "LOGNAME"]);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { named(["HOSTNAME", "HOST"]) } else { host.trim().to_owned() };
    let before = named(["SUDO_USER", "DOAS_USER"]);
    let account = format!("{user}@{host}");
    Text::new(&if before.is_empty() || before == user { account } else { format!("{before} as {account}") })
}

fn cut(text: &Text) -> Text {
    if text.chars().count() <= LONGEST {
        return text.clone();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    Text::new(&short)
}

#[cfg(test)]
mod tests;
