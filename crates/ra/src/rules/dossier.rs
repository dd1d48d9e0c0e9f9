//! Whether everything that the law wants is there before a certificate is ordered. The state of the
//! application already says so; this looks at the evidence itself, so that neither a defect in the
//! order of steps nor a changed row can lead to a certificate (Measures Art. 21; T-20).

use std::collections::BTreeSet;

use crate::catalogue::{Catalogue, Service};
use crate::error::{Error, Refusal};
use crate::model::{Acknowledgement, Agreement, Element, IdentityProof, Review};

/// All evidence of the present submission, as stored.
#[derive(Debug, Default)]
pub(crate) struct Dossier {
    pub acknowledgements: Vec<Acknowledgement>,
    pub proof: Option<IdentityProof>,
    /// Keys and arguments of the stored rows of evidence.
    pub evidence: Vec<(String, String)>,
    pub review: Option<Review>,
    /// Who entered, changed or proofed.
    pub hands: Vec<String>,
    pub agreement: Option<Agreement>,
}

/// Proof and second-person review, that every service needs (checks C21-2, C21-3).
pub(crate) fn proofed_and_reviewed(
    dossier: &mut Dossier,
    elements: &[Element],
) -> Result<(IdentityProof, Review), Error> {
    let proof = dossier.proof.take().ok_or(Refusal::ProofMissing)?;
    let keys: BTreeSet<&str> = dossier.evidence.iter().map(|(key, _)| key.as_str()).collect();
    let arguments: BTreeSet<&str> =
        dossier.evidence.iter().map(|(_, argument)| argument.as_str()).collect();
    let wanted: BTreeSet<&str> = elements.iter().map(|element| element.key.as_str()).collect();
    let count = dossier.evidence.len();
    if wanted.is_empty() || keys != wanted || arguments.len() != count || count != wanted.len() {
        return Err(Refusal::EvidenceIncomplete.into());
    }
    let review = dossier.review.take().ok_or(Refusal::ReviewMissing)?;
    crate::rules::review::second_person(&review.person, &dossier.hands)?;
    Ok((proof, review))
}

/// The four notices, each acknowledged in a version that this institution has (check C21-1).
pub(crate) fn informed(
    catalogue: &Catalogue,
    acknowledgements: &[Acknowledgement],
) -> Result<(), Error> {
    for notice in catalogue.notices() {
        let known = |one: &&Acknowledgement| {
            one.notice == notice.name && notice.version(&one.version).is_some()
        };
        if acknowledgements.iter().find(known).is_none() {
            return Err(Refusal::NoticeMissing.at(format!("《{}》", notice.title)));
        }
    }
    Ok(())
}

/// The agreement, for services that end in a certificate: none is ordered before it (check C21-5).
pub(crate) fn agreed(service: &Service, dossier: &mut Dossier) -> Result<Agreement, Error> {
    let agreement = dossier.agreement.take().filter(|_| service.issues());
    agreement.ok_or_else(|| Refusal::AgreementMissing.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ApplicationId;
    use jiff::Timestamp;

    fn id() -> ApplicationId {
        ApplicationId::from_random([3; 16])
    }

    fn element(key: &str) -> Element {
        Element {
            key: key.into(),
            field: key.into(),
            label: key.into(),
            matter: crate::catalogue::Matter::Person,
            value: key.into(),
        }
    }

    fn full() -> Dossier {
        let text = |word: &str| word.to_owned();
        let proof = IdentityProof {
            application: id(),
            method: text("in-person"),
            level: 3,
            person: text("clerk"),
            elements: 2,
        };
        let at = Timestamp::UNIX_EPOCH;
        Dossier {
            acknowledgements: Vec::new(),
            proof: Some(proof),
            evidence: vec![(text("a"), text("1")), (text("b"), text("2"))],
            review: Some(Review { application: id(), person: text("reviewer"), at }),
            hands: vec![text("clerk")],
            agreement: None,
        }
    }

    fn verdict(change: impl FnOnce(&mut Dossier)) -> &'static str {
        let mut dossier = full();
        change(&mut dossier);
        let done = proofed_and_reviewed(&mut dossier, &[element("a"), element("b")]);
        done.map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn a_dossier_that_lacks_anything_leads_to_no_certificate() {
        assert_eq!(verdict(|_| ()), "ok");
        assert_eq!(verdict(|d| d.proof = None), "ra.proof_missing");
        assert_eq!(verdict(|d| d.review = None), "ra.review_missing");
        assert_eq!(verdict(|d| drop(d.evidence.pop())), "ra.evidence_incomplete");
        assert_eq!(verdict(|d| d.evidence[1].1 = "1".into()), "ra.evidence_incomplete");
        assert_eq!(verdict(|d| d.evidence[1].0 = "c".into()), "ra.evidence_incomplete");
        assert_eq!(verdict(|d| d.hands.push("reviewer".into())), "ra.second_person");
        let twice = |d: &mut Dossier| d.evidence.push(("b".into(), "3".into()));
        assert_eq!(verdict(twice), "ra.evidence_incomplete", "one element, two rows (T-18)");
        let mut empty = Dossier { evidence: Vec::new(), ..full() };
        let nothing = proofed_and_reviewed(&mut empty, &[]).unwrap_err();
        assert_eq!(nothing.code(), "ra.evidence_incomplete", "nothing to proof proves nothing");
    }

    #[test]
    fn each_of_the_four_notices_counts() {
        let catalogue = Catalogue::embedded().unwrap();
        let all: Vec<Acknowledgement> = catalogue
            .notices()
            .iter()
            .map(|notice| Acknowledgement {
                application: id(),
                notice: notice.name.clone(),
                version: notice.versions[0].number.clone(),
                at: Timestamp::UNIX_EPOCH,
            })
            .collect();
        assert!(informed(&catalogue, &all).is_ok());
        for at in 0..4 {
            let mut three = all.clone();
            three.remove(at);
            assert_eq!(informed(&catalogue, &three).unwrap_err().code(), "ra.notice_missing");
            let mut unknown = all.clone();
            unknown[at].version = "没有的版本".into();
            assert!(informed(&catalogue, &unknown).is_err());
        }
    }
}
