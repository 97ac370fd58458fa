//! A scripted API server in place of the network, for tests: it can be slow, silent, rude and wrong.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kube::Client;
use kube::client::Body;
use tokio::time::{Instant, sleep};
use tower::BoxError;

/// One step of an answer's body.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// The connection breaks.
    Break,
    /// Nothing more ever comes.
    Hang,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) steps: Vec<Step>,
    /// The head never comes.
    pub(super) mute: bool,
}

impl Reply {
    pub(super) fn new(status: u16, body: &str) -> Self {
        let steps = vec![Step::Send(body.as_bytes().to_vec())];
        Self { status, headers: vec![("content-type", "application/json".to_owned())], steps, mute: false }
    }

    /// A refusal as the API writes it.
    pub(super) fn status(code: u16, message: &str) -> Self {
        let status = serde_json::json!({"kind": "Status", "code": code, "message": message});
        Self::new(code, &status.to_string())
    }

    pub(super) fn mute() -> Self {
        Self { mute: true, ..Self::new(200, "") }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// What was asked, and when.
pub(super) type Log = Arc<Mutex<Vec<(Instant, String)>>>;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// With the query.
    pub(super) path: String,
    pub(super) content_type: String,
    pub(super) body: String,
    /// When it came.
    pub(super) at: Instant,
}

/// A client whose server answers as `script` says: it is given the path with query, and how often its
/// resource was listed or watched before. Without an answer lists are empty and watches silent.
pub(super) fn client(script: impl Fn(&str, usize) -> Option<Reply> + Send + Sync + 'static) -> (Client, Log) {
    let log = Log::default();
    let asked = Arc::clone(&log);
    let counts = Mutex::new(HashMap::<String, usize>::new());
    let client = server(move |call| {
        let path = &call.path;
        asked.lock().unwrap().push((call.at, path.clone()));
        let key = format!("{} {}", path.split('?').next().unwrap_or_default(), path.contains("watch=true"));
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(key).or_default();
        *count += 1;
        script(path, *count - 1).unwrap_or_else(|| ordinary(path))
    });
    (client, log)
}

/// A client whose server answers each request, read whole, as `script` says.
pub(super) fn server(script: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Client {
    let script = Arc::new(script);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (script, at) = (Arc::clone(&script), Instant::now());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap();
            let kind = head.headers.get(http::header::CONTENT_TYPE);
            let call = Call {
                method: head.method.to_string(),
                path: head.uri.to_string(),
                content_type: kind.map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default(),
                body: String::from_utf8(body.to_vec()).unwrap(),
                at,
            };
            Ok::<_, Infallible>(answer(script(&call)).await)
        }
    });
    Client::new(service, "default")
}

fn ordinary(path: &str) -> Reply {
    if path.contains("watch=true") {
        return Reply::new(200, "").then(Step::Hang);
    }
    Reply::new(200, &list("1", "", &[]))
}

async fn answer(
    reply: Reply,
) -> Response<StreamBody<impl futures::Stream<Item = Result<Frame<Bytes>, BoxError>> + Send>> {
    if reply.mute {
        std::future::pending::<()>().await;
    }
    let stream = futures::stream::unfold(reply.steps.into_iter(), |mut steps| async move {
        loop {
            match steps.next()? {
                Step::Send(bytes) => return Some((Ok(Frame::data(Bytes::from(bytes))), steps)),
                Step::Wait(time) => sleep(time).await,
                Step::Break => {
                    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                    return Some((Err(BoxError::from(error)), Vec::new().into_iter()));
                }
                Step::Hang => std::future::pending().await,
            }
        }
    });
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(StreamBody::new(Box::pin(stream))).unwrap()
}

/// A list as the API writes it.
pub(super) fn list(version: &str, token: &str, items: &[String]) -> String {
    format!(
        r#"{{"kind":"List","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{}]}}"#,
        items.join(",")
    )
}

/// A pod with a controller of some kind; without one where `owner` is empty.
pub(super) fn pod(name: &str, version: u64, owner: &str) -> String {
    let owners = if owner.is_empty() {
        String::new()
    } else {
        format!(r#"{{"kind":"{owner}","name":"o","uid":"owner","controller":true}}"#)
    };
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"ns","uid":"{name}","resourceVersion":"{version}",
        "managedFields":[{{"f":1}}],"ownerReferences":[{owners}]}},"spec":{{"nodeName":"n1"}},"status":{{"phase":"Running"}}}}"#
    )
    .replace('\n', "")
}

/// A watch event as the API writes it.
pub(super) fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}
