//! The OpenAPI document, made from the handlers' own descriptions.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

use crate::api::{
    certificates, clients, crls, export, journal, kinds, requests, session, system, view,
};
use crate::problem::Problem;

/// REST v1.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "印信 REST 接口",
        description = "电子政务电子认证服务机构的证书业务接口。请求须用客户端的 SM2 密钥按 RFC 9421 签名，\
                       或携带会话令牌；错误一律为 application/problem+json（RFC 9457）。",
        license(name = "Apache-2.0")
    ),
    paths(
        requests::create, requests::list, requests::show, requests::response,
        certificates::list, certificates::show, certificates::der, certificates::status,
        certificates::renew, certificates::suspend, certificates::resume, certificates::revoke,
        export::certificates, export::journal,
        crls::list, crls::publish,
        journal::list, journal::proof, journal::consistency, journal::checkpoint,
        clients::list, clients::create, clients::disable,
        session::open, session::close,
        kinds::list,
        system::health, system::ready, system::doctor,
    ),
    components(schemas(Problem, view::CertificateView)),
    tags(
        (name = "requests", description = "证书申请"),
        (name = "certificates", description = "证书的查询、更新、暂停、恢复、撤销"),
        (name = "crls", description = "证书撤销列表"),
        (name = "journal", description = "日志与证明"),
        (name = "clients", description = "接口客户端"),
        (name = "session", description = "会话"),
        (name = "system", description = "运行状态"),
    )
)]
struct Document;

/// The document as JSON text.
///
/// # Errors
/// When it cannot be written, which would be a defect of the descriptions.
pub fn text() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json()
}

/// `/api/openapi.json`.
pub async fn document() -> Result<Response, Problem> {
    let text = text().map_err(|_| app::Error::Interrupted)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
