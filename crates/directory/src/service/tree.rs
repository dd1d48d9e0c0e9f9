//! The entries that are always there: base, folders, issuers, distribution points; the root entry and
//! the schema, which stand outside of the tree.

use std::collections::HashMap;

use pki::Certificate;
use sqlx::AnyConnection;

use super::Directory;
use super::entries::{about, classes};
use crate::error::Error;
use crate::message::{PAGED_RESULTS, START_TLS, WHO_AM_I};
use crate::model::{AttributeType as A, Dn, Entry, ObjectClass as Class};
use crate::port::List;
use crate::rules::{schema, text};
use crate::sql;

/// The name of the schema's entry.
pub const SUBSCHEMA: &str = "cn=Subschema";

/// A place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// The base.
    Base,
    /// `ou=CA`.
    Authorities,
    /// An issuer.
    Issuer(usize),
    /// A shard of an issuer.
    Shard(usize, u32),
    /// `ou=Certificates`.
    Certificates,
}

/// What a name of a client means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The root entry.
    Root,
    /// The schema.
    Schema,
    /// A place in the tree.
    Node(Node),
    /// The certificate of this serial number, if there is one.
    Certificate(String),
    /// Nothing; the nearest entry above it.
    Missing(String),
}

/// An issuer with its certificate.
#[derive(Debug)]
pub struct Issuer {
    pub name: String,
    pub certificate: Certificate,
    /// Where several keys share its name, those of the others and the certificates by which they vouch for each other:
    /// all are self-issued and belong to the entry of the CA (RFC 4523 §2.2; ADR 15).
    pub beside: Vec<Certificate>,
    pub shards: u32,
}

/// The tree as of now.
#[derive(Debug)]
pub struct Tree {
    pub base: Dn,
    pub issuers: Vec<Issuer>,
}

impl Tree {
    pub async fn load(base: &Dn, conn: &mut AnyConnection) -> Result<Self, Error> {
        let mut issuers = Vec::new();
        let mut ids = Vec::new();
        for row in sql::issuers(conn).await? {
            let certificate = Certificate::from_der(&row.certificate_der)?;
            let shards = u32::try_from(row.shards).unwrap_or_default();
            ids.push(row.id);
            issuers.push(Issuer { name: row.name, certificate, beside: Vec::new(), shards });
        }
        let links = Self::links(&issuers, &ids, conn).await?;
        for at in 0..issuers.len() {
            let beside = beside(&issuers, at, &links);
            if let Some(issuer) = issuers.get_mut(at) {
                issuer.beside = beside;
            }
        }
        Ok(Self { base: base.clone(), issuers })
    }

    /// The certificates by which keys of one name vouch for each other. Nothing is read where each has its own.
    async fn links(
        issuers: &[Issuer],
        ids: &[i64],
        conn: &mut AnyConnection,
    ) -> Result<Vec<Certificate>, Error> {
        let mut links = Vec::new();
        for (issuer, id) in issuers.iter().zip(ids) {
            let name = issuer.certificate.subject();
            let same = issuers.iter().filter(|one| one.certificate.subject() == name);
            if same.count() > 1 {
                for der in sql::links(conn, *id).await? {
                    let link = Certificate::from_der(&der)?;
                    let is_of = |one: &Issuer| one.certificate.ski() == link.ski();
                    if issuers.iter().any(is_of) {
                        links.push(link);
                    }
                }
            }
        }
        Ok(links)
    }

    /// Every place, from the top.
    pub fn nodes(&self) -> Vec<Node> {
        let mut nodes = vec![Node::Base, Node::Authorities];
        for (at, issuer) in self.issuers.iter().enumerate() {
            nodes.push(Node::Issuer(at));
            nodes.extend((0..issuer.shards).map(|shard| Node::Shard(at, shard)));
        }
        nodes.push(Node::Certificates);
        nodes
    }

    /// The place above.
    pub const fn parent(node: Node) -> Option<Node> {
        match node {
            Node::Base => None,
            Node::Authorities | Node::Certificates => Some(Node::Base),
            Node::Issuer(_) => Some(Node::Authorities),
            Node::Shard(issuer, _) => Some(Node::Issuer(issuer)),
        }
    }

    /// The name of a place.
    pub fn dn(&self, node: Node) -> Dn {
        match node {
            Node::Base => self.base.clone(),
            Node::Authorities => self.base.child(A::Unit, "CA"),
            Node::Certificates => self.base.child(A::Unit, "Certificates"),
            Node::Issuer(at) => {
                let name = self.issuers.get(at).map(|issuer| issuer.name.as_str());
                self.dn(Node::Authorities).child(A::CommonName, name.unwrap_or_default())
            }
            Node::Shard(at, shard) => {
                self.dn(Node::Issuer(at)).child(A::CommonName, &format!("crl-{shard}"))
            }
        }
    }

    /// What a name means.
    pub fn resolve(&self, dn: &Dn) -> Target {
        let key = dn.key();
        if key.is_empty() {
            return Target::Root;
        }
        if Dn::parse(SUBSCHEMA).is_ok_and(|schema| schema.key() == key) {
            return Target::Schema;
        }
        let known: Vec<_> = self.nodes().into_iter().map(|node| (self.dn(node), node)).collect();
        let named: HashMap<_, _> = known.iter().map(|(dn, node)| (dn.key(), (dn, *node))).collect();
        if let Some((_, node)) = named.get(&key) {
            return Target::Node(*node);
        }
        if let Some(serial) = self.serial_of(dn) {
            return Target::Certificate(serial);
        }
        let above = (1..key.len()).find_map(|from| named.get(key.get(from..)?));
        Target::Missing(above.map(|(dn, _)| dn.to_string()).unwrap_or_default())
    }

    /// The serial number in the name of a certificate's entry.
    fn serial_of(&self, dn: &Dn) -> Option<String> {
        let (own, _) = dn.rdns().split_first()?;
        let [part] = own.as_slice() else { return None };
        let is_serial = A::find(&part.name) == Some(A::SerialNumber);
        let is_below = dn.parent()?.key() == self.dn(Node::Certificates).key();
        (is_serial && is_below).then(|| text::normal(&part.value))
    }

    /// The entry of a place, without lists.
    pub fn entry(&self, node: Node) -> Entry {
        let mut entry = Entry::new(self.dn(node));
        let own =
            entry.dn.rdns().first().and_then(|rdn| rdn.first()).map(|part| part.value.clone());
        let own = own.unwrap_or_default();
        let class = match node {
            Node::Base => {
                classes(&mut entry, &[&Class::TOP, &Class::ORGANIZATION]);
                entry.add_text(A::Organization, &own);
                &Class::ORGANIZATION
            }
            Node::Authorities | Node::Certificates => {
                classes(&mut entry, &[&Class::TOP, &Class::ORGANIZATIONAL_UNIT]);
                entry.add_text(A::Unit, &own);
                &Class::ORGANIZATIONAL_UNIT
            }
            Node::Issuer(at) => {
                let all = [&Class::TOP, &Class::APPLICATION_PROCESS, &Class::PKI_CA];
                classes(&mut entry, &all);
                entry.add_text(A::CommonName, &own);
                if let Some(issuer) = self.issuers.get(at) {
                    let all = std::iter::once(&issuer.certificate).chain(&issuer.beside);
                    all.for_each(|one| entry.add(A::CaCertificate, one.der().to_vec()));
                }
                &Class::APPLICATION_PROCESS
            }
            Node::Shard(..) => {
                classes(&mut entry, &[&Class::TOP, &Class::DISTRIBUTION_POINT]);
                entry.add_text(A::CommonName, &own);
                &Class::DISTRIBUTION_POINT
            }
        };
        let has_subordinates = match node {
            Node::Issuer(at) => self.issuers.get(at).is_some_and(|issuer| issuer.shards > 0),
            Node::Shard(..) => false,
            _ => true,
        };
        about(&mut entry, class, has_subordinates);
        entry
    }
}

/// The other self-issued certificates of an issuer's name.
fn beside(issuers: &[Issuer], at: usize, links: &[Certificate]) -> Vec<Certificate> {
    let Some(own) = issuers.get(at) else {
        return Vec::new();
    };
    let others = issuers.iter().enumerate().filter(|(place, _)| *place != at);
    let others = others.map(|(_, issuer)| &issuer.certificate).chain(links);
    let name = own.certificate.subject();
    others.filter(|one| one.subject() == name).cloned().collect()
}

impl Directory {
    /// Adds the lists in force to the entry of an issuer or a shard. A root certifies CAs only, so its
    /// list is one of authorities (RFC 4523 §2.3, §2.4).
    pub(super) async fn add_lists(
        &self,
        entry: &mut Entry,
        node: Node,
        tree: &Tree,
    ) -> Result<(), Error> {
        let (Node::Issuer(at) | Node::Shard(at, _)) = node else {
            return Ok(());
        };
        let Some(issuer) = tree.issuers.get(at) else {
            return Ok(());
        };
        let is_root = issuer.certificate.subject() == issuer.certificate.issuer();
        let full = if is_root { A::AuthorityList } else { A::CertificateList };
        let wanted = match node {
            Node::Shard(_, shard) => vec![(List::Shard(shard), A::CertificateList)],
            _ => vec![(List::Full, full), (List::Delta, A::DeltaList)],
        };
        for (list, attribute) in wanted {
            if let Some(list) = self.0.lists.current(&issuer.name, list).await? {
                entry.add(attribute, list.octets);
            }
        }
        match node {
            Node::Issuer(_) => self.add_pairs(entry, &issuer.name).await,
            _ => Ok(()),
        }
    }

    /// The root entry (RFC 4512 §5.1): what this server is and can do.
    pub(super) fn root_entry(&self) -> Entry {
        let config = &self.0.config;
        let mut entry = Entry::new(Dn::default());
        entry.add_text(A::ObjectClass, Class::TOP.name);
        entry.add_text(A::NamingContexts, &config.base.to_string());
        entry.add_text(A::SupportedVersion, "3");
        entry.add_text(A::SupportedControl, PAGED_RESULTS);
        entry.add_text(A::SupportedExtension, WHO_AM_I);
        if config.tls {
            entry.add_text(A::SupportedExtension, START_TLS);
        }
        // All operational attributes by `+` (RFC 3673), filters that are true or false (RFC 4526).
        entry.add_text(A::SupportedFeatures, "1.3.6.1.4.1.4203.1.5.1");
        entry.add_text(A::SupportedFeatures, "1.3.6.1.4.1.4203.1.5.3");
        entry.add_text(A::VendorName, "Yinxin");
        entry.add_text(A::VendorVersion, &config.version);
        entry.add_text(A::SubschemaSubentry, SUBSCHEMA);
        entry
    }

    /// The schema (RFC 4512 §4.2).
    pub(super) fn schema_entry() -> Entry {
        let dn = Dn::default().child(A::CommonName, "Subschema");
        let mut entry = Entry::new(dn);
        classes(&mut entry, &[&Class::TOP, &Class::SUBENTRY, &Class::SUBSCHEMA]);
        entry.add_text(A::CommonName, "Subschema");
        schema::lines().into_iter().for_each(|(attribute, line)| entry.add_text(attribute, &line));
        about(&mut entry, &Class::SUBENTRY, false);
        entry
    }
}
