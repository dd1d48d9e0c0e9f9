//! One certificate that was drawn: what it says, who ordered it, and what stood behind it (T-20). What cannot be judged is
//! said to be that, and never passes (Invariant 11).

use ca::StoredCertificate;
use ca::ceremony::ROOT;
use pki::{Serial, SubjectInput, oid};
use ra::{BackedElement, Backing};
use serde_json::Value;
use store::{Filter, Page, Seq, Stored};

use super::model::{
    Agreed, Applied, Done, EXAMPLE_POLICY, ElementShown, Entry, EvidenceOfElement, Fault,
    MethodShown, Origin, Verdict,
};
use super::rules::{self, Drawn};
use crate::error::Error;
use crate::institution::{ISSUER, Institution};

impl Institution {
    /// The entry of a certificate that was drawn.
    pub(super) async fn sample_entry(&self, drawn: Drawn) -> Result<Entry, Error> {
        let record = self.record_at(drawn.seq).await?;
        let mut entry = begun(drawn, &record);
        if !record.intact {
            entry.faults.push(Fault::new("record-harmed", "签发记录本身已受损"));
        }
        let request = text(&record, "request");
        entry.ordered_by = self.ordered_by(&request).await?;
        if authority_of(&record) == ROOT {
            self.note_of_root((&record, &request), &mut entry).await?;
            return Ok(judged(entry));
        }
        let found = match self.drawn_certificate(&record, &mut entry).await? {
            Some(found) => found,
            None => return Ok(judged(entry)),
        };
        note_certificate(&mut entry, &found, &record);
        match SubjectInput::from_certificate(&found.certificate) {
            Ok(subject) => self.note_backing(&mut entry, (&request, drawn.seq), &subject).await?,
            Err(error) => entry.unjudged.push(Fault::new(error.code(), &error.to_string())),
        }
        Ok(judged(entry))
    }

    /// What the root certified, sub-CAs and cross-certificates among it, comes of ceremonies alone: certificate, record
    /// of issue and the record of the ceremony say the same (T-20).
    async fn note_of_root(
        &self,
        (record, request): (&Stored, &str),
        entry: &mut Entry,
    ) -> Result<(), Error> {
        entry.origin = Origin::Institution;
        let found = match Serial::from_hex(&entry.serial) {
            Ok(serial) => self.roots().find(&serial).await?,
            Err(_) => None,
        };
        let sm3 = text(record, "sm3");
        match found {
            None => entry.faults.push(missing()),
            Some(found) if found.certificate.fingerprint() != sm3 => entry.faults.push(differs()),
            Some(_) => {}
        }
        if !self.is_of_ceremony(request, &sm3).await? {
            let text = "没有根密钥仪式的记录说明这张证书的签发";
            entry.faults.push(Fault::new("no-ceremony", text));
        }
        Ok(())
    }

    /// Whether the ceremony that an order is called after has a record about this very certificate.
    async fn is_of_ceremony(&self, request: &str, sm3: &str) -> Result<bool, Error> {
        let name = request.strip_prefix("ceremony:").and_then(|rest| rest.rsplit_once(':'));
        let Some((name, _)) = name else { return Ok(false) };
        let subject = Some(format!("ceremony:{name}"));
        let filter = Filter { subject, ..Filter::default() };
        let found = self.store().records(&filter, Page { limit: 1_000, ..Page::default() }).await?;
        let certifies = |one: &Stored| {
            let is_step = one.kind.starts_with("ceremony.") && one.kind.ends_with("-certified");
            is_step && one.intact && text(one, "sm3") == sm3
        };
        Ok(found.iter().any(certifies))
    }

    /// The certificate of a record.
    async fn drawn_certificate(
        &self,
        record: &Stored,
        entry: &mut Entry,
    ) -> Result<Option<StoredCertificate>, Error> {
        let found = match Serial::from_hex(&entry.serial) {
            Ok(serial) if authority_of(record) == ISSUER => self.ca().find(&serial).await?,
            _ => None,
        };
        if found.is_none() {
            entry.faults.push(missing());
        }
        Ok(found)
    }

    /// Who ordered, by the record of acceptance.
    async fn ordered_by(&self, request: &str) -> Result<Option<String>, Error> {
        let filter = Filter {
            kind: Some("enrolment.accepted".to_owned()),
            subject: Some(format!("enrolment:{request}")),
            ..Filter::default()
        };
        let page = Page { limit: 1, ..Page::default() };
        let found = self.store().records(&filter, page).await?;
        Ok(found.into_iter().next().map(|record| record.actor))
    }

    /// Whether a second person confirmed the key of an application that an order is about.
    async fn is_confirmed_key(&self, request: &str) -> Result<bool, Error> {
        let number = request.split(':').nth(1).unwrap_or_default();
        let filter = Filter {
            kind: Some("signing.decided".to_owned()),
            subject: Some(format!("signing-key:{number}")),
            ..Filter::default()
        };
        let found = self.store().records(&filter, Page::default()).await?;
        let confirms = |one: &Stored| one.intact && text(one, "decision") == "confirm";
        Ok(found.iter().any(confirms))
    }

    /// What stands behind a certificate, by where it came from.
    async fn note_backing(
        &self,
        entry: &mut Entry,
        (request, seq): (&str, u64),
        subject: &SubjectInput,
    ) -> Result<(), Error> {
        let backing = match self.ra() {
            Some(ra) => ra.backing((&entry.serial, Seq(seq)), subject).await.map_err(Error::from),
            None => Ok(None),
        };
        let backing = match backing {
            Ok(backing) => backing,
            Err(error) if error.is_unavailable() => return Err(error),
            Err(error) => {
                entry.unjudged.push(Fault::new(error.code(), &error.to_string()));
                None
            }
        };
        let ordered_by = entry.ordered_by.as_deref();
        entry.origin = rules::origin(&entry.role, request, ordered_by, backing.is_some());
        let is_unconfirmed =
            entry.origin == Origin::Signing && !self.is_confirmed_key(request).await?;
        match (entry.origin, backing) {
            (Origin::Application, Some(backing)) => note_application(entry, backing),
            (Origin::Application, None) if entry.unjudged.is_empty() => {
                entry.faults.push(Fault::new("no-application", "没有对应的注册申请"));
            }
            (Origin::Signing, _) if is_unconfirmed => {
                let text = "应用签名密钥没有经第二人复核的记录";
                entry.faults.push(Fault::new("key-unconfirmed", text));
            }
            (Origin::Unknown, _) => {
                entry
                    .faults
                    .push(Fault::new("unexplained", "没有任何申请或指令说明这张证书的来历"));
            }
            _ => {}
        }
        if matches!(entry.origin, Origin::Client | Origin::Application | Origin::Unknown)
            && entry.elements.is_empty()
        {
            let kind = entry.profile.rsplit_once('-').map_or("", |(kind, _)| kind);
            let kind = self.ra().and_then(|ra| ra.catalogue().kind(kind).ok());
            entry.elements =
                ra::unbacked_elements(kind, subject).into_iter().map(element).collect();
        }
        Ok(())
    }
}

fn text(record: &Stored, member: &str) -> String {
    record.body.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The authority that a record names.
fn authority_of(record: &Stored) -> &str {
    let name = record.subject.strip_prefix("certificate:").and_then(|name| name.split_once('/'));
    name.unwrap_or_default().0
}

fn missing() -> Fault {
    Fault::new("no-certificate", "签发记录没有对应的证书")
}

fn differs() -> Fault {
    Fault::new("certificate-differs", "证书与签发记录的杂凑值不符，曾被改动")
}

/// What the record says, before anything is judged.
fn begun(drawn: Drawn, record: &Stored) -> Entry {
    let serial = record.subject.rsplit('/').next().unwrap_or_default().to_owned();
    Entry {
        score: hex::encode(drawn.score),
        record: drawn.seq,
        leaf: record.leaf_hash.to_string(),
        serial,
        role: text(record, "role"),
        profile: String::new(),
        sm3: text(record, "sm3"),
        issued_at: record.at,
        policies: Vec::new(),
        origin: Origin::Unknown,
        ordered_by: None,
        application: None,
        elements: Vec::new(),
        verdict: Verdict::Unjudged,
        faults: Vec::new(),
        unjudged: Vec::new(),
    }
}

fn judged(mut entry: Entry) -> Entry {
    entry.verdict = rules::verdict(&entry);
    entry
}

/// What the certificate says itself.
fn note_certificate(entry: &mut Entry, found: &StoredCertificate, record: &Stored) {
    entry.profile.clone_from(&found.record.profile);
    if found.certificate.fingerprint() != text(record, "sm3") {
        entry.faults.push(differs());
    }
    let policies = found.certificate.policies().map(|policies| policies.0).unwrap_or_default();
    let is_example = |policy: &pki::oid::Oid| policy.is_below(&oid::PLACEHOLDER_POLICIES);
    if policies.iter().any(|one| is_example(&one.policy)) {
        let text = "证书策略只是示例标识（1.3.6.1.4.1.32473），不是本机构注册的策略";
        entry.faults.push(Fault::new(EXAMPLE_POLICY, text));
    }
    entry.policies = policies.iter().map(|one| one.policy.to_string()).collect();
}

fn note_application(entry: &mut Entry, backing: Backing) {
    let fault = |one: &ra::Shortfall| Fault::new(one.word(), one.chinese());
    entry.faults.extend(backing.shortfalls.iter().map(fault));
    let proofing = backing.proofing;
    entry.application = Some(Applied {
        number: backing.number,
        service: backing.service,
        kind: backing.kind,
        office: backing.office.map(|(_, name)| name),
        entered: backing.entered,
        method: proofing.as_ref().map(|one| MethodShown {
            name: one.method.clone(),
            title: one.title.clone(),
            level: one.level,
        }),
        proofed: proofing.map(|one| Done { person: one.person, at: one.at }),
        reviewed: backing.reviewed.map(|(person, at)| Done { person, at }),
        agreed: backing.agreed.map(|(version, at)| Agreed { version, at }),
    });
    entry.elements = backing.elements.into_iter().map(element).collect();
}

fn element(one: BackedElement) -> ElementShown {
    let evidence = one.evidence.map(|shown| {
        let (source, answer) = shown.inquiry.unzip();
        let (means, title, material) = (shown.means, shown.title, shown.material);
        EvidenceOfElement { means, title, material, source, answer }
    });
    ElementShown {
        part: one.part.word().to_owned(),
        value: one.value,
        evidence,
        fault: one.shortfall.map(|what| what.word().to_owned()),
    }
}
