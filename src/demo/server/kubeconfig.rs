//! The kubeconfig with which dsgrid and kubectl reach the embedded cluster.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;

/// The text of a kubeconfig with one context: plain HTTP, a user without credentials.
#[must_use]
pub fn kubeconfig(context: &str, address: SocketAddr) -> String {
    // A JSON string is a YAML string too: whatever the name, it stays one.
    let name = serde_json::Value::from(context);
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\nclusters:\n- name: {name}\n  cluster:\n    \
         server: http://{address}\ncontexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: {name}\n\
         users:\n- name: {name}\n  user: {{}}\n"
    )
}

/// Writes that kubeconfig to a file only its owner can read.
///
/// # Errors
/// The file cannot be written.
pub fn write_kubeconfig(path: &Path, context: &str, address: SocketAddr) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(kubeconfig(context, address).as_bytes())
}
