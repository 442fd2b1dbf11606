//! From which address a request comes.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, web};
use ipnet::IpNet;

/// Reverse proxies whose `X-Forwarded-For` is believed; anybody else's is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = String;

    /// Addresses or networks, comma-separated.
    fn from_str(text: &str) -> Result<Self, String> {
        let one = |part: &str| {
            let alone = part.parse::<IpAddr>().map(IpNet::from);
            alone
                .or_else(|_not_alone| part.parse())
                .map_err(|_unfit| format!("{part} is no address or network"))
        };
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(one)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TrustedProxies {
    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The nearest address that is no trusted proxy.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.has(peer) {
            return peer;
        }
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
        let mut nearest = peer;
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            // What stands before something unreadable was not written by a proxy of ours.
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            nearest = address.to_canonical();
            if !self.has(nearest) {
                break;
            }
        }
        nearest
    }
}

/// The address of whoever asks: the peer's, or what a trusted proxy says of it.
#[must_use]
pub fn address(req: &HttpRequest) -> IpAddr {
    let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    match req.app_data::<web::Data<TrustedProxies>>() {
        Some(trusted) => trusted.client(peer, req.headers()),
        None => peer,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(line));
        }
        trusted.parse::<TrustedProxies>().unwrap().client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let spoofed = ["198.51.100.7"];
        assert_eq!(client("", "192.0.2.1", &spoofed), "192.0.2.1");
        assert_eq!(client("10.0.0.1", "192.0.2.1", &spoofed), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "10.0.0.9", &spoofed), "198.51.100.7");
        assert_eq!(client("10.0.0.0/8", "10.0.0.9", &[]), "10.0.0.9");
    }

    #[test]
    fn the_nearest_stranger_counts_and_not_what_he_wrote_himself() {
        assert_eq!(client("10.0.0.0/8", "10.0.0.9", &["1.1.1.1, 192.0.2.5, 10.0.0.3"]), "192.0.2.5");
        assert_eq!(client("10.0.0.0/8", "10.0.0.9", &["1.1.1.1", "192.0.2.5"]), "192.0.2.5");
        assert_eq!(client("10.0.0.0/8", "10.0.0.9", &["1.1.1.1, unknown, 10.0.0.3"]), "10.0.0.3");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        assert!("10.0.0.0/33".parse::<TrustedProxies>().is_err());
        assert!("proxy.example".parse::<TrustedProxies>().is_err());
    }
}
