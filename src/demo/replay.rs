//! Recordings of a real control plane: read, and played into the store instead of a simulation.
//!
//! A recording is JSON lines, gzipped or not: a `START` with the wall clock, one `LIST` per resource, then the
//! watch events as they came, and between them `COMMAND`s (what was done) and `MARK`s (what the server printed).

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::server::Shared;
use super::store::{ChangeType, Kind, Store, time_text};

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be opened.
    #[error("cannot read the recording {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file breaks off or is not gzip.
    #[error("{path}, line {line}: the recording cannot be read on: {source}; fetch the file again")]
    Read {
        /// The file.
        path: PathBuf,
        /// The line that could not be read.
        line: usize,
        /// What is wrong.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it and what it should be.
        problem: String,
    },
}

/// One line of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Seconds since the recording began.
    pub at: f64,
    /// What happened.
    pub what: What,
}

/// What one line tells.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The wall clock at second 0.
    Start(Timestamp),
    /// Everything of one kind, as it was listed.
    List {
        /// The kind.
        kind: Kind,
        /// The version of the list.
        resource_version: u64,
        /// The objects.
        items: Vec<Value>,
    },
    /// One object changed.
    Change {
        /// Its kind.
        kind: Kind,
        /// How.
        change: ChangeType,
        /// The object afterwards.
        object: Value,
    },
    /// Nothing of this kind happened up to a version.
    Bookmark {
        /// The kind.
        kind: Kind,
        /// The version.
        resource_version: u64,
    },
    /// What was done to the cluster.
    Command(String),
    /// What the server printed at this point.
    Mark(Value),
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    at: f64,
    #[serde(default)]
    resource: String,
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

/// Reads a recording line by line.
pub struct Recording {
    path: PathBuf,
    lines: io::Lines<Box<dyn BufRead + Send>>,
    line: usize,
    last: f64,
    failed: bool,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording")
            .field("path", &self.path)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Recording {
    /// Opens a recording.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, ReplayError> {
        let open = |source| ReplayError::Open { path: path.to_owned(), source };
        Self::read(path, BufReader::new(File::open(path).map_err(open)?)).map_err(open)
    }

    /// Reads a recording from anywhere; `path` is only for messages.
    ///
    /// # Errors
    /// The first bytes cannot be read.
    pub fn read(path: &Path, mut source: impl BufRead + Send + 'static) -> io::Result<Self> {
        let zipped = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn Read + Send> =
            if zipped { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) };
        let lines: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(1 << 16, plain));
        Ok(Self { path: path.to_owned(), lines: lines.lines(), line: 0, last: 0.0, failed: false })
    }

    fn problem(&self, problem: impl Into<String>) -> ReplayError {
        ReplayError::Line { path: self.path.clone(), line: self.line, problem: problem.into() }
    }

    fn entry(&mut self, text: &str) -> Result<Entry, ReplayError> {
        let line: Line = serde_json::from_str(text)
            .map_err(|e| self.problem(format!("is not a line of a recording: {e}; the file is damaged")))?;
        if !line.at.is_finite() || line.at < self.last {
            let (at, last) = (line.at, self.last);
            return Err(self.problem(format!("time goes back from {last} to {at}; sort the lines by \"at\"")));
        }
        self.last = line.at;
        let what = self.what(line.kind.as_str(), &line.resource, line.object)?;
        Ok(Entry { at: line.at, what })
    }

    fn what(&self, form: &str, resource: &str, object: Value) -> Result<What, ReplayError> {
        match form {
            "START" => {
                let start = object.as_str().and_then(|t| t.parse().ok());
                return start.map(What::Start).ok_or_else(|| self.problem("START is not an RFC 3339 time"));
            }
            "COMMAND" => return Ok(What::Command(object.as_str().unwrap_or_default().to_owned())),
            "MARK" => return Ok(What::Mark(object)),
            _ => {}
        }
        let kind = Kind::from_plural("apps", resource).or_else(|| Kind::from_plural("", resource));
        let Some(kind) = kind else {
            let known = Kind::ALL.map(|k| k.resource().plural).join(", ");
            return Err(self.problem(format!("unknown resource {resource:?}; known are {known}")));
        };
        let version = object["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok());
        let Some(resource_version) = version else {
            return Err(self.problem(format!("{form} of {resource} has no numeric metadata.resourceVersion")));
        };
        let change = match form {
            "LIST" => return self.list(kind, resource_version, object),
            "BOOKMARK" => return Ok(What::Bookmark { kind, resource_version }),
            "ADDED" => ChangeType::Added,
            "MODIFIED" => ChangeType::Modified,
            "DELETED" => ChangeType::Deleted,
            _ => return Err(self.problem(format!("unknown type {form:?}; it is none of a watch's events"))),
        };
        self.named(&object)?;
        Ok(What::Change { kind, change, object })
    }

    fn list(&self, kind: Kind, resource_version: u64, mut object: Value) -> Result<What, ReplayError> {
        let Value::Array(items) = object["items"].take() else {
            return Err(self.problem("a LIST without items"));
        };
        items.iter().try_for_each(|item| self.named(item))?;
        Ok(What::List { kind, resource_version, items })
    }

    fn named(&self, object: &Value) -> Result<(), ReplayError> {
        match object["metadata"]["name"].as_str() {
            Some(name) if !name.is_empty() => Ok(()),
            _ => Err(self.problem("an object without metadata.name")),
        }
    }
}

impl Iterator for Recording {
    type Item = Result<Entry, ReplayError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let line = self.lines.next()?;
            self.line += 1;
            let entry = match line {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => self.entry(&text),
                Err(source) => Err(ReplayError::Read { path: self.path.clone(), line: self.line, source }),
            };
            // What follows a damaged line cannot be trusted.
            self.failed = entry.is_err();
            return Some(entry);
        }
        None
    }
}

/// Applies a recording to a store, up to a time.
#[derive(Debug)]
pub struct Player {
    start: Timestamp,
    entries: VecDeque<Entry>,
    at: f64,
}

impl Player {
    /// Takes a whole recording.
    ///
    /// # Errors
    /// A line is damaged, or the recording holds no list to begin with.
    pub fn new(recording: Recording) -> Result<Self, ReplayError> {
        let path = recording.path.clone();
        let mut start = None;
        let mut entries = VecDeque::new();
        for entry in recording {
            let entry = entry?;
            match entry.what {
                What::Start(at) => start = Some(at),
                _ => entries.push_back(entry),
            }
        }
        let problem =
            |text: &str| ReplayError::Line { path: path.clone(), line: 1, problem: text.to_owned() };
        let start = start.ok_or_else(|| problem("a recording begins with a START line; this has none"))?;
        if !entries.iter().any(|e| matches!(e.what, What::List { .. })) {
            return Err(problem("a recording begins with LISTs; this has none"));
        }
        Ok(Self { start, entries, at: 0.0 })
    }

    /// The wall clock at second 0.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The recording's wall clock at a second.
    #[must_use]
    pub fn time(&self, at: f64) -> Timestamp {
        let offset = SignedDuration::try_from_secs_f64(at).unwrap_or(SignedDuration::ZERO);
        self.start.checked_add(offset).unwrap_or(self.start)
    }

    /// The second up to which the recording has been played.
    #[must_use]
    pub fn at(&self) -> f64 {
        self.at
    }

    /// The second of the next entry; None at the end.
    #[must_use]
    pub fn next_at(&self) -> Option<f64> {
        self.entries.front().map(|e| e.at)
    }

    /// A store with the recording's lists in it, every kind complete, and nothing else.
    ///
    /// Events that came between the lists are kept for `play_until`.
    pub fn open_store(&mut self) -> Store {
        let mut store = Store::for_recording();
        let mut rest = VecDeque::with_capacity(self.entries.len());
        let mut namespaces = std::collections::BTreeSet::from(["default".to_owned()]);
        for entry in self.entries.drain(..) {
            if let What::List { kind, resource_version, items } = &entry.what {
                store.place_recorded_list(*kind, *resource_version, items);
                namespaces.extend(
                    items.iter().filter_map(|i| i["metadata"]["namespace"].as_str().map(str::to_owned)),
                );
            } else {
                if let What::Change { object, .. } = &entry.what {
                    namespaces.extend(object["metadata"]["namespace"].as_str().map(str::to_owned));
                }
                rest.push_back(entry);
            }
        }
        self.entries = rest;
        // Recordings hold no namespaces; clients ask for them.
        let version = store.resource_version();
        let namespaces: Vec<Value> = namespaces.iter().map(|n| namespace(n, version, self.start)).collect();
        store.place_recorded_list(Kind::Namespace, version, &namespaces);
        store
    }

    /// Applies what happened up to a second; returns the commands and marks on the way.
    pub fn play_until(&mut self, at: f64, store: &mut Store) -> Vec<Entry> {
        let mut told = Vec::new();
        while self.next_at().is_some_and(|next| next <= at) {
            let Some(entry) = self.entries.pop_front() else { break };
            match &entry.what {
                What::List { kind, resource_version, items } => {
                    store.place_recorded_list(*kind, *resource_version, items);
                }
                What::Change { kind, change, object } => {
                    store.apply_recorded(*kind, *change, object);
                }
                What::Bookmark { kind, resource_version } => {
                    store.reach_recorded_version(*kind, *resource_version);
                }
                What::Start(_) | What::Command(_) | What::Mark(_) => told.push(entry),
            }
        }
        self.at = self.at.max(at);
        told
    }
}

fn namespace(name: &str, version: u64, created: Timestamp) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "uid": format!("recorded-namespace-{name}"), "creationTimestamp": time_text(created),
            "resourceVersion": version.to_string(), "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// This many times as fast as it was recorded.
    Times(f64),
    /// Without waiting.
    Fastest,
}

/// A store on a recording's beginning, shared, with the recording's own clock; `play` moves both on.
///
/// The clock stands at the recording's time, so that ages and waits are those of the recorded cluster; after
/// the last entry it goes on at the real pace.
#[must_use]
pub fn share(player: &mut Player, pace: Pace) -> Shared {
    let store = player.open_store();
    let began = std::time::Instant::now();
    let start = player.start();
    let end = player.entries.back().map_or(0.0, |e| e.at);
    let clock = move || {
        let elapsed = began.elapsed().as_secs_f64();
        let at = match pace {
            Pace::Times(times) if elapsed * times <= end => elapsed * times,
            Pace::Times(times) => end + (elapsed - end / times),
            Pace::Fastest => end + elapsed,
        };
        let offset = SignedDuration::try_from_secs_f64(at).unwrap_or(SignedDuration::ZERO);
        start.checked_add(offset).unwrap_or(start)
    };
    Shared::new(store, clock)
}

/// Plays a recording to its end. `told` hears of commands and marks.
pub async fn play(mut player: Player, shared: Shared, mut told: impl FnMut(&Entry)) {
    while let Some(next) = player.next_at() {
        let due = player.time(next);
        let wait = due.duration_since(shared.now());
        if let Ok(wait) = std::time::Duration::try_from(wait)
            && !wait.is_zero()
        {
            // The clock may run faster than time: look again soon.
            tokio::time::sleep(wait.min(std::time::Duration::from_millis(20))).await;
            continue;
        }
        for entry in shared.write(|store| player.play_until(next, store)) {
            told(&entry);
        }
    }
}

#[cfg(test)]
mod tests;
