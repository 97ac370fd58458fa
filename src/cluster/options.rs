//! What the person and the environment say about the connection.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A bearer token that cannot be printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Wraps a token.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        Self(raw.to_owned())
    }

    /// The token itself.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The connection flags, with kubectl's meaning; absent ones come from the kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The only kubeconfig file to read.
    pub kubeconfig: Option<PathBuf>,
    /// The context.
    pub context: Option<String>,
    /// The kubeconfig's cluster, instead of the context's.
    pub cluster: Option<String>,
    /// The kubeconfig's user, instead of the context's.
    pub user: Option<String>,
    /// The namespace, instead of the context's.
    pub namespace: Option<String>,
    /// The server's address, instead of the cluster's.
    pub server: Option<String>,
    /// The bearer token, instead of the user's credentials.
    pub token: Option<Token>,
    /// The user to impersonate.
    pub impersonate: Option<String>,
    /// The groups to impersonate.
    pub impersonate_groups: Vec<String>,
    /// The uid to impersonate.
    pub impersonate_uid: Option<String>,
    /// Accept any server certificate.
    pub insecure_skip_tls_verify: bool,
    /// The name to check the server's certificate against.
    pub tls_server_name: Option<String>,
    /// The longest time that one request without a stream may take.
    pub request_timeout: Option<Duration>,
}

/// The environment variables that decide where the cluster is. A value, so that tests need not touch the process's own.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `KUBECONFIG`: a list of files.
    pub kubeconfig: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// `HTTPS_PROXY`, else `https_proxy`.
    pub https_proxy: Option<String>,
    /// `NO_PROXY`, else `no_proxy`.
    pub no_proxy: Option<String>,
    /// Whether `KUBERNETES_SERVICE_HOST` is set: we run in a pod.
    pub in_cluster: bool,
}

impl Environment {
    /// Reads the process's environment.
    #[must_use]
    pub fn read() -> Self {
        let text = |names: [&str; 2]| {
            names
                .into_iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|value| !value.trim().is_empty())
        };
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG"),
            home: std::env::home_dir(),
            https_proxy: text(["HTTPS_PROXY", "https_proxy"]),
            no_proxy: text(["NO_PROXY", "no_proxy"]),
            in_cluster: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
        }
    }

    /// The kubeconfig files in the order of their precedence, existing or not.
    #[must_use]
    pub fn kubeconfig_files(&self, options: &ConnectOptions) -> Vec<PathBuf> {
        if let Some(path) = &options.kubeconfig {
            return vec![path.clone()];
        }
        let listed: Vec<PathBuf> = self
            .kubeconfig
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if !listed.is_empty() {
            return listed;
        }
        self.home.iter().map(|home| home.join(".kube").join("config")).collect()
    }
}
