//! Writes to a scripted server, and over sockets that break.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::cluster::fake::{self, Call, Reply, Step};
use crate::cluster::options::{ConnectOptions, Environment};
use crate::domain::command::Verb;
use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};

const BODY: &str = r#"[ {"op":"test","path":"/metadata/uid","value":"u-1"} ]"#;
const FAILED_TEST: &str = "the server rejected our request due to an error in our request";

fn command(method: Method) -> Command {
    let (kind, body) = match method {
        Method::JsonPatch => (ObjectKind::DaemonSet, BODY),
        Method::MergePatch | Method::StrategicMergePatch => (ObjectKind::DaemonSet, r#"{"x":1}"#),
        Method::Delete | Method::Evict => (ObjectKind::Pod, r#"{"preconditions":{"uid":"u-1"}}"#),
    };
    let key = ObjectKey { namespace: Text::new("logging"), name: Text::new("fluent-bit") };
    Command {
        verb: Verb::Pause,
        target: ObjectRef { kind, key, uid: Uid::new("u-1") },
        method,
        body: body.to_owned(),
        from: Text::new("RollingUpdate"),
        to: Text::new("OnDelete"),
    }
}

fn object(uid: &str) -> String {
    json!({"metadata": {"uid": uid, "generation": 7}}).to_string()
}

/// Sends a write to a server that answers it with this, and a GET with that; all that came.
async fn send(command: &Command, dry_run: bool, reply: Reply, now: Reply) -> (Outcome, Vec<Call>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let client = fake::server(move |call| {
        log.lock().unwrap().push(call.clone());
        if call.method == "GET" { now.clone() } else { reply.clone() }
    });
    let connection = Connection::over(client);
    let outcome = if dry_run {
        connection.rehearse(command).await
    } else {
        // Nowhere to journal to: it is said, and written all the same.
        let executed = connection.execute(command, &Journal::new(None)).await;
        assert!(executed.unjournalled.is_some_and(|why| why.contains("no home directory")));
        executed.outcome
    };
    let calls = calls.lock().unwrap().clone();
    (outcome, calls)
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_write_is_one_request_with_the_commands_own_bytes() {
    let set = "/apis/apps/v1/namespaces/logging/daemonsets/fluent-bit?fieldManager=dsgrid";
    let pod = "/api/v1/namespaces/logging/pods/fluent-bit";
    for (kind, method, media, path, dry) in [
        (Method::JsonPatch, "PATCH", "application/json-patch+json", set.to_owned(), "&dryRun=All"),
        (Method::MergePatch, "PATCH", "application/merge-patch+json", set.to_owned(), "&dryRun=All"),
        (
            Method::StrategicMergePatch,
            "PATCH",
            "application/strategic-merge-patch+json",
            set.to_owned(),
            "&dryRun=All",
        ),
        (Method::Delete, "DELETE", "application/json", pod.to_owned(), ""),
        (Method::Evict, "POST", "application/json", format!("{pod}/eviction"), "?dryRun=All"),
    ] {
        let command = command(kind);
        for dry_run in [false, true] {
            let (outcome, calls) =
                send(&command, dry_run, Reply::new(200, &object("u-1")), Reply::mute()).await;
            let Outcome::Done(after) = outcome else { panic!("{outcome:?}") };
            assert_eq!(after.at("/metadata/generation"), Some(&json!(7)));
            let [call] = calls.as_slice() else { panic!("{calls:?}") };
            let expected = if dry_run { format!("{path}{dry}") } else { path.clone() };
            assert_eq!(
                (call.method.as_str(), call.content_type.as_str(), call.path.as_str()),
                (method, media, expected.as_str())
            );
            if dry_run && kind == Method::Delete {
                // The server does not look at the query of a DELETE that has a body.
                let body: Value = serde_json::from_str(&call.body).unwrap();
                assert_eq!(body, json!({"preconditions": {"uid": "u-1"}, "dryRun": ["All"]}));
            } else {
                assert_eq!(call.body, command.body);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_race_is_read_back_and_never_sent_again() {
    let now = || Reply::new(200, &object("u-1"));
    let immutable = "Node \"n\" is invalid: metadata.uid: Invalid value: \"u-1\": field is immutable";
    for (kind, reply) in [
        (Method::JsonPatch, Reply::status(422, FAILED_TEST)),
        (Method::MergePatch, Reply::status(422, immutable)),
        (Method::MergePatch, Reply::status(409, "the object has been modified")),
        (Method::Delete, Reply::status(409, "Precondition failed: UID in precondition")),
        (Method::Evict, Reply::status(409, "Precondition failed: UID in precondition")),
    ] {
        let command = command(kind);
        let (outcome, calls) = send(&command, false, reply.clone(), now()).await;
        assert!(matches!(&outcome, Outcome::LostRace(Some(now)) if now.at("/metadata/generation").is_some()));
        assert_eq!(calls.iter().filter(|call| call.method != "GET").count(), 1);
        for gone in [Reply::new(200, &object("u-2")), Reply::status(404, "not found")] {
            assert_eq!(send(&command, false, reply.clone(), gone).await.0, Outcome::Gone);
        }
        let (outcome, _) = send(&command, false, reply.clone(), Reply::status(403, "no")).await;
        assert_eq!(outcome, Outcome::LostRace(None));
    }
    let gone = Reply::status(404, "pods \"x\" not found");
    assert_eq!(send(&command(Method::Delete), false, gone, now()).await.0, Outcome::Gone);
}

/// A write that is answered so, without being tried again.
async fn answered(method: Method, reply: Reply) -> Outcome {
    let (outcome, calls) = send(&command(method), false, reply, Reply::mute()).await;
    assert_eq!(calls.len(), 1, "{outcome:?} is not tried again");
    outcome
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_in_the_servers_words() {
    let text = Text::new;
    for (method, code, message, expected) in [
        (Method::JsonPatch, 403, "you may not", Outcome::Denied(text("you may not"))),
        (
            Method::JsonPatch,
            422,
            "spec: Invalid\u{1b}[31m value",
            Outcome::Refused(text("spec: Invalid value")),
        ),
        (Method::JsonPatch, 400, "bad patch", Outcome::Refused(text("bad patch"))),
        (Method::JsonPatch, 429, "too many", Outcome::Refused(text("too many"))),
    ] {
        assert_eq!(answered(method, Reply::status(code, message)).await, expected);
    }
    // What came before anything was stored is a refusal, even if it sounds otherwise.
    for (method, code, message) in [
        (Method::Evict, 429, "too many requests"),
        (Method::Evict, 404, "the server could not find the requested resource"),
        (Method::Evict, 500, "This pod has more than one PodDisruptionBudget, which is not supported."),
        (Method::JsonPatch, 500, "Internal error occurred: failed calling webhook \"x\": timeout"),
    ] {
        let reply = Reply::status(code, message).header("retry-after", "1");
        assert_eq!(answered(method, reply).await, Outcome::Refused(text(message)));
    }
    let outcome = answered(Method::JsonPatch, Reply::status(401, "who?")).await;
    assert!(matches!(&outcome, Outcome::Refused(words) if words.contains("log in again")), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_budgets_refusal_names_its_cause() {
    let status = json!({"kind": "Status", "code": 429,
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "details": {"causes": [{"reason": "DisruptionBudget", "message": "The disruption budget b needs 3 healthy pods"}]}});
    let outcome = answered(Method::Evict, Reply::new(429, &status.to_string())).await;
    let expected = "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget b needs 3 healthy pods";
    assert_eq!(outcome, Outcome::Budget(Text::new(expected)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_may_have_written() {
    let page = Reply::new(504, "<html>").header("content-type", "text/html");
    for (reply, words) in [
        (Reply::status(500, "etcdserver: request timed out"), "etcdserver: request timed out"),
        (page, "Gateway Timeout, with a web page"),
    ] {
        assert_eq!(answered(Method::JsonPatch, reply.clone()).await, Outcome::Unknown(Text::new(words)));
        let (outcome, _) = send(&command(Method::JsonPatch), true, reply, Reply::mute()).await;
        assert_eq!(outcome, Outcome::Refused(Text::new(words)), "a dry run never writes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_whole_answer_is_unknown_and_sent_once() {
    let cut = || Reply::new(200, "{\"metadata\":").then(Step::Break);
    let hanging = || Reply::new(200, "{\"metadata\":").then(Step::Hang);
    let page = || Reply::new(200, "<html>").header("content-type", "text/html");
    for reply in [Reply::mute(), cut(), hanging(), page(), Reply::new(200, "{\"metadata\":")] {
        let (outcome, calls) = send(&command(Method::JsonPatch), false, reply.clone(), Reply::mute()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
        assert_eq!(calls.len(), 1);
        let (outcome, calls) = send(&command(Method::JsonPatch), true, reply, Reply::mute()).await;
        assert!(matches!(outcome, Outcome::NotSent(_) | Outcome::Refused(_)), "{outcome:?}");
        assert_eq!(calls.len(), 1);
    }
    let began = tokio::time::Instant::now();
    let (outcome, _) = send(&command(Method::Delete), false, Reply::mute(), Reply::mute()).await;
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    let Outcome::Unknown(words) = outcome else { panic!("{outcome:?}") };
    assert_eq!(words, "the server fake:443 did not answer within 30 s to pause the pod logging/fluent-bit");
}

/// Sends a write to this address.
async fn over_sockets(address: &str) -> Outcome {
    let options = ConnectOptions { server: Some(address.to_owned()), ..Default::default() };
    let connection = Connection::open(&options, &Environment::default()).await.unwrap();
    connection.execute(&command(Method::JsonPatch), &Journal::new(None)).await.outcome
}

/// A server that reads a request, answers with these bytes and hangs up; how many requests came.
async fn rude_server(answer: &'static str) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if heard(&mut stream).await.contains("PATCH ") {
                *counted.lock().unwrap() += 1;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (address, requests)
}

/// A request, read to the end of its body; of something else only the beginning.
async fn heard(stream: &mut TcpStream) -> String {
    let (mut all, mut piece) = (String::new(), [0; 4096]);
    while all.is_empty() || (all.starts_with("PATCH ") && !all.contains(BODY)) {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => all += &String::from_utf8_lossy(&piece[..length]),
        }
    }
    all
}

#[tokio::test]
async fn only_what_certainly_did_not_leave_is_called_not_sent() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (plain, _) = rude_server("").await;
    for address in
        [format!("http://{closed}"), "http://no-such-host.invalid".to_owned(), format!("https://{plain}")]
    {
        let outcome = over_sockets(&address).await;
        assert!(matches!(outcome, Outcome::NotSent(_)), "{address}: {outcome:?}");
    }
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"metadata\":{}",
    ] {
        let (address, requests) = rude_server(answer).await;
        let outcome = over_sockets(&format!("http://{address}")).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer:?}: {outcome:?}");
        assert_eq!(*requests.lock().unwrap(), 1);
    }
}
