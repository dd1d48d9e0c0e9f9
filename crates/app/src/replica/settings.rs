//! `[directory.replica]` of `yinxin.toml`: another LDAP server into which the directory is published.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use directory::{AttributeType, Dn};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::error::Error;

/// Another LDAP server; without an address there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplicaSettings {
    /// Its address: `ldap://host:389` or `ldaps://host:636`; empty: none.
    pub url: String,
    /// As whom entries are written: a distinguished name.
    pub bind: String,
    /// File with its passphrase; a relative path counts from the data folder.
    pub passphrase_file: String,
    /// Below which name entries are written; empty: as in the own tree.
    pub base: String,
    /// Whether `ldap://` goes over to TLS. Without it passphrase and entries are in the clear, which is
    /// for a server on this machine only.
    pub start_tls: bool,
    /// PEM file with the certificates that its transport certificate is verified against.
    pub trust: String,
    /// Whether the daily comparison also mends what it finds.
    pub repair: bool,
}

impl Default for ReplicaSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            bind: String::new(),
            passphrase_file: String::new(),
            base: String::new(),
            start_tls: true,
            trust: String::new(),
            repair: true,
        }
    }
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// By nothing: on this machine.
    None,
    /// By TLS after a word in the clear.
    StartTls,
    /// By TLS from the start.
    Tls,
}

/// Where entries go, read from the settings.
pub(super) struct Target {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub bind: String,
    pub passphrase: Zeroizing<Vec<u8>>,
    pub base: Dn,
    pub tls: Option<Arc<ClientConfig>>,
    pub repair: bool,
}

impl Target {
    /// Of the settings; `None` where there is no other server.
    pub fn of(
        settings: &ReplicaSettings,
        root: &Path,
        own_base: &Dn,
    ) -> Result<Option<Self>, Error> {
        if settings.url.is_empty() {
            return Ok(None);
        }
        let (protection, host, port) = address(settings)?;
        if protection == Protection::None && !is_here(&host) {
            return Err(wrong("start_tls = false 只能用于本机的目录服务器"));
        }
        if Dn::parse(&settings.bind).map_or(true, |dn| dn.is_empty()) {
            return Err(wrong("bind 应为写入目录所用的名称，例如 cn=writer,c=CN"));
        }
        let tls = match protection {
            Protection::None => None,
            _ => Some(trusting(&root.join(&settings.trust), settings.trust.is_empty())?),
        };
        Ok(Some(Self {
            host,
            port,
            protection,
            bind: settings.bind.clone(),
            passphrase: passphrase(&root.join(&settings.passphrase_file))?,
            base: base(settings, own_base)?,
            tls,
            repair: settings.repair,
        }))
    }

    /// Tells one directory from another.
    pub fn name(&self) -> String {
        format!("{}:{} {}", self.host, self.port, self.base)
    }
}

fn wrong(what: &str) -> Error {
    Error::Setup(format!("配置项 [directory.replica] {what}；请改正 yinxin.toml 后重新启动"))
}

fn address(settings: &ReplicaSettings) -> Result<(Protection, String, u16), Error> {
    let bad = || wrong("url 应为 ldap://主机:端口 或 ldaps://主机:端口");
    let (protection, rest, usual) = match settings.url.split_once("://").ok_or_else(bad)? {
        ("ldap", rest) if settings.start_tls => (Protection::StartTls, rest, 389),
        ("ldap", rest) => (Protection::None, rest, 389),
        ("ldaps", rest) => (Protection::Tls, rest, 636),
        _ => return Err(bad()),
    };
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| bad())?),
        _ => (rest, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains(['/', '?', ' ']) {
        return Err(bad());
    }
    Ok((protection, host.to_owned(), port))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn base(settings: &ReplicaSettings, own: &Dn) -> Result<Dn, Error> {
    if settings.base.is_empty() {
        return Ok(own.clone());
    }
    let is_place = |dn: &Dn| match dn.rdns().first().map(Vec::as_slice) {
        Some([part]) => AttributeType::find(&part.name) == Some(AttributeType::Organization),
        _ => false,
    };
    let base = Dn::parse(&settings.base).ok().filter(is_place);
    base.ok_or_else(|| wrong("base 应为 o= 开头的名称，例如 o=某某中心,c=CN"))
}

fn passphrase(file: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text = std::fs::read(file).map(Zeroizing::new).map_err(|error| {
        wrong(&format!("passphrase_file {} 不能读取（{error}）", file.display()))
    })?;
    let line = text.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    if line.is_empty() {
        // A name without a passphrase would be no sign-in (RFC 4513 §5.1.2).
        return Err(wrong(&format!("passphrase_file {} 是空的", file.display())));
    }
    Ok(Zeroizing::new(line.to_vec()))
}

/// Trusts what these certificates certify, and nothing else.
fn trusting(file: &Path, is_unset: bool) -> Result<Arc<ClientConfig>, Error> {
    if is_unset {
        return Err(wrong("trust 未设置：请给出验证对方传输证书所用的 CA 证书文件（PEM）"));
    }
    let bad =
        |why: &dyn std::fmt::Display| wrong(&format!("trust {} 不能使用（{why}）", file.display()));
    let mut roots = RootCertStore::empty();
    let all = CertificateDer::pem_file_iter(file).map_err(|error| bad(&error))?;
    for one in all {
        let one = one.map_err(|error| bad(&error))?;
        roots.add(one).map_err(|error| bad(&error))?;
    }
    if roots.is_empty() {
        return Err(bad(&"其中没有证书"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(change: impl FnOnce(&mut ReplicaSettings)) -> Result<Option<Target>, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "passphrase\n").unwrap();
        let mut settings = ReplicaSettings {
            url: "ldap://127.0.0.1:3890".to_owned(),
            bind: "cn=writer,c=CN".to_owned(),
            passphrase_file: "secret".to_owned(),
            start_tls: false,
            ..ReplicaSettings::default()
        };
        change(&mut settings);
        Target::of(&settings, folder.path(), &Dn::parse("o=某中心,c=CN").unwrap())
    }

    #[test]
    fn a_server_on_this_machine_may_be_written_in_the_clear_and_no_other() {
        let here = target(|_| ()).unwrap().unwrap();
        assert_eq!((here.host.as_str(), here.port), ("127.0.0.1", 3890));
        assert_eq!(here.passphrase.as_slice(), b"passphrase");
        assert_eq!(here.base.to_string(), "o=某中心,c=CN");
        for url in ["ldap://ldap.example.cn", "ldap://192.0.2.1:389"] {
            let error = target(|one| one.url = url.to_owned()).err().unwrap();
            assert!(error.to_string().contains("start_tls"), "{error}");
        }
        let six = target(|one| one.url = "ldap://[::1]:3890".to_owned()).unwrap().unwrap();
        assert_eq!((six.host.as_str(), six.port), ("::1", 3890));
        assert!(target(|one| one.url.clear()).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_is_named_with_its_setting() {
        type Change = fn(&mut ReplicaSettings);
        let cases: [(&str, Change); 7] = [
            ("url", |one| one.url = "http://127.0.0.1".to_owned()),
            ("url", |one| one.url = "ldap://:389".to_owned()),
            ("url", |one| one.url = "ldap://host:port".to_owned()),
            ("bind", |one| one.bind.clear()),
            ("base", |one| one.base = "cn=x".to_owned()),
            ("passphrase_file", |one| one.passphrase_file = "missing".to_owned()),
            ("trust", |one| one.url = "ldaps://ldap.example.cn".to_owned()),
        ];
        for (name, change) in cases {
            let error = target(change).err().unwrap().to_string();
            assert!(error.contains(name) && error.contains("[directory.replica]"), "{error}");
        }
    }
}
