//! The HTTP client: one connection a stream, kept alive, with bounded connects and no hidden retries.
//!
//! kube's default stack retries 429, 503 and 504 up to 15 times on every verb, has no TCP keepalive
//! and waits half a minute to connect; none of that suits a monitor.

use std::time::Duration;

use base64::Engine;
use http::{HeaderValue, Uri, header};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::middleware::AuthLayer;
use kube::client::{AuthError, Body, ConfigExt};
use kube::{Client, Config};
use tower::{BoxError, Service, ServiceBuilder};

use super::error::Error;
use super::kubeconfig::authority;
use crate::domain::text::sanitize;

/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// How long a credential plugin may take.
const PLUGIN: Duration = Duration::from_secs(15);
const USER_AGENT: &str = concat!("dsgrid/", env!("CARGO_PKG_VERSION"));

/// Builds the client; runs the user's credential plugin, if there is one, within a bounded time.
pub(super) async fn client(mut config: Config) -> Result<Client, Error> {
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
    let command = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
    let (answer, answered) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    // A thread of its own: plugins and certificate stores block, and a runtime waits for its
    // blocking tasks at the end, which would turn a hanging plugin into a hanging exit.
    std::thread::Builder::new()
        .name("credentials".to_owned())
        .spawn(move || {
            let _entered = runtime.enter();
            // Nobody listens any more after the time is up.
            let _ = answer.send(build(&config));
        })
        .map_err(|error| Error::Credentials { why: error.to_string() })?;
    match tokio::time::timeout(PLUGIN, answered).await {
        Ok(Ok(client)) => client,
        Ok(Err(_)) => Err(Error::Credentials { why: "building the client failed".to_owned() }),
        Err(_) => Err(Error::Credentials {
            why: format!(
                "{:?} gave none within {} s; run it by hand to see what it waits for",
                command.unwrap_or_default(),
                PLUGIN.as_secs()
            ),
        }),
    }
}

fn build(config: &Config) -> Result<Client, Error> {
    let auth = config.auth_layer().map_err(|error| settings(config, &error))?;
    // With a token in hand, the TLS settings must not run the plugin a second time for a certificate.
    let mut tls = config.clone();
    if auth.is_some() {
        tls.auth_info.exec = None;
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_keepalive(Some(Duration::from_secs(15)));
    tcp.set_keepalive_interval(Some(Duration::from_secs(5)));
    tcp.set_keepalive_retries(Some(3));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(Duration::from_secs(30)));

    let Some(proxy) = config.proxy_url.clone() else { return stack(&tls, tcp, auth) };
    match proxy.scheme_str() {
        Some("socks5" | "socks5h") => {
            let mut socks = SocksV5::new(proxy.clone(), tcp);
            if let Some((user, password)) = userinfo(&proxy).and_then(|both| split_userinfo(&both)) {
                socks = socks.with_auth(user, password);
            }
            stack(&tls, socks, auth)
        }
        Some("https") => {
            let secured =
                tls.rustls_https_connector_with_connector(tcp).map_err(|error| settings(config, &error))?;
            stack(&tls, with_auth(Tunnel::new(proxy.clone(), secured), &proxy), auth)
        }
        _ => stack(&tls, with_auth(Tunnel::new(proxy.clone(), tcp), &proxy), auth),
    }
}

fn stack<H>(config: &Config, connector: H, auth: Option<AuthLayer>) -> Result<Client, Error>
where
    H: 'static + Clone + Send + Sync + Service<Uri>,
    H::Response: 'static + Connection + Read + Write + Send + Unpin,
    H::Future: 'static + Send,
    H::Error: 'static + Send + Sync + std::error::Error,
{
    let https =
        config.rustls_https_connector_with_connector(connector).map_err(|error| settings(config, &error))?;
    let http: legacy::Client<_, Body> =
        legacy::Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(90)).build(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(auth)
        .layer(config.extra_headers_layer().map_err(|error| settings(config, &error))?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

fn with_auth<C>(tunnel: Tunnel<C>, proxy: &Uri) -> Tunnel<C> {
    let header = userinfo(proxy).and_then(|both| {
        let packed = base64::engine::general_purpose::STANDARD.encode(both);
        HeaderValue::try_from(format!("Basic {packed}")).ok()
    });
    match header {
        Some(header) => tunnel.with_auth(header),
        None => tunnel,
    }
}

/// `user:password` of an address, without percent escapes.
fn userinfo(uri: &Uri) -> Option<Vec<u8>> {
    let (raw, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    Some(bytes)
}

fn split_userinfo(both: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(both).ok()?;
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Some((user.to_owned(), password.to_owned()))
}

fn settings(config: &Config, error: &kube::Error) -> Error {
    match error {
        kube::Error::Auth(error) => credentials(error),
        kube::Error::RustlsTls(error) => {
            Error::Tls { server: authority(&config.cluster_url), why: error.to_string() }
        }
        other => Error::Settings(format!("the connection's settings do not work: {other}")),
    }
}

/// Says why there are no credentials, without what the plugin printed on stdout: that is the token.
pub(super) fn credentials(error: &AuthError) -> Error {
    let why = match error {
        AuthError::AuthExecRun { cmd, out } => {
            let program = cmd.split_whitespace().find(|word| !word.contains('=')).unwrap_or(cmd);
            let said = String::from_utf8_lossy(&out.stderr);
            let said = sanitize(said.trim());
            let said: String = said.chars().take(300).collect();
            let said = if said.is_empty() { "it said nothing" } else { &said };
            format!("the credential plugin {program} ended with {}: {said}", out.status)
        }
        AuthError::AuthExecStart(error) => {
            format!("the credential plugin cannot be started ({error}); is it installed and on PATH?")
        }
        AuthError::AuthExecParse(_) => {
            "the credential plugin did not print an ExecCredential; run it by hand to see what it prints"
                .to_owned()
        }
        other => other.to_string(),
    };
    Error::Credentials { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_userinfo_loses_its_escapes() {
        let uri = Uri::from_static("http://me:pa%40ss%3A%zz@proxy:3128");
        let both = userinfo(&uri).unwrap();
        assert_eq!(both, b"me:pa@ss:%zz");
        assert_eq!(split_userinfo(&both).unwrap(), ("me".to_owned(), "pa@ss:%zz".to_owned()));
        assert_eq!(userinfo(&Uri::from_static("http://proxy:3128")), None);
    }
}
