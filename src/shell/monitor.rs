//! Starts the monitor on the real terminal.

use anyhow::Context;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyModifiers};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::sync::watch;

use super::event_loop::{Ends, EventSource, Execute, ExitReason, run};
use super::frame::FrameLimiter;
use super::signal::interruptions;
use super::terminal::RealScreen;
use crate::app::{Capabilities, Model, Msg, Settings, update};
use crate::ui::Theme;

/// What the monitor is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the model has to know.
    pub settings: Settings,
    /// Whether the terminal is at the other end of an SSH connection.
    pub is_remote: bool,
}

/// The terminal, taken over before there is anything to show; given back when dropped.
#[derive(Debug)]
pub struct Opened {
    screen: RealScreen,
    panicked: watch::Receiver<bool>,
}

impl Opened {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If there is no terminal.
    pub fn open(capabilities: Capabilities) -> anyhow::Result<Self> {
        let (panics, panicked) = watch::channel(false);
        let screen =
            RealScreen::open(Theme::new(capabilities), panics).context("cannot use this terminal")?;
        Ok(Self { screen, panicked })
    }

    /// Says what is waited for until the work is done; none if `q` or Ctrl-c ends it. Other keys are dropped: they were
    /// meant for what was not there yet.
    ///
    /// # Errors
    /// If the terminal cannot be read or written, or the work panics.
    pub async fn wait_for<T: Send + 'static>(
        &mut self,
        words: &str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<Option<T>> {
        // On a thread of its own, because it may compute for long.
        let mut work = tokio::spawn(work);
        let mut keys = EventStream::new();
        self.screen.say(words)?;
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done?)),
                key = keys.next() => match key.context("the terminal is gone")?? {
                    Event::Key(key) if is_end(key) => {
                        work.abort();
                        return Ok(None);
                    }
                    Event::Resize(width, height) => {
                        self.screen.fit((width, height))?;
                        self.screen.say(words)?;
                    }
                    _ => {}
                },
            }
        }
    }
}

fn is_end(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('q')
        || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL))
}

/// How the monitor ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: ExitReason,
    /// What is left undone in the cluster, in words.
    pub left: Option<String>,
}

/// Runs the monitor until the user quits or something ends it. The terminal is as before when this returns.
///
/// # Errors
/// If there is no terminal, or it cannot be read or written.
pub async fn run_monitor(
    options: Options,
    opened: Option<Opened>,
    events: impl EventSource,
    executor: impl Execute,
) -> anyhow::Result<Ended> {
    let Opened { screen, panicked } = match opened {
        Some(opened) => opened,
        None => Opened::open(options.settings.capabilities)?,
    };
    let interruptions = interruptions(panicked).context("cannot listen for signals")?;
    let mut model = Model::new(options.settings, Timestamp::now());
    let (width, height) = screen.size();
    update(&mut model, Msg::Resized(width, height));
    let mut ends = Ends {
        keys: EventStream::new(),
        source: events,
        executor,
        screen,
        interruptions,
        clock: Timestamp::now,
    };
    let limiter = FrameLimiter::for_terminal(options.is_remote);
    let outcome = run(&mut model, &mut ends, limiter).await;
    // Before anything is printed, the terminal has to be the shell's again.
    drop(ends);
    let reason = outcome.context("the terminal cannot be used any more")?;
    let left =
        model.replacement().and_then(|replacing| replacing.last_words(model.inventory(), model.context()));
    Ok(Ended { reason, left })
}
