//! What handlers take out of a request. Whatever cannot be read is a [`Problem`] in Chinese that
//! says which field is wrong and what belongs there; it repeats no value, for a value may be a
//! secret that was put in the wrong place.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::explain;
use crate::gate::BODY_LIMIT;
use crate::octets::{self, Bringer, Room};
use crate::problem::Problem;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request, BODY_LIMIT).await.map(Self)
    }
}

/// Reads a JSON body of at most so many octets.
pub(crate) async fn read<T: DeserializeOwned>(
    request: Request,
    limit: usize,
) -> Result<T, Problem> {
    read_with_room(request, (limit, 1)).await.map(|(value, _)| value)
}

/// The same with the room of a large body, so many times over: held until the answer is made, where what the body brings
/// lives on in it.
pub(crate) async fn read_with_room<T: DeserializeOwned>(
    request: Request,
    most: (usize, usize),
) -> Result<(T, Option<Room>), Problem> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        let text = "请求内容应为 JSON（Content-Type: application/json）";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "web.media_type", text));
    }
    let (octets, room) = octets::read_with_room(body, most, Bringer::of(&parts)).await?;
    Ok((json(&octets)?, room))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || essence.strip_prefix("application/").is_some_and(|rest| rest.ends_with("+json"))
}

/// Reads a JSON text.
fn json<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Problem> {
    let wrong = |text: String| Problem::bad_request("web.json", text);
    if octets.is_empty() {
        return Err(wrong("请求内容是空的；应为 JSON，各字段见 /api/openapi.json".into()));
    }
    let mut reader = serde_json::Deserializer::from_slice(octets);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| wrong(explain::json(&error.path().to_string(), error.inner())))?;
    reader.end().map_err(|error| wrong(explain::json(".", &error)))?;
    Ok(value)
}

/// Parameters of a query.
pub struct Params<T>(pub T);

impl<T, S> FromRequestParts<S> for Params<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |rejection: axum::extract::rejection::QueryRejection| {
            Problem::bad_request("web.query", explain::query(&rejection.body_text()))
        };
        Query::try_from_uri(&parts.uri).map(|Query(value)| Self(value)).map_err(wrong)
    }
}

/// The one parameter of a path.
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let wrong = |_| {
            let text = "地址中有不能识别的字符；应为 UTF-8 的百分号编码，请检查地址";
            Problem::bad_request("web.path", text)
        };
        Path::from_request_parts(parts, state).await.map(|Path(text)| Self(text)).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::requests::OrderBody;
    use crate::api::{certificates::RevokeBody, clients::ClientBody, crls::PublishBody};

    const SECRET: &str = "MIGHAgEAMBMGByqGSM49";

    fn said<T: DeserializeOwned>(text: &str) -> String {
        match json::<T>(text.as_bytes()) {
            Ok(_) => panic!("{text} was read"),
            Err(problem) => {
                assert_eq!((problem.status, problem.code.as_str()), (400, "web.json"));
                assert!(!problem.detail.contains(SECRET), "{}", problem.detail);
                problem.detail
            }
        }
    }

    #[test]
    fn broken_bodies_are_told_which_field_is_wrong_and_what_belongs_there() {
        for (text, parts) in [
            ("", &["空的"][..]),
            ("{", &["JSON", "第 1 行"]),
            ("{\"request_id\": \"r1\",\n \"kind\": person}", &["JSON", "第 2 行第 10 列"]),
            ("{} {}", &["缺少字段", "request_id"]),
            ("[]", &["对象"]),
            ("{\"request_id\": \"r1\", \"kind\": \"person\"}", &["缺少字段", "csr"]),
            ("{\"request_id\": 7}", &["request_id", "文本"]),
            ("{\"key\": \"MIGHAgEAMBMGByqGSM49\"}", &["key", "request_id", "subject"]),
            ("{\"MIGHAgEAMBMGByqGSM49\": 1}", &["不认识的字段"]),
            ("{\"kind\": \"a\", \"kind\": \"b\"}", &["kind", "重复"]),
            ("{\"not_after\": \"MIGHAgEAMBMGByqGSM49\"}", &["not_after", "RFC 3339"]),
            ("{\"subject\": \"MIGHAgEAMBMGByqGSM49\"}", &["subject", "对象"]),
            ("{\"subject\": {\"common_name\": true}}", &["subject.common_name", "文本"]),
            ("{\"subject\": {\"name\": \"MIGHAgEAMBMGByqGSM49\"}}", &["name", "common_name"]),
            ("\"MIGHAgEAMBMGByqGSM49, expected MIGHAgEAMBMGByqGSM49\"", &["对象"]),
        ] {
            let detail = said::<OrderBody>(text);
            assert!(parts.iter().all(|part| detail.contains(part)), "{text}: {detail}");
        }
        let revoke = said::<RevokeBody>("{\"reason\": null}");
        assert!(revoke.contains("reason") && revoke.contains("文本"), "{revoke}");
        let shard = said::<PublishBody>("{\"kind\": \"shard\", \"shard\": 70000}");
        assert!(shard.contains("shard") && shard.contains("65535"), "{shard}");
        let client = said::<ClientBody>("{\"name\": \"甲\"}");
        assert!(client.contains("public_key"), "{client}");
    }

    #[test]
    fn text_behind_the_body_is_no_json() {
        let body = "{\"kind\": \"full\"} MIGHAgEAMBMGByqGSM49";
        assert!(said::<PublishBody>(body).contains("JSON"));
    }

    #[test]
    fn media_types_of_json_are_json() {
        let headers = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, text.parse().unwrap());
            is_json(&headers)
        };
        assert!(headers("application/json; charset=utf-8") && headers("Application/x+JSON"));
        assert!(!headers("text/json") && !headers("application/jsonl"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
