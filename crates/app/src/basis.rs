//! What a refusal rests on (Invariant 10): the article or clause, for people beside the text and for
//! programs in a member of their own.

use ca::Refusal;

use crate::error::Error;

const SERVICES: &str = "《电子政务电子认证服务管理办法》第十八条";
const CONTENTS: &str = "《电子政务电子认证服务管理办法》第十九条";
const IN_FORCE: &str = "《电子政务电子认证服务管理办法》第二十条";
const KEY_OF_ONE: &str = "《电子签名法》第十三条第一款第一项";

impl Error {
    /// Article or clause of a refusal; nothing where nothing was refused.
    #[must_use]
    pub fn basis(&self) -> Option<&'static str> {
        match self {
            Self::Ra(error) => error.article(),
            Self::Ca(ca::Error::Refused(refusal)) => of_certificates(refusal),
            Self::Ca(ca::Error::Lint(_)) => Some(CONTENTS),
            Self::RequestDiffers(_) | Self::RequestRefused(_) | Self::NotApplicable(_) => {
                Some(SERVICES)
            }
            _ => None,
        }
    }
}

fn of_certificates(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::Revoked | Refusal::ReasonFixed => {
            "《电子政务电子认证服务管理办法》第十八条、RFC 5280 第5.3.1节"
        }
        Refusal::NotSuspended
        | Refusal::AlreadySuspended
        | Refusal::OtherOrder
        | Refusal::Collision
        | Refusal::Abandoned(_)
        | Refusal::CrlNotConfigured
        | Refusal::NoBase => SERVICES,
        Refusal::InvalidSinceInFuture => "RFC 5280 第5.3.2节",
        Refusal::KeyOfAnother | Refusal::KeyInUse | Refusal::KeyBlocked => KEY_OF_ONE,
        Refusal::Backdated | Refusal::TooEarly | Refusal::ClockBackwards => CONTENTS,
        Refusal::Expired | Refusal::IssuerNotValid => IN_FORCE,
        Refusal::CeremonyOnly | Refusal::Ceremony(_) | Refusal::NotQuarantined => "GM/T 0034 第6章",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_ca_refuses_rests_on_something_and_a_fault_on_nothing() {
        for refusal in [Refusal::Revoked, Refusal::AlreadySuspended, Refusal::Expired] {
            let basis = Error::from(ca::Error::from(refusal)).basis().unwrap();
            assert!(basis.contains('第'), "{basis}");
        }
        assert_eq!(Error::Interrupted.basis(), None);
    }
}
