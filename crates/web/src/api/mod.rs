//! REST v1: one file per resource. Every answer is JSON; every error is a [`Problem`].
//!
//! [`Problem`]: crate::problem::Problem

pub mod certificates;
pub mod clients;
pub mod crls;
pub mod export;
pub mod journal;
pub mod kinds;
pub mod page;
pub mod requests;
pub mod session;
pub mod system;
pub mod view;

use app::Institution;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;

use crate::problem::Problem;

/// A JSON body; what cannot be read is a problem that says where.
pub struct Body<T>(pub T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "web.media_type",
                "请求内容应为 JSON（Content-Type: application/json）",
            )),
            Err(rejection) => Err(Problem::bad_request(
                "web.json",
                format!("请求内容不是所要求的 JSON：{}", rejection.body_text()),
            )),
        }
    }
}

/// Parameters of a query; what cannot be read is a problem that says where.
pub struct Params<T>(pub T);

impl<T, S> FromRequestParts<S> for Params<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::bad_request(
                "web.query",
                format!("查询参数有误：{}", rejection.body_text()),
            )),
        }
    }
}

/// A serial number of a path.
pub(crate) fn serial(text: &str) -> Result<pki::Serial, Problem> {
    pki::Serial::from_hex(text).map_err(|e| app::Error::from(e).into())
}

/// A request id of a path or body.
pub(crate) fn request_id(text: &str) -> Result<ca::RequestId, Problem> {
    ca::RequestId::new(text).map_err(|e| app::Error::from(ca::Error::from(e)).into())
}

/// The state of every handler.
pub type App = Institution;
