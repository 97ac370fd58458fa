//! The journal's file: whole lines, torn lines, no file, no right.

use super::*;
use crate::cluster::fake::{self, Reply};
use crate::domain::command::{Method, Verb};
use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dsgrid-journal-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("state").join("journal.jsonl")
    }

    fn journal(&self) -> Journal {
        Journal::new(Some(self.file()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn command(name: &str) -> Command {
    let key = ObjectKey { namespace: Text::new("logging"), name: Text::new(name) };
    Command {
        verb: Verb::Pause,
        target: ObjectRef { kind: ObjectKind::DaemonSet, key, uid: Uid::new("u-1") },
        method: Method::MergePatch,
        body: "{}".to_owned(),
        from: Text::new("RollingUpdate"),
        to: Text::new("OnDelete"),
    }
}

fn connection(code: u16) -> Connection {
    Connection::over(fake::server(move |_| match code {
        200 => Reply::new(200, "{}"),
        code => Reply::status(code, "because"),
    }))
}

#[tokio::test]
async fn a_write_leaves_one_record_of_two_lines_in_a_file_of_its_owner() {
    let folder = Folder::new("two");
    let journal = folder.journal();
    assert_eq!(journal.read(None).unwrap(), [], "no file is an empty journal");
    for code in [200, 403] {
        assert!(connection(code).execute(&command("a"), &journal).await.unjournalled.is_none());
    }
    connection(200).rehearse(&command("a")).await;
    let lines = std::fs::read_to_string(folder.file()).unwrap();
    assert_eq!(lines.lines().count(), 4, "a dry run changes nothing and leaves no line");
    let records = journal.read(None).unwrap();
    let told: Vec<_> =
        records.iter().map(|record| (record.outcome.as_str(), record.words.as_str())).collect();
    assert_eq!(told, [("done", ""), ("denied", "because")]);
    let first = &records[0];
    assert_eq!(
        [&first.verb, &first.kind, &first.namespace, &first.name, &first.uid, &first.from, &first.to],
        ["pause", "DaemonSet", "logging", "a", "u-1", "RollingUpdate", "OnDelete"]
    );
    assert_eq!(first.context, "fake:443");
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(folder.file()).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let later = records[1].when + jiff::SignedDuration::from_nanos(1);
    assert_eq!(journal.read(Some(later)).unwrap(), []);
    assert_eq!(journal.read(Some(first.when)).unwrap().len(), 2);
}

#[tokio::test]
async fn a_write_that_dsgrid_did_not_survive_stays_as_sent() {
    let folder = Folder::new("dead");
    let journal = folder.journal();
    drop(journal.begin(&connection(200), &command("a")).await);
    let records = journal.read(None).unwrap();
    assert_eq!((records[0].outcome.as_str(), records[0].is_settled()), ("sent", false));
}

#[tokio::test]
async fn torn_and_foreign_lines_hide_no_others() {
    let folder = Folder::new("torn");
    let journal = folder.journal();
    connection(200).execute(&command("a"), &journal).await;
    let whole = std::fs::read(folder.file()).unwrap();
    let mut bytes = b"not json\n\n{\"id\":\"x\",\"outcome\":\"done\"}\n\xff\xfe\n".to_vec();
    bytes.extend(&whole);
    // The disk was full in the middle of a line.
    bytes.extend(&whole[..100]);
    std::fs::write(folder.file(), &bytes).unwrap();
    connection(200).execute(&command("b"), &journal).await;
    let names: Vec<_> = journal.read(None).unwrap().into_iter().map(|record| record.name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[tokio::test]
async fn hostile_text_is_one_safe_short_line() {
    let folder = Folder::new("hostile");
    let journal = folder.journal();
    let mut command = command("a");
    command.to = Text::new(&"{\"id\":\"".repeat(1000));
    connection(200).execute(&command, &journal).await;
    let records = journal.read(None).unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].to.chars().count(), LONGEST + 1);
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_nothing_and_is_told() {
    let folder = Folder::new("closed");
    std::fs::create_dir_all(folder.file()).unwrap();
    let executed = connection(200).execute(&command("a"), &folder.journal()).await;
    assert_eq!(executed.outcome.name(), "done");
    let why = executed.unjournalled.unwrap();
    assert!(why.contains("journal.jsonl cannot be written: "), "{why}");
    assert!(folder.journal().read(None).is_err());
    #[cfg(target_os = "linux")]
    {
        let full = Journal::new(Some(PathBuf::from("/dev/full")));
        let why = connection(200).execute(&command("a"), &full).await.unjournalled.unwrap();
        assert!(why.contains("No space left"), "{why}");
    }
}

#[tokio::test]
async fn many_at_once_do_not_mix_their_lines() {
    let folder = Folder::new("many");
    let journal = folder.journal();
    let connection = connection(200);
    let names: Vec<String> = (0..50).map(|number| format!("ds-{number}")).collect();
    let writes = names.iter().map(|name| {
        let (connection, journal, command) = (connection.clone(), journal.clone(), command(name));
        async move { connection.execute(&command, &journal).await.unjournalled }
    });
    assert!(futures::future::join_all(writes).await.iter().all(Option::is_none));
    let records = journal.read(None).unwrap();
    assert_eq!(records.len(), 50);
    assert!(records.iter().all(|record| record.outcome == "done"));
}

#[test]
fn the_account_names_who_became_it() {
    let of = |pairs: &'static [(&str, &str)]| {
        let find = move |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        account_of(find).split('@').next().unwrap_or_default().to_owned()
    };
    assert_eq!(of(&[("USER", "jane")]), "jane");
    assert_eq!(of(&[("LOGNAME", "jane"), ("USER", "")]), "jane");
    assert_eq!(of(&[("USER", "root"), ("SUDO_USER", "jane")]), "jane as root");
}
