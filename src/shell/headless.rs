//! Long work without a screen: the monitor's own model, loop and effects, with lines where it would draw.
//!
//! So a script sees what the monitor would show, by the same rules and the same watches.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::Context;
use crossterm::event::Event;
use futures::stream::{self, Stream, StreamExt, select};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::event_loop::{Ends, EventSource, Execute, ExitReason, Interruption, Screen, run};
use super::frame::FrameLimiter;
use super::signal::interruptions;
use crate::app::{Model, Msg, Settings, update};

/// No words need be on a screen for a verdict to change by time alone: so often everything is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The words of so many rows are kept up to date, as if they could be seen.
const SIZE: (u16, u16) = (200, 200);

/// Who prints lines.
pub trait Printer {
    /// What the work comes to.
    type Outcome;

    /// Looks at the model whenever something may have changed, and prints what there is to say.
    ///
    /// # Errors
    /// If the output cannot be written to.
    fn look(&mut self, model: &Model) -> io::Result<ControlFlow<Self::Outcome>>;
}

/// How it ended.
#[derive(Debug)]
pub enum End<T> {
    /// The printer said so.
    Finished(T),
    /// The time was up.
    TimedOut,
    /// From outside.
    Stopped(ExitReason),
}

/// Runs until the printer ends it, the time is up, or somebody does.
///
/// # Errors
/// If signals cannot be listened for, or the output cannot be written to.
pub async fn run_headless<P: Printer>(
    settings: Settings,
    events: impl EventSource,
    executor: impl Execute,
    printer: &mut P,
    timeout: Option<Duration>,
) -> anyhow::Result<End<P::Outcome>> {
    let (panics, panicked) = watch::channel(false);
    report_panics(panics);
    let signals = held_first(interruptions(panicked).context("cannot listen for signals")?);
    let end = drive(settings, events, executor, printer, timeout, signals).await;
    end.context("the output cannot be written to")
}

/// A dropped connection or SIGTERM is Ctrl-c twice: what goes on is held, and that is told before the end.
fn held_first(signals: impl Stream<Item = Interruption> + Unpin) -> impl Stream<Item = Interruption> + Unpin {
    signals.flat_map(|interruption| {
        let times = match interruption {
            Interruption::End(ExitReason::Terminated | ExitReason::HungUp) => {
                [Some(Interruption::Interrupted), Some(Interruption::Interrupted)]
            }
            other => [Some(other), None],
        };
        stream::iter(times.into_iter().flatten())
    })
}

/// The same between any ends.
async fn drive<P: Printer>(
    settings: Settings,
    events: impl EventSource,
    executor: impl Execute,
    printer: &mut P,
    timeout: Option<Duration>,
    signals: impl Stream<Item = Interruption> + Unpin,
) -> io::Result<End<P::Outcome>> {
    let mut model = Model::new(settings, Timestamp::now());
    update(&mut model, Msg::Resized(SIZE.0, SIZE.1));
    let (finish, finished) = mpsc::unbounded_channel();
    let mut ends = Ends {
        keys: stream::pending::<io::Result<Event>>(),
        source: events,
        executor,
        screen: Lines { printer, outcome: None, finish },
        interruptions: select(select(signals, received(finished)), clockwork(timeout)),
        clock: Timestamp::now,
    };
    let reason = run(&mut model, &mut ends, FrameLimiter::for_terminal(false)).await?;
    Ok(match (ends.screen.outcome, reason) {
        (Some(outcome), _) => End::Finished(outcome),
        // Nothing else quits where there are no keys.
        (None, ExitReason::Quit) => End::TimedOut,
        (None, reason) => End::Stopped(reason),
    })
}

/// Looks again from time to time, and ends it when the time is up.
fn clockwork(timeout: Option<Duration>) -> impl Stream<Item = Interruption> + Unpin {
    let end = timeout.map(|timeout| Instant::now() + timeout);
    let ticks = stream::unfold((), move |()| async move {
        let next = Instant::now() + LOOK_AGAIN;
        let over = end.filter(|end| *end <= next);
        tokio::time::sleep_until(over.unwrap_or(next)).await;
        let interruption =
            if over.is_some() { Interruption::End(ExitReason::Quit) } else { Interruption::Continued };
        Some((interruption, ()))
    });
    ticks.boxed()
}

fn received(finished: mpsc::UnboundedReceiver<Interruption>) -> impl Stream<Item = Interruption> + Unpin {
    stream::unfold(finished, |mut finished| async move { finished.recv().await.map(|end| (end, finished)) })
        .boxed()
}

/// A panic anywhere ends the program, after its report.
fn report_panics(panicked: watch::Sender<bool>) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        report(info);
        panicked.send_replace(true);
    }));
}

/// Lines where a screen would be.
struct Lines<'a, P: Printer> {
    printer: &'a mut P,
    outcome: Option<P::Outcome>,
    finish: mpsc::UnboundedSender<Interruption>,
}

impl<P: Printer> Screen for Lines<'_, P> {
    fn draw(&mut self, model: &Model) -> io::Result<()> {
        if self.outcome.is_none()
            && let ControlFlow::Break(outcome) = self.printer.look(model)?
        {
            self.outcome = Some(outcome);
            // The loop listens for as long as it draws.
            let _ = self.finish.send(Interruption::End(ExitReason::Quit));
        }
        Ok(())
    }

    fn copy(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<(u16, u16)> {
        Ok(SIZE)
    }

    fn resume(&mut self) -> io::Result<(u16, u16)> {
        Ok(SIZE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Effect;
    use crate::domain::event::ClusterEvent;

    struct Nobody;
    impl Execute for Nobody {
        fn execute(&mut self, _: Effect, _: &mpsc::UnboundedSender<Msg>) {}
    }

    /// Ends when it has looked so often.
    struct Count(u32);
    impl Printer for Count {
        type Outcome = &'static str;
        fn look(&mut self, _: &Model) -> io::Result<ControlFlow<Self::Outcome>> {
            self.0 -= 1;
            Ok(if self.0 == 0 { ControlFlow::Break("seen enough") } else { ControlFlow::Continue(()) })
        }
    }

    async fn end(looks: u32, timeout: Option<u64>, signals: Vec<Interruption>) -> End<&'static str> {
        let (_sender, source) = mpsc::unbounded_channel::<Vec<ClusterEvent>>();
        let signals = stream::iter(signals).chain(stream::pending());
        let timeout = timeout.map(Duration::from_secs);
        drive(Settings::default(), source, Nobody, &mut Count(looks), timeout, Box::pin(signals))
            .await
            .expect("nothing is written")
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_the_printer_has_seen_enough() {
        assert!(matches!(end(1, None, Vec::new()).await, End::Finished("seen enough")));
        assert!(
            matches!(end(3, None, Vec::new()).await, End::Finished(_)),
            "it is looked at again by time alone"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_the_time_is_up_or_somebody_says_so() {
        assert!(matches!(end(1000, Some(12), Vec::new()).await, End::TimedOut));
        let signal = Interruption::End(ExitReason::Terminated);
        assert!(matches!(end(1000, Some(12), vec![signal]).await, End::Stopped(ExitReason::Terminated)));
    }
}
