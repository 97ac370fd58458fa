//! What happens to the program itself: signals, panics elsewhere.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use futures::stream::{StreamExt, select_all};
use rustix::process::{Signal, kill_current_process_group};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::event_loop::{ExitReason, Interruption};

/// Interruptions from one source.
type Interruptions = Pin<Box<dyn Stream<Item = Interruption> + Send>>;

/// All interruptions: SIGTERM, SIGINT, SIGHUP, SIGCONT, and panics.
///
/// # Errors
/// If a handler cannot be installed.
pub(super) fn interruptions(
    panicked: watch::Receiver<bool>,
) -> io::Result<impl Stream<Item = Interruption> + Unpin> {
    let on = |kind: SignalKind, interruption: Interruption| -> io::Result<Interruptions> {
        let signals = signal(kind)?;
        Ok(futures::stream::unfold(signals, move |mut signals| async move {
            signals.recv().await.map(|()| (interruption, signals))
        })
        .boxed())
    };
    let ended = Interruption::End(ExitReason::Terminated);
    let panics = futures::stream::unfold(panicked, |mut panicked| async move {
        panicked.wait_for(|panicked| *panicked).await.ok()?;
        Some((Interruption::End(ExitReason::Panicked), panicked))
    });
    Ok(select_all([
        panics.boxed(),
        on(SignalKind::terminate(), ended)?,
        on(SignalKind::interrupt(), Interruption::Interrupted)?,
        on(SignalKind::hangup(), Interruption::End(ExitReason::HungUp))?,
        on(SignalKind::from_raw(Signal::CONT.as_raw()), Interruption::Continued)?,
    ]))
}

/// Stops the program as Ctrl-z does, with all that share its job; comes back when it is continued.
///
/// # Errors
/// If the signal cannot be sent.
pub(super) fn stop_program() -> io::Result<()> {
    kill_current_process_group(Signal::TSTP)?;
    // Another thread may be the one that is stopped first; and without job control nothing stops at all.
    std::thread::sleep(Duration::from_millis(50));
    Ok(())
}
