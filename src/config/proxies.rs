//! Whose `X-Forwarded-For` is believed. Behind a proxy every caller has the proxy's address, and limits by address would
//! meet all of them together; believed from anybody, the header would let each caller name any address it likes.

use std::net::IpAddr;

use crate::model::network::Network;

/// The addresses of the proxies in front.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
}

const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];

impl TrustedProxies {
    /// Reads `loopback`, `private` (loopback too), `none`, addresses and networks, separated by commas.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut networks = Vec::new();
        for part in text.split(',').map(str::trim) {
            match part {
                "none" => {}
                "loopback" => networks.extend(LOOPBACK.iter().filter_map(|network| Network::read(network))),
                "private" => networks.extend(LOOPBACK.iter().chain(&PRIVATE).filter_map(|network| Network::read(network))),
                part => networks
                    .push(Network::read(part).ok_or("write loopback, private, none, or addresses and networks such as 10.0.0.5, 172.18.0.0/16")?),
            }
        }
        Ok(Self { networks })
    }

    /// Whether this peer is one of the proxies.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        // A socket that listens on both kinds shows IPv4 callers as ::ffff:a.b.c.d.
        let peer = peer.to_canonical();
        self.networks.iter().any(|network| network.contains(peer))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use super::*;

    #[test]
    fn who_is_believed() {
        let table = [
            ("loopback", "127.0.0.1", true),
            ("loopback", "127.9.9.9", true),
            ("loopback", "::1", true),
            ("loopback", "::ffff:127.0.0.1", true),
            ("loopback", "10.0.0.1", false),
            ("private", "172.31.0.1", true),
            ("private", "172.32.0.1", false),
            ("private", "127.0.0.1", true),
            ("private", "fd00::1", true),
            ("private", "2001:db8::1", false),
            ("10.0.0.5, 192.0.2.0/24", "10.0.0.5", true),
            ("10.0.0.5, 192.0.2.0/24", "10.0.0.6", false),
            ("10.0.0.5, 192.0.2.0/24", "192.0.2.200", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("none", "127.0.0.1", false),
        ];
        for (proxies, peer, expected) in table {
            assert_eq!(TrustedProxies::read(proxies).unwrap().contains(peer.parse().unwrap()), expected, "{proxies} {peer}");
        }
        for wrong in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.1/-1", "a,b", "10.0.0.0/8,"] {
            assert!(TrustedProxies::read(wrong).is_err(), "{wrong}");
        }
    }
}
