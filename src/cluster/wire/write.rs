//! One request with a body, sent once: whatever happens, it is not sent again.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use hyper_util::client::legacy;
use kube::Client;
use kube::client::{AuthError, Body};

use super::{Ask, Chain, Status, Wire, header_text};
use crate::cluster::error::Error;
use crate::domain::text::Text;

/// How long a write may take, its answer included.
const WITHIN: Duration = Duration::from_secs(30);
/// The largest answer: etcd takes objects up to 1.5 MiB.
const LARGEST: usize = 16 * 1024 * 1024;

/// A request with a body.
#[derive(Debug)]
pub(in crate::cluster) struct Write<'a> {
    /// The method.
    pub(in crate::cluster) method: &'static str,
    /// Path and query.
    pub(in crate::cluster) path: String,
    /// What the body is.
    pub(in crate::cluster) content_type: &'static str,
    /// The body, byte for byte.
    pub(in crate::cluster) body: &'a str,
    /// What it is for, as in "not allowed to …".
    pub(in crate::cluster) doing: String,
}

/// An answer, good or bad.
#[derive(Debug)]
pub(in crate::cluster) enum Replied {
    /// 2xx: the whole body.
    Good(Bytes),
    /// Anything else: the Status, or one made up from what came.
    Bad(Status),
    /// 401: nothing was done. Whether there are new credentials now, which the next request is sent with.
    Unauthorized(Result<bool, Error>),
}

/// No answer.
#[derive(Debug)]
pub(in crate::cluster) enum Unanswered {
    /// The request certainly did not leave.
    NotSent(Error),
    /// It may have been carried out.
    Unknown(Error),
}

impl Wire {
    /// Sends a request with a body, once; also when its credentials have run out: then they are renewed for the next.
    pub(in crate::cluster) async fn write(&self, write: &Write<'_>) -> Result<Replied, Unanswered> {
        let within = self.request_timeout.map_or(WITHIN, |limit| limit.min(WITHIN));
        let ask = Ask { path: write.path.clone(), doing: write.doing.clone(), within };
        let silent = Unanswered::Unknown(self.timeout(&ask, within));
        let (number, client) = self.credentials.client();
        let once = self.write_as(&client, write, &ask);
        match tokio::time::timeout(within, once).await.unwrap_or(Err(silent))? {
            Replied::Bad(status) if status.code == 401 => {
                Ok(Replied::Unauthorized(self.credentials.renew(number).await))
            }
            replied => Ok(replied),
        }
    }

    async fn write_as(&self, client: &Client, write: &Write<'_>, ask: &Ask) -> Result<Replied, Unanswered> {
        let request = Request::builder()
            .method(write.method)
            .uri(&write.path)
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONTENT_TYPE, write.content_type)
            .body(Body::from(write.body.as_bytes().to_vec()))
            .map_err(|error| {
                Unanswered::NotSent(Error::Settings(format!("cannot ask for {:?}: {error}", write.path)))
            })?;
        let answer = client.send(request).await.map_err(|error| {
            let words = self.failure(ask, &error);
            if never_left(&error) { Unanswered::NotSent(words) } else { Unanswered::Unknown(words) }
        })?;
        let code = answer.status();
        if !code.is_success() {
            return Ok(Replied::Bad(self.bad(ask, answer).await));
        }
        let is_page = header_text(&answer, header::CONTENT_TYPE).starts_with("text/html");
        let body = self.collect(ask, answer.into_body(), LARGEST).await.map_err(Unanswered::Unknown)?;
        if is_page {
            let why = format!("it sent a web page to {}", ask.doing);
            return Err(Unanswered::Unknown(Error::NotKubernetes { server: self.server.to_string(), why }));
        }
        Ok(Replied::Good(body))
    }
}

/// Whether a request failed before any byte of it can have left: no connection, or no credentials.
fn never_left(error: &kube::Error) -> bool {
    let chain = Chain::of(error);
    matches!(error, kube::Error::Auth(_))
        || chain.find::<AuthError>().is_some()
        || chain.find::<legacy::Error>().is_some_and(legacy::Error::is_connect)
}

impl Status {
    /// The first cause of this kind, in the server's words.
    pub(in crate::cluster) fn cause(&self, reason: &str) -> Option<&Text> {
        self.details.causes.iter().find(|cause| cause.reason == reason).map(|cause| &cause.message)
    }
}
