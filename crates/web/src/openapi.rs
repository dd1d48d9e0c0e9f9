//! The OpenAPI document, made from the handlers' own descriptions.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::api::{
    certificates, clients, crls, directory, export, journal, kinds, problems, requests, session,
    sign, sof, system, verify, view,
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
        directory::show, directory::compare,
        journal::list, journal::proof, journal::consistency, journal::checkpoint,
        clients::list, clients::create, clients::disable,
        clients::draw_directory_secret, clients::remove_directory_secret,
        session::open, session::close,
        kinds::list,
        verify::certificate, verify::signature, verify::batch,
        problems::statement, problems::lodge, problems::progress,
        sign::keys, sign::data, sign::message, sign::envelope, sign::open,
        sof::errors::list,
        sof::certificate::validate, sof::certificate::item, sof::certificate::by_oid,
        sof::trust::names, sof::trust::list,
        sof::signature::data, sof::signature::message, sof::signature::detached,
        sof::timestamp::request, sof::timestamp::response, sof::timestamp::verify,
        sof::keys::sign_data, sof::keys::sign_message, sof::keys::sign_detached,
        sof::keys::encrypt, sof::keys::decrypt,
        system::health, system::ready, system::doctor,
    ),
    components(schemas(Problem, view::CertificateView)),
    tags(
        (name = "requests", description = "证书申请"),
        (name = "certificates", description = "证书的查询、更新、暂停、恢复、撤销"),
        (name = "crls", description = "证书撤销列表"),
        (name = "directory", description = "从目录的发布与核对"),
        (name = "journal", description = "日志与证明"),
        (name = "clients", description = "接口客户端"),
        (name = "session", description = "会话"),
        (name = "verify", description = "验证证书和签名，无须签名或会话"),
        (name = "problems", description = "报告失密的密钥、可疑的证书，无须签名或会话"),
        (name = "sign", description = "应用签名服务：密钥在本机构的密码设备中，供获得授权的接口客户端使用"),
        (name = "sof", description = "GM/T 0020 各函数的 JSON 形式，无须签名或会话"),
        (name = "system", description = "运行状态"),
    )
)]
struct Document;

/// The document as JSON text.
///
/// # Errors
/// When it cannot be written, which would be a defect of the descriptions.
pub fn text() -> Result<String, serde_json::Error> {
    let mut document = serde_json::to_value(Document::openapi())?;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, methods) in paths.into_iter().flatten() {
        let operations = methods.as_object_mut().into_iter().flatten();
        operations.for_each(|(_, operation)| complete(path, operation));
    }
    serde_json::to_string_pretty(&document)
}

/// The name by which generated clients call an operation, unique in the document: the function of GM/T 0020, or
/// resource and act.
fn operation_id(path: &str, operation: &Value) -> Option<String> {
    if let Some(function) = path.rsplit('/').next().filter(|last| last.starts_with("SOF_")) {
        return Some(function.to_owned());
    }
    let tag = operation.get("tags")?.get(0)?.as_str()?;
    let act = operation.get("operationId")?.as_str()?;
    let below = path.strip_prefix("/api/").map(|rest| rest.strip_prefix("v1/").unwrap_or(rest));
    let resource = below.and_then(|rest| rest.split('/').next());
    Some(format!("{}_{act}", resource.filter(|resource| *resource != act).unwrap_or(tag)))
}

/// What holds for every operation and is not written beside each: its name, its path's parameters, what its answers
/// are in a word (OpenAPI wants that), and that anything may be answered by a problem (RFC 9457).
fn complete(path: &str, operation: &mut Value) {
    let id = operation_id(path, operation);
    let Some(operation) = operation.as_object_mut() else { return };
    if let Some(id) = id {
        operation.insert("operationId".to_owned(), id.into());
    }
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        for name in named {
            if !parameters.iter().any(|one| one.get("name").is_some_and(|known| known == name)) {
                let text = json!({ "type": "string" });
                parameters.push(json!({
                    "name": name, "in": "path", "required": true, "schema": text
                }));
            }
        }
    }
    let problem = json!({ "application/problem+json":
        { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, response) in responses.iter_mut() {
        match status.starts_with('2') {
            true => complete_success(response),
            false => complete_refusal(response, &problem),
        }
    }
    let any = json!({ "description": REFUSED, "content": problem });
    responses.entry("default").or_insert(any);
}

const REFUSED: &str = "未能办理：原因和下一步见 detail";

/// A success says so, and what isn't JSON is octets or text.
fn complete_success(response: &mut Value) {
    describe(response, "成功");
    let content = response.get_mut("content").and_then(Value::as_object_mut);
    for (kind, content) in content.into_iter().flatten() {
        let octets = || json!({ "type": "string", "format": "binary" });
        let schema = if kind.starts_with("text/") { json!({ "type": "string" }) } else { octets() };
        if let Some(content) = content.as_object_mut() {
            content.entry("schema").or_insert(schema);
        }
    }
}

fn complete_refusal(response: &mut Value, problem: &Value) {
    describe(response, REFUSED);
    if let Some(content) = response.get_mut("content") {
        content.clone_from(problem);
    }
}

fn describe(response: &mut Value, words: &str) {
    let is_silent = response.get("description").and_then(Value::as_str).is_none_or(str::is_empty);
    if let Some(response) = response.as_object_mut().filter(|_| is_silent) {
        response.insert("description".to_owned(), words.into());
    }
}

/// `/api/openapi.json`.
pub async fn document() -> Result<Response, Problem> {
    let text = text().map_err(|_| app::Error::Interrupted)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Each operation of the document: path, method, operation.
    fn operations() -> Vec<(String, String, Value)> {
        let document: Value = serde_json::from_str(&text().unwrap()).unwrap();
        let paths = document.get("paths").and_then(Value::as_object).unwrap().clone();
        let all = paths.into_iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().clone();
            methods.into_iter().map(move |(method, one)| (path.clone(), method, one))
        });
        all.collect()
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_that_is_an_identifier_in_every_language() {
        let mut names = BTreeSet::new();
        for (path, method, operation) in operations() {
            let name = operation.get("operationId").and_then(Value::as_str);
            let name = name.unwrap_or_else(|| panic!("{method} {path} has no name")).to_owned();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(name.chars().all(is_plain), "{name}");
            assert!(names.insert(name.to_lowercase()), "{name} stands twice");
        }
        assert!(names.contains("verify_certificate") && names.contains("sof_validatecert"));
    }

    #[test]
    fn every_operation_says_what_comes_back_and_what_its_parameters_are() {
        for (path, method, operation) in operations() {
            let responses = operation.get("responses").and_then(Value::as_object).unwrap();
            assert!(responses.keys().any(|code| code.starts_with('2')), "{method} {path}");
            for (code, response) in responses {
                let words = response.get("description").and_then(Value::as_str);
                assert!(words.is_some_and(|words| !words.is_empty()), "{method} {path} {code}");
                let content = response.get("content").and_then(Value::as_object);
                for (kind, content) in content.into_iter().flatten() {
                    assert!(content.get("schema").is_some(), "{method} {path} {code} {kind}");
                }
            }
            let parameters = operation.get("parameters").and_then(Value::as_array).unwrap();
            for parameter in parameters {
                assert!(parameter.get("schema").is_some(), "{method} {path}: {parameter}");
            }
        }
    }
}
