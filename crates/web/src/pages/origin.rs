//! Where a request comes from: the peer of the connection, or what a reverse proxy that the operator
//! trusts says of it. Nobody else is believed (a header is typed by whoever sends it).

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::problem::Problem;

/// The header in which proxies add the address they were asked from.
const FORWARDED: &str = "x-forwarded-for";

/// The address that a request comes from.
pub fn source(parts: &Parts, proxies: &[IpAddr]) -> Result<IpAddr, Problem> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.ok_or(app::Error::Stored("连接的来源"))?;
    Ok(behind(peer.0.ip(), &parts.headers, proxies))
}

/// From the right, the first address that is no trusted proxy: what stands left of it, the sender
/// may have made up.
fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.contains(&address.to_canonical());
    let mut last = peer.to_canonical();
    let named: Vec<&str> = headers
        .get_all(FORWARDED)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for name in named.into_iter().rev() {
        match name.trim().parse::<IpAddr>() {
            Ok(address) if is_proxy(&last) => last = address.to_canonical(),
            _ => break,
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_header_is_nothing() {
        assert_eq!(from("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(from("203.0.113.9", &["198.51.100.1"], &["127.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_names_the_source_and_what_the_sender_typed_before_it_is_not_believed() {
        let proxies = ["127.0.0.1", "10.0.0.2"];
        assert_eq!(from("127.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["1.2.3.4, 198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(
            from("127.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"], &proxies),
            "198.51.100.1"
        );
        assert_eq!(from("127.0.0.1", &["1.2.3.4", "198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["nonsense"], &proxies), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &[], &proxies), "127.0.0.1");
        assert_eq!(from("::ffff:127.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
    }
}
