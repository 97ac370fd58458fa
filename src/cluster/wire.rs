//! One request and its answer: bounded in time and size, every failure in words.

mod doubt;
mod write;

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, header};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::{AuthError, Body};
use serde::Deserialize;

use self::doubt::Doubt;
use super::credentials::Credentials;
use super::error::Error;
use super::transport;
use crate::domain::text::{Text, sanitize};

pub(super) use doubt::Doubts;
pub(super) use write::{Replied, Unanswered, Write};

/// The longest silence within an answer that is not a watch.
const IDLE: Duration = Duration::from_secs(30);
/// The largest answer: a server that ignores `limit` sends everything at once.
const LARGEST: usize = 1024 * 1024 * 1024;
/// The most that is read of an error.
const LARGEST_ERROR: usize = 64 * 1024;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Path and query.
    pub(super) path: String,
    /// What it is for, as in "not allowed to …".
    pub(super) doing: String,
    /// How long the head of the answer may take.
    pub(super) within: Duration,
}

/// The head of a good answer.
pub(super) struct Answer {
    /// The body.
    pub(super) body: Body,
    /// The HTTP status.
    pub(super) code: u16,
    /// The server's clock less ours.
    pub(super) ahead: Option<SignedDuration>,
}

/// A client, its credentials and the name of its server.
#[derive(Clone)]
pub(super) struct Wire {
    credentials: Arc<Credentials>,
    server: Arc<str>,
    /// The longest time for one request without a stream.
    request_timeout: Option<Duration>,
    doubt: Doubt,
}

impl Wire {
    pub(super) fn new(credentials: Credentials, server: &str, request_timeout: Option<Duration>) -> Self {
        let doubt = Doubt::none();
        Self { credentials: Arc::new(credentials), server: Arc::from(server), request_timeout, doubt }
    }

    /// Tells of reads without an answer.
    pub(super) fn doubts(&self) -> Doubts {
        self.doubt.listen()
    }

    /// Sends a GET and waits for the head of the answer; once more with new credentials if these have run out.
    pub(super) async fn open(&self, ask: &Ask) -> Result<Answer, Error> {
        let (number, client) = self.credentials.client();
        match self.open_as(&client, ask).await {
            Err(Error::Unauthorized { server }) => {
                if !self.credentials.renew(number).await? {
                    return Err(Error::Unauthorized { server });
                }
                self.open_as(&self.credentials.client().1, ask).await
            }
            answer => answer,
        }
    }

    async fn open_as(&self, client: &Client, ask: &Ask) -> Result<Answer, Error> {
        let request = Request::get(&ask.path)
            .header(header::ACCEPT, "application/json")
            // From 1.37 on watches can be compressed, each event for itself: not worth it.
            .header(header::ACCEPT_ENCODING, "identity")
            .body(Body::empty())
            .map_err(|error| Error::Settings(format!("cannot ask for {:?}: {error}", ask.path)))?;
        let answer = tokio::time::timeout(ask.within, client.send(request)).await;
        let answer =
            answer.map_err(|_| self.timeout(ask, ask.within))?.map_err(|error| self.failure(ask, &error))?;
        if !answer.status().is_success() {
            return Err(self.refusal(ask, answer).await);
        }
        let kind = header_text(&answer, header::CONTENT_TYPE);
        if kind.starts_with("text/html") {
            let why = format!("it sent a web page to {}", ask.doing);
            return Err(Error::NotKubernetes { server: self.server.to_string(), why });
        }
        Ok(Answer { ahead: clock_ahead(&answer), code: answer.status().as_u16(), body: answer.into_body() })
    }

    /// Sends a GET and reads the whole answer.
    pub(super) async fn read(&self, ask: &Ask) -> Result<(Bytes, Option<SignedDuration>), Error> {
        let all = async {
            let Answer { body, ahead, .. } = self.open(ask).await?;
            Ok((self.collect(ask, body, LARGEST).await?, ahead))
        };
        let waiting = self.doubt.waiting();
        let read = match self.request_timeout {
            Some(within) => {
                tokio::time::timeout(within, all).await.unwrap_or_else(|_| Err(self.timeout(ask, within)))
            }
            None => all.await,
        };
        if !matches!(read, Err(Error::Timeout { .. })) {
            waiting.answered();
        }
        read
    }

    async fn collect(&self, ask: &Ask, mut body: Body, largest: usize) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        loop {
            let frame = tokio::time::timeout(IDLE, body.frame()).await;
            match frame.map_err(|_| self.timeout(ask, IDLE))? {
                None => return Ok(all.freeze()),
                Some(Err(error)) => return Err(self.failure(ask, &error)),
                Some(Ok(frame)) => {
                    if let Ok(chunk) = frame.into_data() {
                        all.extend_from_slice(&chunk);
                    }
                }
            }
            if all.len() > largest {
                return Err(self.broken(ask, "the answer is too large"));
            }
        }
    }

    /// An answer that cannot be read.
    pub(super) fn unreadable(&self, ask: &Ask, error: &serde_json::Error) -> Error {
        let why = format!("its answer to {} cannot be read ({error})", ask.doing);
        Error::NotKubernetes { server: self.server.to_string(), why }
    }

    /// A connection that broke.
    pub(super) fn broken(&self, ask: &Ask, why: &str) -> Error {
        Error::Broken { server: self.server.to_string(), doing: ask.doing.clone(), why: why.to_owned() }
    }

    fn timeout(&self, ask: &Ask, within: Duration) -> Error {
        Error::Timeout { server: self.server.to_string(), doing: ask.doing.clone(), within }
    }

    /// Puts an answer that is not a success into words.
    async fn refusal(&self, ask: &Ask, answer: Response<Body>) -> Error {
        let status = self.bad(ask, answer).await;
        self.status(ask, &status)
    }

    /// Reads the Status of an answer that is not a success; makes one up where there is none.
    async fn bad(&self, ask: &Ask, answer: Response<Body>) -> Status {
        let code = answer.status();
        let retry_after = header_text(&answer, header::RETRY_AFTER).parse().ok();
        let kind = header_text(&answer, header::CONTENT_TYPE);
        let body = self.collect(ask, answer.into_body(), LARGEST_ERROR).await.unwrap_or_default();
        let mut status: Status = serde_json::from_slice(&body).unwrap_or_default();
        status.code = code.as_u16();
        if status.message.is_empty() {
            let page = if kind.starts_with("text/html") { ", with a web page" } else { "" };
            status.message =
                Text::new(&format!("{}{page}", code.canonical_reason().unwrap_or("no reason given")));
        }
        status.details.retry_after_seconds = retry_after.or(status.details.retry_after_seconds);
        status
    }

    /// Puts a Status of the API into words; watches send them as events, too.
    pub(super) fn status(&self, ask: &Ask, status: &Status) -> Error {
        let (server, doing) = (self.server.to_string(), ask.doing.clone());
        let message = status.message.to_string();
        match status.code {
            401 => Error::Unauthorized { server },
            403 => Error::Denied { doing, message },
            code => {
                let retry_after = status.details.retry_after_seconds.map(Duration::from_secs);
                Error::Refused { server, doing, code, message, retry_after }
            }
        }
    }

    /// Puts a failed connection into words.
    pub(super) fn failure(&self, ask: &Ask, error: &kube::Error) -> Error {
        if let kube::Error::Auth(error) = error {
            return transport::credentials(error);
        }
        let server = self.server.to_string();
        let chain = Chain::of(error);
        if let Some(error) = chain.find::<AuthError>() {
            return transport::credentials(error);
        }
        let text = chain.text();
        let kind = chain.find::<std::io::Error>().map(std::io::Error::kind);
        if let Some(why) = tls_reason(&text) {
            return Error::Tls { server, why };
        }
        if text.contains("dns error") {
            let why =
                "its name cannot be resolved; check the server's address, your network or VPN".to_owned();
            return Error::Unreachable { server, why };
        }
        if text.contains("tunnel error") || text.contains("SOCKS") {
            let why = format!("the proxy did not connect us ({})", chain.innermost());
            return Error::Unreachable { server, why };
        }
        let connecting = chain
            .find::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect);
        match kind {
            Some(ErrorKind::ConnectionRefused) => {
                let why = "connection refused; is it running, and is this the right port?".to_owned();
                Error::Unreachable { server, why }
            }
            Some(ErrorKind::TimedOut) if connecting => {
                let why = format!(
                    "no answer within {} s; check the address, your network or VPN",
                    transport::CONNECT.as_secs()
                );
                Error::Unreachable { server, why }
            }
            _ if connecting => Error::Unreachable { server, why: chain.innermost() },
            _ => self.broken(ask, &chain.innermost()),
        }
    }
}

/// The words of a TLS failure and what to do about it, if it is one.
fn tls_reason(text: &str) -> Option<String> {
    let hint = if text.contains("UnknownIssuer") {
        "its certificate is not signed by an authority we know; check certificate-authority in the kubeconfig, \
         or use --insecure-skip-tls-verify"
    } else if text.contains("NotValidForName") || text.contains("not valid for name") {
        "its certificate is for another name; check the address or use --tls-server-name"
    } else if text.contains("Expired") || text.contains("certificate expired") {
        "its certificate has expired; check the clocks on both sides"
    } else if text.contains("corrupt message") {
        "it does not speak TLS; is it an http:// server?"
    } else if text.contains("invalid peer certificate") {
        "its certificate is not valid"
    } else if text.contains("received fatal alert") {
        "it refuses our TLS; check the client certificate in the kubeconfig"
    } else {
        return None;
    };
    let start = ["invalid peer certificate", "received corrupt message", "received fatal alert"]
        .iter()
        .find_map(|words| text.find(words))
        .unwrap_or(0);
    // Certificates can be for very many names.
    let said: String = sanitize(&text[start..]).chars().take(160).collect();
    Some(format!("{hint} ({said})"))
}

/// An error and what caused it.
struct Chain<'a>(Vec<&'a (dyn StdError + 'static)>);

impl<'a> Chain<'a> {
    fn of(error: &'a (dyn StdError + 'static)) -> Self {
        let (mut chain, mut next) = (Vec::new(), Some(error));
        while let Some(error) = next {
            chain.push(error);
            next = error.source();
        }
        Self(chain)
    }

    fn find<T: StdError + 'static>(&self) -> Option<&'a T> {
        self.0.iter().find_map(|error| error.downcast_ref())
    }

    fn text(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    fn innermost(&self) -> String {
        // The client's words for an answer that was cut off.
        let cut = ["unexpected EOF", "end of file before message length", "before message completed"];
        if cut.iter().any(|words| self.text().contains(words)) {
            return "it was closed in the middle of an answer".to_owned();
        }
        self.0.last().map(|error| sanitize(&error.to_string()).into_owned()).unwrap_or_default()
    }
}

/// The API's Status, as far as it is shown or obeyed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    /// The HTTP status.
    pub(super) code: u16,
    /// Words for people.
    pub(super) message: Text,
    #[serde(deserialize_with = "nullable")]
    details: StatusDetails,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusDetails {
    #[serde(rename = "retryAfterSeconds")]
    retry_after_seconds: Option<u64>,
    #[serde(deserialize_with = "nullable")]
    causes: Vec<Cause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: Text,
    message: Text,
}

/// Reads `null` as the default.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn header_text(answer: &Response<Body>, name: header::HeaderName) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_owned()
}

/// The server's clock less ours; `Date` has whole seconds, so half of one is added before rounding.
fn clock_ahead(answer: &Response<Body>) -> Option<SignedDuration> {
    let date = header_text(answer, header::DATE);
    let then = jiff::fmt::rfc2822::parse(&date).ok()?.timestamp();
    let ahead = then.duration_since(Timestamp::now()) + SignedDuration::from_millis(500);
    let seconds = i64::try_from(ahead.as_millis().div_euclid(1000)).ok()?;
    // A second more or less is the road, not the clock.
    Some(SignedDuration::from_secs(if seconds.abs() <= 1 { 0 } else { seconds }))
}

pub(super) use crate::domain::id::encode;
