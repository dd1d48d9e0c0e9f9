//! One custodian's part of a split key.

use std::fmt;

use zeroize::Zeroizing;

use crate::{DeviceError, RefusedReason};

/// A share of a threshold split. Any `threshold` of them restore the key; fewer say nothing
/// about it. Wiped when dropped; write it only under a custodian's passphrase
/// ([`crate::passphrase`]).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyShare {
    index: u8,
    threshold: u8,
    value: Zeroizing<[u8; 32]>,
}

impl KeyShare {
    /// A share as it was read back from a custodian's file.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, DeviceError> {
        let [index, threshold, value @ ..] = octets else {
            return Err(RefusedReason::BadInput.into());
        };
        let value: [u8; 32] = value.try_into().map_err(|_| RefusedReason::BadInput)?;
        Self::new(*index, *threshold, Zeroizing::new(value))
    }

    /// index ‖ threshold ‖ value: 34 octets.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let head = [self.index, self.threshold];
        Zeroizing::new([&head[..], &self.value[..]].concat())
    }

    /// 1..=255, different for each custodian.
    pub fn index(&self) -> u8 {
        self.index
    }

    /// How many shares restore the key.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    pub(crate) fn value(&self) -> &[u8; 32] {
        &self.value
    }

    pub(crate) fn new(
        index: u8,
        threshold: u8,
        value: Zeroizing<[u8; 32]>,
    ) -> Result<Self, DeviceError> {
        if index == 0 || threshold < 2 {
            return Err(RefusedReason::BadInput.into());
        }
        Ok(Self { index, threshold, value })
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyShare({} of any {})", self.index, self.threshold)
    }
}
