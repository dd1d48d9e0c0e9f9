//! Bodies of requests, read whole up to a limit.

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::Problem;

/// Bodies up to here take no room of their own: the number of requests at work bounds them.
const SMALL: usize = 1 << 20;
/// MiB of all larger bodies together, from the first octet until the answer is made.
const LARGE_MIB: usize = 512;
static ROOM: Semaphore = Semaphore::const_new(LARGE_MIB);

/// Room that a large body takes, until it is dropped.
#[derive(Debug)]
pub struct Room(#[allow(dead_code, reason = "held until it is dropped")] SemaphorePermit<'static>);

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

/// The room that a body may come to need, by its announced length or else its limit, so many times over.
fn room_for(body: &Body, limit: usize, times: usize) -> Result<Option<Room>, Problem> {
    let announced = body.size_hint().upper().and_then(|most| usize::try_from(most).ok());
    let most = announced.map_or(limit, |most| most.min(limit));
    if most <= SMALL {
        return Ok(None);
    }
    let mib = u32::try_from(most.saturating_mul(times).div_ceil(1 << 20)).unwrap_or(u32::MAX);
    ROOM.try_acquire_many(mib).map(|permit| Some(Room(permit))).map_err(|_| {
        let text = "正在处理的大文件过多；请稍后重试";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "web.busy", text)
    })
}

/// The octets of a body of at most `limit` octets. What is longer is refused as soon as it is. As long as they are
/// there, a large body has its room.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let (octets, room) = read_with_room(body, limit, 1).await?;
    Ok(match room {
        Some(_room) => Bytes::from_owner(Kept { octets, _room }),
        None => octets,
    })
}

/// The same where something of its size is made out of it: the room, so many times over, is for the caller to hold until
/// the answer is made.
pub async fn read_with_room(
    body: Body,
    limit: usize,
    times: usize,
) -> Result<(Bytes, Option<Room>), Problem> {
    let room = room_for(&body, limit, times)?;
    match Limited::new(body, limit).collect().await {
        Ok(whole) => Ok((whole.to_bytes(), room)),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = format!("请求内容超过上限 {} KiB；请检查是否选错了文件", limit >> 10);
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "web.too_large", text))
        }
        Err(_) => Err(Problem::bad_request("web.body", "请求内容没有收全；请检查网络后重新发送")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The room is one of the whole program: this is the only test that fills it.
    #[tokio::test]
    async fn a_large_body_has_its_room_until_the_answer_is_made_and_who_comes_then_is_told() {
        let large = || Body::from(vec![7; 2 << 20]);
        let mut held = Vec::new();
        let refused = loop {
            match read_with_room(large(), 4 << 20, 64).await {
                Ok((octets, room)) => {
                    assert!(octets.len() == 2 << 20 && held.len() <= LARGE_MIB / 128);
                    held.push(room.unwrap());
                }
                Err(problem) => break problem,
            }
        };
        assert_eq!((refused.code.as_str(), refused.status), ("web.busy", 503));
        let (_, none) = read_with_room(Body::from("{}"), 4 << 20, 64).await.unwrap();
        assert!(none.is_none(), "small bodies take none");
        held.pop();
        let octets = read(large(), 4 << 20).await.unwrap();
        assert_eq!(octets.len(), 2 << 20);
    }
}
