//! Connections: over a scripted server, and over real sockets with real credentials.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::cluster::fake::{self, Reply, list, pod};
use crate::cluster::options::Token;

#[tokio::test(start_paused = true)]
async fn a_first_sync_reads_all_kinds_and_tells_missing_rights_apart() {
    let (client, _) = fake::client(|path, nth| match path {
        _ if path.contains("/nodes?") => {
            Some(Reply::status(403, "nodes is forbidden: User \"jane\" cannot list"))
        }
        _ if path.contains("/pods?") && nth == 0 => {
            Some(Reply::status(429, "busy").header("retry-after", "3"))
        }
        _ if path.contains("/pods?") => Some(
            Reply::new(200, &list("9", "", &[pod("a", 1, "DaemonSet")]))
                .header("date", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ),
        _ => None,
    });
    let sync = Connection::over(client).first_sync(&Scope::Cluster).await.unwrap();
    let [(kind, error)] = sync.denied.as_slice() else { panic!("{:?}", sync.denied) };
    assert_eq!(*kind, WatchKind::Nodes);
    assert_eq!(error.to_string(), "not allowed to list nodes: nodes is forbidden: User \"jane\" cannot list");
    let lists = |event: &&ClusterEvent| !matches!(event, ClusterEvent::ClockRead(_));
    assert_eq!(sync.events.iter().filter(lists).count(), 3);
    assert!(
        sync.events
            .iter()
            .any(|event| matches!(event, ClusterEvent::ClockRead(ahead) if ahead.as_hours() < -9000))
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_no_missing_right_ends_a_first_sync() {
    let (client, _) = fake::client(|path, _| path.contains("/pods?").then(|| Reply::status(401, "who?")));
    let error = Connection::over(client).first_sync(&Scope::Cluster).await.unwrap_err();
    assert!(error.to_string().contains("does not accept these credentials (401)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn adopted_pods_are_listed_by_the_daemon_sets_own_selector() {
    let (client, log) = fake::client(|path, _| {
        let pods = [pod("adopted", 1, "DaemonSet"), pod("stray", 1, "")];
        path.contains("/pods?").then(|| Reply::new(200, &list("9", "", &pods)))
    });
    let key = ObjectKey { namespace: Text::new("ns"), name: Text::new("d") };
    let found = Connection::over(client).list_daemon_set_pods(&key, "app in (a,b)", &Uid::new("owner")).await;
    let Change::Replaced(Scope::DaemonSet(uid), pods) = found.unwrap() else { panic!("not a list") };
    assert_eq!((uid, pods.len()), (Uid::new("owner"), 1));
    let path = &log.lock().unwrap()[0].1;
    assert_eq!(path, "/api/v1/namespaces/ns/pods?limit=500&labelSelector=app%20in%20%28a%2Cb%29");
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_what_may_be_read() {
    let (client, log) =
        fake::client(|path, _| path.contains("/controllerrevisions?").then(|| Reply::status(403, "no")));
    let access = Connection::over(client).probe(&Scope::Namespace(Text::new("ns"))).await;
    let denied: Vec<_> = access.iter().filter(|a| a.outcome.is_err()).map(|a| a.kind).collect();
    assert_eq!(denied, [WatchKind::Revisions]);
    let log = log.lock().unwrap();
    assert!(log.iter().all(|(_, path)| path.contains("limit=1")));
    assert!(log.iter().any(|(_, path)| path.starts_with("/api/v1/nodes?")), "nodes are in no namespace");
}

type Seen = Arc<Mutex<Vec<http::HeaderMap>>>;

/// A server on loopback that answers everything with a version and remembers the headers.
async fn version_server() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                log.lock().unwrap().push(request.headers().clone());
                async {
                    let body = Full::new(Bytes::from_static(br#"{"gitVersion":"v1.36.0"}"#));
                    Ok::<_, Infallible>(Response::new(body))
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (address, seen)
}

fn to(address: &str) -> ConnectOptions {
    ConnectOptions { server: Some(address.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn requests_say_who_asks() {
    let (address, seen) = version_server().await;
    let options = ConnectOptions {
        token: Some(Token::new("tok")),
        impersonate: Some("jane".to_owned()),
        impersonate_groups: vec!["ops".to_owned(), "dev".to_owned()],
        ..to(&format!("http://{address}"))
    };
    let connection = Connection::open(&options, &Environment::default()).await.unwrap();
    assert_eq!(connection.server_version().await.unwrap(), "v1.36.0");
    let headers = seen.lock().unwrap()[0].clone();
    assert_eq!(headers[header::USER_AGENT], format!("dsgrid/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(headers[header::AUTHORIZATION], "Bearer tok");
    assert_eq!(headers["impersonate-user"], "jane");
    assert_eq!(headers.get_all("impersonate-group").iter().count(), 2);
    assert_eq!(headers[header::ACCEPT], "application/json");
}

#[tokio::test]
async fn failures_to_connect_are_told_apart() {
    let (plain, _) = version_server().await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let quiet = silent.local_addr().unwrap();
    for (address, words) in [
        (format!("http://{closed}"), format!("cannot reach the server {closed}: connection refused")),
        (format!("https://{plain}"), "it does not speak TLS; is it an http:// server?".to_owned()),
        ("http://no-such-host.invalid".to_owned(), "its name cannot be resolved".to_owned()),
        (format!("http://{quiet}"), "did not answer within 1 s to get its version".to_owned()),
        (format!("https://{quiet}"), "did not answer within 1 s to get its version".to_owned()),
    ] {
        let options = ConnectOptions { request_timeout: Some(Duration::from_millis(300)), ..to(&address) };
        let connection = Connection::open(&options, &Environment::default()).await.unwrap();
        let error = connection.server_version().await.unwrap_err().to_string();
        assert!(error.contains(&words), "{address}: {error}");
    }
}

#[cfg(unix)]
mod plugins {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    /// A kubeconfig whose user is a shell script.
    fn with_plugin(name: &str, address: &str, script: &str) -> (PathBuf, ConnectOptions) {
        let folder = std::env::temp_dir().join(format!("dsgrid-plugin-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let plugin = folder.join("plugin");
        std::fs::write(&plugin, format!("#!/bin/sh\ncd {}\n{script}", folder.display())).unwrap();
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = folder.join("config");
        let text = format!(
            "current-context: x\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}]\n\
             users: [{{name: u, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./plugin}}}}}}]\n"
        );
        std::fs::write(&config, text).unwrap();
        (folder, ConnectOptions { kubeconfig: Some(config), ..Default::default() })
    }

    fn read(folder: &Path, name: &str) -> String {
        std::fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_plugin_runs_once_without_a_keyboard_and_its_token_is_sent() {
        let (address, seen) = version_server().await;
        let script = "echo run >> runs\nprintf %s \"$KUBERNETES_EXEC_INFO\" > info\ncat > stdin\n\
             echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"from-plugin\"}}'\n";
        let (folder, options) = with_plugin("token", &address.to_string(), script);
        let connection = Connection::open(&options, &Environment::default()).await.unwrap();
        connection.server_version().await.unwrap();
        assert_eq!(seen.lock().unwrap()[0][header::AUTHORIZATION], "Bearer from-plugin");
        assert_eq!(read(&folder, "runs"), "run\n");
        assert!(read(&folder, "info").contains("\"interactive\":false"), "{}", read(&folder, "info"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_plugin_that_fails_is_quoted_without_its_output() {
        for (name, script, words) in [
            ("fails", "echo tok-secret\necho 'please log in' >&2\nexit 3\n", "please log in"),
            ("garbage", "echo 'tok-secret: ['\n", "did not print an ExecCredential"),
        ] {
            let (folder, options) = with_plugin(name, "127.0.0.1:1", script);
            let opened = Connection::open(&options, &Environment::default()).await;
            let Err(error) = opened else { panic!("{name} was accepted") };
            let error = error.to_string();
            assert!(error.starts_with("cannot get credentials: ") && error.contains(words), "{error}");
            assert!(!error.contains("tok-secret"), "{error}");
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[tokio::test]
    async fn a_plugin_that_is_not_there_is_named_as_missing() {
        let (folder, options) = with_plugin("missing", "127.0.0.1:1", "");
        std::fs::remove_file(folder.join("plugin")).unwrap();
        let Err(error) = Connection::open(&options, &Environment::default()).await else {
            panic!("accepted")
        };
        assert!(error.to_string().contains("cannot be started"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

mod broken_streams {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::cluster::fake::event;
    use crate::cluster::mailbox;
    use crate::domain::event::LinkState;

    /// Answers by hand: lists whole, the first watch of pods cut in mid-chunk, the others left open.
    async fn serve(mut stream: TcpStream, watches: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
        let (mut request, mut buffer) = (String::new(), [0_u8; 4096]);
        loop {
            while !request.contains("\r\n\r\n") {
                let read = stream.read(&mut buffer).await?;
                if read == 0 {
                    return Ok(());
                }
                request.push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
            let line = std::mem::take(&mut request).lines().next().unwrap_or_default().to_owned();
            if !line.contains("watch=true") {
                let body = list("10", "", &[]);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
                stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
                continue;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            if line.contains("/pods?") {
                let nth = {
                    let mut watches = watches.lock().unwrap();
                    watches.push(line);
                    watches.len()
                };
                let text = event("ADDED", &pod(&format!("p{nth}"), 20 + nth as u64, "DaemonSet"));
                stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await?;
                if nth == 1 {
                    stream.write_all(b"ff\r\n{\"type\":").await?;
                    return stream.shutdown().await;
                }
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }

    #[tokio::test]
    async fn a_watch_whose_connection_is_cut_goes_on_by_itself() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let watches = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&watches);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log)));
            }
        });
        let connection =
            Connection::open(&to(&format!("http://{address}")), &Environment::default()).await.unwrap();
        let (sender, mut receiver) = mailbox();
        let running = connection.start_watches(&Scope::Cluster, &sender);
        let (mut broken, mut second) = (String::new(), false);
        let wait = tokio::time::timeout(Duration::from_secs(20), async {
            while !second {
                for event in receiver.recv().await {
                    match event {
                        ClusterEvent::Link(watch, LinkState::Retrying { why, .. }) => {
                            assert_eq!(watch.kind, WatchKind::Pods);
                            broken = why.to_string();
                        }
                        ClusterEvent::Pods(Change::Applied(pod)) => second |= pod.meta.key.name == "p2",
                        _ => {}
                    }
                }
            }
        });
        wait.await.unwrap();
        drop(running);
        assert!(broken.is_empty() || broken.contains("broke while trying to watch pods"), "{broken}");
        let watches = watches.lock().unwrap();
        assert!(
            watches[0].contains("resourceVersion=10") && watches[1].contains("resourceVersion=21"),
            "{watches:?}"
        );
    }
}
