//! Where dsgrid keeps its files.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::cluster::Journal;

/// The files and folders of this account.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    /// The configuration file.
    pub(super) config: PathBuf,
    /// Whether somebody named the configuration file: then it must exist.
    pub(super) config_is_named: bool,
    /// The state folder.
    pub(super) state: PathBuf,
}

impl Paths {
    /// Finds them; none without a home directory.
    pub(super) fn find() -> Option<Self> {
        let base = etcetera::choose_base_strategy().ok()?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        let named = std::env::var_os("DSGRID_CONFIG").filter(|path| !path.is_empty());
        Some(Self {
            config_is_named: named.is_some(),
            config: named.map_or_else(|| base.config_dir().join("dsgrid").join("config.yaml"), PathBuf::from),
            state: state.join("dsgrid"),
        })
    }

    /// The file that remembers the last looks.
    pub(super) fn seen(&self) -> PathBuf {
        self.state.join("seen.json")
    }

    /// The log file.
    pub(super) fn log(&self) -> PathBuf {
        self.state.join("dsgrid.log")
    }

    /// The journal's file.
    pub(super) fn journal_file(&self) -> PathBuf {
        self.state.join("journal.jsonl")
    }

    /// The journal of what was changed from this account; without a home directory nothing can be kept.
    pub(super) fn journal() -> Journal {
        Journal::new(Self::find().map(|paths| paths.journal_file()))
    }
}
