//! What can go wrong between here and the API server: one sentence each, with the next step.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::text::sanitize;

/// A failure to find, reach or read the cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No kubeconfig file exists.
    #[error(
        "no kubeconfig found (looked for {}); name one with --kubeconfig or KUBECONFIG, a server with --server, or try `dsgrid demo`",
        paths(.tried)
    )]
    NoKubeconfig {
        /// Where it was looked for.
        tried: Vec<PathBuf>,
    },
    /// A kubeconfig file cannot be read or does not parse.
    #[error("cannot read the kubeconfig {}: {why}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The kubeconfig names no current context.
    #[error(
        "{} names no current context; choose one with --context (known: {})",
        paths(.files),
        listing(.known)
    )]
    NoCurrentContext {
        /// The files.
        files: Vec<PathBuf>,
        /// The contexts they know.
        known: Vec<String>,
    },
    /// A context, cluster or user that the kubeconfig does not know.
    #[error("there is no {what} {name:?} in {} (known: {})", paths(.files), listing(.known))]
    UnknownName {
        /// `context`, `cluster` or `user`.
        what: &'static str,
        /// The name.
        name: String,
        /// The files.
        files: Vec<PathBuf>,
        /// The names they know.
        known: Vec<String>,
    },
    /// The connection's settings make no sense.
    #[error("{0}")]
    Settings(String),
    /// The credentials cannot be had.
    #[error("cannot get credentials: {why}")]
    Credentials {
        /// Why.
        why: String,
    },
    /// No connection.
    #[error("cannot reach the server {server}: {why}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why, and what to check.
        why: String,
    },
    /// No TLS connection.
    #[error("no TLS connection to {server}: {why}")]
    Tls {
        /// Host and port.
        server: String,
        /// Why, and what to check.
        why: String,
    },
    /// The server is silent.
    #[error("the server {server} did not answer within {} to {doing}", seconds(.within))]
    Timeout {
        /// Host and port.
        server: String,
        /// What was asked.
        doing: String,
        /// For how long we waited.
        within: Duration,
    },
    /// 401.
    #[error(
        "the server {server} does not accept these credentials (401): log in again or check the user in the kubeconfig"
    )]
    Unauthorized {
        /// Host and port.
        server: String,
    },
    /// 403.
    #[error("not allowed to {doing}: {message}")]
    Denied {
        /// Verb, resource and where.
        doing: String,
        /// The server's words.
        message: String,
    },
    /// Any other answer that is not a success.
    #[error("the server {server} refused to {doing}: {message} ({code})")]
    Refused {
        /// Host and port.
        server: String,
        /// What was asked.
        doing: String,
        /// The HTTP status.
        code: u16,
        /// The server's words.
        message: String,
        /// How long the server asks us to wait.
        retry_after: Option<Duration>,
    },
    /// An answer that is not from a Kubernetes API.
    #[error(
        "{server} does not answer like a Kubernetes API server: {why}; check the server's address and proxies"
    )]
    NotKubernetes {
        /// Host and port.
        server: String,
        /// What it answered.
        why: String,
    },
    /// A connection that broke.
    #[error("the connection to {server} broke while trying to {doing}: {why}")]
    Broken {
        /// Host and port.
        server: String,
        /// What was asked.
        doing: String,
        /// Why.
        why: String,
    },
}

impl Error {
    /// The server refuses because of missing rights (403).
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// There is no such object or no such resource (404).
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// The resourceVersion or the continue token is of no use here: too old (410), or of a time the server has not
    /// reached, as after a restart from a backup. List afresh.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        match self {
            Self::Refused { code: 410, .. } => true,
            // The cacher's own words (`errors.NewTimeoutError`, cause `ResourceVersionTooLarge`).
            Self::Refused { code: 504 | 500, message, .. } => message.contains("Too large resource version"),
            _ => false,
        }
    }

    /// The server was away, as far as can be told from here: another one may come back in its place.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Broken { .. }
            | Self::Timeout { .. }
            | Self::NotKubernetes { .. } => true,
            // The words of what stands before a server that is away.
            Self::Refused { code, .. } => (502..=504).contains(code),
            _ => false,
        }
    }

    /// How long the server asks us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn paths(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return "nowhere: HOME is not set".to_owned();
    }
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn listing(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut names: Vec<_> = names.iter().map(|name| sanitize(name)).collect();
    names.sort();
    names.join(", ")
}

fn seconds(duration: &Duration) -> String {
    format!("{} s", duration.as_millis().div_ceil(1000))
}
