//! Networks of addresses, and which addresses anybody on the internet could have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u32,
}

impl Network {
    /// Reads `10.0.0.5` or `10.0.0.0/8`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(bits), |length| length.parse().ok().filter(|length| *length <= bits))?;
        Some(Self { address, length })
    }

    /// Whether the address lies in it, in the form it is given in.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (address, self.address) {
            (IpAddr::V4(one), IpAddr::V4(network)) => begins_alike(one.to_bits().into(), network.to_bits().into(), 32, self.length),
            (IpAddr::V6(one), IpAddr::V6(network)) => begins_alike(one.to_bits(), network.to_bits(), 128, self.length),
            _ => false,
        }
    }
}

fn begins_alike(one: u128, other: u128, bits: u32, length: u32) -> bool {
    (one ^ other).checked_shr(bits.saturating_sub(length)).unwrap_or(0) == 0
}

/// What is no address of the internet, from IANA's registries of special-purpose addresses (read in 2026).
const NOT_PUBLIC_V4: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// Only this part of IPv6 is given out.
const GIVEN_OUT_V6: &str = "2000::/3";
/// And of it these are for protocols (Teredo and others), papers, and 6to4, which leads to an IPv4 address inside.
const NOT_PUBLIC_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
/// The last four bytes are the IPv4 address that a translator of the provider calls.
const TRANSLATED: &str = "64:ff9b::/96";

/// Whether anybody on the internet could have this address. An address that only wraps one of IPv4 (`::ffff:10.0.0.1`) is refused:
/// no honest name leads to one. One of a translator is judged by what it leads to, for on a network without IPv4 every old name has one.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    let lies_in =
        |networks: &[&str], address: IpAddr| networks.iter().filter_map(|network| Network::read(network)).any(|network| network.contains(address));
    match address {
        IpAddr::V4(_) => !lies_in(&NOT_PUBLIC_V4, address),
        IpAddr::V6(six) if lies_in(&[TRANSLATED], address) => is_public(IpAddr::V4(last_four(six))),
        IpAddr::V6(_) => lies_in(&[GIVEN_OUT_V6], address) && !lies_in(&NOT_PUBLIC_V6, address),
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_addresses_are_public() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.1.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4010::1",
            "64:ff9b::8.8.8.8",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn every_network_of_the_lists_can_be_read() {
        for text in NOT_PUBLIC_V4.iter().chain(&NOT_PUBLIC_V6).chain([&GIVEN_OUT_V6, &TRANSLATED]) {
            assert!(Network::read(text).is_some(), "{text}");
        }
    }
}
