//! One connection: messages in, answers out, one after the other.

use std::net::IpAddr;
use std::time::Duration;

use directory::message::{Frame, Outcome, ResultCode, disconnection, frame};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::Shared;
use super::answer::{Then, Visit, answer};
use crate::progress::Progress;

/// How long a message may take from its first octet to its last: slow senders are let go.
const ARRIVAL: Duration = Duration::from_secs(10);
/// How long an answer may take to be read, whatever its length.
const DELIVERY: Duration = Duration::from_secs(30);
/// Octets of an answer for each second beyond that: who reads steadily gets all of a long one.
const PACE: usize = 16 << 10;
/// How long the handshake of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);
/// Most octets that are taken and dropped after it.
const MOST_DROPPED: u64 = 4 << 20;
/// Octets that are written at a time.
const CHUNK: usize = 64 << 10;

/// Why a connection is no longer listened to.
enum End {
    /// It is over.
    Closed,
    /// TLS begins.
    StartTls,
}

/// Talks to a client until one of us ends it. Within TLS or not, what is written has to get on.
pub(super) async fn run(stream: TcpStream, (secure, source): (bool, IpAddr), shared: &Shared) {
    let mut stream = Progress::new(stream, shared.stalled);
    let visit = Visit::new(source, false);
    let begins = secure || matches!(talk(&mut stream, visit, shared).await, End::StartTls);
    let Some(tls) = shared.tls.as_ref().filter(|_| begins) else {
        return;
    };
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(mut stream)) => {
            // Whoever they were before TLS, they are nobody now (RFC 4513 §3.1.5 lets us).
            talk(&mut stream, Visit::new(source, true), shared).await;
            let _ = timeout(HANDSHAKE, stream.shutdown()).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "no TLS with a client of the directory"),
        Err(_) => tracing::debug!("a client of the directory took too long for TLS"),
    }
}

/// Tells a client that there is no place.
pub(super) async fn turn_away(mut stream: TcpStream) {
    let outcome = Outcome::new(ResultCode::Busy, "连接数已满，请稍后重试");
    say_last(&mut stream, &outcome).await;
}

/// Says why the connection ends, and lets the client read it: what it still sends is taken and dropped
/// for a while, for a close over unread octets would take the word back.
async fn say_last<S>(stream: &mut S, outcome: &Outcome)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let word = async {
        stream.write_all(&disconnection(outcome)).await?;
        stream.shutdown().await?;
        let mut rest = stream.take(MOST_DROPPED);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _ = timeout(LAST_WORD, word).await;
}

async fn talk<S>(stream: &mut S, mut visit: Visit, shared: &Shared) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut octets = Vec::new();
    loop {
        let whole = match next(stream, &mut octets, shared).await {
            Ok(Some(whole)) => whole,
            Ok(None) => return End::Closed,
            Err(outcome) => {
                say_last(stream, &outcome).await;
                return End::Closed;
            }
        };
        let message: Vec<u8> = octets.drain(..whole).collect();
        // What is under way has its turn until its answer was read: answers don't pile up.
        let Ok(Ok(turn)) = timeout(ARRIVAL, shared.turns.turn(visit.source())).await else {
            let outcome = Outcome::new(ResultCode::Busy, "查询过多，请稍后重试");
            say_last(stream, &outcome).await;
            return End::Closed;
        };
        let (out, then) = answer(&message, octets.is_empty(), &mut visit, shared).await;
        let sent = timeout(delivery(out.len()), write(stream, &out)).await;
        drop(turn);
        match then {
            _ if !matches!(sent, Ok(Ok(()))) => return End::Closed,
            Then::GoOn => {}
            Then::Close(None) => return End::Closed,
            Then::Close(Some(outcome)) => {
                say_last(stream, &outcome).await;
                return End::Closed;
            }
            Then::StartTls => return End::StartTls,
        }
    }
}

/// How long an answer of so many octets may take to be read: it has a turn until then.
const fn delivery(octets: usize) -> Duration {
    DELIVERY.saturating_add(Duration::from_secs((octets / PACE) as u64))
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, out: &[u8]) -> std::io::Result<()> {
    for chunk in out.chunks(CHUNK) {
        stream.write_all(chunk).await?;
    }
    stream.flush().await
}

/// The length of the next message, once all of it is there; `None` when the client is gone.
async fn next<S: AsyncRead + Unpin>(
    stream: &mut S,
    octets: &mut Vec<u8>,
    shared: &Shared,
) -> Result<Option<usize>, Outcome> {
    let mut stop = shared.stop.clone();
    let mut until = Instant::now() + if octets.is_empty() { shared.idle } else { ARRIVAL };
    loop {
        match frame(octets) {
            Frame::Whole(whole) => return Ok(Some(whole)),
            Frame::Broken => return Err(Outcome::new(ResultCode::ProtocolError, "不是 LDAP 消息")),
            Frame::TooLarge => {
                return Err(Outcome::new(ResultCode::ProtocolError, "消息超过长度上限（64 KiB）"));
            }
            Frame::Partial => {}
        }
        if *stop.borrow_and_update() {
            return Err(Outcome::new(ResultCode::Unavailable, "服务即将停止，请稍后重新连接"));
        }
        let was_empty = octets.is_empty();
        let read = tokio::select! {
            read = timeout_at(until, stream.read_buf(octets)) => read,
            told = stop.changed() => match told {
                Ok(()) => continue,
                Err(_) => return Ok(None),
            },
        };
        match read {
            Ok(Ok(0) | Err(_)) => return Ok(None),
            Ok(Ok(_)) if was_empty => until = Instant::now() + ARRIVAL,
            Ok(Ok(_)) => {}
            Err(_) => {
                let text = "长时间没有收到完整的请求，连接已关闭；请重新连接";
                return Err(Outcome::new(ResultCode::Unavailable, text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_may_take_as_long_as_a_steady_reader_needs() {
        assert_eq!(delivery(0), Duration::from_secs(30));
        assert_eq!(delivery(16 << 20), Duration::from_secs(30 + 1_024));
    }
}
