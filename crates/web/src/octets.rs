//! Bodies of requests, read whole up to a limit.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::problem::Problem;

/// The octets of a body of at most `limit` octets. What is longer is refused as soon as it is.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = format!("请求内容超过上限 {} KiB；请检查是否选错了文件", limit >> 10);
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "web.too_large", text))
        }
        Err(_) => Err(Problem::bad_request("web.body", "请求内容没有收全；请检查网络后重新发送")),
    }
}
