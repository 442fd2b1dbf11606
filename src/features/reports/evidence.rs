//! Rules of evidence.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Endings of names that exist within an organisation only.
const INNER_ENDINGS: [&str; 5] = [".local", ".localhost", ".internal", ".lan", ".home"];

/// Refuses an address that nobody outside the author's network can open: private and
/// loopback addresses, `localhost`, names without a dot.
#[must_use]
pub fn address_rule(address: &str) -> Option<Violation> {
    let url = Url::parse(address).ok();
    let reachable = url.as_ref().and_then(Url::host).is_some_and(|host| is_public(&host));
    (!reachable).then(|| {
        let detail = Bi::fixed(
            "Укажите адрес, доступный из интернета",
            "Give an address that can be reached from the internet",
        );
        Violation::new("/url", "private-address", detail)
    })
}

fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name.contains('.') && !INNER_ENDINGS.iter().any(|ending| name.ends_with(ending))
        }
        Host::Ipv4(address) => is_public_ip(IpAddr::V4(*address)),
        Host::Ipv6(address) => is_public_ip(IpAddr::V6(*address)),
    }
}

fn is_public_ip(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || shared
                || first == 0)
        }
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_ip(v4),
            None => {
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local())
            }
        },
    }
}

fn embedded_v4(address: Ipv6Addr) -> Option<IpAddr> {
    address.to_ipv4_mapped().map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::address_rule;

    #[test]
    fn evidence_can_be_opened_from_outside() {
        for address in
            ["https://xn--80aab.xn--p1ai/p", "http://sch-1.obr57.ru/doc.pdf", "https://93.158.134.3/"]
        {
            assert!(address_rule(address).is_none(), "{address}");
        }
        for address in [
            "http://localhost/a",
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://192.168.0.1/",
            "http://172.16.0.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://fileserver/share",
            "http://nas.local/",
        ] {
            assert!(address_rule(address).is_some(), "{address}");
        }
    }
}
