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

/// A large body and the room that it takes.
struct Kept {
    octets: Bytes,
    _room: SemaphorePermit<'static>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

/// The room that a body may come to need, by its announced length or else its limit.
fn room_for(body: &Body, limit: usize) -> Result<Option<SemaphorePermit<'static>>, Problem> {
    let announced = body.size_hint().upper().and_then(|most| usize::try_from(most).ok());
    let most = announced.map_or(limit, |most| most.min(limit));
    if most <= SMALL {
        return Ok(None);
    }
    let mib = u32::try_from(most.div_ceil(1 << 20)).unwrap_or(u32::MAX);
    ROOM.try_acquire_many(mib).map(Some).map_err(|_| {
        let text = "正在处理的大文件过多；请稍后重试";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "web.busy", text)
    })
}

/// The octets of a body of at most `limit` octets. What is longer is refused as soon as it is.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let room = room_for(&body, limit)?;
    match Limited::new(body, limit).collect().await {
        Ok(whole) => Ok(match room {
            Some(room) => Bytes::from_owner(Kept { octets: whole.to_bytes(), _room: room }),
            None => whole.to_bytes(),
        }),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = format!("请求内容超过上限 {} KiB；请检查是否选错了文件", limit >> 10);
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "web.too_large", text))
        }
        Err(_) => Err(Problem::bad_request("web.body", "请求内容没有收全；请检查网络后重新发送")),
    }
}
