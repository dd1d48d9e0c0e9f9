//! What is answered to a message.

use std::time::Duration;

use directory::message::{
    self, Authentication, Message, Operation, Outcome, Paging, ResultCode, START_TLS,
    SearchRequest, Unreadable, WHO_AM_I, decode, done, extended_done, search_done,
};
use tokio::time::{Instant, timeout};

use super::Shared;

/// Beyond the time of a search: a database that doesn't answer at all.
const GRACE: Duration = Duration::from_secs(5);

/// What comes after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// The next message.
    GoOn,
    /// Nothing; perhaps a last word.
    Close(Option<Outcome>),
    /// TLS.
    StartTls,
}

/// The octets that answer a message, and what comes then. `secure`: within TLS; `alone`: nothing was
/// sent behind the message.
pub(super) async fn answer(
    octets: &[u8],
    (secure, alone): (bool, bool),
    shared: &Shared,
) -> (Vec<u8>, Then) {
    let begin = Instant::now();
    let message = match decode(octets) {
        Ok(message) => message,
        Err(unreadable) => return refuse(unreadable),
    };
    let (name, id) = (message.operation.name(), message.id);
    let (out, then, code) = match message.operation.answer() {
        None => {
            let is_end = message.operation == Operation::Unbind;
            (Vec::new(), if is_end { Then::Close(None) } else { Then::GoOn }, ResultCode::Success)
        }
        Some(tag) if message.needs_more() => {
            let text = "不支持请求中标为必须的控制项";
            let outcome = Outcome::new(ResultCode::UnavailableCriticalExtension, text);
            (done(id, tag, &outcome), Then::GoOn, outcome.code)
        }
        Some(tag) => operate(message, tag, (secure, alone), shared).await,
    };
    count(name, code, begin);
    (out, then)
}

fn refuse(unreadable: Unreadable) -> (Vec<u8>, Then) {
    let text = |code| match code {
        ResultCode::AdminLimitExceeded => "查询条件过于复杂，请减少层数和项数",
        _ => "请求不符合 LDAP（RFC 4511）",
    };
    match unreadable {
        Unreadable::NoOperation { id, answer: Some(tag), code } => {
            count("unreadable", code, Instant::now());
            (done(id, tag, &Outcome::new(code, text(code))), Then::GoOn)
        }
        _ => {
            let code = ResultCode::ProtocolError;
            count("unreadable", code, Instant::now());
            (Vec::new(), Then::Close(Some(Outcome::new(code, text(code)))))
        }
    }
}

async fn operate(
    message: Message,
    tag: u8,
    (secure, alone): (bool, bool),
    shared: &Shared,
) -> (Vec<u8>, Then, ResultCode) {
    let id = message.id;
    let plain = |outcome: Outcome| (done(id, tag, &outcome), Then::GoOn, outcome.code);
    match &message.operation {
        Operation::Bind { version, name, authentication } => {
            plain(bind(*version, name, authentication))
        }
        Operation::Search(request) => match message.paging().map(Paging::of) {
            Some(None) => plain(Outcome::new(ResultCode::ProtocolError, "分页控制项有误")),
            paging => search(id, request, paging.flatten(), shared).await,
        },
        Operation::Compare { dn, attribute, value } => {
            plain(shared.directory.compare(dn, attribute, value).await)
        }
        Operation::Extended { oid, .. } if oid == START_TLS => {
            start_tls(id, (secure, alone), shared)
        }
        Operation::Extended { oid, .. } if oid == WHO_AM_I => {
            // Nobody is somebody here.
            let out = extended_done(id, &Outcome::success(), ("", Some(&[])));
            (out, Then::GoOn, ResultCode::Success)
        }
        Operation::Extended { .. } => {
            plain(Outcome::new(ResultCode::ProtocolError, "不支持这项扩展操作"))
        }
        // Others have no answer and were met before.
        Operation::Write(_) | Operation::Unbind | Operation::Abandon => {
            plain(Outcome::new(ResultCode::UnwillingToPerform, "目录只供查询，不能修改"))
        }
    }
}

/// Anonymous only. A name without a password is no sign-in either (RFC 4513 §5.1.2).
fn bind(version: u32, name: &[u8], authentication: &Authentication) -> Outcome {
    match authentication {
        _ if version != 3 => Outcome::new(ResultCode::ProtocolError, "只支持第 3 版协议"),
        Authentication::Sasl => {
            Outcome::new(ResultCode::AuthMethodNotSupported, "目录公开供查询，请匿名访问")
        }
        Authentication::Simple { is_empty: true } if name.is_empty() => Outcome::success(),
        Authentication::Simple { is_empty: true } => {
            Outcome::new(ResultCode::UnwillingToPerform, "不接受没有口令的登录，请匿名访问")
        }
        Authentication::Simple { .. } => {
            Outcome::new(ResultCode::InvalidCredentials, "目录公开供查询，请匿名访问")
        }
    }
}

/// Octets sent behind the request came in the clear and would count as said within TLS, so there is
/// no TLS with them (the fault of CVE-2011-0411).
fn start_tls(
    id: u32,
    (secure, alone): (bool, bool),
    shared: &Shared,
) -> (Vec<u8>, Then, ResultCode) {
    let (outcome, then) = match (secure, &shared.tls) {
        (true, _) => (Outcome::new(ResultCode::OperationsError, "已在 TLS 之中"), Then::GoOn),
        _ if !alone => (
            Outcome::new(ResultCode::OperationsError, "StartTLS 之后须等候应答"),
            Then::Close(None),
        ),
        (_, None) => (Outcome::new(ResultCode::ProtocolError, "本服务没有配置 TLS"), Then::GoOn),
        (_, Some(_)) => (Outcome::success(), Then::StartTls),
    };
    (extended_done(id, &outcome, (START_TLS, None)), then, outcome.code)
}

async fn search(
    id: u32,
    request: &SearchRequest,
    paging: Option<Paging>,
    shared: &Shared,
) -> (Vec<u8>, Then, ResultCode) {
    let limit = shared.directory.limits().time + GRACE;
    let found = timeout(limit, shared.directory.search(request, paging.as_ref())).await;
    let Ok(found) = found else {
        let outcome = Outcome::new(ResultCode::TimeLimitExceeded, "查询超过时限，请稍后重试");
        return (search_done(id, &outcome, None), Then::GoOn, outcome.code);
    };
    let mut out = Vec::new();
    for entry in &found.entries {
        out.extend(message::entry(id, &entry.dn, &entry.attributes));
    }
    out.extend(search_done(id, &found.outcome, found.cookie.as_deref()));
    (out, Then::GoOn, found.outcome.code)
}

fn count(operation: &'static str, code: ResultCode, begin: Instant) {
    let labels = [("operation", operation), ("result", code.name())];
    metrics::counter!("yinxin_ldap_requests_total", &labels).increment(1);
    metrics::histogram!("yinxin_ldap_request_seconds", &labels)
        .record(begin.elapsed().as_secs_f64());
}
