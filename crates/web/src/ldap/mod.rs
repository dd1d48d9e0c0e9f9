//! LDAP on the network: the directory's only door besides HTTP. What a message means is in
//! `directory`; here are sockets, TLS and limits.
//!
//! Anybody may read and nobody may write (RFC 4513 §5.1.1: anonymous); applications may sign in within
//! TLS, which widens the limits of their searches. One connection has one operation at a time.
//! Connections, operations of a source, messages, time and octets each have a limit, and whoever goes
//! beyond it is told so and let go. No one source can have all turns (`turns`), and who doesn't read an
//! answer doesn't get the rest of it.

mod answer;
mod connection;
pub(crate) mod limits;
mod tls;
mod turns;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use access::Access;
use app::Institution;
use directory::Directory;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use self::limits::Doors;
use self::turns::Turns;
use crate::bucket::Buckets;

/// Clients that are told that there is no place for them, at a time.
static TOLD: Semaphore = Semaphore::const_new(256);
/// How long connections may take to finish when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What all connections share.
struct Shared {
    directory: Directory,
    for_clients: Directory,
    access: Access,
    /// Whether applications may sign in, and on this machine without TLS.
    binds: (bool, bool),
    rate: Buckets,
    tls: Option<TlsAcceptor>,
    idle: Duration,
    /// How long an answer may get no further.
    stalled: Duration,
    turns: Arc<Turns>,
    doors: Arc<Doors>,
    stop: watch::Receiver<bool>,
}

/// A directory service that listens until it is stopped.
pub struct Running {
    address: Option<SocketAddr>,
    tls_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where LDAP listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where LDAPS listens.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// Takes no more connections, finishes the operations under way, and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Serves the directory of an institution by LDAP; `None` when its settings say nowhere.
///
/// # Errors
/// When an address cannot be listened on, or the transport certificate cannot be used.
pub async fn serve(institution: &Institution) -> std::io::Result<Option<Running>> {
    let settings = &institution.settings().directory;
    let plain = settings.address().map_err(std::io::Error::other)?;
    let secure = settings.tls_address().map_err(std::io::Error::other)?;
    if plain.is_none() && secure.is_none() {
        return Ok(None);
    }
    crate::metrics::install();
    let tls = match settings.has_tls() {
        true => {
            let path = |name: &String| institution.layout().root().join(name);
            let files = (path(&settings.certificate), path(&settings.key));
            let (acceptor, chain) = tls::acceptor(&files.0, &files.1)?;
            // One that we can't read is served all the same; the file is judged then.
            if let Err(error) = institution.note_directory_chain(&chain) {
                tracing::warn!(%error, "the directory's transport certificate can't be watched");
            }
            Some(acceptor)
        }
        false => None,
    };
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared {
        directory: institution.directory().clone(),
        for_clients: institution.directory_for_clients().clone(),
        access: institution.access().clone(),
        binds: (settings.clients.enabled, settings.clients.clear_on_loopback),
        rate: Buckets::new(institution.settings().limits.ldap_per_second),
        tls,
        idle: Duration::from_secs(settings.idle_seconds.max(1)),
        stalled: Duration::from_secs(settings.stalled_seconds.max(1)),
        turns: Turns::new(settings.max_operations, settings.max_operations_per_address),
        doors: Doors::new(
            "yinxin_ldap_connections",
            settings.max_connections,
            settings.max_connections_per_address,
        ),
        stop: stopped,
    });
    let mut running = Running { address: None, tls_address: None, stop, tasks: Vec::new() };
    if let Some(address) = plain {
        running.address = Some(running.listen(address, (shared.clone(), false)).await?);
    }
    if let Some(address) = secure {
        running.tls_address = Some(running.listen(address, (shared, true)).await?);
    }
    Ok(Some(running))
}

impl Running {
    async fn listen(
        &mut self,
        address: SocketAddr,
        (shared, secure): (Arc<Shared>, bool),
    ) -> std::io::Result<SocketAddr> {
        let listener = crate::progress::listen(address)?;
        let address = listener.local_addr()?;
        self.tasks.push(tokio::spawn(accept(listener, shared, secure)));
        Ok(address)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, secure: bool) {
    let (mut stop, mut connections) = (shared.stop.clone(), JoinSet::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        // Those that ended make room.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => admit(stream, peer, (&shared, secure), &mut connections),
            Err(error) => {
                // Such as too many open files: others will close.
                tracing::warn!(%error, "a connection to the directory could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
        tracing::warn!("connections to the directory were cut at the end");
    }
}

fn admit(
    stream: TcpStream,
    peer: SocketAddr,
    (shared, secure): (&Arc<Shared>, bool),
    connections: &mut JoinSet<()>,
) {
    let Some(place) = shared.doors.enter(peer.ip()) else {
        metrics::counter!("yinxin_ldap_refused_total").increment(1);
        // A flood of them gets no word: each word holds a socket for a while.
        if let Ok(place) = TOLD.try_acquire() {
            connections.spawn(async move {
                let _place = place;
                connection::turn_away(stream).await;
            });
        }
        return;
    };
    let _ = stream.set_nodelay(true);
    let shared = shared.clone();
    connections.spawn(async move {
        connection::run(stream, (secure, peer.ip()), &shared).await;
        drop(place);
    });
}
