//! Credentials that run out, over real sockets with real files and plugins.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use http::{Request, Response, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::cluster::{ConnectOptions, Connection, Environment, Journal};
use crate::domain::command::{Command, Method, Outcome, Verb};
use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use crate::domain::text::Text;

/// The methods of all requests, and the tokens they came with.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server that takes no other token than `good`.
async fn strict_server() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the test's own server works");
    let address = listener.local_addr().expect("the test's own server works");
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let token = request.headers()[header::AUTHORIZATION]
                    .to_str()
                    .expect("the test's own server works")
                    .to_owned();
                log.lock()
                    .expect("the test's own server works")
                    .push(format!("{} {token}", request.method()));
                let code = if token == "Bearer good" { 200 } else { 401 };
                let body = Full::new(Bytes::from_static(br#"{"gitVersion":"v1.36.0"}"#));
                async move {
                    Ok::<_, Infallible>(
                        Response::builder().status(code).body(body).expect("the test's own server works"),
                    )
                }
            });
            let served =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(served);
        }
    });
    (address, seen)
}

struct Home(PathBuf);

impl Home {
    /// A kubeconfig whose user is written as this.
    async fn open(name: &str, address: SocketAddr, user: impl Fn(&Path) -> String) -> (Self, Connection) {
        let folder = std::env::temp_dir().join(format!("dsgrid-renew-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the test's own server works");
        let home = Self(folder);
        let text = format!(
            "current-context: x\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}]\nusers: [{{name: u, user: {}}}]\n",
            user(&home.0)
        );
        home.write("config", &text);
        let options = ConnectOptions { kubeconfig: Some(home.0.join("config")), ..Default::default() };
        let connection =
            Connection::open(&options, &Environment::default()).await.expect("the test's own server works");
        (home, connection)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("the test's own server works");
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A user whose plugin prints the token of the file.
fn plugin(folder: &Path) -> String {
    let script = format!(
        "#!/bin/sh\ncd {}\necho run >> runs\n\
         echo '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"'$(cat token)'\"}}}}'\n",
        folder.display()
    );
    std::fs::write(folder.join("plugin"), script).expect("the test's own server works");
    std::fs::set_permissions(folder.join("plugin"), std::fs::Permissions::from_mode(0o755))
        .expect("the test's own server works");
    "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}}".to_owned()
}

fn command() -> Command {
    let key = ObjectKey { namespace: Text::new("ns"), name: Text::new("a") };
    Command {
        verb: Verb::Pause,
        target: ObjectRef { kind: ObjectKind::DaemonSet, key, uid: Uid::new("u") },
        method: Method::MergePatch,
        body: "{}".to_owned(),
        from: Text::default(),
        to: Text::default(),
    }
}

#[tokio::test]
async fn a_read_renews_them_and_is_sent_once_more() {
    let (address, seen) = strict_server().await;
    // A token that says nothing of its end.
    let (home, connection) = Home::open("read", address, |folder| {
        std::fs::write(folder.join("token"), "old").expect("the test's own server works");
        plugin(folder)
    })
    .await;
    home.write("token", "good");
    let (first, second) = tokio::join!(connection.server_version(), connection.server_version());
    assert_eq!(
        (first.expect("the test's own server works"), second.expect("the test's own server works")),
        (Text::new("v1.36.0"), Text::new("v1.36.0"))
    );
    let runs = std::fs::read_to_string(home.0.join("runs")).expect("the test's own server works");
    assert_eq!(runs.lines().count(), 2, "once at the start, and once for both");
    assert_eq!(
        seen.lock()
            .expect("the test's own server works")
            .iter()
            .filter(|line| line.ends_with("good"))
            .count(),
        2
    );
}

#[tokio::test]
async fn a_write_renews_them_and_is_not_sent_again() {
    let (address, seen) = strict_server().await;
    let (home, connection) = Home::open("write", address, |folder| {
        std::fs::write(folder.join("token"), "old").expect("the test's own server works");
        format!("{{tokenFile: {}}}", folder.join("token").display())
    })
    .await;
    home.write("token", "good");
    let journal = Journal::new(None);
    let refused = connection.execute(&command(), &journal).await.outcome;
    let words = Text::new("the credentials had run out and were renewed: try again");
    assert_eq!(refused, Outcome::Refused(words));
    assert_eq!(*seen.lock().expect("the test's own server works"), ["PATCH Bearer old"]);
    assert!(matches!(connection.execute(&command(), &journal).await.outcome, Outcome::Done(_)));
}

#[tokio::test]
async fn credentials_that_stay_bad_are_not_asked_for_again_and_again() {
    let (address, seen) = strict_server().await;
    let (home, connection) = Home::open("bad", address, |folder| {
        std::fs::write(folder.join("token"), "old").expect("the test's own server works");
        plugin(folder)
    })
    .await;
    for _ in 0..3 {
        let error = connection.server_version().await.unwrap_err().to_string();
        assert!(error.contains("log in again"), "{error}");
    }
    let runs = std::fs::read_to_string(home.0.join("runs")).expect("the test's own server works");
    assert_eq!((runs.lines().count(), seen.lock().expect("the test's own server works").len()), (2, 4));
}
