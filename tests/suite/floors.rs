//! House rules as tests: imports only go down, every file says what it is for, the demanded lints stay.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// For each floor, what of ours it may use, and which crates it may not.
const FLOORS: [(&str, &[&str], &[&str]); 7] = [
    (
        "domain",
        &["domain"],
        &[
            "kube",
            "k8s_openapi",
            "tokio",
            "ratatui",
            "crossterm",
            "hyper",
            "tower",
            "clap",
            "anyhow",
            "futures",
        ],
    ),
    ("cluster", &["domain", "cluster"], &["ratatui", "crossterm", "clap", "anyhow"]),
    ("demo", &["domain", "demo"], &["kube", "ratatui", "crossterm", "clap", "anyhow"]),
    (
        "app",
        &["domain", "app"],
        &["kube", "k8s_openapi", "tokio", "ratatui", "hyper", "tower", "clap", "anyhow"],
    ),
    ("ui", &["domain", "app", "ui"], &["kube", "k8s_openapi", "tokio", "hyper", "tower", "clap", "anyhow"]),
    (
        "shell",
        &["domain", "cluster", "demo", "app", "ui", "shell"],
        &["kube", "k8s_openapi", "hyper", "tower", "clap"],
    ),
    (
        "cli",
        &["domain", "cluster", "demo", "app", "ui", "shell", "cli"],
        &["kube", "k8s_openapi", "hyper", "tower"],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

/// The floor of a file under `src`: `src/app.rs` and `src/app/...` are both `app`.
fn floor(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join("src")).ok()?;
    let first = inside.components().next()?.as_os_str().to_string_lossy().into_owned();
    let name = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
    FLOORS.iter().any(|(floor, ..)| *floor == name).then_some(name)
}

/// The code of a file, without its own tests and without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("readable");
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The identifiers that follow `prefix` anywhere in the code.
fn named_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    code.match_indices(prefix)
        .map(|(at, _)| &code[at + prefix.len()..])
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect()
}

#[test]
fn imports_only_go_down() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let Some(floor) = floor(&file) else { continue };
        let (_, allowed, forbidden) = FLOORS.iter().find(|(name, ..)| *name == floor).expect("known");
        let code = code(&file);
        for used in named_after(&code, "crate::").into_iter().filter(|used| !used.is_empty()) {
            if !allowed.contains(&used) && FLOORS.iter().any(|(name, ..)| *name == used) {
                wrong.push(format!("{}: {floor} may not use {used}", file.display()));
            }
        }
        // `use crate::{a, b}` would hide floors from the check above.
        if code.contains("crate::{") {
            wrong.push(format!("{}: write one `use crate::floor::…` a line", file.display()));
        }
        for foreign in *forbidden {
            let path = format!("{foreign}::");
            let used = code
                .match_indices(&path)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
            if used {
                wrong.push(format!("{}: {floor} may not use {foreign}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_floors_read_no_clock() {
    let clocks = ["Timestamp::now", "Instant::now", "SystemTime::now", "Zoned::now"];
    let pure = ["domain", "app", "ui"];
    let wrong: Vec<String> = rust_files(&root().join("src"))
        .into_iter()
        .filter(|file| floor(file).is_some_and(|floor| pure.contains(&floor.as_str())))
        .filter(|file| clocks.iter().any(|clock| code(file).contains(clock)))
        .map(|file| file.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "a clock is read in {wrong:?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut silent = Vec::new();
    for folder in ["src", "tests"] {
        for file in rust_files(&root().join(folder)) {
            if !fs::read_to_string(&file).expect("readable").starts_with("//! ") {
                silent.push(file.display().to_string());
            }
        }
    }
    assert!(silent.is_empty(), "no `//!` line: {silent:?}");
}

#[test]
fn no_file_is_a_catch_all_or_too_long() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        if ["utils", "util", "helpers", "common", "misc", "mod"].contains(&stem.as_str()) {
            wrong.push(format!("{} says nothing", file.display()));
        }
        let lines = code(&file).lines().filter(|line| !line.trim().is_empty()).count();
        if lines > 400 {
            wrong.push(format!("{} has {lines} lines of code", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_top_level_stays_as_agreed() {
    let listed = std::process::Command::new("git").args(["ls-files"]).current_dir(root()).output();
    // A package without its repository has nothing to check.
    let Ok(listed) = listed else { return };
    let mut top = BTreeMap::new();
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        *top.entry(line.split('/').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    let known =
        ["Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "CHANGELOG.md", "src", "assets", "tests"];
    let odd: Vec<&String> =
        top.keys().filter(|name| !known.contains(&name.as_str()) && !name.starts_with('.')).collect();
    assert!(odd.is_empty(), "unexpected at the top level: {odd:?}");
}
