//! Errors on the wire: RFC 9457 problem details. HTTP statuses are decided here and nowhere else.
//!
//! Three readers: `detail` is for people (Chinese, says what to do next), `code` is stable for
//! programs, and what only operators may know goes to the log under `request_id`.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::ErrorKind;
use utoipa::ToSchema;

/// `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:yinxin:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short Chinese title of the class of error.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do next, in Chinese.
    pub detail: String,
    /// The stable code.
    pub code: String,
    /// Whether the same request may be sent again, after the time in Retry-After.
    pub retryable: bool,
    /// That time in seconds, where it is known.
    #[serde(skip)]
    pub wait: Option<u32>,
    /// The article or clause that a refusal rests on, in Chinese (Invariant 10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<&'static str>,
}

impl Problem {
    /// A problem of this layer.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:yinxin:problem:{code}"),
            title: title(status),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            retryable: status == StatusCode::SERVICE_UNAVAILABLE
                || status == StatusCode::TOO_MANY_REQUESTS,
            wait: None,
            basis: None,
        }
    }

    /// Whoever asked too much is told when to come back.
    pub fn too_often(what: &str, seconds: u32) -> Self {
        let text = format!("{what}过于频繁，请在 {seconds} 秒后重试；大量{what}请与我们联系");
        let wait = Some(seconds);
        Self { wait, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "web.too_often", text) }
    }

    /// A request that cannot be read.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// Nothing there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "web.not_found", detail)
    }
}

/// The title of a class of errors.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "请求内容有误",
        StatusCode::UNAUTHORIZED => "身份未通过验证",
        StatusCode::FORBIDDEN => "没有此项权限",
        StatusCode::NOT_FOUND => "没有找到",
        StatusCode::METHOD_NOT_ALLOWED => "请求方法不受支持",
        StatusCode::CONFLICT => "与现有记录冲突",
        StatusCode::PAYLOAD_TOO_LARGE => "请求内容过大",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "内容类型不受支持",
        StatusCode::UNPROCESSABLE_ENTITY => "依规则不予办理",
        StatusCode::TOO_MANY_REQUESTS => "请求过于频繁",
        StatusCode::SERVICE_UNAVAILABLE => "服务暂不可用",
        _ => "系统内部错误",
    }
}

impl From<app::Error> for Problem {
    fn from(error: app::Error) -> Self {
        if is_out_of_sight(&error) {
            return Self::not_found("没有找到，或者不在您的办理范围内；请核对后从列表重新进入");
        }
        let status = status_of(&error);
        if status.is_server_error() {
            tracing::error!(code = error.code(), error = %error, "request failed");
        }
        let mut problem = Self::new(status, error.code(), error.to_string());
        problem.retryable |= error.is_retryable();
        if let app::Error::Signing(refusal) = &error {
            problem.wait = refusal.wait();
        }
        problem.basis = error.basis();
        if let Some(basis) = problem.basis.filter(|basis| !problem.detail.contains(basis)) {
            problem.detail.push_str(&format!("（{basis}）"));
        }
        problem
    }
}

/// What is not there and what a permit does not reach are answered alike: whether something of
/// another office exists is not told (Invariant 9).
fn is_out_of_sight(error: &app::Error) -> bool {
    match error {
        app::Error::Access(access::Error::OutOfReach(_))
        | app::Error::Ra(ra::Error::Access(access::Error::OutOfReach(_))) => true,
        app::Error::Ra(ra::Error::Unknown { what, .. }) => {
            matches!(*what, "申请" | "批次" | "撤销登记" | "注册机构")
        }
        _ => false,
    }
}

fn status_of(error: &app::Error) -> StatusCode {
    if error.is_not_found() {
        return StatusCode::NOT_FOUND;
    }
    if error.is_unavailable() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match error {
        app::Error::RequestDiffers(_) => StatusCode::CONFLICT,
        app::Error::Access(e) if e.is_authentication() => StatusCode::UNAUTHORIZED,
        app::Error::Access(e) | app::Error::Ra(ra::Error::Access(e)) if denies(e) => {
            StatusCode::FORBIDDEN
        }
        app::Error::Signing(refusal) if refusal.wait().is_some() => StatusCode::TOO_MANY_REQUESTS,
        app::Error::Access(access::Error::Locked { .. })
        | app::Error::Ra(ra::Error::Refused { refusal: ra::Refusal::Locked, .. }) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        app::Error::Ra(ra::Error::Changed) => StatusCode::CONFLICT,
        other => match other.kind() {
            ErrorKind::Refusal => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

/// Whether somebody who is known may not.
fn denies(error: &access::Error) -> bool {
    use access::Error as E;
    matches!(error, E::Forbidden { .. } | E::Csrf | E::PersonNeeded)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retryable
            && matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        if retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.wait.unwrap_or(1)));
        }
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_TYPE, "application/problem+json");
        set(header::CACHE_CONTROL, "no-store");
        if status == StatusCode::UNAUTHORIZED {
            set(header::WWW_AUTHENTICATE, "Signature realm=\"yinxin\", alg=\"sm2-sm3\"");
        }
        // Browsers get a page of it: `pages::dress`.
        response.extensions_mut().insert(self);
        response
    }
}
