//! Whether the server is reached through the environment's proxy.
//!
//! Go's rules (`golang.org/x/net/http/httpproxy`), read leniently: an entry that makes no sense is
//! skipped, since a stray comma must not keep anybody from the cluster.

use std::net::IpAddr;

/// Whether `list` (the value of `NO_PROXY`) exempts the server.
pub(super) fn exempts(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    if is_loopback(&host) {
        return true;
    }
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| matches(entry, &host, port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn matches(entry: &str, host: &str, port: u16) -> bool {
    let entry = entry.to_ascii_lowercase();
    if entry == "*" {
        return true;
    }
    let ip = host.parse::<IpAddr>().ok();
    if let Some((network, bits)) = entry.split_once('/') {
        return match (network.parse(), bits.parse(), ip) {
            (Ok(network), Ok(bits), Some(ip)) => contains(network, bits, ip),
            _ => false,
        };
    }
    let (name, only_port) = split_port(&entry);
    if only_port.is_some_and(|only| only != port) {
        return false;
    }
    if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return ip == Some(address);
    }
    if ip.is_some() || name.is_empty() {
        return false;
    }
    // ".corp" and "*.corp" are subdomains only; "corp" is the domain, too.
    let name = name.strip_prefix('*').unwrap_or(name);
    if let Some(domain) = name.strip_prefix('.') {
        return host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    }
    host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    // More than one colon is an IPv6 address, unless brackets say where it ends.
    let bare_ipv6 = entry.matches(':').count() > 1 && !entry.contains("]:");
    match entry.rsplit_once(':') {
        Some((name, port)) if !bare_ipv6 => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn contains(network: IpAddr, bits: u32, ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network.to_bits() & mask == ip.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network.to_bits() & mask == ip.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_match_the_server_as_go_matches_them() {
        for (list, host, port, exempt) in [
            ("", "api.corp.internal", 443, false),
            ("", "127.0.0.1", 6443, true),
            ("", "localhost", 6443, true),
            ("", "[::1]", 6443, true),
            ("*", "api.corp.internal", 443, true),
            ("api.corp.internal", "api.corp.internal", 443, true),
            ("API.corp.internal", "api.CORP.internal.", 443, true),
            ("corp.internal", "api.corp.internal", 443, true),
            (".corp.internal", "api.corp.internal", 443, true),
            (".corp.internal", "corp.internal", 443, false),
            ("*.corp.internal", "api.corp.internal", 443, true),
            ("corp.internal", "evilcorp.internal", 443, false),
            ("corp.internal:443", "api.corp.internal", 443, true),
            ("corp.internal:443", "api.corp.internal", 6443, false),
            ("10.0.0.0/8", "10.200.3.4", 6443, true),
            ("10.0.0.0/8,", "11.0.0.1", 6443, false),
            ("10.0.0.0/8,", "10.0.0.1", 6443, true),
            ("0.0.0.0/0", "8.8.8.8", 443, true),
            ("10.1.2.3", "10.1.2.3", 6443, true),
            ("10.1.2.3:443", "10.1.2.3", 6443, false),
            ("fd00::/8", "[fd12::1]", 6443, true),
            ("[fd12::1]:6443", "fd12::1", 6443, true),
            ("fd12::1", "fd12::1", 6443, true),
            ("10.0.0.0/99, ,nonsense/x,:,api.corp", "api.corp", 443, true),
            ("10.0.0.0/99", "10.0.0.1", 443, false),
        ] {
            assert_eq!(exempts(list, host, port), exempt, "{list:?} for {host}:{port}");
        }
    }
}
