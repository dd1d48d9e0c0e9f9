//! A connection to another LDAP server: requests out, answers in, each within a time and a size.

use std::time::Duration;

use bytes::BytesMut;
use directory::message::{
    self as ldap, Done, Frame, MAX_REPLY_OCTETS, Paging, ReplyBody, Scope, WireAttribute,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::settings::{Protection, Target};

/// How long a connection, with TLS and sign-in, may take to come about; each part.
const OPENING: Duration = Duration::from_secs(10);
/// How long one answer may take: lists are large, disks slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most octets of one page of answers.
const MAX_PAGE_OCTETS: usize = MAX_REPLY_OCTETS;

/// Why the other server couldn't be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The connection: none came about, or it ended.
    Connection(String),
    /// It answers, but not this now: no right to it, busy, not to be written.
    Refused(u32, String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connection(why) => write!(f, "无法连接从目录：{why}"),
            Self::Refused(code, text) => write!(f, "从目录拒绝：{}", said(*code, text)),
        }
    }
}

/// A result code in words, and what the server said.
pub(super) fn said(code: u32, text: &str) -> String {
    let meaning = match code {
        11 => "管理上限（adminLimitExceeded）",
        13 => "要求加密连接（confidentialityRequired）",
        17 => "没有这个属性（undefinedAttributeType），请检查从目录的模式",
        19 => "值不符合约束（constraintViolation）",
        21 => "值的格式不被接受（invalidAttributeSyntax）",
        32 => "上级条目不存在（noSuchObject），请先在从目录建立起点的上级条目",
        34 => "名称不被接受（invalidDNSyntax）",
        49 => "名称或口令不正确（invalidCredentials）",
        50 => "没有写入权限（insufficientAccessRights）",
        51 => "繁忙（busy）",
        52 => "暂不可用（unavailable）",
        53 => "不予执行（unwillingToPerform），可能为只读",
        65 => "不符合对象类（objectClassViolation），请检查从目录的模式",
        66 => "下面还有条目（notAllowedOnNonLeaf）",
        _ => "",
    };
    match (meaning, text) {
        ("", text) => format!("结果码 {code} {text}").trim_end().to_owned(),
        (meaning, "") => format!("{meaning}，结果码 {code}"),
        (meaning, text) => format!("{meaning}，结果码 {code}：{text}"),
    }
}

fn failed(why: impl std::fmt::Display) -> Trouble {
    Trouble::Connection(why.to_string())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// An entry of the other directory.
pub(super) type FoundEntry = (String, Vec<WireAttribute>);

/// A page of entries, and the mark of the next one.
pub(super) type PageOfEntries = (Vec<FoundEntry>, Option<Vec<u8>>);

/// A connection that is signed in.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    received: BytesMut,
    last_id: u32,
}

impl Wire {
    /// Connects and signs in.
    pub async fn open(target: &Target) -> Result<Self, Trouble> {
        let connecting = TcpStream::connect((target.host.as_str(), target.port));
        let stream = within(OPENING, connecting).await?.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut wire = Self { stream: Box::new(stream), received: BytesMut::new(), last_id: 0 };
        match target.protection {
            Protection::None => {}
            Protection::Tls => wire = wire.within_tls(target).await?,
            Protection::StartTls => {
                let done = wire.call(0x78, ldap::start_tls_request).await?;
                accept(&done)?;
                // What came behind the answer came in the clear.
                if !wire.received.is_empty() {
                    return Err(failed("StartTLS 的应答之后有多余内容"));
                }
                wire = wire.within_tls(target).await?;
            }
        }
        let sign_in = |id| ldap::bind_request(id, &target.bind, &target.passphrase);
        let done = wire.call(0x61, sign_in).await?;
        accept(&done)?;
        Ok(wire)
    }

    async fn within_tls(self, target: &Target) -> Result<Self, Trouble> {
        let config = target.tls.clone().ok_or_else(|| failed("没有 TLS 设置"))?;
        let name = ServerName::try_from(target.host.clone()).map_err(failed)?;
        let connecting = TlsConnector::from(config).connect(name, self.stream);
        let secured = within(OPENING, connecting).await?;
        let stream = secured.map_err(|error| failed(format!("TLS：{error}")))?;
        Ok(Self { stream: Box::new(stream), ..self })
    }

    /// Adds an entry.
    pub async fn add(&mut self, dn: &str, attributes: &[WireAttribute]) -> Result<Done, Trouble> {
        self.call(0x69, |id| ldap::add_request(id, dn, attributes)).await
    }

    /// Replaces attributes of an entry.
    pub async fn replace(&mut self, dn: &str, with: &[WireAttribute]) -> Result<Done, Trouble> {
        self.call(0x67, |id| ldap::replace_request(id, dn, with)).await
    }

    /// Removes an entry.
    pub async fn delete(&mut self, dn: &str) -> Result<Done, Trouble> {
        self.call(0x6b, |id| ldap::delete_request(id, dn)).await
    }

    /// The entry of a name, if there is one.
    pub async fn read(&mut self, dn: &str) -> Result<Option<Vec<WireAttribute>>, Trouble> {
        let request = |id| ldap::search_request(id, (dn, Scope::Base), None);
        let (mut entries, done) = self.ask(0x65, request, 1).await?;
        match done.code {
            0 => Ok(entries.pop().map(|(_, attributes)| attributes)),
            32 => Ok(None),
            _ => Err(Trouble::Refused(done.code, done.diagnostic)),
        }
    }

    /// The next page of what is below a name, itself included; no page where the name isn't there.
    pub async fn page(&mut self, base: &str, page: &Paging) -> Result<PageOfEntries, Trouble> {
        let request = |id| ldap::search_request(id, (base, Scope::Subtree), Some(page));
        let most = usize::try_from(page.size).unwrap_or_default();
        let (entries, done) = self.ask(0x65, request, most).await?;
        match done.code {
            0 => Ok((entries, done.cookie.filter(|cookie| !cookie.is_empty()))),
            32 => Ok((Vec::new(), None)),
            _ => Err(Trouble::Refused(done.code, done.diagnostic)),
        }
    }

    /// Ends the connection politely.
    pub async fn close(mut self) {
        let last = ldap::unbind_request(self.last_id.saturating_add(1));
        let _ = timeout(OPENING, self.stream.write_all(&last)).await;
        let _ = timeout(OPENING, self.stream.shutdown()).await;
    }

    async fn call(
        &mut self,
        tag: u8,
        request: impl FnOnce(u32) -> Vec<u8>,
    ) -> Result<Done, Trouble> {
        self.ask(tag, request, 0).await.map(|(_, done)| done)
    }

    /// Sends a request and reads its answers up to the last, which has this tag.
    async fn ask(
        &mut self,
        tag: u8,
        request: impl FnOnce(u32) -> Vec<u8>,
        most: usize,
    ) -> Result<(Vec<FoundEntry>, Done), Trouble> {
        self.last_id = self.last_id.checked_add(1).ok_or_else(|| failed("消息编号用尽"))?;
        let octets = request(self.last_id);
        within(PATIENCE, self.stream.write_all(&octets)).await?.map_err(failed)?;
        within(PATIENCE, self.stream.flush()).await?.map_err(failed)?;
        let (mut entries, mut size) = (Vec::new(), 0);
        loop {
            let octets = self.receive().await?;
            size += octets.len();
            let reply = ldap::decode_reply(&octets).map_err(failed)?;
            match reply.body {
                ReplyBody::Done(done) if reply.id == 0 => {
                    return Err(failed(format!("对方结束连接：{}", done.diagnostic)));
                }
                _ if reply.id != self.last_id => return Err(failed("应答的编号与请求不符")),
                ReplyBody::Entry { dn, attributes } => entries.push((dn, attributes)),
                ReplyBody::Reference => {}
                ReplyBody::Done(done) if done.tag == tag => return Ok((entries, *done)),
                ReplyBody::Done(_) => return Err(failed("应答的种类与请求不符")),
            }
            if entries.len() > most || size > MAX_PAGE_OCTETS {
                return Err(failed("对方的答复超过所要求的数量"));
            }
        }
    }

    async fn receive(&mut self) -> Result<BytesMut, Trouble> {
        loop {
            match ldap::frame_within(&self.received, MAX_REPLY_OCTETS) {
                Frame::Whole(whole) => return Ok(self.received.split_to(whole)),
                Frame::Partial => {}
                Frame::Broken | Frame::TooLarge => return Err(failed("不是有效的 LDAP 应答")),
            }
            self.received.reserve(64 << 10);
            let read = self.stream.read_buf(&mut self.received);
            if within(PATIENCE, read).await?.map_err(failed)? == 0 {
                return Err(failed("连接已被对方关闭"));
            }
        }
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Trouble> {
    timeout(limit, work).await.map_err(|_| failed("对方没有及时回答"))
}

fn accept(done: &Done) -> Result<(), Trouble> {
    match done.code {
        0 => Ok(()),
        code => Err(Trouble::Refused(code, done.diagnostic.clone())),
    }
}
