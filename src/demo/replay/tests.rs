//! Recordings are read whole, refused with the line that is wrong, and played to what the server printed.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use super::*;
use crate::demo::server::{ApiServer, Options};

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.to_string_lossy().ends_with(".jsonl.gz"));
    files.sort();
    files
}

fn from_text(text: &str) -> Result<Player, ReplayError> {
    let source = Cursor::new(text.as_bytes().to_vec());
    Player::new(Recording::read(Path::new("r.jsonl"), source).unwrap())
}

#[test]
fn damaged_recordings_are_refused_with_the_line() {
    let start = r#"{"at":0,"type":"START","object":"2026-11-21T03:48:16.40Z"}"#;
    let list = r#"{"at":0,"resource":"pods","type":"LIST","object":{"metadata":{"resourceVersion":"1"},"items":[]}}"#;
    for (lines, expected) in [
        (vec![start, list, "{"], "r.jsonl, line 3: is not a line of a recording"),
        (vec![start, ""], "a recording begins with LISTs"),
        (vec![list], "a recording begins with a START line"),
        (
            vec![start, r#"{"at":5,"type":"COMMAND","object":"x"}"#, list],
            "line 3: time goes back from 5 to 0",
        ),
        (
            vec![start, r#"{"at":0,"resource":"x","type":"LIST","object":{}}"#],
            "line 2: unknown resource \"x\"",
        ),
        (
            vec![start, r#"{"at":0,"resource":"pods","type":"LIST","object":{}}"#],
            "line 2: LIST of pods has no numeric",
        ),
        (
            vec![
                start,
                list,
                r#"{"at":0,"resource":"pods","type":"MOVED","object":{"metadata":{"resourceVersion":"2"}}}"#,
            ],
            "line 3: unknown type \"MOVED\"",
        ),
        (
            vec![
                start,
                list,
                r#"{"at":0,"resource":"pods","type":"ADDED","object":{"metadata":{"resourceVersion":"2"}}}"#,
            ],
            "line 3: an object without metadata.name",
        ),
        (vec![r#"{"at":0,"type":"START","object":"yesterday"}"#], "line 1: START is not an RFC 3339 time"),
    ] {
        let error = from_text(&lines.join("\n")).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(format!("{start}\n{list}\n").repeat(20).as_bytes()).unwrap();
    let mut bytes = zip.finish().unwrap();
    bytes.truncate(bytes.len() - 12);
    let cut = Recording::read(Path::new("r.gz"), Cursor::new(bytes)).unwrap();
    let error = Player::new(cut).unwrap_err().to_string();
    assert!(error.starts_with("r.gz, line "), "{error}");
    let missing = Recording::open(Path::new("/nowhere/r.gz")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the recording /nowhere/r.gz: "), "{missing}");
}

async fn table(server: &ApiServer, path: &str) -> Vec<(String, String, Value)> {
    use http_body_util::{BodyExt, Empty};
    let request = http::Request::builder()
        .uri(path)
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let body = server.handle(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    rows(&serde_json::from_slice(&body).unwrap())
}

fn rows(table: &Value) -> Vec<(String, String, Value)> {
    let row = |row: &Value| {
        let object = row["object"].get("metadata").unwrap_or(&row["object"]);
        let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
        (text("namespace"), text("name"), row["cells"].clone())
    };
    let mut rows: Vec<_> = table["rows"].as_array().unwrap().iter().map(row).collect();
    rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    rows
}

#[tokio::test]
async fn at_every_mark_the_tables_are_the_real_servers() {
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for path in recordings() {
        let mut player = Player::new(Recording::open(&path).unwrap()).unwrap();
        let store = player.open_store();
        let clock = Arc::new(Mutex::new(player.start()));
        let hand = Arc::clone(&clock);
        let shared = Shared::new(store, move || *hand.lock().unwrap());
        let server = ApiServer::new(shared.clone(), Options::default());
        while let Some(next) = player.next_at() {
            *clock.lock().unwrap() = player.time(next);
            for entry in shared.write(|store| player.play_until(next, store)) {
                let What::Mark(mark) = entry.what else { continue };
                for (plural, url) in [
                    ("daemonsets", "/apis/apps/v1/daemonsets"),
                    ("nodes", "/api/v1/nodes"),
                    ("pods", "/api/v1/pods"),
                ] {
                    let theirs = rows(&mark["tables"][plural]);
                    let mut ours = Vec::new();
                    // The tables were fetched in the two seconds before the mark was written.
                    for tenths in 0..20 {
                        *clock.lock().unwrap() = player.time(next - f64::from(tenths) / 10.0);
                        ours = table(&server, url).await;
                        if ours == theirs {
                            break;
                        }
                    }
                    assert_eq!(ours, theirs, "{} {} {plural}", path.display(), mark["name"]);
                    *compared.entry(plural).or_default() += theirs.len();
                }
            }
        }
    }
    assert!(compared.values().all(|rows| *rows > 100), "{compared:?}");
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_played_to_its_end() {
    let path = recordings().into_iter().next().unwrap();
    let mut player = Player::new(Recording::open(&path).unwrap()).unwrap();
    let shared = share(&mut player, Pace::Fastest);
    let before = shared.lock().next_sequence();
    let mut marks = 0;
    play(player, shared.clone(), |entry| marks += usize::from(matches!(entry.what, What::Mark(_)))).await;
    assert!(marks > 0);
    assert!(shared.lock().next_sequence() > before);
}
