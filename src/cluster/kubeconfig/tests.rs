//! Kubeconfig files and flags as people have them.

use std::path::{Path, PathBuf};

use super::*;
use crate::cluster::options::Token;

const A: &str = "
apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: c1, user: u1, namespace: logging}}
- {name: bare, context: {cluster: c1}}
clusters:
- {name: c1, cluster: {server: 'https://one:6443', tls-server-name: kubernetes, proxy-url: ''}}
- {name: empty, cluster: {}}
users:
- {name: u1, user: {token: secret-one}}
";
const B: &str = "
current-context: other
contexts:
- {name: other, context: {cluster: c2, user: u2}}
- {name: prod, context: {cluster: c2, user: u2}}
clusters:
- {name: c2, cluster: {server: 'https://two', insecure-skip-tls-verify: true}}
- {name: proxied, cluster: {server: 'https://three', proxy-url: 'socks5://p:1080'}}
users:
- {name: u2, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}}}
";

/// A directory of its own that goes away with the test.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("dsgrid-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        Self(folder)
    }

    fn list(&self, names: &[&str]) -> Environment {
        let paths = names.iter().map(|name| self.0.join(name));
        Environment { kubeconfig: Some(std::env::join_paths(paths).unwrap()), ..Environment::default() }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn words(options: &ConnectOptions, environment: &Environment) -> String {
    match settle(options, environment) {
        Ok(settled) => format!(
            "{} {} {} {} {}",
            settled.context,
            settled.cluster,
            settled.user,
            settled.config.cluster_url,
            settled.config.default_namespace
        ),
        Err(error) => error.to_string(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "short for the many optional flags")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_first_file_wins_and_missing_ones_are_skipped() {
    let files = Files::new("merge", &[("a", A), ("b", B)]);
    let both = files.list(&["missing", "a", "also-missing", "b"]);
    let options = ConnectOptions::default();
    assert_eq!(words(&options, &both), "prod c1 u1 https://one:6443/ logging");
    assert_eq!(settle(&options, &both).unwrap().files, [files.0.join("a"), files.0.join("b")]);
    assert_eq!(words(&options, &files.list(&["b", "a"])), "other c2 u2 https://two/ default");

    let options = ConnectOptions { context: some("other"), namespace: some("x"), ..Default::default() };
    assert_eq!(words(&options, &both), "other c2 u2 https://two/ x");
    let options = ConnectOptions { cluster: some("c2"), user: some("u2"), ..Default::default() };
    assert_eq!(words(&options, &both), "prod c2 u2 https://two/ logging");
}

#[test]
fn flags_override_as_they_do_in_kubectl() {
    let files = Files::new("flags", &[("a", A), ("b", B)]);
    let environment = files.list(&["a", "b"]);
    let server = ConnectOptions { server: some("https://x:1"), ..Default::default() };
    let settled = settle(&server, &environment).unwrap();
    assert_eq!(settled.config.cluster_url, "https://x:1/");
    assert_eq!(settled.config.tls_server_name, None, "another server is not checked against the old name");

    let options = ConnectOptions {
        token: Some(Token::new("tok-secret")),
        impersonate: some("jane"),
        impersonate_groups: vec!["ops".to_owned(), "dev".to_owned()],
        impersonate_uid: some("7"),
        insecure_skip_tls_verify: true,
        tls_server_name: some("name"),
        context: some("other"),
        ..Default::default()
    };
    let config = settle(&options, &environment).unwrap().config;
    assert!(config.auth_info.exec.is_none() && config.auth_info.token.is_some());
    assert_eq!(config.auth_info.impersonate.as_deref(), Some("jane"));
    assert_eq!(config.auth_info.impersonate_groups.unwrap(), ["ops", "dev"]);
    assert!(config.accept_invalid_certs);
    assert_eq!(config.tls_server_name.as_deref(), Some("name"));
    assert!(!format!("{options:?}").contains("tok-secret"), "a token is not printed");

    let options = ConnectOptions { impersonate_groups: vec!["ops".to_owned()], ..Default::default() };
    assert_eq!(words(&options, &environment), "--as-group and --as-uid need --as");
}

#[test]
fn plugins_never_talk_to_the_person_and_are_found_beside_the_file() {
    let files = Files::new("exec", &[("b", B)]);
    let config = settle(&ConnectOptions::default(), &files.list(&["b"])).unwrap().config;
    let exec = config.auth_info.exec.unwrap();
    assert_eq!(exec.interactive_mode, Some(ExecInteractiveMode::Never));
    assert_eq!(Path::new(&exec.command.unwrap()), files.0.join("./plugin"));
}

#[test]
fn a_server_needs_no_kubeconfig() {
    let server = |address: &str| ConnectOptions { server: some(address), ..Default::default() };
    let nothing = Environment::default();
    assert_eq!(words(&server("https://h:6443"), &nothing), "h:6443 h:6443  https://h:6443/ default");
    assert_eq!(
        words(&server("127.0.0.1:8001"), &nothing),
        "127.0.0.1:8001 127.0.0.1:8001  http://127.0.0.1:8001/ default"
    );
    for bad in ["ftp://h", "https://", "a b", "//x"] {
        assert!(words(&server(bad), &nothing).contains("is not a server's address"), "{bad}");
    }
}

#[test]
fn mistakes_are_named_with_what_would_be_right() {
    let files = Files::new(
        "wrong",
        &[
            ("a", A),
            ("no-current", "contexts:\n- {name: x, context: {cluster: c}}\n"),
            ("broken", "users:\n- name: [unclosed\n  token: my-secret\n"),
            ("types", "clusters: 7\n"),
            (
                "ca",
                "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'https://s', certificate-authority-data: aGVsbG8K}}]\n",
            ),
        ],
    );
    let folder = files.0.display().to_string();
    let one =
        |name: &str, options: &ConnectOptions| words(options, &files.list(&[name])).replace(&folder, "…");
    let plain = ConnectOptions::default();
    let context = ConnectOptions { context: some("prd"), ..Default::default() };
    let user = ConnectOptions { user: some("me"), ..Default::default() };
    let cluster = ConnectOptions { cluster: some("empty"), ..Default::default() };
    assert_eq!(one("a", &context), "there is no context \"prd\" in …/a (known: bare, prod)");
    assert_eq!(one("a", &user), "there is no user \"me\" in …/a (known: u1)");
    assert!(one("a", &cluster).starts_with("the cluster \"empty\" has no server"));
    assert!(one("no-current", &plain).starts_with("…/no-current names no current context"));
    let broken = one("broken", &plain);
    assert!(
        broken.starts_with("cannot read the kubeconfig …/broken: it is not a valid kubeconfig (line"),
        "{broken}"
    );
    assert!(!broken.contains("secret"));
    assert!(one("types", &plain).contains("it is not a valid kubeconfig"));
    assert!(one("ca", &plain).contains("certificate-authority is not a PEM certificate"));
    let missing = one("missing", &plain);
    assert!(missing.starts_with("no kubeconfig found (looked for …/missing)"), "{missing}");
    let named = ConnectOptions { kubeconfig: Some(files.0.join("missing")), ..Default::default() };
    assert!(one("a", &named).starts_with("cannot read the kubeconfig …/missing: No such file"));
}

#[test]
fn the_proxy_is_chosen_for_the_server() {
    let files = Files::new("proxy", &[("a", A), ("b", B)]);
    let proxy = |cluster: &str, https_proxy: &str, no_proxy: &str| {
        let environment = Environment {
            https_proxy: some(https_proxy),
            no_proxy: some(no_proxy),
            ..files.list(&["a", "b"])
        };
        let options = ConnectOptions { cluster: some(cluster), ..Default::default() };
        let settled = settle(&options, &environment).map_err(|error| error.to_string())?;
        Ok::<_, String>(settled.config.proxy_url.map(|uri| uri.to_string()).unwrap_or_default())
    };
    assert_eq!(proxy("c1", "http://p:3128", "").unwrap(), "http://p:3128/");
    assert_eq!(proxy("c1", "p:3128", "two,").unwrap(), "http://p:3128/");
    assert_eq!(proxy("c1", "http://p:3128", "one,").unwrap(), "");
    assert_eq!(proxy("c1", "http://p:3128", "p").unwrap(), "http://p:3128/", "not matched against the proxy");
    assert_eq!(
        proxy("proxied", "http://p:3128", "*").unwrap(),
        "socks5://p:1080/",
        "the kubeconfig's own wins"
    );
    assert!(proxy("c1", "gopher://user:pw@p", "").unwrap_err().contains("\"gopher\" are not supported"));
}
