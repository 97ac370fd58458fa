//! Starts the monitor on the real terminal.

use anyhow::Context;
use crossterm::event::EventStream;
use jiff::Timestamp;
use tokio::sync::watch;

use super::event_loop::{Ends, EventSource, Execute, ExitReason, run};
use super::frame::FrameLimiter;
use super::signal::interruptions;
use super::terminal::RealScreen;
use crate::app::{Model, Msg, Settings, update};
use crate::ui::Theme;

/// What the monitor is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the model has to know.
    pub settings: Settings,
    /// Whether the terminal is at the other end of an SSH connection.
    pub is_remote: bool,
}

/// Runs the monitor until the user quits or something ends it. The terminal is as before when this returns.
///
/// # Errors
/// If there is no terminal, or it cannot be read or written.
pub async fn run_monitor(
    options: Options,
    events: impl EventSource,
    executor: impl Execute,
) -> anyhow::Result<ExitReason> {
    let (panics, panicked) = watch::channel(false);
    let interruptions = interruptions(panicked).context("cannot listen for signals")?;
    let theme = Theme::new(options.settings.capabilities);
    let screen = RealScreen::open(theme, panics).context("cannot use this terminal")?;
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
    outcome.context("the terminal cannot be used any more")
}
