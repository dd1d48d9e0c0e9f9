//! Link certificates: one key of the root, certified by another under the same name (RFC 4210 §4.4).
//!
//! Which key certified which follows from the rows of certificates and issuers: there is nothing else that could
//! contradict them.

use pki::Certificate;

use super::Ca;
use crate::error::Error;
use crate::model::Role;
use crate::sql;
use crate::sql::list::CertificateFilter;

/// The profile of link certificates.
pub(crate) const LINK: &str = "link";
/// More than a line of generations can have.
const MOST: i64 = 500;

/// A link certificate.
#[derive(Debug, Clone)]
pub struct Link {
    /// Name of the generation whose key signed it.
    pub by: String,
    /// Name of the generation whose key it certifies.
    pub of: String,
    /// Whether a later key is certified by an earlier one (newWithOld): for whoever trusts the earlier one.
    pub leads_to_newer: bool,
    /// Whether it was neither suspended nor revoked.
    pub is_good: bool,
    /// Itself.
    pub certificate: Certificate,
}

impl Link {
    /// The name of its files: `root2-by-root` is the key of `root2`, certified by that of `root`.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}-by-{}", self.of, self.by)
    }
}

impl Ca {
    /// The link certificates between the generations, in the order in which they were made. An authority with
    /// one generation has none, and nothing is read.
    pub async fn links(&self) -> Result<Vec<Link>, Error> {
        let all = self.generations();
        let mut found = Vec::new();
        if all.len() < 2 {
            return Ok(Vec::new());
        }
        let filter = CertificateFilter {
            profile: Some(LINK.to_owned()),
            role: Some(Role::Ca.as_str().to_owned()),
            ..CertificateFilter::default()
        };
        let mut reader = self.inner().store.read().await?;
        for (place, by) in all.iter().enumerate() {
            let rows = sql::list::export(&mut reader, by.issuer_id(), &filter, (0, MOST)).await?;
            for row in rows {
                let of = all.iter().position(|one| one.inner().issuer.key_hash == row.key_hash);
                let of = of.and_then(|at| all.get(at).map(|one| (at, one)));
                let (at, of) = of.ok_or_else(|| Error::stored("链接证书的公钥不是本机构的"))?;
                let (id, is_good) = (row.id, row.status == "good");
                let stored = sql::certificate::complete(&mut reader, row).await?;
                let link = Link {
                    by: by.name().to_owned(),
                    of: of.name().to_owned(),
                    leads_to_newer: at > place,
                    is_good,
                    certificate: stored.certificate,
                };
                found.push((id, link));
            }
        }
        found.sort_unstable_by_key(|(id, _)| *id);
        Ok(found.into_iter().map(|(_, link)| link).collect())
    }
}
