//! The loop: input first, then the frame that is due, then data in batches.
//!
//! It is generic over what it stands between, so tests run it without a terminal, a cluster or a real clock. Every
//! branch of its `select!` is safe to be dropped: nothing is lost when another branch wins.

use std::future::Future;
use std::io;
use std::time::Duration;

use crossterm::event::Event;
use futures::{FutureExt, Stream, StreamExt};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::frame::FrameLimiter;
use crate::app::{Effect, Model, Msg, update};
use crate::cluster::Receiver;
use crate::domain::event::ClusterEvent;

/// After a frame it takes at least so long until time alone is looked at again.
const LEAST_WAIT: Duration = Duration::from_millis(50);
/// So many events are taken for one frame; more wait for the next, so that keys are heard in between.
const LARGEST_BATCH: usize = 20_000;
/// So many batches are taken from a channel at once.
const BATCHES: usize = 256;
/// The longest wait that is worth a timer.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Where news of the cluster come from. Dropping a pending `recv` must lose nothing.
pub trait EventSource {
    /// The next batch; pending for ever after the end.
    fn recv(&mut self) -> impl Future<Output = Vec<ClusterEvent>> + Send;
}

impl EventSource for mpsc::UnboundedReceiver<Vec<ClusterEvent>> {
    async fn recv(&mut self) -> Vec<ClusterEvent> {
        let mut batches = Vec::new();
        match self.recv_many(&mut batches, BATCHES).await {
            0 => std::future::pending().await,
            _ => batches.into_iter().flatten().collect(),
        }
    }
}

impl EventSource for Receiver {
    async fn recv(&mut self) -> Vec<ClusterEvent> {
        let batch = Self::recv(self).await;
        // Nothing at all means that every sender is gone.
        if batch.is_empty() { std::future::pending().await } else { batch }
    }
}

/// Who carries effects out. Answers come as cluster events or as messages through `replies`.
pub trait Execute {
    /// Begins the work; does not wait for it.
    fn execute(&mut self, effect: Effect, replies: &mpsc::UnboundedSender<Msg>);
}

/// The terminal, as far as the loop needs it.
pub trait Screen {
    /// Draws the model.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn draw(&mut self, model: &Model) -> io::Result<()>;

    /// Puts a text on the clipboard.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Gives the terminal back until the program is continued; its size then.
    ///
    /// # Errors
    /// If the terminal cannot be set up again.
    fn suspend(&mut self) -> io::Result<(u16, u16)>;

    /// Sets the terminal up again after somebody else stopped and continued the program; its size then.
    ///
    /// # Errors
    /// If the terminal cannot be set up again.
    fn resume(&mut self) -> io::Result<(u16, u16)>;
}

/// Something that happens to the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The program has to end, for this reason.
    End(ExitReason),
    /// Somebody wants it to end, as Ctrl-c says where it is no key.
    Interrupted,
    /// The program was stopped and continued by somebody else.
    Continued,
}

/// Why the monitor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// The user quit.
    Quit,
    /// SIGTERM or SIGINT.
    Terminated,
    /// SIGHUP, or the terminal is gone.
    HungUp,
    /// A thread or task panicked; the report is on stderr.
    Panicked,
}

/// What the loop stands between.
#[derive(Debug)]
pub struct Ends<K, S, E, X, I, C> {
    /// What the terminal sends.
    pub keys: K,
    /// What the cluster sends.
    pub source: S,
    /// Who carries effects out.
    pub executor: E,
    /// The terminal.
    pub screen: X,
    /// What happens to the program.
    pub interruptions: I,
    /// The local clock.
    pub clock: C,
}

/// What the loop keeps between its turns.
struct Turn {
    limiter: FrameLimiter,
    /// Frame times count from here.
    began: Instant,
    /// The model's version on the screen.
    drawn: Option<u64>,
    /// A key waits for its answer.
    answers_key: bool,
    /// When the model was told the time last.
    told: Instant,
    replies: mpsc::UnboundedSender<Msg>,
}

/// Runs until the user quits or something ends the program.
///
/// # Errors
/// If the terminal cannot be read or written.
pub async fn run<K, S, E, X, I, C>(
    model: &mut Model,
    ends: &mut Ends<K, S, E, X, I, C>,
    limiter: FrameLimiter,
) -> io::Result<ExitReason>
where
    K: Stream<Item = io::Result<Event>> + Unpin,
    S: EventSource,
    E: Execute,
    X: Screen,
    I: Stream<Item = Interruption> + Unpin,
    C: Fn() -> Timestamp,
{
    let (replies, mut answers) = mpsc::unbounded_channel();
    let now = Instant::now();
    let mut turn = Turn { limiter, began: now, drawn: None, answers_key: false, told: now, replies };
    turn.tell_time(model, ends)?;
    loop {
        let deadline = turn.deadline(model);
        let wake = turn.wake(model);
        let exit = tokio::select! {
            biased;
            Some(interruption) = ends.interruptions.next() => turn.interrupted(model, ends, interruption)?,
            event = ends.keys.next() => match event {
                Some(Ok(event)) => turn.input(model, ends, &event)?,
                // The terminal is gone.
                Some(Err(_)) | None => Some(ExitReason::HungUp),
            },
            () = sleep_until(deadline.unwrap_or(wake)), if deadline.is_some() => turn.frame(model, ends)?,
            // While a frame is due, news wait for it: then all of them are taken at once.
            batch = ends.source.recv(), if deadline.is_none() => turn.news(model, ends, batch)?,
            Some(answer) = answers.recv() => turn.take(model, ends, answer)?,
            () = sleep_until(wake) => turn.woken(model, ends)?,
        };
        if let Some(reason) = exit {
            return Ok(reason);
        }
    }
}

/// What a turn comes to: most often nothing, else the end.
type Outcome = io::Result<Option<ExitReason>>;

impl Turn {
    /// When the next frame is due; none while nothing changed.
    fn deadline(&self, model: &Model) -> Option<Instant> {
        let now = self.began.elapsed();
        let clamp =
            |now| if self.answers_key { self.limiter.clamp_answer(now) } else { self.limiter.clamp(now) };
        (self.drawn != Some(model.version())).then(|| self.began + clamp(now))
    }

    /// When time alone may change something.
    fn wake(&self, model: &Model) -> Instant {
        let wait = model.next_wake().map_or(LONGEST_WAIT, |at| {
            let wait = Duration::try_from(at.duration_since(model.now())).unwrap_or_default();
            wait.clamp(LEAST_WAIT, LONGEST_WAIT)
        });
        self.told + wait
    }

    /// Hands a message to the model and its effects to those who carry them out.
    fn take<K, S, E: Execute, X: Screen, I, C>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
        msg: Msg,
    ) -> Outcome {
        let mut exit = None;
        for effect in update(model, msg) {
            match effect {
                Effect::Quit => exit = Some(ExitReason::Quit),
                Effect::Suspend => {
                    let size = ends.screen.suspend()?;
                    self.redraw(model, ends, size)?;
                }
                Effect::CopyToClipboard(text) => ends.screen.copy(&text)?,
                effect => ends.executor.execute(effect, &self.replies),
            }
        }
        Ok(exit)
    }

    fn tell_time<K, S, E: Execute, X: Screen, I, C: Fn() -> Timestamp>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
    ) -> Outcome {
        self.told = Instant::now();
        let now = (ends.clock)();
        self.take(model, ends, Msg::Ticked(now))
    }

    /// The terminal was somebody else's for a while: everything is drawn again.
    fn redraw<K, S, E: Execute, X: Screen, I, C>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
        (width, height): (u16, u16),
    ) -> Outcome {
        self.take(model, ends, Msg::Resized(width, height))?;
        self.drawn = None;
        self.take(model, ends, Msg::Resumed)
    }

    fn interrupted<K, S, E: Execute, X: Screen, I, C>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
        interruption: Interruption,
    ) -> Outcome {
        match interruption {
            Interruption::End(reason) => Ok(Some(reason)),
            // What is going on may be held first; else this is the end.
            Interruption::Interrupted => {
                let exit = self.take(model, ends, Msg::Interrupted)?;
                Ok(exit.map(|_| ExitReason::Terminated))
            }
            Interruption::Continued => {
                let size = ends.screen.resume()?;
                self.redraw(model, ends, size)
            }
        }
    }

    fn input<K, S, E: Execute, X: Screen, I, C>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
        event: &Event,
    ) -> Outcome {
        self.answers_key = true;
        match event {
            Event::Key(key) => self.take(model, ends, Msg::Key(*key)),
            Event::Resize(width, height) => self.take(model, ends, Msg::Resized(*width, *height)),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => Ok(None),
        }
    }

    fn news<K, S, E: Execute, X: Screen, I, C: Fn() -> Timestamp>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
        batch: Vec<ClusterEvent>,
    ) -> Outcome {
        // Cells are judged by the time at which the news came.
        self.tell_time(model, ends)?;
        self.take(model, ends, Msg::Cluster(batch))
    }

    fn woken<K, S, E: Execute, X: Screen, I, C: Fn() -> Timestamp>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
    ) -> Outcome {
        self.tell_time(model, ends)?;
        // Only if words really read differently is there a frame.
        self.take(model, ends, Msg::FrameCame)
    }

    fn frame<K, S: EventSource, E: Execute, X: Screen, I, C: Fn() -> Timestamp>(
        &mut self,
        model: &mut Model,
        ends: &mut Ends<K, S, E, X, I, C>,
    ) -> Outcome {
        self.tell_time(model, ends)?;
        let (mut waiting, mut weight) = (Vec::new(), 0);
        while weight < LARGEST_BATCH {
            match ends.source.recv().now_or_never() {
                Some(batch) if !batch.is_empty() => {
                    weight += batch.iter().map(ClusterEvent::weight).sum::<usize>();
                    waiting.extend(batch);
                }
                Some(_) | None => break,
            }
        }
        if !waiting.is_empty() {
            self.take(model, ends, Msg::Cluster(waiting))?;
        }
        self.take(model, ends, Msg::FrameCame)?;
        ends.screen.draw(model)?;
        self.take(model, ends, Msg::FrameDrawn)?;
        self.limiter.drawn(self.began.elapsed());
        self.drawn = Some(model.version());
        self.answers_key = false;
        Ok(None)
    }
}
