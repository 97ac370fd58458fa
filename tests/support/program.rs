//! The program as scripts run it: arguments in, output and exit code out.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The binary under test.
pub const DSGRID: &str = env!("CARGO_BIN_EXE_dsgrid");

/// What a run came to.
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub data: String,
    /// Standard error.
    pub notes: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            data: String::from_utf8(output.stdout).expect("text"),
            notes: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// The program, told nothing by the caller's environment.
pub fn dsgrid(arguments: &[&str]) -> Command {
    let mut command = Command::new(DSGRID);
    command.args(arguments).stdin(Stdio::null());
    for name in
        ["KUBECONFIG", "DSGRID_CONFIG", "NO_COLOR", "HTTPS_PROXY", "https_proxy", "KUBERNETES_SERVICE_HOST"]
    {
        command.env_remove(name);
    }
    // No configuration and no kubeconfig of whoever runs the tests.
    command.env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Run {
    dsgrid(arguments).output().expect("it runs").into()
}

/// A served embedded cluster; it ends when dropped.
pub struct Served {
    child: Child,
    output: BufReader<ChildStdout>,
    /// The kubeconfig's path.
    pub kubeconfig: String,
}

impl Served {
    /// Starts `dsgrid demo --serve` with more flags.
    pub fn start(flags: &[&str]) -> Self {
        let mut child = dsgrid(&["demo", "--serve", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut path = String::new();
        output.read_line(&mut path).expect("it prints a path");
        assert!(path.ends_with(".yaml\n"), "no kubeconfig was printed but {path:?}");
        Self { child, output, kubeconfig: path.trim_end().to_owned() }
    }

    /// A recording, played to its end.
    pub fn recording(name: &str) -> Self {
        let file = super::recording::all().into_iter().find(|path| path.to_string_lossy().contains(name));
        let file = file.expect("a recording").to_string_lossy().into_owned();
        let served = Self::start(&["--replay", &file, "--fast"]);
        // Playing takes a moment; it is over when the versions stand still.
        let mut before = String::new();
        loop {
            let now = served.run(&["get", "-o", "json", "--all"]).data;
            let settled = without_time(&now);
            if settled == before {
                return served;
            }
            before = settled;
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }

    /// Runs dsgrid against it.
    pub fn run(&self, arguments: &[&str]) -> Run {
        dsgrid(arguments).env("KUBECONFIG", &self.kubeconfig).output().expect("it runs").into()
    }

    /// Asks it to end with a signal; the exit code.
    pub fn end(mut self, signal: &str) -> i32 {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        let code = self.child.wait().expect("it ends").code().expect("by itself");
        let mut rest = String::new();
        self.output.read_line(&mut rest).expect("readable");
        assert_eq!(rest, "", "the path is the only data");
        code
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Ended already where a test ended it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The document without the time at which it was taken, and without ages.
fn without_time(document: &str) -> String {
    document.lines().filter(|line| !line.contains("takenAt")).collect()
}
