//! Judicial recovery 司法恢复 (GM/T 0034 §5, KMC): the record that an operator of the centre and a
//! judicial officer sign, both on the spot, before a key is enveloped to the judicial key.
//!
//! The record is plain lines of Chinese text, so that both see what they sign. Its fields hold no
//! control characters, so no field can imitate a line.

mod approval;

pub use approval::{Approval, Officer, Party, TwoParties, approve};

use gm::PublicKey;
use jiff::{SignedDuration, Timestamp};
use pki::Serial;

use crate::error::Error;
use crate::model::Text;

/// Both parties sign within this time after the case was opened: they are on the spot.
pub const SIGNING_TIME: SignedDuration = SignedDuration::from_hours(24);

/// Whether the subscriber is told of the recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The subscriber must be told; it has not been done.
    Due,
    /// The authority ordered silence on this legal basis.
    Withheld(Text),
    /// The subscriber was told.
    Given(Timestamp),
}

/// What the authority asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryOrder {
    /// Number of the authority's case.
    pub case_number: Text,
    /// The authority that asks.
    pub authority: Text,
    /// The legal basis, article by article.
    pub legal_basis: Text,
    /// The certification authority whose subscriber it concerns.
    pub ca: Text,
    /// Serial of the encryption certificate.
    pub cert_serial: Serial,
    /// The judicial key to which the private key is enveloped.
    pub target_key: PublicKey,
    /// Silence ordered on this basis; without it the subscriber must be told.
    pub silence: Option<Text>,
}

/// An opened case: what is asked, of which key, and until when it may be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCase {
    pub(crate) id: i64,
    pub(crate) pair_id: i64,
    /// Random number of this record.
    pub token: String,
    /// What the authority asks for.
    pub order: RecoveryOrder,
    /// The encryption public key concerned.
    pub public_key: PublicKey,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The last instant for signing.
    pub expires_at: Timestamp,
}

impl RecoveryCase {
    /// The bytes that both parties sign with SM2 under the default user ID.
    pub fn record(&self) -> Vec<u8> {
        let order = &self.order;
        let notice = match &order.silence {
            None => "应当告知当事人".to_owned(),
            Some(basis) => format!("暂不告知当事人，依据：{}", basis.as_str()),
        };
        let lines = [
            ("记录编号", self.token.clone()),
            ("案件编号", order.case_number.as_str().to_owned()),
            ("办案机关", order.authority.as_str().to_owned()),
            ("法律依据", order.legal_basis.as_str().to_owned()),
            ("认证机构", order.ca.as_str().to_owned()),
            ("加密证书序列号", order.cert_serial.to_hex()),
            ("加密公钥", hex::encode(self.public_key.to_sec1())),
            ("接收公钥", hex::encode(order.target_key.to_sec1())),
            ("告知义务", notice),
            ("开立时间", self.opened_at.to_string()),
            ("签署期限", self.expires_at.to_string()),
        ];
        let mut text = String::from("密钥管理中心司法恢复记录 第1版\n");
        for (name, value) in lines {
            text.push_str(&format!("{name}：{value}\n"));
        }
        text.into_bytes()
    }

    /// Refuses a stored record that no longer says what the case says.
    pub(crate) fn check_stored(self, record: &[u8]) -> Result<Self, Error> {
        if self.record() == record {
            Ok(self)
        } else {
            Err(Error::StoredData("recovery_case.record"))
        }
    }
}
