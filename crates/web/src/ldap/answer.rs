//! What is answered to a message.

use std::net::IpAddr;
use std::time::Duration;

use directory::message::{
    self, Authentication, Message, Operation, Outcome, Paging, ResultCode, START_TLS,
    SearchRequest, Unreadable, WHO_AM_I, decode, done, extended_done, search_done,
};
use directory::{AttributeType, Directory, Dn};
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

/// Who is at the other end.
pub(super) struct Visit {
    source: IpAddr,
    secure: bool,
    /// The name of the application that signed in.
    who: Option<String>,
}

impl Visit {
    /// Nobody yet, from an address, within TLS or not.
    pub fn new(source: IpAddr, secure: bool) -> Self {
        Self { source, secure, who: None }
    }

    /// From where.
    pub fn source(&self) -> IpAddr {
        self.source
    }

    fn directory<'a>(&self, shared: &'a Shared) -> &'a Directory {
        if self.who.is_some() { &shared.for_clients } else { &shared.directory }
    }
}

/// The octets that answer a message, and what comes then. `alone`: nothing was sent behind it.
pub(super) async fn answer(
    octets: &[u8],
    alone: bool,
    visit: &mut Visit,
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
        Some(tag) => match shared.rate.take(visit.source) {
            Ok(()) => operate(message, (tag, alone), visit, shared).await,
            Err(seconds) => {
                let text = format!("查询过于频繁，请在 {seconds} 秒后重试");
                let outcome = Outcome::new(ResultCode::Busy, &text);
                (done(id, tag, &outcome), Then::GoOn, outcome.code)
            }
        },
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
    (tag, alone): (u8, bool),
    visit: &mut Visit,
    shared: &Shared,
) -> (Vec<u8>, Then, ResultCode) {
    let id = message.id;
    let plain = |outcome: Outcome| (done(id, tag, &outcome), Then::GoOn, outcome.code);
    match &message.operation {
        Operation::Bind { version, name, authentication } => {
            // Whatever comes of it, whoever was signed in isn't any more (RFC 4511 §4.2.1).
            visit.who = None;
            plain(bind(*version, (name, authentication), visit, shared).await)
        }
        Operation::Search(request) => match message.paging().map(Paging::of) {
            Some(None) => plain(Outcome::new(ResultCode::ProtocolError, "分页控制项有误")),
            paging => search(id, request, paging.flatten(), visit.directory(shared)).await,
        },
        Operation::Compare { dn, attribute, value } => {
            plain(visit.directory(shared).compare(dn, attribute, value).await)
        }
        Operation::Extended { oid, .. } if oid == START_TLS => {
            start_tls(id, (visit.secure, alone), shared)
        }
        Operation::Extended { oid, .. } if oid == WHO_AM_I => {
            // Empty for nobody (RFC 4532 §2.2).
            let who = visit.who.as_ref().map(|name| format!("u:{name}")).unwrap_or_default();
            let out = extended_done(id, &Outcome::success(), ("", Some(who.as_bytes())));
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

/// Anonymous, or an application by its name and secret, within TLS. A name without a secret is no
/// sign-in (RFC 4513 §5.1.2). A wrong name, a wrong secret and one that was taken away are told alike.
async fn bind(
    version: u32,
    (name, authentication): (&[u8], &Authentication),
    visit: &mut Visit,
    shared: &Shared,
) -> Outcome {
    let (enabled, clear_here) = shared.binds;
    let passphrase = match authentication {
        _ if version != 3 => {
            return Outcome::new(ResultCode::ProtocolError, "只支持第 3 版协议");
        }
        Authentication::Sasl => {
            return Outcome::new(ResultCode::AuthMethodNotSupported, "目录公开供查询，请匿名访问");
        }
        Authentication::Simple(passphrase) if passphrase.is_empty() && name.is_empty() => {
            return Outcome::success();
        }
        Authentication::Simple(passphrase) if passphrase.is_empty() => {
            let text = "不接受没有口令的登录，请匿名访问";
            return Outcome::new(ResultCode::UnwillingToPerform, text);
        }
        Authentication::Simple(_) if !enabled => {
            return Outcome::new(ResultCode::InvalidCredentials, "目录公开供查询，请匿名访问");
        }
        Authentication::Simple(passphrase) => passphrase,
    };
    let here = visit.source.to_canonical().is_loopback();
    if !(visit.secure || clear_here && here) {
        let text = "请先建立 TLS 再登录；刚才的口令已以明文发出，请更换";
        return Outcome::new(ResultCode::ConfidentialityRequired, text);
    }
    let name = application(name, shared).unwrap_or_default();
    let source = access::Source::new(visit.source);
    match shared.access.bind_directory(&name, passphrase.octets(), source).await {
        Ok(client) => {
            visit.who = Some(client.name.to_string());
            Outcome::success()
        }
        Err(access::Error::Locked { wait_seconds }) => {
            let text = format!("登录失败次数过多，请在 {wait_seconds} 秒后重试");
            Outcome::new(ResultCode::Busy, &text)
        }
        Err(access::Error::SignIn) => {
            Outcome::new(ResultCode::InvalidCredentials, "名称或口令不正确")
        }
        Err(error) => {
            tracing::error!(code = error.code(), %error, "an application could not sign in");
            Outcome::new(ResultCode::Unavailable, "暂时不能登录，请稍后重试，或匿名访问")
        }
    }
}

/// The application that a name means: `cn=<name>`, alone or below the base.
fn application(name: &[u8], shared: &Shared) -> Option<String> {
    let dn = Dn::parse(std::str::from_utf8(name).ok()?).ok()?;
    let above = dn.parent()?;
    let [part] = dn.rdns().first()?.as_slice() else { return None };
    let is_name = AttributeType::find(&part.name) == Some(AttributeType::CommonName);
    let fits = above.is_empty() || above.key() == shared.directory.config().base.key();
    (is_name && fits).then(|| part.value.clone())
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
    directory: &Directory,
) -> (Vec<u8>, Then, ResultCode) {
    let limit = directory.limits().time + GRACE;
    let found = timeout(limit, directory.search(request, paging.as_ref())).await;
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
