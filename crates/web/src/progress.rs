//! Who doesn't read is let go: a stream whose writes have to get on. Whoever asks and then takes its
//! answer slowly or not at all would otherwise hold a connection, and what is under way on it, for ever.
//!
//! For each so many seconds that writes had to wait, at least `LEAST` octets must have been taken, or the
//! stream fails. The clock runs while a write waits and at no other time: while there is nothing to be
//! written, nothing is asked of anybody; how long a client may be silent is said elsewhere.
//!
//! The system takes octets for a client before it reads them, and lets us write again only when a third of its
//! buffer is empty. So the pace that is really asked for is a third of the buffer in each spell, and the buffer
//! is small: left to itself it grows to megabytes, and an honest slow reader would be let go.

use std::io::{self, Error, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{Instant, Sleep, sleep};

/// Octets that a client must take for each spell of waiting. Of a connection of [`listen`], the system asks for about
/// forty thousand.
const LEAST: usize = 4 << 10;
/// What the system keeps for a client that has not read it yet (`SO_SNDBUF`; Linux doubles it for its own needs).
const SEND_BUFFER: u32 = 64 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Listens where each connection has a small send buffer: connections have that of the listener.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As the usual way of listening does: a service that was just stopped can be started again at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A stream whose writes have to get on.
pub(crate) struct Progress<S> {
    stream: S,
    /// How much waiting makes a spell.
    patience: Duration,
    /// How much of this spell is left.
    left: Duration,
    /// Octets taken since the spell began.
    taken: usize,
    /// Since when a write waits.
    since: Option<Instant>,
    end: Option<Pin<Box<Sleep>>>,
}

impl<S> Progress<S> {
    /// Spells of this length.
    pub fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, left: patience, taken: 0, since: None, end: None }
    }

    fn judged(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(octets)) => {
                self.taken = self.taken.saturating_add(octets);
                if let Some(since) = self.since.take() {
                    self.left = self.left.saturating_sub(since.elapsed());
                }
                wrote
            }
            Poll::Ready(Err(_)) => wrote,
            Poll::Pending if self.gets_on(cx) => Poll::Pending,
            Poll::Pending => Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "nobody reads"))),
        }
    }

    /// Whether a write that waits may go on waiting. It is asked again at the end of the spell.
    fn gets_on(&mut self, cx: &mut Context<'_>) -> bool {
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            end.as_mut().reset(now + self.left);
        }
        while end.as_mut().poll(cx).is_ready() {
            if self.taken < LEAST {
                return false;
            }
            let now = Instant::now();
            (self.taken, self.left, self.since) = (0, self.patience, Some(now));
            end.as_mut().reset(now + self.left);
        }
        true
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Progress<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Progress<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.judged(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judged(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const SPELL: Duration = Duration::from_millis(40);
    /// Where the client is not to be let go, whatever else the machine does.
    const LONG: Duration = Duration::from_millis(500);

    #[tokio::test]
    async fn a_client_that_does_not_read_is_let_go() {
        let (ours, theirs) = duplex(1 << 10);
        let mut ours = Progress::new(ours, SPELL);
        let error = ours.write_all(&[0; 1 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(theirs);
    }

    /// What the system keeps counts as read, so it must be little; left to itself it is megabytes.
    #[tokio::test]
    async fn little_is_kept_for_a_client_that_does_not_read() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(socket.connect(address), listener.accept());
        let (stream, _) = accepted.unwrap();
        let mut kept = 0;
        loop {
            stream.writable().await.unwrap();
            match stream.try_write(&[0; 16 << 10]) {
                Ok(octets) => kept += octets,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(kept < 1 << 20, "{kept}");
        drop(client);
    }

    /// One octet now and then is no progress.
    #[tokio::test]
    async fn a_client_that_reads_a_trickle_is_let_go() {
        let (ours, mut theirs) = duplex(1 << 10);
        let mut ours = Progress::new(ours, SPELL);
        let trickle = tokio::spawn(async move {
            while theirs.read_u8().await.is_ok() {
                sleep(SPELL / 20).await;
            }
        });
        let error = ours.write_all(&[0; 1 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        trickle.abort();
    }

    #[tokio::test]
    async fn a_client_that_reads_steadily_gets_all_however_long_it_takes() {
        let (ours, mut theirs) = duplex(16 << 10);
        let mut ours = Progress::new(ours, LONG);
        let begin = Instant::now();
        let reader = tokio::spawn(async move {
            let (mut part, mut all) = (vec![0; 16 << 10], 0);
            loop {
                match theirs.read(&mut part).await.unwrap() {
                    0 => return all,
                    read => all += read,
                }
                sleep(LONG / 8).await;
            }
        });
        ours.write_all(&[0; 256 << 10]).await.unwrap();
        ours.shutdown().await.unwrap();
        drop(ours);
        assert_eq!(reader.await.unwrap(), 256 << 10);
        assert!(begin.elapsed() > LONG, "over several spells");
    }

    /// Between two answers there may be any time.
    #[tokio::test]
    async fn a_pause_of_ours_is_not_held_against_the_client() {
        let (ours, mut theirs) = duplex(1 << 10);
        let mut ours = Progress::new(ours, LONG);
        for _ in 0..2 {
            let mut part = vec![0; 2 << 10];
            let (wrote, read) =
                tokio::join!(ours.write_all(&[0; 2 << 10]), theirs.read_exact(&mut part));
            wrote.unwrap();
            read.unwrap();
            sleep(LONG * 2).await;
        }
    }
}
