//! Mail over SMTP (RFC 5321), by TLS unless the relay is on this machine.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Content;
use crate::error::Error;
use crate::institution::Institution;

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(30);
/// Seconds within which the relay has taken a mail, unless the settings say otherwise, and at most.
const USUAL_SECONDS: u16 = 45;
pub(super) const MOST_SECONDS: u16 = 60;

/// `[mail]`: how mail goes out. Without a host it is written into the outbox.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The relay.
    pub host: String,
    /// Its port; 0: 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// The account at the relay; empty: none.
    pub user: String,
    /// File with its passphrase; a relative path counts from the data folder.
    pub passphrase_file: String,
    /// The sender: `名称 <noreply@example.cn>`.
    pub from: String,
    /// Seconds within which the relay must have taken a mail; 0: 45. More than 60 are refused.
    pub timeout_seconds: u16,
}

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// STARTTLS, required (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first octet (RFC 8314).
    Tls,
    /// In the clear: only to a relay on this machine.
    None,
}

/// A way out for mail, or none.
pub(super) struct Mailer(Option<Way>);

struct Way {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// For a whole mail, from connecting on: the library limits connecting alone, and a relay that takes a connection and
    /// says nothing would hold up everything for ever.
    within: Duration,
}

impl Mailer {
    /// As the settings say.
    pub fn of(institution: &Institution) -> Result<Self, Error> {
        let settings = &institution.settings().mail;
        if settings.host.is_empty() {
            return Ok(Self(None));
        }
        let file = institution.layout().root().join(&settings.passphrase_file);
        let passphrase = match settings.user.is_empty() {
            true => None,
            false => Some(passphrase(&file)?),
        };
        Ok(Self(Some(transport(settings, passphrase)?)))
    }

    /// Whether mail goes by SMTP.
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a mail over. The reason of a failure names no address and no content.
    pub async fn send(&self, content: &Content) -> Result<(), String> {
        let Some(way) = &self.0 else { return Err("mail.unset".to_owned()) };
        let to: Mailbox = content.to.parse().map_err(|_| "mail.address".to_owned())?;
        let mail = Mail::builder()
            .from(way.from.clone())
            .to(to)
            .subject(content.title.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(content.text.clone())
            .map_err(|_| "mail.content".to_owned())?;
        // Given up, the connection is closed: none is kept for the next mail.
        match tokio::time::timeout(way.within, way.transport.send(mail)).await {
            Ok(sent) => sent.map(drop).map_err(|error| reason(&error)),
            Err(_) => Err("mail.timeout".to_owned()),
        }
    }
}

/// What kind of failure; the text of a relay may hold anything and is left out.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("mail.relay.{code}"),
        None if error.is_tls() => "mail.tls".to_owned(),
        None if error.is_timeout() => "mail.timeout".to_owned(),
        None => "mail.connection".to_owned(),
    }
}

fn passphrase(file: &std::path::Path) -> Result<Zeroizing<String>, Error> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let text = "无法读取 [mail] passphrase_file 指定的文件";
        Error::Setup(format!("{text} {}：{error}；请改正 yinxin.toml 后重新启动", file.display()))
    })?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn transport(settings: &MailSettings, passphrase: Option<Zeroizing<String>>) -> Result<Way, Error> {
    let wrong = |what: &str| Error::Setup(format!("{what}；请改正 yinxin.toml 后重新启动"));
    let from = settings.from.parse();
    let from: Mailbox = from.map_err(|_| wrong("配置项 [mail] from 不是有效的邮箱地址"))?;
    let parameters = || {
        TlsParameters::new(settings.host.clone())
            .map_err(|_| wrong("配置项 [mail] host 不能用于 TLS 连接"))
    };
    let (tls, port) = match settings.tls {
        MailTls::Starttls => (Tls::Required(parameters()?), 587),
        MailTls::Tls => (Tls::Wrapper(parameters()?), 465),
        // In the clear only to this machine: what is sent is personal.
        MailTls::None if is_here(&settings.host) => (Tls::None, 25),
        MailTls::None => {
            return Err(wrong("配置项 [mail] tls = \"none\" 只能用于本机的邮件服务"));
        }
    };
    let port = if settings.port == 0 { port } else { settings.port };
    let within = match settings.timeout_seconds {
        0 => USUAL_SECONDS,
        seconds if seconds <= MOST_SECONDS => seconds,
        _ => return Err(wrong("配置项 [mail] timeout_seconds 最多为 60")),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
        .port(port)
        .tls(tls)
        .timeout(Some(CONNECT));
    if let Some(passphrase) = passphrase {
        builder =
            builder.credentials(Credentials::new(settings.user.clone(), passphrase.to_string()));
    }
    Ok(Way { transport: builder.build(), from, within: Duration::from_secs(within.into()) })
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, tls: MailTls) -> MailSettings {
        let from = "印信 <noreply@example.cn>".to_owned();
        MailSettings { host: host.into(), tls, from, ..MailSettings::default() }
    }

    #[tokio::test]
    async fn mail_in_the_clear_goes_to_this_machine_only() {
        for (host, tls, fine) in [
            ("127.0.0.1", MailTls::None, true),
            ("localhost", MailTls::None, true),
            ("smtp.example.cn", MailTls::None, false),
            ("192.0.2.1", MailTls::None, false),
            ("smtp.example.cn", MailTls::Starttls, true),
            ("smtp.example.cn", MailTls::Tls, true),
        ] {
            assert_eq!(transport(&settings(host, tls), None).is_ok(), fine, "{host} {tls:?}");
        }
        assert_eq!(MailSettings::default().tls, MailTls::Starttls, "TLS unless said otherwise");
        let nobody = MailSettings { from: "x".into(), ..settings("127.0.0.1", MailTls::None) };
        assert!(transport(&nobody, None).is_err());
    }

    #[tokio::test]
    async fn every_mail_has_its_end_within_a_minute() {
        for (seconds, within) in [(0, Some(45)), (1, Some(1)), (60, Some(60)), (61, None)] {
            let usual = settings("127.0.0.1", MailTls::None);
            let settings = MailSettings { timeout_seconds: seconds, ..usual };
            let found = transport(&settings, None).ok().map(|way| way.within.as_secs());
            assert_eq!(found, within, "{seconds}");
        }
    }
}
