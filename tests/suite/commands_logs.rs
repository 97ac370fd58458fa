//! `dsgrid logs`, as scripts and people run it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::program::{Served, dsgrid, run};
use crate::support::terminal::Terminal;

#[test]
fn wrong_usage_is_told_in_one_sentence() {
    let cluster = Served::start(&["--nodes", "6"]);
    for (arguments, code, words) in [
        (&["logs"][..], 2, "ds/NAME"),
        (&["logs", "ds/a/b/c"], 2, "names no DaemonSet"),
        (&["logs", "ds/nope", "-n", "logging"], 2, "there is no DaemonSet \"nope\" in the namespace logging"),
        (&["logs", "logging/fluent-bit", "-n", "other"], 2, "but -n says other"),
        (&["logs", "logging/fluent-bit", "-l", "a=b"], 2, "leave -l out"),
        (&["logs", "logging/fluent-bit", "--node", "nope"], 2, "there is no node \"nope\""),
        (&["logs", "logging/fluent-bit", "--node", "UPPER"], 2, "names no node"),
        (
            &["logs", "logging/fluent-bit", "-c", "nope"],
            2,
            "there is no container \"nope\"; the pods have fluent-bit",
        ),
        (&["logs", "logging/fluent-bit", "--grep", "("], 2, "is no regular expression"),
        (&["logs", "logging/fluent-bit", "--since", "soon"], 2, "is no time"),
        (&["logs", "logging/fluent-bit", "--since", "0"], 2, "longer than nothing"),
        (&["logs", "logging/fluent-bit", "--tail", "-1"], 2, "'-1'"),
        (&["logs", "logging/fluent-bit", "--max-streams", "0"], 2, "from 1 to 64"),
        (&["logs", "logging/fluent-bit", "--max-streams", "65"], 2, "from 1 to 64"),
        (&["logs", "logging/fluent-bit", "-f", "-p"], 2, "cannot be used with"),
    ] {
        let answer = cluster.run(arguments);
        assert_eq!((answer.code, answer.data.as_str()), (code, ""), "{arguments:?}: {}", answer.notes);
        assert!(answer.notes.contains(words), "{arguments:?}: {}", answer.notes);
    }
    assert_eq!(run(&["logs", "x", "--kubeconfig", "/nonexistent"]).code, 3);
}

#[test]
fn every_line_follows_the_name_of_its_node() {
    let cluster = Served::start(&["--nodes", "6"]);
    let nodes = cluster.run(&["get", "monitoring/node-exporter", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&nodes.data).expect("JSON");
    let names: Vec<&str> = document["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter_map(|node| node["name"].as_str())
        .collect();
    let node = names[0];
    let answer = cluster.run(&["logs", "monitoring/node-exporter", "--tail", "3"]);
    assert!(!answer.data.is_empty(), "{}", answer.notes);
    assert!(answer.data.lines().all(|line| names.iter().any(|name| line.starts_with(&format!("{name} ")))));
    let one = cluster.run(&["logs", "ds/node-exporter", "-n", "monitoring", "--node", node, "--tail", "1"]);
    assert_eq!((one.code, one.data.lines().count()), (0, 1), "{}", one.notes);
    let all = cluster.run(&["logs", "monitoring/node-exporter", "--node", node]).data;
    let word = all.lines().next().and_then(|line| line.split_whitespace().last()).expect("a line").to_owned();
    let some = cluster.run(&["logs", "monitoring/node-exporter", "--node", node, "--grep", &regex_of(&word)]);
    assert!(!some.data.is_empty() && some.data.lines().all(|line| line.contains(&word)), "{}", some.data);
    let before = cluster.run(&["logs", "monitoring/node-exporter", "--node", node, "--previous"]);
    assert_eq!((before.code, before.data.as_str()), (1, ""), "nothing at all could be read");
    let two = format!("{},{}", names[0], names[1]);
    let two = cluster.run(&["logs", "--node", &two, "monitoring/node-exporter", "--tail", "1"]);
    assert_eq!((two.code, two.data.lines().count()), (0, 2), "a name after --node is no node: {}", two.notes);
    assert!(before.notes.contains("no log of a previous run"), "{}", before.notes);
}

/// A word as a regular expression that means just it.
fn regex_of(word: &str) -> String {
    word.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\{c}") }).collect()
}

/// Starts reading logs of which there are more than fit into a pipe; gives the output after its first line.
fn begun(cluster: &Served, flags: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut child = dsgrid(&["logs", "logs/flood", "--tail", "5000"])
        .args(flags)
        .env("KUBECONFIG", &cluster.kubeconfig)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut first = String::new();
    output.read_line(&mut first).expect("a line");
    assert!(first.ends_with('\n') && first.contains(' '), "{first:?}");
    (child, output)
}

#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let cluster = Served::start(&["--scenario", "logs"]);
    for flags in [&[][..], &["-f"]] {
        let (child, output) = begun(&cluster, flags);
        drop(output);
        let ended = child.wait_with_output().expect("it ends by itself");
        let notes = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{flags:?}: {notes}");
        assert!(!notes.contains("dsgrid:"), "{flags:?}: {notes}");
    }
}

#[test]
fn an_interrupted_reader_says_so_in_its_code() {
    let cluster = Served::start(&["--scenario", "logs"]);
    for flags in [&[][..], &["-f"]] {
        let (mut child, mut output) = begun(&cluster, flags);
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
        std::io::copy(&mut output, &mut std::io::sink()).expect("readable");
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{flags:?}");
    }
}

/// Sends a strategic merge patch, as kubectl does.
fn patch(cluster: &Served, path: &str, body: &str) {
    let file = std::fs::read_to_string(&cluster.kubeconfig).expect("a kubeconfig");
    let server =
        file.split("server: http://").nth(1).and_then(|rest| rest.lines().next()).expect("an address");
    let mut stream = std::net::TcpStream::connect(server).expect("it listens");
    let head = "Content-Type: application/strategic-merge-patch+json\r\nConnection: close";
    let length = body.len();
    write!(
        stream,
        "PATCH {path} HTTP/1.1\r\nHost: {server}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("it reads");
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status).expect("it answers");
    assert!(status.contains(" 200 "), "{status}");
}

#[test]
fn pods_that_come_with_a_rollout_are_followed() {
    let cluster = Served::start(&["--nodes", "6"]);
    let mut child = dsgrid(&["logs", "monitoring/node-exporter", "-f", "--tail", "1"])
        .env("KUBECONFIG", &cluster.kubeconfig)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut notes = BufReader::new(child.stderr.take().expect("piped"));
    // What kubectl rollout restart sends.
    let body = r#"{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-02T03:04:05Z"}}}}}"#;
    patch(&cluster, "/apis/apps/v1/namespaces/monitoring/daemonsets/node-exporter", body);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        assert!(notes.read_line(&mut line).expect("readable") > 0, "it ended: {said}");
        said.push_str(&line);
        if line.contains(" replaces ") {
            break;
        }
    }
    // What a kubelet says of a pod that it has just been given is no refusal.
    assert!(!said.contains("refused"), "{said}");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

#[test]
fn what_containers_print_cannot_act_on_a_terminal_here_either() {
    let cluster = Served::start(&["--scenario", "logs"]);
    let answer = cluster.run(&["logs", "logs/hostile", "--tail", "40"]);
    assert!(answer.data.contains("red ") && answer.data.contains("clears "), "{}", answer.data);
    let coloured = cluster.run(&["logs", "logs/hostile", "--tail", "40", "--color", "always"]).data;
    let red = coloured.lines().find(|line| line.contains("red ")).expect("a red line");
    assert!(red.starts_with("\u{1b}[3") && red.contains(" \u{1b}[31mred "), "{red:?}");
    assert!(red.ends_with("\u{1b}[0m and plain"), "{red:?}");
    for line in answer.data.lines() {
        let is_safe = |c: char| {
            c == '\t' || !(c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
        };
        assert!(line.chars().all(is_safe), "{line:?}");
        assert!(!line.contains("owned"), "{line:?}");
    }
}

#[test]
fn a_rollout_is_seen_in_the_monitors_logs() {
    let cluster = Served::start(&["--nodes", "6"]);
    let program = env!("CARGO_BIN_EXE_dsgrid");
    let mut terminal = Terminal::start(
        program,
        &["monitoring/node-exporter"],
        &[("KUBECONFIG", &cluster.kubeconfig)],
        160,
        40,
    );
    terminal.wait_for("complete");
    terminal.send("L");
    terminal.wait_for("following");
    let body = r#"{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-02T03:04:05Z"}}}}}"#;
    patch(&cluster, "/apis/apps/v1/namespaces/monitoring/daemonsets/node-exporter", body);
    terminal
        .wait_until("a pod that came with the rollout", |screen| screen.contents().contains(" replaces "));
    terminal.send("\u{3}");
    terminal.wait_for_exit();
}
