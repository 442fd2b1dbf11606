//! Where deliveries may go: only to hosts and ports that the operator has listed.
//!
//! Networks of public bodies are closed, and the portal itself has a private address there, so
//! what is private is no sign of an attack. What counts is the operator's list, and that a name
//! on it does not suddenly mean this machine.

use std::net::IpAddr;
use std::str::FromStr;

use anyhow::{Context, ensure};
use url::{Host, Url};

/// Characters of an address at most.
pub const URL_LIMIT: usize = 1000;

/// The operator's list: `host:port` for https, or `http://127.0.0.1:port` for a receiver on this
/// machine; separated by commas. Empty: nothing is delivered anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets(Vec<Target>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    scheme: &'static str,
    host: Host<String>,
    port: u16,
}

impl FromStr for Targets {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(entry).collect::<anyhow::Result<_>>().map(Self)
    }
}

fn entry(text: &str) -> anyhow::Result<Target> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&whole).with_context(|| format!("{text} is no host:port"))?;
    let target = target_of(&url).with_context(|| format!("{text} is no host:port"))?;
    ensure!(url.path() == "/" && url.query().is_none(), "{text}: only host and port");
    let here = matches!(&target.host, Host::Ipv4(ip) if ip.is_loopback())
        || matches!(&target.host, Host::Ipv6(ip) if ip.is_loopback());
    ensure!(target.scheme == "https" || here, "{text}: http only to this machine, as http://127.0.0.1:port");
    Ok(target)
}

fn target_of(url: &Url) -> Option<Target> {
    let scheme = match url.scheme() {
        "https" => "https",
        "http" => "http",
        _ => return None,
    };
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let host = url.host()?.to_owned();
    bare.then_some(Target { scheme, host, port: url.port_or_known_default()? })
}

impl Targets {
    /// The one target of this address, for an operator who names it himself.
    ///
    /// # Errors
    ///
    /// It is no address of http or https; http leads to another machine.
    pub fn of(address: &str) -> anyhow::Result<Self> {
        let url = Url::parse(address).with_context(|| format!("{address} is no address"))?;
        url.join("/").map(|origin| entry(origin.as_str()))?.map(|target| Self(vec![target]))
    }

    /// The address, when it is on the list.
    #[must_use]
    pub fn admit(&self, text: &str) -> Option<Url> {
        // The parser drops line breaks and turns backslashes round; an address that has some is none.
        if text.len() > URL_LIMIT || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let target = target_of(&url)?;
        self.0.contains(&target).then_some(url)
    }
}

/// Whether a name may stand for this address: not for this machine, nor for what only it
/// reaches, nor for many machines at once.
#[must_use]
pub fn may_be_named(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    };
    let refused = match address {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast() || ip.octets().first() == Some(&0),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !(refused || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_operator_listed_is_admitted() {
        let targets: Targets =
            "portal.region.example:443, 10.1.2.3:8443,http://127.0.0.1:9000".parse().unwrap();
        for good in [
            "https://portal.region.example/hook?x=1",
            "https://PORTAL.region.example:443/",
            "https://10.1.2.3:8443/a",
            "http://127.0.0.1:9000/hook",
        ] {
            assert!(targets.admit(good).is_some(), "{good}");
        }
        for bad in [
            "http://portal.region.example/hook",
            "https://portal.region.example:8443/",
            "https://portal.region.example./",
            "https://evil.example/",
            "https://127.0.0.1:9000/",
            "http://127.0.0.1/",
            "http://localhost:9000/",
            "http://[::1]:9000/",
            "http://0.0.0.0:9000/",
            "http://[::ffff:127.0.0.1]:9000/",
            "https://169.254.169.254/",
            "https://user:pass@portal.region.example/",
            "https://portal.region.example/#part",
            "https://portal.region.example\\@evil.example/",
            "file:///etc/passwd",
            "gopher://portal.region.example:443/",
            "ftp://portal.region.example:443/",
            "https://portal.region.example/\r\nHost: x",
            " https://portal.region.example/",
            "portal.region.example",
            "",
        ] {
            assert!(targets.admit(bad).is_none(), "{bad}");
        }
        // Other ways to write a number are the same number, and so the same entry.
        for same in ["http://2130706433:9000/", "http://0x7f.1:9000/", "http://0177.0.0.1:9000/"] {
            assert!(targets.admit(same).is_some(), "{same}");
        }
        assert!(Targets::default().admit("https://portal.region.example/").is_none());
        assert!(
            "https://portal.region.example/"
                .parse::<Targets>()
                .unwrap()
                .admit("http://2130706433/")
                .is_none()
        );
    }

    #[test]
    fn an_entry_is_a_host_and_a_port() {
        for bad in
            ["http://portal.example:80", "portal.example/path", "a@portal.example:1", "ftp://x:21", "://"]
        {
            assert!(bad.parse::<Targets>().is_err(), "{bad}");
        }
        assert_eq!(" , ".parse::<Targets>().unwrap(), Targets::default());
    }

    #[test]
    fn a_name_does_not_stand_for_this_machine() {
        for bad in [
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "169.254.169.254",
            "fe80::1",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "::ffff:127.0.0.1",
            "::ffff:169.254.1.1",
        ] {
            assert!(!may_be_named(bad.parse().unwrap()), "{bad}");
        }
        for good in
            ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "8.8.8.8", "fc00::1", "2001:db8::1"]
        {
            assert!(may_be_named(good.parse().unwrap()), "{good}");
        }
    }
}
