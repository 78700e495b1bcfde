//! The server: connections come in, and end when it is told to.

use std::io;
use std::net::{SocketAddr, TcpListener as StandardListener, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use swath_manifest::Admission;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::answer::{Shared, Told, answer};
use crate::certificates::{CertificateFiles, Certificates, Change};
use crate::error::WebhookError;
use crate::event::Event;

/// How many connections there may be at once; others wait until one ends.
const MOST_CONNECTIONS: usize = 256;
/// How many reviews are decided at once, while others arrive: a usual pod takes milliseconds, and the
/// largest much memory.
const MOST_DECISIONS: usize = 1;
/// How long a client may take to say in TLS what it wants.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long a connection may wait for the head of its next request. Clients in Go close theirs after
/// 90 seconds.
const HEAD_LIMIT: Duration = Duration::from_secs(100);
/// The most bytes that a head and what is read ahead may take.
const LONGEST_HEAD: usize = 64 << 10;
/// How long requests under way may take to end: a kubelet kills after 30 seconds.
const END_LIMIT: Duration = Duration::from_secs(25);
/// How long nothing is accepted when the system has no more to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A webhook that listens.
pub struct Webhook {
    listener: StandardListener,
    certificates: Certificates,
    admission: Admission,
    linger: Duration,
}

/// How a webhook came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything that was asked is answered.
    Answered,
    /// Some requests did not end in time, or a second signal came.
    Cut,
}

impl Webhook {
    /// Reads the certificate, and listens: at the first of these addresses that can be listened on.
    /// When it is told to end, it goes on for `linger`: whoever sends requests may hear of the end
    /// later.
    pub fn bind(
        addresses: &[String],
        files: CertificateFiles,
        admission: Admission,
        linger: Duration,
    ) -> Result<Webhook, WebhookError> {
        let certificates = Certificates::read(files)?;
        let listener = listen(addresses).map_err(|source| WebhookError::NotListening {
            address: addresses.join("` or `"),
            source,
        })?;
        Ok(Webhook {
            listener,
            certificates,
            admission,
            linger,
        })
    }

    /// Answers until SIGTERM or SIGINT comes, and then what was asked before. `told` hears what
    /// happens.
    pub fn serve(
        self,
        told: impl Fn(&Event<'_>) + Send + Sync + 'static,
    ) -> Result<Ended, WebhookError> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(MOST_DECISIONS)
            .build()
            .map_err(WebhookError::System)?;
        let ended = runtime.block_on(self.run(Box::new(told)));
        // A decision that still runs is nobody's any more.
        runtime.shutdown_background();
        ended.map_err(WebhookError::System)
    }

    async fn run(self, told: Box<Told>) -> io::Result<Ended> {
        let mut signals = Signals::install()?;
        let listener = TcpListener::from_std(self.listener)?;
        let shared = Arc::new(Shared::new(self.admission, told));
        (shared.told)(&Event::Listening(listener.local_addr()?));
        let mut door = Door {
            listener,
            connections: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            certificates: self.certificates,
            shared,
            graceful: GracefulShutdown::new(),
        };
        tokio::select! {
            () = signals.next() => {}
            () = door.admit() => {}
        }
        (door.shared.told)(&Event::Ending);
        tokio::select! {
            () = signals.next() => {}
            () = sleep(self.linger) => {}
            () = door.admit() => {}
        }
        drop(door.listener);
        tokio::select! {
            () = signals.next() => Ok(Ended::Cut),
            ended = timeout(END_LIMIT, door.graceful.shutdown()) => {
                Ok(if ended.is_ok() { Ended::Answered } else { Ended::Cut })
            }
        }
    }
}

/// Where connections come in.
struct Door {
    listener: TcpListener,
    connections: Arc<Semaphore>,
    certificates: Certificates,
    shared: Arc<Shared>,
    graceful: GracefulShutdown,
}

impl Door {
    /// Lets in whoever comes, for as long as this is waited for.
    async fn admit(&mut self) {
        loop {
            let (stream, permit) = match accept(&self.listener, &self.connections).await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::debug!("no connection was accepted: {error}");
                    sleep(EXHAUSTED).await;
                    continue;
                }
            };
            let (config, change) = self.certificates.current();
            match &change {
                Change::Nothing => {}
                Change::Read => (self.shared.told)(&Event::CertificateRead),
                Change::Kept(error) => (self.shared.told)(&Event::CertificateKept(error)),
            }
            let (shared, watcher) = (Arc::clone(&self.shared), self.graceful.watcher());
            tokio::spawn(connection(shared, stream, config, watcher, permit));
        }
    }
}

fn listen(addresses: &[String]) -> io::Result<StandardListener> {
    let mut found: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        found.extend(address.to_socket_addrs()?);
    }
    let listener = StandardListener::bind(&found[..])?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

/// One connection, from the handshake to its end.
async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    config: Arc<ServerConfig>,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
) {
    let handshake = timeout(HANDSHAKE_LIMIT, TlsAcceptor::from(config).accept(stream)).await;
    let Ok(Ok(stream)) = handshake else {
        return tracing::debug!("a connection did not become one of TLS");
    };
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!("a connection ended: {error}");
    }
}

/// The signals that end a program kindly.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
