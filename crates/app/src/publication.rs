//! The certificate directory of an institution: its settings, and the lists in force that it shows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use directory::port;
use directory::{AttributeType, Directory, DirectoryConfig, Dn, Limits, PUBLISHABLE, Policy};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use status::{ListKind, ListName, Lists};
use store::{Standing, Store};

use crate::error::Error;
use crate::institution::{Institution, Parts};
use crate::replica::ReplicaSettings;

/// `[directory]` of `yinxin.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DirectorySettings {
    /// Address of LDAP, such as `127.0.0.1:8389`; empty: no LDAP.
    pub listen: String,
    /// Address of LDAP within TLS from the start (LDAPS); empty: none.
    pub listen_tls: String,
    /// PEM file with the transport certificate and its chain; without it there is no StartTLS. A
    /// relative path counts from the data folder.
    pub certificate: String,
    /// PEM file with its private key.
    pub key: String,
    /// Base of the tree; empty: `o=<institution>,c=CN`.
    pub base: String,
    /// Kinds of certificates that are published. Certificates of natural persons can't be.
    pub kinds: Vec<String>,
    /// Attributes that filters may speak of.
    pub searchable: Vec<String>,
    /// Most connections.
    pub max_connections: usize,
    /// Most connections of one address.
    pub max_connections_per_address: usize,
    /// Most operations that are under way at a time, until their answers were read.
    pub max_operations: usize,
    /// Most of them of one address; never more than a quarter of all.
    pub max_operations_per_address: usize,
    /// Seconds after which a silent connection is closed.
    pub idle_seconds: u64,
    /// Seconds after which a client that doesn't read its answer is let go.
    pub stalled_seconds: u64,
    /// Most entries of one answer.
    pub max_entries: u32,
    /// Most entries over all pages of one search.
    pub max_paged_entries: u32,
    /// Most entries that one search looks at.
    pub max_candidates: u32,
    /// Longest time of one search, in seconds.
    pub search_seconds: u64,
    /// Another LDAP server into which the directory is published.
    pub replica: ReplicaSettings,
    /// What applications may that sign in.
    pub clients: ClientSettings,
}

/// `[directory.clients]`: what API clients may that sign in (simple bind).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientSettings {
    /// Whether they may sign in: within TLS.
    pub enabled: bool,
    /// Whether programs on this machine may sign in without TLS.
    pub clear_on_loopback: bool,
    /// Attributes that their filters may speak of beyond those of everybody.
    pub searchable: Vec<String>,
    /// Most entries of one answer.
    pub max_entries: u32,
    /// Most entries over all pages of one search.
    pub max_paged_entries: u32,
    /// Most entries that one search looks at.
    pub max_candidates: u32,
    /// Longest time of one search, in seconds.
    pub search_seconds: u64,
}

impl Default for ClientSettings {
    fn default() -> Self {
        let more = [AttributeType::Country, AttributeType::State, AttributeType::Locality];
        Self {
            enabled: false,
            clear_on_loopback: false,
            searchable: more.map(|one| one.name().to_owned()).to_vec(),
            max_entries: 5_000,
            max_paged_entries: 1_000_000,
            max_candidates: 100_000,
            search_seconds: 60,
        }
    }
}

impl ClientSettings {
    fn limits(&self) -> Limits {
        Limits {
            entries: self.max_entries.max(1),
            paged_entries: self.max_paged_entries.max(1),
            candidates: self.max_candidates.max(1),
            octets: 32 << 20,
            time: Duration::from_secs(self.search_seconds.max(1)),
        }
    }
}

impl Default for DirectorySettings {
    fn default() -> Self {
        let limits = Limits::default();
        let searchable = [
            AttributeType::CommonName,
            AttributeType::Organization,
            AttributeType::Unit,
            AttributeType::SerialNumber,
            AttributeType::UserCertificate,
            AttributeType::Kind,
            AttributeType::KeyUse,
            AttributeType::Standing,
            AttributeType::NotBefore,
            AttributeType::NotAfter,
        ];
        Self {
            listen: String::new(),
            listen_tls: String::new(),
            certificate: String::new(),
            key: String::new(),
            base: String::new(),
            kinds: PUBLISHABLE.map(str::to_owned).to_vec(),
            searchable: searchable.map(|one| one.name().to_owned()).to_vec(),
            max_connections: 256,
            max_connections_per_address: 32,
            max_operations: 64,
            max_operations_per_address: 16,
            idle_seconds: 120,
            stalled_seconds: 5,
            max_entries: limits.entries,
            max_paged_entries: limits.paged_entries,
            max_candidates: limits.candidates,
            search_seconds: limits.time.as_secs(),
            replica: ReplicaSettings::default(),
            clients: ClientSettings::default(),
        }
    }
}

impl DirectorySettings {
    /// Where LDAP listens, if it does.
    ///
    /// # Errors
    /// When that is no address.
    pub fn address(&self) -> Result<Option<SocketAddr>, Error> {
        address("listen", &self.listen)
    }

    /// Where LDAPS listens, if it does.
    ///
    /// # Errors
    /// When that is no address, or there is no certificate for it.
    pub fn tls_address(&self) -> Result<Option<SocketAddr>, Error> {
        let address = address("listen_tls", &self.listen_tls)?;
        if address.is_some() && !self.has_tls() {
            let text = "配置项 [directory] listen_tls 需要同时设置 certificate 和 key";
            return Err(Error::Setup(format!("{text}；请改正 yinxin.toml 后重新启动")));
        }
        Ok(address)
    }

    /// Whether there is a transport certificate.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        !self.certificate.is_empty() && !self.key.is_empty()
    }

    /// The base of the tree.
    fn base(&self, institution: &str) -> Result<Dn, Error> {
        if self.base.is_empty() {
            return Ok(DirectoryConfig::base_of(institution));
        }
        let is_organization = |dn: &Dn| match dn.rdns().first().map(Vec::as_slice) {
            Some([part]) => AttributeType::find(&part.name) == Some(AttributeType::Organization),
            _ => false,
        };
        Dn::parse(&self.base).ok().filter(is_organization).ok_or_else(|| {
            let text = format!("配置项 [directory] base“{}”应为 o= 开头的名称", self.base);
            Error::Setup(format!("{text}，例如 o=某某中心,c=CN；请改正 yinxin.toml 后重新启动"))
        })
    }

    fn limits(&self) -> Limits {
        Limits {
            entries: self.max_entries.max(1),
            paged_entries: self.max_paged_entries.max(1),
            candidates: self.max_candidates.max(1),
            time: Duration::from_secs(self.search_seconds.max(1)),
            ..Limits::default()
        }
    }
}

fn address(name: &str, text: &str) -> Result<Option<SocketAddr>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let text = format!("配置项 [directory] {name}“{text}”不是监听地址，例如 127.0.0.1:8389");
        Error::Setup(format!("{text}；请改正 yinxin.toml 后重新启动"))
    })
}

/// The directory by the settings.
pub(crate) fn open(parts: &Parts, store: &Store, lists: Arc<Lists>) -> Result<Directory, Error> {
    let (settings, institution) = (&parts.settings.directory, &parts.settings.institution);
    let mut key = [0; 32];
    parts.device.session()?.fill(&mut key)?;
    let config = DirectoryConfig {
        base: settings.base(&institution.name)?,
        policy: Policy::new(&settings.kinds, &settings.searchable)?,
        limits: settings.limits(),
        tls: settings.has_tls(),
        ..DirectoryConfig::new(&institution.name, key)
    };
    Ok(Directory::new(store.clone(), Arc::new(InForce(lists)), config))
}

/// The same directory for applications that signed in: other limits, further attributes in filters.
/// What is public stays what is public.
pub(crate) fn for_clients(parts: &Parts, directory: &Directory) -> Result<Directory, Error> {
    let settings = &parts.settings.directory;
    let searchable = [settings.searchable.clone(), settings.clients.searchable.clone()].concat();
    // Marks of pages are not carried over from one to the other.
    let mut key = [0; 32];
    parts.device.session()?.fill(&mut key)?;
    Ok(directory.with(DirectoryConfig {
        policy: Policy::new(&settings.kinds, &searchable)?,
        limits: settings.clients.limits(),
        key,
        ..directory.config().clone()
    }))
}

/// The lists of the status service, for the directory.
struct InForce(Arc<Lists>);

impl port::Lists for InForce {
    fn current<'a>(
        &'a self,
        issuer: &'a str,
        list: port::List,
    ) -> BoxFuture<'a, Result<Option<port::InForce>, directory::Error>> {
        let kind = match list {
            port::List::Full => ListKind::Full,
            port::List::Delta => ListKind::Delta,
            port::List::Shard(shard) => ListKind::Shard(shard),
        };
        Box::pin(async move {
            let name = ListName { issuer: issuer.to_owned(), kind };
            let list = self.0.current(&name).await;
            let list = list.map_err(|error| directory::Error::List(error.to_string()))?;
            Ok(list.map(|list| {
                let (octets, next_update) = (list.der.clone(), list.next_update);
                port::InForce { octets, next_update }
            }))
        })
    }
}

impl Institution {
    /// Brings the directory's index up to the last certificate. A halted store takes nothing: what was
    /// issued right before the halt comes in after it.
    pub(crate) async fn follow_directory(&self) -> Result<(), Error> {
        if self.store().standing() == Standing::Sound {
            self.directory().follow().await?;
        }
        Ok(())
    }

    /// Compares the directory's index with the certificates and repairs it (Invariant 8).
    pub(crate) async fn verify_directory(&self) -> Result<(), Error> {
        if self.store().standing() == Standing::Sound {
            self.directory().verify().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_listens_unless_told_to_and_tls_needs_a_certificate() {
        let mut settings = DirectorySettings::default();
        assert_eq!(settings.address().unwrap(), None);
        assert_eq!(settings.tls_address().unwrap(), None);
        settings.listen = "127.0.0.1".into();
        assert!(settings.address().unwrap_err().to_string().contains("[directory] listen"));
        settings.listen_tls = "127.0.0.1:8636".into();
        assert!(settings.tls_address().unwrap_err().to_string().contains("certificate"));
    }

    #[test]
    fn the_base_is_the_institution_unless_told_otherwise() {
        let mut settings = DirectorySettings::default();
        let base =
            |settings: &DirectorySettings| settings.base("甲,乙中心").map(|dn| dn.to_string());
        assert_eq!(base(&settings).unwrap(), "o=甲\\,乙中心,c=CN");
        settings.base = "o=电子认证,dc=example,dc=cn".into();
        assert_eq!(base(&settings).unwrap(), "o=电子认证,dc=example,dc=cn");
        for wrong in ["ou=x,c=CN", "x", "o=a+ou=b,c=CN"] {
            settings.base = wrong.into();
            assert!(
                base(&settings).unwrap_err().to_string().contains("[directory] base"),
                "{wrong}"
            );
        }
    }
}
