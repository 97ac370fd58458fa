//! The log file: off unless asked for, readable by its owner only, and never with a token in it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// The size from which the old log is put aside at the start.
const LARGEST: u64 = 10 * 1024 * 1024;

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing; there is no file.
    #[default]
    Off,
    /// Defects.
    Error,
    /// Also what went wrong elsewhere.
    Warn,
    /// Also what was done.
    Info,
    /// Also how.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// All levels.
    pub const ALL: [Self; 6] = [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The name, as in flags and the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    fn directive(self) -> &'static str {
        // Only our own words: other crates' could hold headers or bodies.
        match self {
            Self::Off => "off",
            Self::Error => "dsgrid=error",
            Self::Warn => "dsgrid=warn",
            Self::Info => "dsgrid=info",
            Self::Debug => "dsgrid=debug",
            Self::Trace => "dsgrid=trace",
        }
    }
}

/// Keeps the log going; what is still to be written is written when it is dropped.
#[derive(Debug)]
pub struct Logging(#[expect(dead_code, reason = "held for its drop")] WorkerGuard);

/// The log file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the log file {}: {source}; use --log-level off", path.display())]
pub struct LoggingError {
    path: PathBuf,
    source: io::Error,
}

/// Starts logging to a file.
///
/// # Errors
/// The file cannot be opened, or the program logs already.
pub fn start(level: Level, path: &Path) -> Result<Option<Logging>, LoggingError> {
    if level == Level::Off {
        return Ok(None);
    }
    let wrong = |source| LoggingError { path: path.to_owned(), source };
    let (writer, guard) = tracing_appender::non_blocking(open(path).map_err(wrong)?);
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level.directive()))
        .with_ansi(false)
        .with_writer(writer)
        .finish();
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| wrong(io::Error::other(error.to_string())))?;
    Ok(Some(Logging(guard)))
}

/// Opens the file for its owner alone; a large old one is put aside first.
fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::metadata(path).is_ok_and(|about| about.len() > LARGEST) {
        std::fs::rename(path, path.with_extension("log.old"))?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // One that was there before keeps its own mode otherwise.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_its_owners_alone_even_if_it_was_not() {
        let folder = std::env::temp_dir().join(format!("dsgrid-log-{}", std::process::id()));
        let path = folder.join("state").join("dsgrid.log");
        drop(open(&path).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        drop(open(&path).unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(mode & 0o777, 0o600);
    }
}
