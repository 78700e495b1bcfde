//! Who listens on an address of this machine, from `/proc/net/tcp` and `/proc/PID/fd`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use fs_err as fs;

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listener {
    address: IpAddr,
    /// Who opened it.
    pub(crate) user: u32,
    pub(crate) inode: u64,
}

/// The sockets that answer a connection to `peer`; none where that is not on this machine, or not
/// in this network namespace. Of several the ones with the most exact address answer.
pub(crate) fn listeners_at(peer: SocketAddr) -> Vec<Listener> {
    let mut all = Vec::new();
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(file).unwrap_or_default();
        all.extend(text.lines().filter_map(|line| parse(line, peer.port())));
    }
    most_exact(&all, peer.ip())
}

fn most_exact(all: &[Listener], peer: IpAddr) -> Vec<Listener> {
    let peer = peer.to_canonical();
    let wildcard = |address: IpAddr| address.is_unspecified();
    // Every address of this machine is answered by a wildcard of its kind, an address of IPv4 by
    // one of IPv6 as well.
    let of_kind = |address: IpAddr| match (address, peer) {
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), _) => true,
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    };
    let ranks: [&dyn Fn(IpAddr) -> bool; 3] = [
        &|address| address == peer,
        &|address| wildcard(address) && address.is_ipv4() == peer.is_ipv4(),
        &|address| wildcard(address) && of_kind(address),
    ];
    ranks
        .into_iter()
        .map(|fits| {
            let fitting = all.iter().filter(|listener| fits(listener.address));
            fitting.copied().collect::<Vec<_>>()
        })
        .find(|fitting| !fitting.is_empty())
        .unwrap_or_default()
}

/// A line of `/proc/net/tcp` that is about a listener on this port.
fn parse(line: &str, port: u16) -> Option<Listener> {
    let mut fields = line.split_ascii_whitespace();
    let (address, own_port) = fields.nth(1)?.split_once(':')?;
    if u16::from_str_radix(own_port, 16) != Ok(port) || fields.nth(1)? != LISTENS {
        return None;
    }
    Some(Listener {
        address: parse_address(address)?,
        user: fields.nth(3)?.parse().ok()?,
        inode: fields.nth(1)?.parse().ok()?,
    })
}

/// An address as the kernel writes it: words of 32 bits in this machine's order of bytes.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = text.get(at..at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::from(Ipv6Addr::from(bytes)).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use swath_test::wait_until;

    use super::*;

    #[test]
    fn a_listener_of_this_process_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let found = listeners_at(address);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].user, rustix::process::geteuid().as_raw());
        let own = crate::proc_file::sockets_of(std::process::id()).unwrap();
        assert!(own.contains(&found[0].inode));
        drop(listener);
        // A child that a test beside this one forked keeps the socket until it executes its program.
        wait_until(Duration::from_secs(10), "the listener is gone", || {
            let left = listeners_at(address);
            !left.iter().any(|one| one.inode == found[0].inode)
        });
    }

    #[test]
    fn the_most_exact_address_answers() {
        let listener = |address: &str, inode| Listener {
            address: address.parse().unwrap(),
            user: 0,
            inode,
        };
        let all = vec![
            listener("0.0.0.0", 1),
            listener("::", 2),
            listener("127.0.0.1", 3),
            listener("10.0.0.1", 4),
        ];
        let answers = |all: &[Listener], peer: &str| {
            let found = most_exact(all, peer.parse().unwrap());
            found.iter().map(|one| one.inode).collect::<Vec<_>>()
        };
        assert_eq!(answers(&all, "127.0.0.1"), [3]);
        assert_eq!(answers(&all, "127.0.0.2"), [1]);
        assert_eq!(answers(&all, "::1"), [2]);
        assert_eq!(answers(&all[1..2], "127.0.0.1"), [2]);
        assert_eq!(answers(&all[..1], "::1"), [0_u64; 0]);
    }

    #[test]
    fn a_line_of_the_kernels_table_is_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0";
        let expected = Listener {
            address: Ipv4Addr::LOCALHOST.into(),
            user: 1000,
            inode: 4711,
        };
        if cfg!(target_endian = "little") {
            assert_eq!(parse(line, 8080), Some(expected));
        }
        assert_eq!(parse(line, 8081), None);
        assert_eq!(parse(&line.replace(" 0A ", " 01 "), 8080), None);
        assert_eq!(parse("sl local_address rem_address st", 8080), None);
    }
}
