//! Status by CRLs: who signed the list, whether it is fresh, what it says.

use pki::ext::{Extension, KeyUsage};
use pki::oid;
use pki::path::Kind::{Revocation, Signature};
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;
use pki::strict::Writer;

use crate::Case;
use crate::chain::root;
use crate::world::{CrlDraft, Made, Question, ca, crl, is_valid, user};

/// The distribution point of the leaf.
pub(crate) const SHARD: &str = "http://crl.example.gov.cn/3.crl";

pub(crate) struct Family {
    pub(crate) root: Made,
    pub(crate) middle: Made,
    pub(crate) leaf: Made,
}

pub(crate) fn family() -> Family {
    let root = root();
    let middle = ca("签发").by(&root);
    let leaf = user("张三").crl_at(SHARD).by(&middle);
    Family { root, middle, leaf }
}

impl Family {
    /// With an empty list of the root and these lists of the authority.
    pub(crate) fn asked(&self, lists: &[CrlDraft]) -> Question {
        let above = crl(&self.root).made();
        let lists: Vec<_> = lists.iter().map(CrlDraft::made).collect();
        let mut all = vec![&above];
        all.extend(&lists);
        is_valid(&self.leaf).via(&[&self.middle]).from(&self.root).status(&all)
    }

    pub(crate) fn list(&self) -> CrlDraft {
        crl(&self.middle)
    }
}

pub(crate) const GOOD: &[(pki::path::Kind, pki::path::Outcome)] = &[(Revocation, Passed)];
pub(crate) const REVOKED: &[(pki::path::Kind, pki::path::Outcome)] = &[(Revocation, Failed)];
pub(crate) const UNKNOWN: &[(pki::path::Kind, pki::path::Outcome)] =
    &[(Revocation, Unknown), (Signature, Passed)];

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "not_listed",
        question: || {
            let family = family();
            family.asked(&[family.list()])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "no_list_at_all",
        question: || {
            let family = family();
            family.asked(&[])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "revoked",
        question: || {
            let family = family();
            family.asked(&[family.list().revokes(&family.leaf, 1)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "revoked_without_a_reason",
        question: || {
            let family = family();
            family.asked(&[family.list().revokes(&family.leaf, 0)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "suspended",
        question: || {
            let family = family();
            family.asked(&[family.list().revokes(&family.leaf, 6)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "another_certificate_is_revoked",
        question: || {
            let family = family();
            let other = user("李四").by(&family.middle);
            family.asked(&[family.list().revokes(&other, 1)])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "authority_is_revoked",
        question: || {
            let family = family();
            let above = crl(&family.root).revokes(&family.middle, 2).made();
            let own = family.list().made();
            is_valid(&family.leaf).via(&[&family.middle]).from(&family.root).status(&[&above, &own])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "list_of_the_authority_only",
        question: || {
            let family = family();
            let own = family.list().made();
            is_valid(&family.leaf).via(&[&family.middle]).from(&family.root).status(&[&own])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "out_of_date_list",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .window("2026-11-20T00:00:00Z", Some("2026-11-21T00:00:00Z"))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "out_of_date_list_still_shows_a_revocation",
        question: || {
            let family = family();
            let old = family.list().window("2026-11-20T00:00:00Z", Some("2026-11-21T00:00:00Z"));
            family.asked(&[old.revokes_at(&family.leaf, 1, "2026-11-19T00:00:00Z")])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "list_without_next_update",
        question: || {
            let family = family();
            family.asked(&[family.list().window("2026-11-22T00:00:00Z", None)])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_from_the_future",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .window("2026-11-23T00:00:00Z", Some("2026-11-24T00:00:00Z"))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "revoked_only_after_the_instant_asked_for",
        question: || {
            let family = family();
            let later = family.list().revokes_at(&family.leaf, 4, "2026-11-21T00:00:00Z");
            family.asked(&[later]).at("2026-11-01T00:00:00Z")
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_signed_by_a_stranger",
        question: || {
            let family = family();
            family.asked(&[family.list().signed_by("冒名")])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_by_a_stranger_that_revokes_is_not_believed",
        question: || {
            let family = family();
            family.asked(&[family.list(), family.list().signed_by("冒名").revokes(&family.leaf, 1)])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_of_another_authority",
        question: || {
            let family = family();
            let other = ca("别的签发").by(&family.root);
            family.asked(&[crl(&other).revokes(&family.leaf, 1)])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "authority_without_crl_sign",
        question: || {
            let root = root();
            let middle = ca("签发").usage(KeyUsage::KEY_CERT_SIGN).by(&root);
            let leaf = user("张三").by(&middle);
            Family { root, middle, leaf }.asked_of_all()
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_by_a_separate_key_of_the_authority",
        question: || {
            let family = family();
            let signer = ca("签发").key_of("签发列表").usage(KeyUsage::CRL_SIGN).by(&family.root);
            family.asked(&[family.list().signed_by("签发列表")]).via(&[&signer])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_by_a_separate_key_that_another_root_vouches_for",
        question: || {
            let family = family();
            let foreign = ca("外根").self_signed();
            let signer = ca("签发").key_of("签发列表").usage(KeyUsage::CRL_SIGN).by(&foreign);
            family.asked(&[family.list().signed_by("签发列表")]).via(&[&signer]).from(&foreign)
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "responder_exempt_from_status",
        question: || {
            let root = root();
            let exempt = Extension { oid: oid::OCSP_NOCHECK, critical: false, value: vec![5, 0] };
            let responder = user("状态服务").purposes(&[oid::OCSP_SIGNING]).with(exempt).by(&root);
            is_valid(&responder).from(&root).status(&[])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "exemption_in_another_certificate_counts_for_nothing",
        question: || {
            let root = root();
            let exempt = Extension { oid: oid::OCSP_NOCHECK, critical: false, value: vec![5, 0] };
            let person = user("张三").with(exempt).by(&root);
            is_valid(&person).from(&root).status(&[])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
];

impl Family {
    fn asked_of_all(&self) -> Question {
        self.asked(&[self.list()])
    }
}

#[test]
fn the_reason_tells_a_suspension_from_a_revocation() {
    let family = family();
    let reason = |code| {
        let answer = family.asked(&[family.list().revokes(&family.leaf, code)]).ask();
        answer.check(Revocation).expect("the row").reason.clone()
    };
    assert!(reason(6).contains("被暂停"), "{}", reason(6));
    assert!(reason(1).contains("被撤销（原因：密钥泄露）"), "{}", reason(1));
}

#[test]
fn an_invalidity_date_before_the_instant_counts_from_then() {
    let family = family();
    let value =
        Writer::build(|w| w.generalized_time(crate::world::instant("2026-10-01T00:00:00Z")));
    let since = Extension { oid: oid::INVALIDITY_DATE, critical: false, value };
    let list =
        family.list().revokes_at(&family.leaf, 1, "2026-11-21T00:00:00Z").with_in_entries(since);
    assert_eq!(
        family.asked(&[list]).at("2026-11-01T00:00:00Z").ask().outcome(Revocation),
        Some(Failed)
    );
}
