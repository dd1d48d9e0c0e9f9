//! errNo of GM/T 0014. The standard's own numbers are not public; these are ours, in one table
//! that both sides read. A number that is not in it comes from another maker's centre.

use crate::error::{Error, ProtocolError};

/// errNo of anything that is the centre's fault: the CA may try again.
pub(crate) const INTERNAL: u64 = 99;

/// The number of an error, for the answer.
pub(crate) fn number_of(error: &Error) -> u64 {
    match error {
        Error::Protocol(refusal) => protocol_number(*refusal),
        Error::SerialTaken => 11,
        Error::KeyEnded => 12,
        Error::Validity => 13,
        Error::UnknownCertificate => 14,
        Error::RestoreNeedsNewKey => 15,
        _ => INTERNAL,
    }
}

/// The error of a number, on the CA's side.
pub(crate) fn error_of(number: u64, text: String) -> Error {
    match number {
        1 => ProtocolError::UnknownCa.into(),
        2 => ProtocolError::BadSignature.into(),
        3 => ProtocolError::StaleRequest.into(),
        4 => ProtocolError::Replay.into(),
        5 => ProtocolError::BadList.into(),
        6 => ProtocolError::UnsupportedAlgorithm.into(),
        7 => ProtocolError::BadUserKey.into(),
        11 => Error::SerialTaken,
        12 => Error::KeyEnded,
        13 => Error::Validity,
        14 => Error::UnknownCertificate,
        15 => Error::RestoreNeedsNewKey,
        _ => Error::Remote { number, text },
    }
}

fn protocol_number(refusal: ProtocolError) -> u64 {
    match refusal {
        ProtocolError::UnknownCa => 1,
        ProtocolError::BadSignature => 2,
        ProtocolError::StaleRequest => 3,
        ProtocolError::Replay => 4,
        ProtocolError::BadList => 5,
        ProtocolError::UnsupportedAlgorithm => 6,
        ProtocolError::BadUserKey => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_table_comes_back_as_the_same_error() {
        for number in (1..=7).chain(11..=15) {
            let error = error_of(number, String::new());
            assert_eq!(number_of(&error), number, "{}", error.code());
        }
        assert_eq!(error_of(77, String::new()).code(), "kmc.remote_refused");
    }
}
