//! Kubeconfig files and flags, merged as kubectl merges them, into the settings of one connection.
//!
//! kube's own loader is not used: it fails on a missing file of a list, and it matches `NO_PROXY`
//! against the proxy instead of the server.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use http::Uri;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, ExecAuthCluster, ExecInteractiveMode, Kubeconfig, KubeconfigError,
};

use super::error::Error;
use super::no_proxy;
use super::options::{ConnectOptions, Environment};

/// A connection's settings and the names they came by.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) context: String,
    pub(super) cluster: String,
    pub(super) user: String,
    pub(super) files: Vec<PathBuf>,
    pub(super) config: Config,
}

/// Settles where and as whom to connect.
pub(super) fn settle(options: &ConnectOptions, environment: &Environment) -> Result<Settled, Error> {
    let paths = environment.kubeconfig_files(options);
    let (files, merged) = read(&paths, options.kubeconfig.is_some())?;
    let mut settled = if let Some(merged) = merged {
        from_kubeconfig(merged, files, options)?
    } else if options.server.is_some() {
        from_server(options)?
    } else if environment.in_cluster {
        in_cluster()?
    } else {
        return Err(Error::NoKubeconfig { tried: paths });
    };
    impersonate(&mut settled.config.auth_info, options)?;
    if let Some(namespace) = &options.namespace {
        settled.config.default_namespace.clone_from(namespace);
    }
    if settled.config.proxy_url.is_none() {
        settled.config.proxy_url = environment_proxy(&settled.config.cluster_url, environment)?;
    }
    Ok(settled)
}

/// Reads and merges the files that exist; a file somebody named must exist.
fn read(paths: &[PathBuf], must_exist: bool) -> Result<(Vec<PathBuf>, Option<Kubeconfig>), Error> {
    let mut files = Vec::new();
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
        let next = match Kubeconfig::read_from(path) {
            Ok(next) => next,
            Err(KubeconfigError::ReadConfig(error, _))
                if !must_exist && error.kind() == ErrorKind::NotFound =>
            {
                continue;
            }
            Err(error) => return Err(unreadable(path, &error)),
        };
        merged = Some(match merged {
            Some(merged) => merged.merge(next).map_err(|error| unreadable(path, &error))?,
            None => next,
        });
        files.push(path.clone());
    }
    Ok((files, merged))
}

/// Says what is wrong with a file, without repeating its content: it may hold tokens.
fn unreadable(path: &Path, error: &KubeconfigError) -> Error {
    let why = match error {
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("it is not a valid kubeconfig (line {}, column {})", at.line(), at.column()),
            None => "it is not a valid kubeconfig".to_owned(),
        },
        other => other.to_string(),
    };
    Error::Kubeconfig { path: path.to_owned(), why }
}

fn from_kubeconfig(
    merged: Kubeconfig,
    files: Vec<PathBuf>,
    options: &ConnectOptions,
) -> Result<Settled, Error> {
    let unknown = |what, name: &str, known| Error::UnknownName {
        what,
        name: name.to_owned(),
        files: files.clone(),
        known,
    };
    let chosen = options.context.clone().or(merged.current_context.filter(|name| !name.is_empty()));
    let contexts = || merged.contexts.iter().map(|named| named.name.clone()).collect::<Vec<_>>();
    let context = match &chosen {
        Some(name) => merged
            .contexts
            .iter()
            .find(|named| named.name == *name)
            .and_then(|named| named.context.clone())
            .ok_or_else(|| unknown("context", name, contexts()))?,
        // A server alone is enough for kubectl, too.
        None if options.server.is_some() || options.cluster.is_some() => Context::default(),
        None => return Err(Error::NoCurrentContext { files, known: contexts() }),
    };

    let cluster_name = options.cluster.clone().unwrap_or(context.cluster);
    let cluster = merged
        .clusters
        .iter()
        .find(|named| named.name == cluster_name)
        .and_then(|named| named.cluster.clone());
    let mut cluster = match cluster {
        Some(cluster) => cluster,
        None if options.server.is_some() && options.cluster.is_none() => Cluster::default(),
        None => {
            let known = merged.clusters.iter().map(|named| named.name.clone()).collect();
            return Err(unknown("cluster", &cluster_name, known));
        }
    };
    override_cluster(&mut cluster, options);

    let user_name = options.user.clone().or(context.user).unwrap_or_default();
    let user = merged.auth_infos.iter().find(|named| named.name == user_name);
    // client-go tolerates a context whose user is missing; one that was named must exist.
    if let (None, Some(name)) = (user, &options.user) {
        let known = merged.auth_infos.iter().map(|named| named.name.clone()).collect();
        return Err(unknown("user", name, known));
    }
    let mut auth = user.and_then(|named| named.auth_info.clone()).unwrap_or_default();
    override_user(&mut auth, &cluster, options)?;

    let config = config(&cluster, auth, context.namespace, &cluster_name)?;
    let context = chosen.unwrap_or_else(|| authority(&config.cluster_url));
    Ok(Settled { context, cluster: cluster_name, user: user_name, files, config })
}

fn override_cluster(cluster: &mut Cluster, options: &ConnectOptions) {
    if let Some(server) = &options.server {
        cluster.server = Some(server.clone());
        // client-go: another server is not checked against the old one's name.
        cluster.tls_server_name = None;
    }
    if let Some(name) = &options.tls_server_name {
        cluster.tls_server_name = Some(name.clone());
    }
    if options.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = None;
    }
}

fn override_user(auth: &mut AuthInfo, cluster: &Cluster, options: &ConnectOptions) -> Result<(), Error> {
    if let Some(token) = &options.token {
        // The server would believe a client certificate before the token.
        *auth = AuthInfo { token: Some(token.expose().to_owned().into()), ..AuthInfo::default() };
    }
    if let Some(exec) = &mut auth.exec {
        // A plugin that reads the keyboard or writes on the screen would fight with the monitor.
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
        if exec.provide_cluster_info {
            exec.cluster = Some(
                ExecAuthCluster::try_from(cluster)
                    .map_err(|error| Error::Credentials { why: error.to_string() })?,
            );
        }
    }
    Ok(())
}

fn impersonate(auth: &mut AuthInfo, options: &ConnectOptions) -> Result<(), Error> {
    let extra = !options.impersonate_groups.is_empty() || options.impersonate_uid.is_some();
    if extra && options.impersonate.is_none() {
        return Err(Error::Settings("--as-group and --as-uid need --as".to_owned()));
    }
    if let Some(user) = &options.impersonate {
        auth.impersonate = Some(user.clone());
        auth.impersonate_groups =
            (!options.impersonate_groups.is_empty()).then(|| options.impersonate_groups.clone());
        auth.impersonate_uid.clone_from(&options.impersonate_uid);
    }
    Ok(())
}

fn config(
    cluster: &Cluster,
    auth: AuthInfo,
    namespace: Option<String>,
    cluster_name: &str,
) -> Result<Config, Error> {
    let server = cluster.server.as_deref().filter(|server| !server.is_empty());
    let server = server.ok_or_else(|| {
        Error::Settings(format!(
            "the cluster {cluster_name:?} has no server in the kubeconfig; set it or use --server"
        ))
    })?;
    let mut config = Config::new(server_uri(server)?);
    config.default_namespace =
        namespace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    if let Some(proxy) = cluster.proxy_url.as_deref().filter(|proxy| !proxy.is_empty()) {
        config.proxy_url = Some(proxy_uri(proxy)?);
    }
    // Besides its purpose for plugins this reads the authority from either field.
    let authority = ExecAuthCluster::try_from(cluster).map_err(|error| Error::Settings(error.to_string()))?;
    if let Some(pem) = authority.certificate_authority_data {
        config.root_cert = Some(certificates(&pem)?);
    }
    config.auth_info = auth;
    Ok(config)
}

fn from_server(options: &ConnectOptions) -> Result<Settled, Error> {
    let mut cluster = Cluster::default();
    override_cluster(&mut cluster, options);
    let mut auth = AuthInfo::default();
    override_user(&mut auth, &cluster, options)?;
    let config = config(&cluster, auth, None, "")?;
    let name = authority(&config.cluster_url);
    Ok(Settled { context: name.clone(), cluster: name, user: String::new(), files: Vec::new(), config })
}

fn in_cluster() -> Result<Settled, Error> {
    let config = Config::incluster()
        .map_err(|error| Error::Settings(format!("cannot read the pod's service account: {error}")))?;
    let name = "in-cluster".to_owned();
    let user = "service account".to_owned();
    Ok(Settled { context: name.clone(), cluster: name, user, files: Vec::new(), config })
}

/// Reads a server's address as kubectl does: without a scheme it is http for a bare host and port.
fn server_uri(server: &str) -> Result<Uri, Error> {
    let full = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let uri = full.parse::<Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    uri.ok_or_else(|| {
        Error::Settings(format!("{server:?} is not a server's address; write it like https://host:6443"))
    })
}

fn proxy_uri(proxy: &str) -> Result<Uri, Error> {
    let full = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    let uri = full.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    // The address can hold a password: it is not repeated.
    let uri = uri.ok_or_else(|| {
        Error::Settings("the proxy's address cannot be read; write it like http://host:3128".to_owned())
    })?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5" | "socks5h") => Ok(uri),
        other => Err(Error::Settings(format!(
            "proxies of the kind {:?} are not supported; use http, https or socks5",
            other.unwrap_or_default()
        ))),
    }
}

fn environment_proxy(server: &Uri, environment: &Environment) -> Result<Option<Uri>, Error> {
    let Some(proxy) = environment.https_proxy.as_deref() else { return Ok(None) };
    let (Some("https"), Some(host)) = (server.scheme_str(), server.host()) else { return Ok(None) };
    let list = environment.no_proxy.as_deref().unwrap_or_default();
    if no_proxy::exempts(list, host, server.port_u16().unwrap_or(443)) {
        return Ok(None);
    }
    proxy_uri(proxy).map(Some)
}

/// Host and port of a server.
pub(super) fn authority(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{host}:{port}")
}

/// The certificates of a PEM file, as DER.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(pem);
    let decode = |block: &str| {
        let packed: String = block.split_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(packed).ok()
    };
    let found: Option<Vec<_>> = text
        .split(BEGIN)
        .skip(1)
        .map(|rest| rest.split_once(END).and_then(|(block, _)| decode(block)))
        .collect();
    found.filter(|found| !found.is_empty()).ok_or_else(|| {
        Error::Settings(
            "the cluster's certificate-authority is not a PEM certificate; check it in the kubeconfig"
                .to_owned(),
        )
    })
}

#[cfg(test)]
mod tests;
