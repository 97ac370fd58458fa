//! The API server: Kubernetes' HTTP interface over the store, on loopback or in process.

pub mod access;
pub mod discovery;
pub mod eviction;
pub mod fault;
pub mod fields;
pub mod kubeconfig;
pub mod log;
mod managed;
pub mod negotiation;
pub mod patch;
pub mod protobuf;
pub mod read;
pub mod request;
pub mod review;
pub mod shape;
pub mod strategic;
pub mod table;
pub mod watch;
pub mod write;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::store::{Rejection, Store};
use access::{Access, Attributes};
use fault::{Faults, Mishap};
use request::{Place, Query, Target};

pub use kubeconfig::{kubeconfig, write_kubeconfig};

/// The body of every answer, whole or a stream; it fails only where a fault was asked for.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The largest request body the server takes, as kube-apiserver's own limit.
const BODY_LIMIT: usize = 3 << 20;

type Clock = dyn Fn() -> Timestamp + Send + Sync;

struct Inner {
    store: Mutex<Store>,
    changed: tokio::sync::watch::Sender<u64>,
    clock: Box<Clock>,
}

/// The store as server and simulation share it. Locks are held for short, never across an await.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// Shares a store. The clock is the cluster's time: creations, ages and the `Date` header follow it.
    #[must_use]
    pub fn new(store: Store, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let (changed, _) = tokio::sync::watch::channel(store.next_sequence());
        Self(Arc::new(Inner { store: Mutex::new(store), changed, clock: Box::new(clock) }))
    }

    /// The cluster's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// The store, to read. A writer uses `write`, or no watch hears of it.
    pub fn lock(&self) -> MutexGuard<'_, Store> {
        // A panic elsewhere leaves whole objects behind: each change is placed at once.
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes to the store and wakes the watches if anything changed.
    pub fn write<R>(&self, f: impl FnOnce(&mut Store) -> R) -> R {
        let mut store = self.lock();
        let result = f(&mut store);
        let sequence = store.next_sequence();
        drop(store);
        self.0.changed.send_if_modified(|seen| {
            let moved = sequence > *seen;
            *seen = sequence.max(*seen);
            moved
        });
        result
    }

    /// A receiver that is told whenever the store changed.
    #[must_use]
    pub fn changed(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often an idle watch is told how far it is.
    pub bookmark_interval: Duration,
    /// When a watch ends that names no `timeoutSeconds`.
    pub watch_timeout: Duration,
    /// Who may do what.
    pub access: Access,
    /// What goes wrong; whoever keeps a clone can change it while the server runs.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bookmark_interval: Duration::from_secs(60),
            watch_timeout: Duration::from_secs(45 * 60),
            access: Access::default(),
            faults: Faults::default(),
        }
    }
}

/// Answers requests; cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiServer {
    shared: Shared,
    options: Arc<Options>,
}

/// An answer or the `Status` that refuses it.
pub(crate) type Answer = Result<Response<Body>, Rejection>;

/// One request for objects, read.
struct Call {
    method: Method,
    target: Target,
    query: Query,
    accept: negotiation::Accept,
    sent: Sent,
}

/// A request's body.
struct Sent {
    content_type: String,
    /// The `User-Agent`.
    agent: String,
    body: Bytes,
}

impl ApiServer {
    /// A server over a shared store.
    #[must_use]
    pub fn new(shared: Shared, options: Options) -> Self {
        Self { shared, options: Arc::new(options) }
    }

    /// Answers one request: what hyper calls for connections, and clients in process call themselves.
    ///
    /// # Errors
    /// The connection breaks, where a fault says so.
    pub async fn handle<B>(&self, request: Request<B>) -> io::Result<Response<Body>>
    where
        B: http_body::Body,
        B::Error: fmt::Display,
    {
        let mishap = self.options.faults.strike(request.method(), request.uri());
        let answer = match &mishap {
            Some(Mishap::Refuse { code, retry_after }) => Err(fault::refusal(*code, *retry_after)),
            Some(Mishap::Mute) => std::future::pending().await,
            Some(Mishap::Before(hook)) => {
                self.shared.write(|store| hook(store));
                self.answer(request).await
            }
            _ => self.answer(request).await,
        };
        let mut response = answer.unwrap_or_else(|rejection| refuse(&rejection));
        response = match mishap {
            Some(Mishap::Lose) => return Err(fault::broken()),
            Some(Mishap::Hang { after }) => response.map(|body| fault::shortened(body, after, false)),
            Some(Mishap::Cut { after }) => response.map(|body| fault::shortened(body, after, true)),
            Some(Mishap::Drip { bytes, pause }) => response.map(|body| fault::dripping(body, bytes, pause)),
            Some(Mishap::Garbage(bytes)) => response.map(|_| whole(bytes)),
            _ => response,
        };
        let date = self.shared.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert(DATE, date);
        }
        Ok(response)
    }

    async fn answer<B>(&self, request: Request<B>) -> Answer
    where
        B: http_body::Body,
        B::Error: fmt::Display,
    {
        let (head, body) = request.into_parts();
        let header = |name| head.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or("");
        let sent = |body| Sent {
            content_type: header(CONTENT_TYPE).to_owned(),
            agent: header(USER_AGENT).to_owned(),
            body,
        };
        let accept = negotiation::Accept::parse(header(http::header::ACCEPT));
        let query = Query::parse(head.uri.query().unwrap_or(""));
        let target = match request::place(head.uri.path())? {
            Place::Fixed(document) => {
                if head.method != Method::GET && head.method != Method::HEAD {
                    return Err(Rejection::method_not_allowed());
                }
                return Ok(discovery::document(&document));
            }
            Place::Review(review) if head.method == Method::POST => {
                let sent = sent(read_body(body).await?);
                let recording = self.shared.lock().is_recording();
                return review::answer(review, &self.options.access, recording, &sent);
            }
            Place::Review(_) => return Err(Rejection::method_not_allowed()),
            Place::Resource(target) => target,
        };
        self.options.access.check(&attributes(&head.method, &target, &query))?;
        let sent = sent(read_body(body).await?);
        self.dispatch(&Call { method: head.method, target, query, accept, sent })
    }

    /// The verbs, and the subresources that have ways of their own.
    fn dispatch(&self, call: &Call) -> Answer {
        let subresource = call.target.subresource.as_deref();
        let known = match subresource {
            None => true,
            Some(name) => call.target.kind.resource().subresource(name).is_some(),
        };
        if !known {
            return Err(Rejection::no_such_path());
        }
        if call.method != Method::GET && self.shared.lock().is_recording() {
            return Err(Rejection::forbidden(call.target.kind, call.target.name(), review::RECORDED));
        }
        match (subresource, call.method.as_str()) {
            (Some("log"), "GET") => return log::get(&self.shared, call),
            (Some("eviction"), "POST") => return eviction::create(&self.shared, call),
            (Some("log" | "eviction"), _) => return Err(Rejection::method_not_allowed()),
            _ => {}
        }
        match (call.method.as_str(), call.target.name.is_some()) {
            ("GET", true) if !call.query.flag("watch") => read::get(&self.shared, call),
            ("GET", _) if call.query.flag("watch") => watch::start(&self.shared, &self.options, call),
            ("GET", _) => read::list(&self.shared, call),
            ("POST", false) => write::create(&self.shared, call),
            ("PUT", true) => write::replace(&self.shared, call),
            ("PATCH", true) => write::patch(&self.shared, call),
            ("DELETE", true) if subresource.is_none() => write::delete(&self.shared, call),
            ("DELETE", false) => write::delete_collection(&self.shared, call),
            _ => Err(Rejection::method_not_allowed()),
        }
    }
}

/// What a request wants to do.
fn attributes(method: &Method, target: &Target, query: &Query) -> Attributes {
    let verb = match (method.as_str(), target.name.is_some()) {
        ("GET" | "HEAD", _) if query.flag("watch") => "watch",
        ("GET" | "HEAD", true) => "get",
        ("GET" | "HEAD", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => "",
    };
    let resource = target.kind.resource();
    Attributes {
        verb: verb.to_owned(),
        group: resource.group.to_owned(),
        resource: resource.plural.to_owned(),
        subresource: target.subresource.clone().unwrap_or_default(),
        namespace: target.namespace().to_owned(),
        name: target.name().to_owned(),
    }
}

async fn read_body<B>(body: B) -> Result<Bytes, Rejection>
where
    B: http_body::Body,
    B::Error: fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| {
            Rejection::bad_request(format!("the request body broke off ({e}); send it again"))
        })?;
        if let Ok(mut data) = frame.into_data() {
            while bytes::Buf::has_remaining(&data) {
                let chunk = bytes::Buf::chunk(&data);
                bytes.extend_from_slice(chunk);
                let taken = chunk.len();
                bytes::Buf::advance(&mut data, taken);
            }
        }
        if bytes.len() > BODY_LIMIT {
            return Err(Rejection::too_large(BODY_LIMIT));
        }
    }
    Ok(bytes.into())
}

fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

fn respond(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json_answer(status: StatusCode, value: &Value) -> Response<Body> {
    respond(status, "application/json", whole(value.to_string()))
}

fn refuse(rejection: &Rejection) -> Response<Body> {
    let status = StatusCode::from_u16(rejection.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json_answer(status, &rejection.to_status());
    if let Some(seconds) = rejection.details.as_ref().and_then(|d| d.retry_after_seconds) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Serves until dropped; dropping it also ends every connection.
///
/// # Errors
/// The listener broke.
pub async fn serve(shared: Shared, listener: TcpListener, options: Options) -> io::Result<()> {
    let server = ApiServer::new(shared, options);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                match accepted {
                    Ok((stream, _)) => {
                        let server = server.clone();
                        connections.spawn(connection(server, stream));
                    }
                    Err(e) if is_passing(&e) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Err(e) => return Err(e),
                }
            }
            // Finished connections are collected as they end.
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// A connection that died in the queue, or too many open files: the listener itself is well.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
        || matches!(error.raw_os_error(), Some(23 | 24))
}

async fn connection(server: ApiServer, stream: tokio::net::TcpStream) {
    // Small events must not wait for more of them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let server = server.clone();
        async move { server.handle(request).await }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new());
    // A client that goes away mid-request is its own business.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

#[cfg(test)]
mod tests;
