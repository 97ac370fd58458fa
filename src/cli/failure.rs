//! How a command ends: exit codes are part of the contract for scripts.

use std::io;

use crate::cluster;

/// How a command ended that did what it was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Exit 0.
    Done,
    /// Exit 1: answered, and there is a problem.
    Problem,
    /// Exit 130: somebody ended it from outside.
    Interrupted,
}

/// Why a command could not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Exit 2: wrong usage, or a named thing that does not exist or does not parse.
    #[error("{0}")]
    Usage(String),
    /// Exit 3: the cluster could not be reached or read.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Exit 3: what has to be read may not be read.
    #[error("{0}")]
    Denied(String),
    /// Exit 3: the cluster was not read, or not in time.
    #[error("{0}")]
    Unread(String),
    /// Exit 1: a write was refused, or failed.
    #[error("{0}")]
    Unwritten(String),
    /// Exit 130: somebody ended it before anything was done.
    #[error("{0}")]
    Interrupted(String),
    /// Exit 1: a part of the program died.
    #[error("{0}; this is a defect of dsgrid, please report it")]
    Broken(String),
    /// Standard output cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Outcome {
    /// The exit code.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Problem => 1,
            Self::Interrupted => 130,
        }
    }
}

impl Failure {
    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            // The reader has seen enough: `dsgrid get | head` is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(_) | Self::Broken(_) | Self::Unwritten(_) => 1,
            Self::Usage(_) => 2,
            Self::Interrupted(_) => 130,
            Self::Cluster(_) | Self::Denied(_) | Self::Unread(_) => 3,
        }
    }
}
