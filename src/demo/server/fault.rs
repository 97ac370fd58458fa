//! Faults on purpose: what a test, or somebody who tries things, lets go wrong between client and server.

use std::fmt;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Method, Uri};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use super::Body;
use crate::demo::store::{Details, Rejection, Store};

/// Something done to the store between a request's receipt and its execution, to make it lose a race.
type Hook = dyn Fn(&mut Store) + Send + Sync;

/// What goes wrong.
#[derive(Clone)]
pub enum Mishap {
    /// The request is refused, with `Retry-After` where seconds are given.
    Refuse {
        /// HTTP status, like 403, 410, 429 or 500.
        code: u16,
        /// Seconds.
        retry_after: Option<u32>,
    },
    /// Nothing is ever answered.
    Mute,
    /// The answer's body goes silent after so many bytes, and the connection stays.
    Hang {
        /// Bytes.
        after: usize,
    },
    /// The answer's body breaks off after so many bytes.
    Cut {
        /// Bytes.
        after: usize,
    },
    /// The answer's body comes slowly.
    Drip {
        /// Bytes at a time.
        bytes: usize,
        /// Between two pieces.
        pause: Duration,
    },
    /// Something else comes as the body.
    Garbage(Bytes),
    /// The request is executed, and the connection breaks before the answer.
    Lose,
    /// Something happens before the request is executed.
    Before(Arc<Hook>),
}

impl fmt::Debug for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse { code, .. } => write!(f, "Refuse({code})"),
            Self::Mute => f.write_str("Mute"),
            Self::Hang { after } => write!(f, "Hang({after})"),
            Self::Cut { after } => write!(f, "Cut({after})"),
            Self::Drip { bytes, pause } => write!(f, "Drip({bytes}, {pause:?})"),
            Self::Garbage(bytes) => write!(f, "Garbage({} bytes)", bytes.len()),
            Self::Lose => f.write_str("Lose"),
            Self::Before(_) => f.write_str("Before(..)"),
        }
    }
}

impl Mishap {
    /// Does something to the store before a request is executed.
    pub fn before(hook: impl Fn(&mut Store) + Send + Sync + 'static) -> Self {
        Self::Before(Arc::new(hook))
    }

    /// A watch that says that its history is gone (410 in the stream).
    #[must_use]
    pub fn expired_watch() -> Self {
        let status = Rejection::expired(1, 2).to_status();
        let event = serde_json::json!({"type": "ERROR", "object": status});
        Self::Garbage(format!("{event}\n").into())
    }
}

/// Which requests something happens to, and how often.
#[derive(Clone, Debug)]
pub struct Fault {
    method: Option<Method>,
    path: String,
    query: String,
    times: Option<u32>,
    mishap: Mishap,
}

impl Fault {
    /// Happens to every request with this method, any if none, whose path begins like this.
    #[must_use]
    pub fn on(method: Option<Method>, path: &str, mishap: Mishap) -> Self {
        Self { method, path: path.to_owned(), query: String::new(), times: None, mishap }
    }

    /// Happens only where the query has this in it, like `watch`.
    #[must_use]
    pub fn asking(self, query: &str) -> Self {
        Self { query: query.to_owned(), ..self }
    }

    /// Happens so many times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    fn hits(&self, method: &Method, uri: &Uri) -> bool {
        self.times != Some(0)
            && self.method.as_ref().is_none_or(|wanted| wanted == method)
            && uri.path().starts_with(&self.path)
            && uri.query().unwrap_or_default().contains(&self.query)
    }
}

/// The faults of a server, shared with whoever sets them while it runs.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    /// Adds a fault; of several that hit a request, the one added first happens.
    pub fn add(&self, fault: Fault) {
        self.with(|faults| faults.push(fault));
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.with(Vec::clear);
    }

    fn with<R>(&self, f: impl FnOnce(&mut Vec<Fault>) -> R) -> R {
        // A list of faults is whole after every change.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What happens to a request, if anything; it counts as having happened.
    pub(super) fn strike(&self, method: &Method, uri: &Uri) -> Option<Mishap> {
        self.with(|faults| {
            let fault = faults.iter_mut().find(|fault| fault.hits(method, uri))?;
            fault.times = fault.times.map(|times| times - 1);
            Some(fault.mishap.clone())
        })
    }
}

/// The refusal with a code, in the API server's words where it has some.
pub(super) fn refusal(code: u16, retry_after: Option<u32>) -> Rejection {
    let (reason, message) = match code {
        401 => ("Unauthorized", "Unauthorized"),
        403 => ("Forbidden", "forbidden: a fault was asked for"),
        409 => ("Conflict", "Operation cannot be fulfilled: a fault was asked for"),
        410 => ("Expired", "The resourceVersion for the provided watch is too old."),
        422 => ("Invalid", "the object is invalid: a fault was asked for"),
        429 => ("TooManyRequests", "Too many requests, please try again later."),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        _ => ("InternalError", "an error on the server has prevented the request from succeeding"),
    };
    let details = Details { retry_after_seconds: retry_after, ..Details::default() };
    let details = retry_after.map(|_| Box::new(details));
    Rejection { code, reason, message: message.to_owned(), details }
}

/// The end of a connection.
pub(super) fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection breaks: a fault was asked for")
}

/// A body that ends early: it breaks, or nothing more comes.
pub(super) fn shortened(body: Body, after: usize, breaks: bool) -> Body {
    let pieces = stream::unfold(Some((body, after)), move |state| async move {
        let (mut body, left) = state?;
        if left == 0 {
            if !breaks {
                pending::<()>().await;
            }
            return Some((Err(broken()), None));
        }
        let mut data = data(&mut body).await?;
        data.truncate(left);
        let left = left - data.len();
        Some((Ok(data), Some((body, left))))
    });
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

/// A body that comes slowly.
pub(super) fn dripping(body: Body, bytes: usize, pause: Duration) -> Body {
    let pieces = stream::unfold((body, Bytes::new()), move |(mut body, mut rest)| async move {
        if rest.is_empty() {
            rest = data(&mut body).await?;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(bytes.clamp(1, rest.len().max(1)).min(rest.len()));
        Some((Ok(Frame::data(piece)), (body, rest)))
    });
    StreamBody::new(pieces).boxed_unsync()
}

async fn data(body: &mut Body) -> Option<Bytes> {
    body.frame().await?.ok()?.into_data().ok()
}
