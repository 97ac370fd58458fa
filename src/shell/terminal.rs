//! The terminal: taken over, given back, whatever happens in between.
//!
//! A frame is written in one piece, and only while the terminal is ours: the gate is closed in the same locked section
//! that gives the terminal back, so a frame that was under way on another thread cannot paint over the shell.

use std::io::{self, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::sync::watch;

use super::event_loop::Screen;
use crate::app::{Model, Replacing};
use crate::ui::{Theme, draw};

/// A text longer than this is not put on a clipboard: terminals cut or refuse it.
const LONGEST_COPY: usize = 74_000;

/// Whether the terminal is ours.
#[derive(Clone, Debug, Default)]
struct Gate {
    is_ours: Arc<AtomicBool>,
    /// The title that was there is kept by the terminal, to be put back.
    has_title: Arc<AtomicBool>,
}

impl Gate {
    /// Takes the terminal over.
    fn enter(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        enable_raw_mode()?;
        self.is_ours.store(true, Ordering::SeqCst);
        execute!(out, EnterAlternateScreen, Hide, Clear(ClearType::All))
    }

    /// Gives the terminal back; the second time nothing happens.
    fn leave(&self) -> io::Result<()> {
        // The lock can be taken again by the thread that holds it, as the panic hook needs.
        let mut out = io::stdout().lock();
        if !self.is_ours.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        if self.has_title.swap(false, Ordering::SeqCst) {
            // XTWINOPS 23: the title from before.
            let _ = out.write_all(b"\x1b[23;0t");
        }
        // Both are tried, whatever becomes of the first.
        let shown = execute!(out, EndSynchronizedUpdate, LeaveAlternateScreen, Show);
        disable_raw_mode().and(shown)
    }
}

/// Collects a frame; writes it in one piece.
#[derive(Debug)]
struct FrameWriter {
    frame: Vec<u8>,
    gate: Gate,
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let written = if self.gate.is_ours.load(Ordering::SeqCst) {
            out.write_all(&self.frame).and_then(|()| out.flush())
        } else {
            Ok(())
        };
        self.frame.clear();
        written
    }
}

/// The real terminal.
#[derive(Debug)]
pub struct RealScreen {
    terminal: Terminal<CrosstermBackend<FrameWriter>>,
    theme: Theme,
    gate: Gate,
    size: (u16, u16),
    /// What the terminal's title says, where we set it.
    title: Option<String>,
    /// How often the bell was rung.
    rung: u32,
}

impl RealScreen {
    /// Takes the terminal over. It is given back when the value is dropped, and before any panic is reported.
    ///
    /// # Errors
    /// If there is no terminal.
    pub fn open(theme: Theme, panicked: watch::Sender<bool>) -> io::Result<Self> {
        let gate = Gate::default();
        restore_before_panics(gate.clone(), panicked);
        let size = size()?;
        gate.enter()?;
        let writer = FrameWriter { frame: Vec::with_capacity(1 << 14), gate: gate.clone() };
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
        let terminal = Terminal::with_options(CrosstermBackend::new(writer), TerminalOptions { viewport })?;
        Ok(Self { terminal, theme, gate, size, title: None, rung: 0 })
    }

    /// The terminal's columns and lines.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// Shows a line in the middle and nothing else.
    pub(super) fn say(&mut self, words: &str) -> io::Result<()> {
        self.terminal.draw(|frame| {
            let area = frame.area();
            let line = Rect { y: area.height / 2, height: area.height.min(1), ..area };
            frame.render_widget(Line::from(words).centered(), line);
        })?;
        Ok(())
    }

    /// The title and the bell tell of long work also where the terminal is not looked at.
    fn announce(&mut self, model: &Model) -> io::Result<()> {
        let title = model.replacement().map(Replacing::title);
        let rings = model.replacement().map_or(0, Replacing::rings);
        if title == self.title && rings == self.rung {
            return Ok(());
        }
        let rings_now = rings > self.rung;
        self.rung = rings;
        let mut out = Vec::new();
        if title != self.title
            && let Some(title) = &title
        {
            // XTWINOPS 22 keeps the title that is there.
            if !self.gate.has_title.swap(true, Ordering::SeqCst) {
                out.extend_from_slice(b"\x1b[22;0t");
            }
            out.extend_from_slice(format!("\x1b]2;{title}\x1b\\").as_bytes());
        }
        if rings_now {
            out.push(7);
        }
        self.title = title;
        self.terminal.backend_mut().write_all(&out)
    }

    pub(super) fn fit(&mut self, (width, height): (u16, u16)) -> io::Result<()> {
        self.size = (width, height);
        self.terminal.resize(Rect::new(0, 0, width, height))
    }
}

impl Drop for RealScreen {
    fn drop(&mut self) {
        // After a hang-up there is nothing left to write to.
        let _ = self.gate.leave();
    }
}

/// A panic on any thread first gives the terminal back, so that its report can be read, then ends the program.
fn restore_before_panics(gate: Gate, panicked: watch::Sender<bool>) {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let _ = gate.leave();
        report(info);
        panicked.send_replace(true);
    }));
}

impl Screen for RealScreen {
    fn draw(&mut self, model: &Model) -> io::Result<()> {
        if model.size() != self.size {
            self.fit(model.size())?;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.announce(model)?;
        let theme = self.theme;
        self.terminal.draw(|frame| draw(frame, model, &theme))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let text: String = text.chars().take(LONGEST_COPY).collect();
        let writer = self.terminal.backend_mut();
        // OSC 52: the terminal puts it on the clipboard, also over SSH.
        write!(writer, "\u{1b}]52;c;{}\u{7}", base64(text.as_bytes()))?;
        Write::flush(writer)
    }

    fn suspend(&mut self) -> io::Result<(u16, u16)> {
        self.gate.leave()?;
        super::signal::stop_program()?;
        self.resume()
    }

    fn resume(&mut self) -> io::Result<(u16, u16)> {
        self.gate.enter()?;
        // It was put back when the terminal was given back.
        self.title = None;
        let size = size()?;
        self.fit(size)?;
        Ok(size)
    }
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        for (raw, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("node-00001", "bm9kZS0wMDAwMQ=="),
        ] {
            assert_eq!(base64(raw.as_bytes()), text);
        }
    }

    #[test]
    fn a_frame_is_dropped_once_the_terminal_is_not_ours() {
        let mut writer = FrameWriter { frame: Vec::new(), gate: Gate::default() };
        writer.write_all(b"frame").unwrap();
        writer.flush().unwrap();
        assert!(writer.frame.is_empty());
    }
}
