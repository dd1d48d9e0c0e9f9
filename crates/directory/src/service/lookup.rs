//! Single certificates and lists by the keys of RFC 4387, under the same policy as LDAP.

use bytes::Bytes;

use super::Directory;
use super::entries;
use super::tree::{Node, Tree};
use crate::error::Error;
use crate::model::Dn;
use crate::port::List;
use crate::rules::index::{self, Key};
use crate::rules::plan::Lookup;
use crate::sql;

/// Most certificates of an answer.
const MOST: i64 = 16;

/// By what a list is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKey {
    /// SHA-1 of the issuer's name (iHash).
    Issuer,
    /// SHA-1 of the issuer's key identifier (sKIDHash).
    KeyId,
}

impl Directory {
    /// The certificates with this value under this key, those of issuers included; 16 at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn certificates(&self, key: Key, value: &[u8]) -> Result<Vec<Bytes>, Error> {
        let (policy, now) = (&self.0.config.policy, self.now());
        let mut conn = self.0.store.read().await?;
        let tree = Tree::load(&self.0.config.base, &mut conn).await?;
        let row = (key, value.to_vec());
        let issuers = tree.issuers.iter();
        let issuers = issuers.flat_map(|one| std::iter::once(&one.certificate).chain(&one.beside));
        let issuers = issuers.filter(|one| index::rows(one).contains(&row));
        let mut found: Vec<_> =
            issuers.map(|one| (one.serial(), Bytes::copy_from_slice(one.der()))).collect();
        let lookup = Lookup { key, value: row.1.clone(), is_prefix: false };
        let rows = sql::found(&mut conn, &lookup, (&[], 0), MOST).await?;
        let mut shown = Vec::new();
        for row in &rows {
            if entries::shows_certificate(row, policy, now)? {
                shown.push(row.id);
            }
        }
        for (_, der) in sql::octets(&mut conn, &shown).await? {
            found.push((pki::Certificate::from_der(&der)?.serial(), Bytes::from(der)));
        }
        found.sort();
        // Keys of one name stand beside each other.
        found.dedup();
        Ok(found.into_iter().map(|(_, der)| der).collect())
    }

    /// The full list in force of the issuer with this value.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(&self, key: ListKey, value: &[u8]) -> Result<Option<Bytes>, Error> {
        let tree = {
            let mut conn = self.0.store.read().await?;
            Tree::load(&self.0.config.base, &mut conn).await?
        };
        // Where keys share a name, any of their lists is about all certificates of it. Whoever asks by the name alone may
        // know only the oldest key that still makes lists: its list comes first, unless it has ended (ADR 15).
        let (now, mut ended) = (self.now(), None);
        for issuer in &tree.issuers {
            let certificate = &issuer.certificate;
            let own = match key {
                ListKey::Issuer => Some(index::sha1(certificate.subject().der())),
                ListKey::KeyId => certificate.ski().map(|id| index::sha1(&id.0)),
            };
            if own.as_deref() == Some(value)
                && let Some(list) = self.0.lists.current(&issuer.name, List::Full).await?
            {
                match now <= list.next_update {
                    true => return Ok(Some(list.octets)),
                    false => ended = Some(list.octets),
                }
            }
        }
        Ok(ended)
    }

    /// The folder of certificates, for guides and tests.
    #[must_use]
    pub fn certificate_folder(&self) -> Dn {
        let tree = Tree { issuers: Vec::new(), base: self.0.config.base.clone() };
        tree.dn(Node::Certificates)
    }
}
