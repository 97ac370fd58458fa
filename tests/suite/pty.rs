//! The program in a real terminal: it starts, draws, resizes, suspends, and always gives the terminal back.

use dsgrid::app::{Effect, Msg};
use dsgrid::shell::event_loop::{Execute, ExitReason};
use dsgrid::shell::monitor::{Options, run_monitor};
use tokio::sync::mpsc::UnboundedSender;

use crate::support::terminal::Terminal;

const DSGRID: &str = env!("CARGO_BIN_EXE_dsgrid");

fn demo(columns: u16, rows: u16) -> Terminal {
    let terminal = Terminal::start(DSGRID, &["demo", "--nodes", "12", "--seed", "7"], &[], columns, rows);
    terminal.wait_for("fluent-bit");
    terminal
}

#[test]
fn it_draws_and_quits_with_q() {
    let mut terminal = demo(120, 40);
    terminal.send("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.assert_restored();
    assert!(!terminal.text().contains("fluent-bit"), "the shell's screen is back");
}

#[test]
fn escape_never_quits_and_control_c_does() {
    let mut terminal = demo(120, 40);
    terminal.send("?");
    terminal.wait_until("the help", |screen| !screen.contents().contains("fluent-bit"));
    terminal.send("\u{1b}");
    terminal.wait_for("fluent-bit");
    terminal.send("\u{1b}");
    terminal.send("\u{3}");
    terminal.wait_for_exit();
    terminal.assert_restored();
}

/// A replacement of every outdated pod of an `OnDelete` set goes on.
fn replacing(form: &str) -> Terminal {
    let mut terminal = demo(100, 30);
    terminal.send("/falco\r");
    terminal.wait_for("security/falco  OnDelete");
    terminal.send("R");
    terminal.wait_for("canaries before the rest");
    terminal.send(form);
    terminal.send("\r");
    terminal.wait_for("to replace, type falco");
    terminal.send("falco\r");
    terminal.wait_for("H holds it at once");
    terminal
}

#[test]
fn control_c_holds_a_replacement_first_and_then_ends_with_what_is_left() {
    let mut terminal = replacing("");
    terminal.send("\u{3}");
    terminal.wait_for("once more to leave");
    terminal.wait_for("held by you; nothing more is deleted");
    terminal.send("\u{3}");
    terminal.wait_for_exit();
    terminal.assert_restored();
    terminal.wait_for("the replacement of security/falco does not go on");
    // The title that was there is kept first and put back at the end.
    assert!(terminal.has_written("\u{1b}[22;0t\u{1b}]2;replacing security/falco 0/"));
    assert!(terminal.has_written("\u{1b}]2;held: replace security/falco"));
    assert!(terminal.has_written("\u{1b}[23;0t"));
    assert!(!terminal.has_written("\u{7}"), "nobody has to be called who is there");
}

#[test]
fn the_title_and_the_bell_tell_that_a_replacement_is_done() {
    let mut terminal = replacing("100%\t0\t0s");
    terminal.wait_for("over; R plans anew");
    assert!(terminal.has_written("\u{1b}]2;done: replace security/falco"));
    assert!(terminal.has_written("\u{7}"));
    terminal.send("qq");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.assert_restored();
    assert!(!terminal.text().contains("does not go on"), "{}", terminal.text());
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut terminal = demo(120, 40);
    terminal.resize(40, 10);
    terminal.wait_until("what it needs", |screen| {
        !screen.contents().contains("fluent-bit") && screen.contents().contains("50")
    });
    terminal.resize(80, 24);
    terminal.wait_for("fluent-bit");
    terminal.send("q");
    terminal.wait_for_exit();
}

#[test]
fn signals_end_it_cleanly() {
    for signal in ["TERM", "HUP"] {
        let mut terminal = demo(80, 24);
        terminal.signal(signal);
        terminal.wait_for_exit();
        terminal.assert_restored();
    }
}

#[test]
fn control_z_suspends_and_fg_draws_again() {
    // Only a job of a shell can be stopped: without one, nobody could continue it.
    let story =
        format!("set -m; {DSGRID} demo --nodes 12 --seed 7; echo it is stopped; read -r line; fg >/dev/null");
    let mut terminal = Terminal::start("bash", &["-c", &story], &[], 80, 24);
    terminal.wait_for("fluent-bit");
    terminal.send("\u{1a}");
    terminal.wait_until("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("it is stopped")
    });
    terminal.assert_restored();
    terminal.send("\n");
    terminal.wait_until("the grid again", |screen| {
        screen.alternate_screen() && screen.contents().contains("fluent-bit")
    });
    terminal.send("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.assert_restored();
}

#[test]
fn it_works_without_colour_and_without_unicode() {
    let variables = [("NO_COLOR", "1"), ("LANG", "C"), ("TERM", "xterm")];
    let mut terminal = Terminal::start(DSGRID, &["demo", "--nodes", "12", "--seed", "7"], &variables, 80, 24);
    terminal.wait_for("fluent-bit");
    assert!(terminal.text().is_ascii(), "{}", terminal.text());
    terminal.send("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let output = std::process::Command::new(DSGRID).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("dsgrid get"));
}

/// Not a test by itself: the child of the one below, which runs it in a terminal.
#[test]
fn panics_when_asked() {
    if std::env::var_os("DSGRID_TEST_PANIC").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let reason = runtime.block_on(async {
        tokio::spawn(async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            panic!("a task fell over");
        });
        let (_silent, events) = tokio::sync::mpsc::unbounded_channel();
        run_monitor(Options::default(), None, events, Idle).await
    });
    assert_eq!(reason.expect("the terminal works").reason, ExitReason::Panicked);
}

/// Carries nothing out.
struct Idle;

impl Execute for Idle {
    fn execute(&mut self, _: Effect, _: &UnboundedSender<Msg>) {}
}

#[test]
fn a_panic_in_any_task_gives_the_terminal_back_and_is_told() {
    let own = std::env::current_exe().expect("this test binary").to_string_lossy().into_owned();
    let arguments = ["pty::panics_when_asked", "--exact", "--nocapture"];
    let mut terminal = Terminal::start(&own, &arguments, &[("DSGRID_TEST_PANIC", "1")], 80, 24);
    terminal.wait_until("the monitor", vt100::Screen::alternate_screen);
    assert_eq!(terminal.wait_for_exit(), 0, "{}", terminal.text());
    terminal.assert_restored();
    assert!(terminal.text().contains("a task fell over"), "{}", terminal.text());
}
