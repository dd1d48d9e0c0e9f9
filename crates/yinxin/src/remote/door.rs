//! The way to the REST door: address, client, key; each request signed per RFC 9421.

use std::path::PathBuf;
use std::time::Duration;

use access::ClientId;
use access::signature::{Outgoing, sign};
use anyhow::{Context, anyhow};
use gm::OsRandom;
use serde_json::Value;

use crate::out::Unusable;
use crate::subscriber;

/// Longest answer that is read.
const ANSWER_LIMIT: u64 = 1 << 30;

/// Where the door is, and as whom to knock.
#[derive(Debug, Clone, clap::Args)]
pub struct DoorArgs {
    /// 服务地址
    #[arg(long, value_name = "地址", default_value = "http://127.0.0.1:8440", env = "YINXIN_URL")]
    pub url: String,
    /// 客户端编号
    #[arg(long, value_name = "编号", env = "YINXIN_CLIENT")]
    pub client: String,
    /// 客户端私钥文件
    #[arg(long, value_name = "文件", env = "YINXIN_CLIENT_KEY")]
    pub client_key: PathBuf,
    /// 客户端私钥的口令文件（私钥已加密时）
    #[arg(long, value_name = "文件", env = "YINXIN_CLIENT_PASSPHRASE_FILE")]
    pub client_passphrase_file: Option<PathBuf>,
}

/// A client at the door.
pub struct Door {
    url: String,
    client: ClientId,
    key: gm::sm2::PrivateKey,
    agent: ureq::Agent,
}

impl Door {
    /// Reads the key.
    pub fn open(args: &DoorArgs) -> anyhow::Result<Self> {
        let client = args.client.parse().map_err(|e| Unusable::error(format!("{e}")))?;
        let key = subscriber::load(&args.client_key, args.client_passphrase_file.as_deref())?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        let url = args.url.trim_end_matches('/').to_owned();
        Ok(Self { url, client, key, agent: config.into() })
    }

    /// GET, as JSON.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&self.call("GET", path, b"")?)?)
    }

    /// GET, as bytes.
    pub fn download(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        self.call("GET", path, b"")
    }

    /// POST of JSON, as JSON.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = match body {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body)?,
        };
        Ok(serde_json::from_slice(&self.call("POST", path, &body)?)?)
    }

    /// One signed request. A problem of the server becomes an error with its text and code.
    fn call(&self, method: &str, path_and_query: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let outgoing = Outgoing { method, path, query, body };
        let moment = (jiff::Timestamp::now(), &mut OsRandom as &mut dyn gm::Random);
        let headers = sign(&outgoing, &self.client, &self.key, moment)?;
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path_and_query}", self.url));
        for (name, value) in headers.pairs() {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json");
        }
        let answer = self.agent.run(request.body(body)?);
        let mut answer = answer
            .with_context(|| format!("无法连接服务 {}；请确认服务已启动、地址正确", self.url))?;
        let status = answer.status();
        let octets = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec()?;
        if status.is_success() {
            return Ok(octets);
        }
        Err(problem(status.as_u16(), &octets))
    }
}

fn problem(status: u16, octets: &[u8]) -> anyhow::Error {
    let value: Value = serde_json::from_slice(octets).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    match (text("detail"), text("code")) {
        (Some(detail), Some(code)) => anyhow!("{detail}（{code}）"),
        _ => anyhow!("服务返回状态 {status}；请稍后重试"),
    }
}
