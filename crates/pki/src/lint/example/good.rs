//! One good certificate per role.

use std::sync::LazyLock;

use sha1::{Digest as _, Sha1};

use super::der::*;
use super::{Example, Ext};
use crate::Certificate;
use crate::lint::Role;
use crate::oid::{self, Oid};

pub const UTF8: u8 = 0x0c;
pub const PRINTABLE: u8 = 0x13;
pub const IA5: u8 = 0x16;

/// A policy of the example institution (an arc made of a UUID, X.667).
pub const POLICY: Oid = Oid::new("2.25.148926349512345678901234567890123456789");

/// Numbers of the example keys.
pub const ROOT_KEY: u8 = 0x11;
pub const CA_KEY: u8 = 0x22;
pub const LEAF_KEY: u8 = 0x33;

/// The good certificates by name.
pub const GOOD: &[super::Named] = &[
    ("root", root),
    ("sub_ca", sub_ca),
    ("person_sign", person_sign),
    ("person_encrypt", person_encrypt),
    ("server", server),
    ("ocsp_responder", ocsp_responder),
    ("timestamp_authority", timestamp_authority),
];

static ROOT: LazyLock<Certificate> = LazyLock::new(|| certificate(&root()));
static CA: LazyLock<Certificate> = LazyLock::new(|| certificate(&sub_ca()));

fn certificate(example: &Example) -> Certificate {
    Certificate::from_der(&example.der()).expect("a good certificate passes the strict gate")
}

pub fn private_key(number: u8) -> gm::sm2::PrivateKey {
    gm::sm2::PrivateKey::from_bytes(&[number; 32]).expect("a key")
}

pub fn public_point(number: u8) -> Vec<u8> {
    private_key(number).public_key().to_sec1().to_vec()
}

pub fn sign(number: u8, message: &[u8]) -> Vec<u8> {
    private_key(number).sign(&gm::UserId::default(), message).to_der()
}

/// SHA-1 of the point (RFC 5280 §4.2.1.2, method 1).
pub fn key_id(point: &[u8]) -> Vec<u8> {
    Sha1::digest(point).to_vec()
}

pub fn sm2_with_sm3() -> Vec<u8> {
    seq(&[oid(oid::SM2_WITH_SM3)])
}

pub fn sm2_key_algorithm() -> Vec<u8> {
    seq(&[oid(oid::EC_PUBLIC_KEY), oid(oid::SM2)])
}

pub fn root_name() -> Vec<u8> {
    dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::ORGANIZATION, UTF8, "示例电子认证服务机构"),
        (oid::COMMON_NAME, UTF8, "示例根证书"),
    ])
}

pub fn ca_name() -> Vec<u8> {
    dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::ORGANIZATION, UTF8, "示例电子认证服务机构"),
        (oid::COMMON_NAME, UTF8, "示例签发证书一"),
    ])
}

pub fn person_name() -> Vec<u8> {
    person_named("张三")
}

pub fn person_named(name: &str) -> Vec<u8> {
    dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::STATE, UTF8, "浙江省"),
        (oid::LOCALITY, UTF8, "杭州市"),
        (oid::ORGANIZATION, UTF8, "杭州市某局"),
        (oid::ORGANIZATIONAL_UNIT, UTF8, "办公室"),
        (oid::COMMON_NAME, UTF8, name),
    ])
}

fn frame(role: Role, subject: Vec<u8>, key: u8) -> Example {
    let point = public_point(key);
    Example {
        role,
        version: Some(vec![2]),
        serial: hex::decode("5f3a91c07be24d1896f00c2ad7458e63").expect("hex"),
        inner_algorithm: sm2_with_sm3(),
        outer_algorithm: sm2_with_sm3(),
        issuer: ca_name(),
        not_before: (0x17, "261122000000Z".to_owned()),
        not_after: (0x17, "271121235959Z".to_owned()),
        subject,
        key_algorithm: sm2_key_algorithm(),
        extensions: vec![Ext {
            oid: oid(oid::SUBJECT_KEY_IDENTIFIER),
            critical: None,
            value: tlv(0x04, &key_id(&point)),
        }],
        point,
        unique_ids: Vec::new(),
        without_extensions: false,
        signature: None,
        pair_subject: None,
        now: None,
        issuer_certificate: None,
        signer: CA_KEY,
    }
}

fn below(example: Example, issuer: u8) -> Example {
    let id = key_id(&public_point(issuer));
    example
        .and(oid::AUTHORITY_KEY_IDENTIFIER, false, seq(&[implicit(0, &id)]))
        .and(
            oid::CRL_DISTRIBUTION_POINTS,
            false,
            seq(&[distribution_point(&[uri("http://crl.example.gov.cn/ca1.crl")])]),
        )
        .and(
            oid::AUTHORITY_INFO_ACCESS,
            false,
            seq(&[
                access(oid::ACCESS_OCSP, "http://ocsp.example.gov.cn"),
                access(oid::ACCESS_CA_ISSUERS, "http://crl.example.gov.cn/ca1.cer"),
            ]),
        )
        .and(
            oid::CERTIFICATE_POLICIES,
            false,
            seq(&[policy(POLICY, Some("https://www.example.gov.cn/cps"))]),
        )
}

fn leaf(role: Role, subject: Vec<u8>, usage: &[u8]) -> Example {
    let mut example =
        below(frame(role, subject, LEAF_KEY), CA_KEY).and(oid::KEY_USAGE, true, key_usage(usage));
    example.issuer_certificate = Some(&CA);
    example
}

/// A person's signing certificate.
pub fn person_sign() -> Example {
    leaf(Role::Sign, person_name(), &[0, 1])
}

/// The encryption certificate of the same person.
pub fn person_encrypt() -> Example {
    leaf(Role::Encrypt, person_name(), &[2, 3, 4]).pair(person_name())
}

/// A server's certificate.
pub fn server() -> Example {
    let name = dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::ORGANIZATION, UTF8, "杭州市某局"),
        (oid::COMMON_NAME, UTF8, "www.example.gov.cn"),
    ]);
    leaf(Role::Server, name, &[0, 1])
        .and(oid::EXTENDED_KEY_USAGE, false, oids(&[oid::SERVER_AUTH]))
        .and(oid::SUBJECT_ALT_NAME, false, seq(&[implicit(2, b"www.example.gov.cn")]))
}

/// A delegated OCSP responder.
pub fn ocsp_responder() -> Example {
    leaf(Role::OcspResponder, service_name("示例状态查询服务"), &[0])
        .and(oid::EXTENDED_KEY_USAGE, false, oids(&[oid::OCSP_SIGNING]))
        .and(oid::OCSP_NOCHECK, false, tlv(0x05, &[]))
}

/// A time-stamp authority.
pub fn timestamp_authority() -> Example {
    leaf(Role::TimestampAuthority, service_name("示例时间戳服务"), &[0, 1]).and(
        oid::EXTENDED_KEY_USAGE,
        true,
        oids(&[oid::TIME_STAMPING]),
    )
}

fn service_name(common_name: &str) -> Vec<u8> {
    dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::ORGANIZATION, UTF8, "示例电子认证服务机构"),
        (oid::COMMON_NAME, UTF8, common_name),
    ])
}

/// An issuing CA below the root.
pub fn sub_ca() -> Example {
    let mut example = below(frame(Role::SubordinateCa, ca_name(), CA_KEY), ROOT_KEY)
        .issuer(root_name())
        .validity("260101000000Z", "351231235959Z")
        .and(oid::KEY_USAGE, true, key_usage(&[5, 6]))
        .and(oid::BASIC_CONSTRAINTS, true, seq(&[boolean(true), integer(&[0])]))
        .signer(ROOT_KEY);
    example.issuer_certificate = Some(&ROOT);
    example
}

/// A self-signed root.
pub fn root() -> Example {
    frame(Role::Root, root_name(), ROOT_KEY)
        .issuer(root_name())
        .validity("260101000000Z", "451231235959Z")
        .and(oid::KEY_USAGE, true, key_usage(&[5, 6]))
        .and(oid::BASIC_CONSTRAINTS, true, seq(&[boolean(true)]))
        .signer(ROOT_KEY)
}
