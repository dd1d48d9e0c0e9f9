//! Status by CRLs: who signed the list, whom it speaks about, whether it is fresh, what it says.

use pki::crl::Scope;
use pki::ext::{DistributionPointName, Extension, GeneralName, KeyUsage, TypedExtension};
use pki::path::Kind::{Revocation, Signature};
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;
use pki::strict::Writer;
use pki::{Oid, oid};

use crate::Case;
use crate::basic::root;
use crate::world::{CrlDraft, Made, Question, ca, crl, is_valid, user};

const STRANGE: Oid = Oid::new("2.25.148926349512345678901234567890123456789.98");
const SHARD: &str = "http://crl.example.gov.cn/3.crl";

struct Family {
    root: Made,
    middle: Made,
    leaf: Made,
}

fn family() -> Family {
    let root = root();
    let middle = ca("签发").by(&root);
    let leaf = user("张三").crl_at(SHARD).by(&middle);
    Family { root, middle, leaf }
}

impl Family {
    /// With an empty list of the root and these lists of the authority.
    fn asked(&self, lists: &[CrlDraft]) -> Question {
        let above = crl(&self.root).made();
        let lists: Vec<_> = lists.iter().map(CrlDraft::made).collect();
        let mut all = vec![&above];
        all.extend(&lists);
        is_valid(&self.leaf)
            .via(&[&self.middle])
            .from(&self.root)
            .status(&all)
    }

    fn list(&self) -> CrlDraft {
        crl(&self.middle)
    }
}

fn scope(change: impl FnOnce(&mut Scope)) -> Extension {
    let mut scope = Scope::default();
    change(&mut scope);
    scope.to_extension(true)
}

fn at(address: &str) -> Option<DistributionPointName> {
    Some(DistributionPointName::Full(vec![GeneralName::Uri(
        address.to_owned(),
    )]))
}

fn strange() -> Extension {
    Extension {
        oid: STRANGE,
        critical: true,
        value: vec![5, 0],
    }
}

const GOOD: &[(pki::path::Kind, pki::path::Outcome)] = &[(Revocation, Passed)];
const REVOKED: &[(pki::path::Kind, pki::path::Outcome)] = &[(Revocation, Failed)];
const UNKNOWN: &[(pki::path::Kind, pki::path::Outcome)] =
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
            is_valid(&family.leaf)
                .via(&[&family.middle])
                .from(&family.root)
                .status(&[&above, &own])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "list_of_the_authority_only",
        question: || {
            let family = family();
            let own = family.list().made();
            is_valid(&family.leaf)
                .via(&[&family.middle])
                .from(&family.root)
                .status(&[&own])
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
            let old = family
                .list()
                .window("2026-11-20T00:00:00Z", Some("2026-11-21T00:00:00Z"));
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
            let later = family
                .list()
                .revokes_at(&family.leaf, 4, "2026-11-21T00:00:00Z");
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
            family.asked(&[
                family.list(),
                family.list().signed_by("冒名").revokes(&family.leaf, 1),
            ])
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
            let signer = ca("签发")
                .key_of("签发列表")
                .usage(KeyUsage::CRL_SIGN)
                .by(&family.root);
            family
                .asked(&[family.list().signed_by("签发列表")])
                .via(&[&signer])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_by_a_separate_key_that_another_root_vouches_for",
        question: || {
            let family = family();
            let foreign = ca("外根").self_signed();
            let signer = ca("签发")
                .key_of("签发列表")
                .usage(KeyUsage::CRL_SIGN)
                .by(&foreign);
            family
                .asked(&[family.list().signed_by("签发列表")])
                .via(&[&signer])
                .from(&foreign)
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_users_speaks_about_users",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.only_users = true))])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_of_authorities_does_not_speak_about_users",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .with(scope(|scope| scope.only_authorities = true))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_users_does_not_speak_about_authorities",
        question: || {
            let family = family();
            let above = crl(&family.root)
                .with(scope(|scope| scope.only_users = true))
                .made();
            let own = family.list().made();
            is_valid(&family.leaf)
                .via(&[&family.middle])
                .from(&family.root)
                .status(&[&above, &own])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_attribute_certificates",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .with(scope(|scope| scope.only_attributes = true))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_the_certificates_own_partition",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.point = at(SHARD)))])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_of_another_partition",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| {
                scope.point = at("http://crl.example.gov.cn/4.crl")
            }))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "indirect_list",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.indirect = true))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_for_some_reasons",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .with(scope(|scope| scope.only_reasons = Some(0x4000)))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "lists_that_cover_all_reasons_together",
        question: || {
            let family = family();
            let some = family
                .list()
                .with(scope(|scope| scope.only_reasons = Some(0x6000)));
            let rest = family
                .list()
                .with(scope(|scope| scope.only_reasons = Some(0x1f80)));
            family.asked(&[some, rest])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_with_an_unknown_critical_extension",
        question: || {
            let family = family();
            family.asked(&[family.list().with(strange())])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_with_an_unknown_critical_extension_still_shows_a_revocation",
        question: || {
            let family = family();
            family.asked(&[family.list().with(strange()).revokes(&family.leaf, 1)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "entry_with_an_unknown_critical_extension",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .revokes(&family.leaf, 1)
                .with_in_entries(strange())])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "delta_that_revokes",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).revokes(&family.leaf, 1);
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_that_lifts_a_suspension",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            family.asked(&[family.list().revokes(&family.leaf, 6), delta])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "delta_on_a_later_list_does_not_count",
        question: || {
            let family = family();
            let delta = family.list().number(10).delta(9).revokes(&family.leaf, 8);
            family.asked(&[family.list().revokes(&family.leaf, 6), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "latest_of_two_deltas_counts",
        question: || {
            let family = family();
            let lifted = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            let again = family.list().number(9).delta(7).revokes(&family.leaf, 1);
            family.asked(&[family.list().revokes(&family.leaf, 6), again, lifted])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "fresh_delta_on_an_old_complete_list",
        question: || {
            let family = family();
            let old = family
                .list()
                .window("2026-11-15T00:00:00Z", Some("2026-11-21T00:00:00Z"));
            family.asked(&[old, family.list().number(8).delta(7)])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "delta_without_its_complete_list",
        question: || {
            let family = family();
            family.asked(&[family.list().number(8).delta(7)])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "responder_exempt_from_status",
        question: || {
            let root = root();
            let exempt = Extension {
                oid: oid::OCSP_NOCHECK,
                critical: false,
                value: vec![5, 0],
            };
            let responder = user("状态服务")
                .purposes(&[oid::OCSP_SIGNING])
                .with(exempt)
                .by(&root);
            is_valid(&responder).from(&root).status(&[])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "exemption_in_another_certificate_counts_for_nothing",
        question: || {
            let root = root();
            let exempt = Extension {
                oid: oid::OCSP_NOCHECK,
                critical: false,
                value: vec![5, 0],
            };
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
        let answer = family
            .asked(&[family.list().revokes(&family.leaf, code)])
            .ask();
        answer.check(Revocation).expect("the row").reason.clone()
    };
    assert!(reason(6).contains("被暂停"), "{}", reason(6));
    assert!(
        reason(1).contains("被吊销（原因：密钥泄露）"),
        "{}",
        reason(1)
    );
}

#[test]
fn an_invalidity_date_before_the_instant_counts_from_then() {
    let family = family();
    let value =
        Writer::build(|w| w.generalized_time(crate::world::instant("2026-10-01T00:00:00Z")));
    let since = Extension {
        oid: oid::INVALIDITY_DATE,
        critical: false,
        value,
    };
    let list = family
        .list()
        .revokes_at(&family.leaf, 1, "2026-11-21T00:00:00Z")
        .with_in_entries(since);
    assert_eq!(
        family
            .asked(&[list])
            .at("2026-11-01T00:00:00Z")
            .ask()
            .outcome(Revocation),
        Some(Failed)
    );
}
