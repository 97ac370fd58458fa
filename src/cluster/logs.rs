//! Logs of many containers at once: opened gently, read in bounded lines, resumed where they broke.

mod lane;
mod lines;
mod stream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::connect::Connection;
use super::mailbox::Sender;
use super::wire::Wire;
use crate::domain::log::{LogNews, LogRequest, StreamId};
pub(super) use lane::LogLane;
use stream::Stream;

/// Streams are opened no faster than one in this time: each is a connection to the server and one to a kubelet.
const PACE: Duration = Duration::from_millis(100);
/// So much news waits in a channel; then the servers have to wait.
const WAITING: usize = 64;

/// Where news of logs go.
#[derive(Clone)]
pub enum LogSink {
    /// To a reader who must never wait nor be waited for: what he does not take in time is dropped and counted.
    Mailbox(Sender),
    /// To a reader who wants every line: servers wait for him.
    Channel(mpsc::Sender<(StreamId, LogNews)>),
}

/// The end of a channel for one who wants every line.
pub type LogReceiver = mpsc::Receiver<(StreamId, LogNews)>;

/// Makes a channel for one who wants every line.
#[must_use]
pub fn log_channel() -> (LogSink, LogReceiver) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (LogSink::Channel(sender), receiver)
}

impl LogSink {
    async fn put(&self, stream: StreamId, news: LogNews) {
        match self {
            Self::Mailbox(sender) => sender.log(stream, news),
            // Nobody listens any more once the program ends.
            Self::Channel(sender) => drop(sender.send((stream, news)).await),
        }
    }
}

/// The running streams; dropping it ends them.
pub struct Logs {
    wire: Wire,
    sink: LogSink,
    running: HashMap<StreamId, Running>,
    pace: Arc<Pace>,
    slots: Arc<Semaphore>,
}

impl Connection {
    /// Makes ready to read logs. At most `at_once` are read to their end at the same time, more wait for their turn;
    /// those that are followed are open until they are closed, so that whoever opens them counts them.
    #[must_use]
    pub fn logs(&self, sink: LogSink, at_once: usize) -> Logs {
        Logs {
            wire: self.wire().clone(),
            sink,
            running: HashMap::new(),
            pace: Arc::default(),
            slots: Arc::new(Semaphore::new(at_once.max(1))),
        }
    }
}

impl Logs {
    /// Begins to read a log; one of the same number is closed.
    pub fn open(&mut self, stream: StreamId, request: LogRequest) {
        self.start(stream, request, self.sink.clone());
    }

    /// Begins to read a log for one who wants every line of it: the server waits for him.
    pub fn open_apart(&mut self, stream: StreamId, request: LogRequest) -> LogReceiver {
        let (sink, receiver) = log_channel();
        self.start(stream, request, sink);
        receiver
    }

    fn start(&mut self, stream: StreamId, request: LogRequest, sink: LogSink) {
        self.running.retain(|_, running| !running.0.is_finished());
        let follows = request.follow;
        let reader = Stream::new(self.wire.clone(), stream, request, sink, Arc::clone(&self.pace));
        let slots = (!follows).then(|| Arc::clone(&self.slots));
        let task = tokio::spawn(async move {
            let _slot = match &slots {
                // The semaphore is never closed.
                Some(slots) => slots.acquire().await.ok(),
                None => None,
            };
            reader.run_to_end().await;
        });
        self.running.insert(stream, Running(task));
    }

    /// Ends a stream; what waits of it is forgotten.
    pub fn close(&mut self, stream: StreamId) {
        self.running.remove(&stream);
        if let LogSink::Mailbox(sender) = &self.sink {
            sender.forget_log(stream);
        }
    }
}

/// A task that ends with its handle.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Spreads openings over time.
#[derive(Default)]
struct Pace(Mutex<Option<Instant>>);

impl Pace {
    async fn wait(&self) {
        let at = {
            let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let at = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(at + PACE);
            at
        };
        sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests;
