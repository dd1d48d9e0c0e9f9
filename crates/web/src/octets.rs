//! Bodies of requests, read whole up to a limit.

mod room;

use std::sync::{Arc, LazyLock};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use http_body_util::BodyExt;

use crate::problem::Problem;

use room::Space;
pub use room::{Bringer, Room};

/// Bodies up to here take no room of their own: the number of requests at work bounds them. Room grows by as much.
const SMALL: usize = 1 << 20;
/// Of all larger bodies together, from the first octet until the answer is made.
static SPACE: LazyLock<Arc<Space>> = LazyLock::new(|| Arc::new(Space::new(512 << 20)));

/// A large body and the room that it takes.
struct Kept {
    octets: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

/// The octets of a body of at most `limit` octets, which is small. What is longer is refused as soon as it is.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let small = (limit.min(SMALL), 1);
    read_in(&SPACE, body, (small, Bringer::from(None))).await.map(|(octets, _)| octets)
}

/// The same of a body that may be large. As long as the octets are there, it has its room.
pub async fn read_large(body: Body, limit: usize, bringer: Bringer) -> Result<Bytes, Problem> {
    let (octets, room) = read_with_room(body, (limit, 1), bringer).await?;
    Ok(match room {
        Some(_room) => Bytes::from_owner(Kept { octets, _room }),
        None => octets,
    })
}

/// The same where something of its size is made out of it: the room, so many times over, is for the caller to hold until
/// the answer is made.
pub async fn read_with_room(
    body: Body,
    most: (usize, usize),
    bringer: Bringer,
) -> Result<(Bytes, Option<Room>), Problem> {
    read_in(&SPACE, body, (most, bringer)).await
}

async fn read_in(
    space: &Arc<Space>,
    mut body: Body,
    ((limit, times), bringer): ((usize, usize), Bringer),
) -> Result<(Bytes, Option<Room>), Problem> {
    let (mut octets, mut room) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        let broken = |_| Problem::bad_request("web.body", "请求内容没有收全；请检查网络后重新发送");
        let Ok(came) = frame.map_err(broken)?.into_data() else { continue };
        let whole = octets.len().saturating_add(came.len());
        if whole > limit {
            return Err(too_large(limit));
        }
        if whole > SMALL {
            let room = room.get_or_insert_with(|| Room::none(space, bringer));
            room.grow(whole.next_multiple_of(SMALL).saturating_mul(times))?;
        }
        if octets.is_empty() && body.is_end_stream() {
            return Ok((came, room));
        }
        // No more memory than room: what is large does not double.
        if whole > octets.capacity() {
            octets.reserve_exact(came.len().max(octets.len().min(SMALL)));
        }
        octets.extend_from_slice(&came);
    }
    Ok((octets.into(), room))
}

fn too_large(limit: usize) -> Problem {
    let text = format!("请求内容超过上限 {} KiB；请检查是否选错了文件", limit >> 10);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "web.too_large", text)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::IpAddr;

    use tokio::sync::mpsc::{Sender, channel};

    use super::*;

    const MIB: usize = 1 << 20;

    fn from(last: u8) -> Bringer {
        Bringer::from(Some(IpAddr::from([198, 51, 100, last])))
    }

    /// A body that comes as it is sent, of a length that nobody announced.
    fn flowing() -> (Sender<Result<Bytes, Infallible>>, Body) {
        let (sender, receiver) = channel(1);
        let next = |mut receiver: tokio::sync::mpsc::Receiver<_>| async move {
            receiver.recv().await.map(|came| (came, receiver))
        };
        (sender, Body::from_stream(futures_util::stream::unfold(receiver, next)))
    }

    #[tokio::test]
    async fn a_large_body_has_its_room_until_the_answer_is_made_and_who_comes_then_is_told() {
        let space = Arc::new(Space::new(512 * MIB));
        let large = || Body::from(vec![7; 2 * MIB]);
        let mut held = Vec::new();
        let refused = loop {
            match read_in(&space, large(), ((4 * MIB, 16), from(1))).await {
                Ok((octets, room)) => {
                    assert!(octets.len() == 2 * MIB && held.len() < 2);
                    held.push(room.unwrap());
                }
                Err(problem) => break problem,
            }
        };
        assert_eq!((refused.code.as_str(), refused.status), ("web.busy", 503));
        assert_eq!(held.len(), 2, "an eighth");
        let small = read_in(&space, Body::from("{}"), ((4 * MIB, 16), from(1))).await;
        assert!(small.unwrap().1.is_none(), "small bodies take none");
        assert!(read_in(&space, large(), ((4 * MIB, 16), from(2))).await.is_ok(), "nor do others");
        held.pop();
        assert!(read_in(&space, large(), ((4 * MIB, 16), from(1))).await.is_ok());
    }

    /// Silent connections hold nothing: what was announced or may come is no octet yet.
    #[tokio::test]
    async fn who_sends_nothing_takes_no_room_from_who_does() {
        let space = Arc::new(Space::new(512 * MIB));
        let mut silent = Vec::new();
        for _ in 0..200 {
            let ((sender, body), space) = (flowing(), space.clone());
            let most = ((21 * MIB, 2), from(1));
            let reading = tokio::spawn(async move { read_in(&space, body, most).await });
            // The second one fits in when the first was read.
            for _ in 0..2 {
                sender.send(Ok(Bytes::from_static(b"--x\r\n"))).await.unwrap();
            }
            silent.push((sender, reading));
        }
        let (octets, room) =
            read_in(&space, Body::from(vec![7; 20 * MIB]), ((21 * MIB, 2), from(1))).await.unwrap();
        assert!(octets.len() == 20 * MIB && room.is_some());
        assert!(silent.iter().all(|(_, reading)| !reading.is_finished()));
    }

    #[tokio::test]
    async fn room_grows_with_what_comes_and_ends_where_there_is_none_left() {
        let space = Arc::new(Space::new(64 * MIB));
        let ((sender, body), theirs) = (flowing(), space.clone());
        let most = ((20 * MIB, 2), from(1));
        let reading = tokio::spawn(async move { read_in(&theirs, body, most).await });
        let mut sent = 0;
        // An eighth are 8 MiB: twice 4 MiB fit.
        while sender.send(Ok(Bytes::from(vec![7; MIB / 2]))).await.is_ok() {
            sent += 1;
            assert!(sent < 40, "it is never refused");
        }
        assert_eq!(reading.await.unwrap().unwrap_err().code, "web.busy");
        assert!(sent >= 8, "{sent}");
        let whole = read_in(&space, Body::from(vec![7; 4 * MIB]), ((20 * MIB, 2), from(1))).await;
        assert_eq!(whole.unwrap().0.len(), 4 * MIB, "what was refused holds nothing");
    }

    #[tokio::test]
    async fn what_comes_in_pieces_is_whole_and_what_is_too_long_or_broken_off_is_refused() {
        let space = Arc::new(Space::new(64 * MIB));
        for (many, limit, expected) in [(0, 10, Ok(0)), (10, 10, Ok(10)), (11, 10, Err(413))] {
            let ((sender, body), theirs) = (flowing(), space.clone());
            let most = ((limit, 1), from(1));
            let reading = tokio::spawn(async move { read_in(&theirs, body, most).await });
            for at in 0..many {
                let _ = sender.send(Ok(Bytes::from(vec![at]))).await;
            }
            drop(sender);
            let read = reading.await.unwrap();
            let read = read.map(|(octets, _)| {
                assert!(octets.iter().copied().eq(0..many), "{octets:?}");
                octets.len()
            });
            assert_eq!(read.map_err(|problem| problem.status), expected);
        }
        let broken = futures_util::stream::iter([Ok(Bytes::from("a")), Err("broken off")]);
        let refused = read_in(&space, Body::from_stream(broken), ((10, 1), from(1))).await;
        assert_eq!(refused.unwrap_err().code, "web.body");
    }
}
