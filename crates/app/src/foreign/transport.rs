//! Fetching a list and asking a responder over HTTP: within limits of size and time, without following anybody
//! elsewhere.

use std::sync::Arc;
use std::time::Duration;

use status::foreign::responder::Ask;
use status::foreign::{Address, Fetch};
use status::http;

/// Largest head of an answer, in octets.
const MOST_HEAD: usize = 16 << 10;

/// One connection for each question. Proxies of the environment are not used: what is asked goes where the trust list
/// says.
fn agent(patience: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(patience))
        .max_response_header_size(MOST_HEAD)
        // A connection that the other side has closed meanwhile would fail the next question: each has its own.
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .user_agent("yinxin")
        .build();
    ureq::Agent::from(config)
}

/// Posts questions to responders (RFC 6960 appendix A.1).
pub(super) fn ask_over_http(patience: Duration) -> Ask {
    let agent = agent(patience);
    Arc::new(move |address, question, most_octets| {
        let agent = agent.clone();
        Box::pin(async move {
            let work = move || {
                let said = |error| ask_trouble(&error, (most_octets, patience));
                let post = agent.post(address.as_str()).content_type(http::REQUEST_TYPE);
                let answer = post.send(&question[..]).map_err(said)?;
                body(answer, most_octets)?.map_err(said)
            };
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(|_| "内部任务意外中止".to_owned())?
        })
    })
}

/// Fetches lists.
pub(super) fn over_http(patience: Duration) -> Fetch {
    let agent = agent(patience);
    Arc::new(move |address, most_octets| {
        let agent = agent.clone();
        Box::pin(async move {
            let work = move || get(&agent, &address, (most_octets, patience));
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(|_| "内部任务意外中止".to_owned())?
        })
    })
}

fn get(
    agent: &ureq::Agent,
    address: &Address,
    (most_octets, patience): (usize, Duration),
) -> Result<Vec<u8>, String> {
    let said = |error| trouble(&error, (most_octets, patience));
    let answer = agent.get(address.as_str()).call().map_err(said)?;
    body(answer, most_octets)?.map_err(said)
}

/// The body of an answer that is one; the outer error is about its status, the inner one about reading it.
fn body(
    mut answer: ureq::http::Response<ureq::Body>,
    most_octets: usize,
) -> Result<Result<Vec<u8>, ureq::Error>, String> {
    let status = answer.status().as_u16();
    match status {
        200 => {}
        300..400 => {
            return Err(format!(
                "对方要求转到别处（HTTP {status}），不予跟随；请在来源中写明最终地址"
            ));
        }
        _ => return Err(format!("对方应答 HTTP {status}")),
    }
    // One more than is allowed: at the limit itself the reader would not know whether the end was reached.
    let limit = u64::try_from(most_octets).unwrap_or(u64::MAX).saturating_add(1);
    Ok(answer.body_mut().with_config().limit(limit).read_to_vec())
}

fn ask_trouble(error: &ureq::Error, (most_octets, patience): (usize, Duration)) -> String {
    match error {
        ureq::Error::BodyExceedsLimit(_) => format!("应答超过 {most_octets} 字节"),
        ureq::Error::Timeout(_) => format!("没有在 {} 秒内应答", patience.as_secs()),
        other => trouble(other, (most_octets, patience)),
    }
}

fn trouble(error: &ureq::Error, (most_octets, patience): (usize, Duration)) -> String {
    match error {
        ureq::Error::BodyExceedsLimit(_) => {
            format!("列表超过 {most_octets} 字节；确需取用的，请调大 most_octets")
        }
        ureq::Error::Timeout(_) => format!("没有在 {} 秒内取完", patience.as_secs()),
        ureq::Error::HostNotFound => "找不到主机；请核对地址和域名解析".to_owned(),
        ureq::Error::ConnectionFailed => "连接失败".to_owned(),
        ureq::Error::Io(cause) => unconnected(cause.kind()),
        other => format!("对方的应答不能读取：{other}"),
    }
}

/// Why there is no connection, in words that say where to look.
fn unconnected(kind: std::io::ErrorKind) -> String {
    use std::io::ErrorKind;
    match kind {
        ErrorKind::ConnectionRefused => {
            "连接被拒绝；请核对地址和端口，对方的服务可能没有启动".to_owned()
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "连接被对方中断".to_owned()
        }
        ErrorKind::UnexpectedEof => "应答不完整，连接已断开".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "网络不通；请检查本机到对方的路由和防火墙".to_owned()
        }
        other => format!("连接失败（{other}）"),
    }
}
