//! TCP ports for servers under test.

use std::net::{Ipv4Addr, TcpListener};

use crate::{take_turn, target_dir};

/// Below what the system gives to connections of its own.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

/// A TCP port of 127.0.0.1 that is free. A server takes a while until it listens, and the port that the
/// system would choose may be chosen again in the meantime, for another test or a connection. So ports
/// are given out in turn, to all tests at the same time.
pub fn free_port() -> u16 {
    let _alone = take_turn("port");
    let path = target_dir().join("turns/last-port");
    let last = fs_err::read_to_string(&path).ok();
    let last = last.and_then(|text| text.parse().ok());
    let next = last.map_or(FIRST, |last: u16| last.saturating_add(1).max(FIRST));
    let port = (next..=LAST)
        .chain(FIRST..=LAST)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("the loopback interface has a free port");
    fs_err::write(path, port.to_string()).expect("the tests may write to target");
    port
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_free_port_can_be_bound() {
        TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
    }

    #[test]
    fn no_port_is_given_out_twice_before_somebody_listens() {
        let ports: Vec<u16> = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| [(); 50].map(|()| free_port())));
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        let different: BTreeSet<u16> = ports.iter().copied().collect();
        assert_eq!(different.len(), 200);
    }
}
