//! The two signatures of a judicial recovery: one operator of the centre, one judicial officer.

use gm::{PublicKey, Signature, UserId};
use jiff::Timestamp;

use super::RecoveryCase;
use crate::error::Error;

/// The side that a person stands on. One person stands on one side for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// 密钥管理中心操作员.
    Operator,
    /// 司法人员.
    Judicial,
}

impl Party {
    /// The word in the database and the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Judicial => "judicial",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "operator" => Some(Self::Operator),
            "judicial" => Some(Self::Judicial),
            _ => None,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Operator => "密钥管理中心操作员",
            Self::Judicial => "司法人员",
        }
    }
}

/// A registered person who may sign recovery records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    pub(crate) id: i64,
    pub(crate) party: Party,
    pub(crate) public_key: PublicKey,
}

/// A signature over the record of a case, by the holder of a registered key.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The signer's registered SM2 key.
    pub signer: PublicKey,
    /// The signature over [`RecoveryCase::record`].
    pub signature: Signature,
}

/// Proof that one operator and one judicial officer, two people, signed the very record in time.
/// Made only by [`approve`]; consumed by the recovery.
#[derive(Debug)]
pub struct TwoParties {
    pub(crate) operator: (i64, Signature),
    pub(crate) judicial: (i64, Signature),
}

/// Checks who signed, what they signed and when.
pub fn approve(
    case: &RecoveryCase,
    signed: &[(Officer, Signature)],
    now: Timestamp,
) -> Result<TwoParties, Error> {
    if now > case.expires_at {
        return Err(Error::CaseExpired);
    }
    let [first, second] = signed else {
        return Err(Error::TwoPartiesNeeded);
    };
    let (operator, judicial) = match (first.0.party, second.0.party) {
        (Party::Operator, Party::Judicial) => (first, second),
        (Party::Judicial, Party::Operator) => (second, first),
        _ => return Err(Error::TwoPartiesNeeded),
    };
    if operator.0.id == judicial.0.id || operator.0.public_key == judicial.0.public_key {
        return Err(Error::TwoPartiesNeeded);
    }
    check(case, operator)?;
    check(case, judicial)?;
    Ok(TwoParties { operator: (operator.0.id, operator.1), judicial: (judicial.0.id, judicial.1) })
}

fn check(case: &RecoveryCase, (officer, signature): &(Officer, Signature)) -> Result<(), Error> {
    let record = case.record();
    gm::sm2::verify(&officer.public_key, &UserId::default(), &record, signature)
        .map_err(|_| Error::ApprovalInvalid { party: officer.party.title() })
}
