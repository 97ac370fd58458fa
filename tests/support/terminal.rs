//! A program in a pseudo-terminal: keys go in, the screen comes out.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

/// How long a screen may take to appear: generous, since machines are shared; a wait ends as soon as it can.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program and its terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal outlives the program and can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything the program wrote.
    written: Arc<Mutex<Vec<u8>>>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

impl Terminal {
    /// Starts a program in a terminal of this size, with these variables and nothing of the caller's dsgrid settings.
    pub fn start(
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        for name in ["NO_COLOR", "SSH_CONNECTION", "KUBECONFIG", "DSGRID_CONFIG", "LC_ALL", "RUST_BACKTRACE"]
        {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let parser = Arc::clone(&screen);
        let written = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 16 * 1024];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                record.lock().expect("no reader panics").extend_from_slice(&buffer[..length]);
                parser.lock().expect("no reader panics").process(&buffer[..length]);
            }
        });
        let keys = pair.master.take_writer().expect("a writer");
        Self { master: pair.master, _slave: pair.slave, child, keys, screen, written }
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Changes the terminal's size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.lock().expect("no reader panics").screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).expect("resizes");
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.screen.lock().expect("no reader panics").screen().contents()
    }

    /// Whether the program ever wrote this, also what is not for the screen.
    pub fn has_written(&self, bytes: &str) -> bool {
        let written = self.written.lock().expect("no reader panics");
        written.windows(bytes.len()).any(|window| window == bytes.as_bytes())
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until something holds of the screen.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self.screen.lock().expect("no reader panics").screen()) {
            assert!(Instant::now() < end, "waited in vain for {what}; the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Sends a signal, like `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end; the exit code.
    pub fn wait_for_exit(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                // What it printed last may still be on its way.
                std::thread::sleep(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end; the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asserts that the terminal is as a shell wants it: the normal screen, a visible cursor, echo and line editing.
    pub fn assert_restored(&self) {
        {
            let parser = self.screen.lock().expect("no reader panics");
            let screen = parser.screen();
            assert!(!screen.alternate_screen(), "still on the alternate screen");
            assert!(!screen.hide_cursor(), "the cursor is still hidden");
            assert!(!screen.bracketed_paste(), "bracketed paste is still on");
            assert_eq!(
                screen.mouse_protocol_mode(),
                vt100::MouseProtocolMode::None,
                "the mouse is still grabbed"
            );
        }
        let name = self.master.tty_name().expect("a terminal has a name");
        let settings = Command::new("stty").arg("-F").arg(name).arg("-a").output().expect("stty runs");
        let settings = String::from_utf8_lossy(&settings.stdout).into_owned();
        let on = |flag: &str| settings.split_whitespace().any(|word| word.trim_end_matches(';') == flag);
        assert!(on("icanon") && on("echo") && on("isig"), "the terminal is still raw: {settings}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A failed test must not leave its program behind; one that has ended cannot be killed, which is fine.
        drop(self.child.kill());
    }
}
