//! What a read without an answer tells the watches: the server may be gone though no stream broke. An idle stream is
//! silent for a minute; somebody who waits for an answer knows sooner.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// A read that was given up sooner says nothing.
const TELLING: Duration = Duration::from_secs(5);

/// When the newest read was sent that got no answer.
#[derive(Clone)]
pub(super) struct Doubt(Arc<watch::Sender<Option<Instant>>>);

impl Doubt {
    pub(super) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// A read begins.
    pub(super) fn waiting(&self) -> Waiting<'_> {
        Waiting { doubt: self, sent: Instant::now(), was_answered: false }
    }

    pub(super) fn listen(&self) -> Doubts {
        Doubts(self.0.subscribe())
    }
}

/// A read that waits for its answer; it counts as unanswered if it is dropped before, whoever gave it up.
pub(super) struct Waiting<'a> {
    doubt: &'a Doubt,
    sent: Instant,
    was_answered: bool,
}

impl Waiting<'_> {
    /// An answer came, good or bad.
    pub(super) fn answered(mut self) {
        self.was_answered = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.was_answered && self.sent.elapsed() >= TELLING {
            self.doubt.0.send_replace(Some(self.sent));
        }
    }
}

/// Hears of reads without an answer.
pub(in crate::cluster) struct Doubts(watch::Receiver<Option<Instant>>);

impl Doubts {
    /// When a read was sent that got no answer, as soon as there is one that was sent after something was `heard`.
    pub(in crate::cluster) async fn after(&mut self, heard: Instant) -> Instant {
        let found = self.0.wait_for(|sent| sent.is_some_and(|sent| sent > heard)).await;
        match found.map(|sent| *sent) {
            Ok(Some(sent)) => sent,
            // Nobody reads any more.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}
