//! The account of signatures: what the device counted against what was recorded (T-06).
//!
//! DigiNotar's records did not know the certificates that its own key had signed. Here every
//! signature is permitted by a record before it is made, and the device counts signatures by
//! itself. The device's count must lie between what was produced and what was permitted;
//! anything above is a signature outside the pipeline.

/// Counts since the baseline, for one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// The device's counter now.
    pub uses: u64,
    /// The device's counter at the baseline.
    pub base_uses: u64,
    /// Certificates and CRLs stored: each took one signature at least.
    pub produced: u64,
    /// Permissions whose signature is not stored yet: in work, or cut off by a crash.
    pub open: u64,
    /// Permissions that may have been used or not: repetitions, intents given up, rejected
    /// CRLs, single acts such as the protocol of a ceremony.
    pub uncertain: u64,
    /// How many of the open and uncertain ones are new: they may be in work at this moment.
    pub recent: u64,
}

/// What the account says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// Every signature is a stored product.
    Exact,
    /// `extra` signatures beyond the products, all of them covered by records made before.
    Explained {
        /// How many.
        extra: u64,
    },
    /// `unexplained` signatures that no record permitted: alarm.
    Unrecorded {
        /// How many.
        unexplained: u64,
    },
    /// The device counted fewer than what is stored: another device, or a restored copy of it.
    Missing {
        /// How many.
        missing: u64,
    },
}

impl Balance {
    /// Whether somebody has to look at once.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        matches!(self, Self::Unrecorded { .. } | Self::Missing { .. })
    }
}

/// Draws the balance.
#[must_use]
pub fn balance(account: &Account) -> Balance {
    let needed = account.base_uses.saturating_add(account.produced);
    let permitted = needed.saturating_add(account.open).saturating_add(account.uncertain);
    match account.uses {
        uses if uses < needed => Balance::Missing { missing: needed - uses },
        uses if uses == needed => Balance::Exact,
        uses if uses <= permitted => Balance::Explained { extra: uses - needed },
        uses => Balance::Unrecorded { unexplained: uses - permitted },
    }
}

/// At least so many permissions of before were not used: somebody else could sign as often, and it would not be an alarm.
#[must_use]
pub fn unused(account: &Account) -> u64 {
    if balance(account).is_alarm() {
        return 0;
    }
    let permitted = account.base_uses.saturating_add(account.produced);
    let permitted = permitted.saturating_add(account.open).saturating_add(account.uncertain);
    permitted.saturating_sub(account.uses).saturating_sub(account.recent)
}

/// What an account says when records were lost, as with a backup that was restored (T-27).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    /// It is not in alarm.
    Sound,
    /// It is in alarm by no more signatures than there were records, and was not before: each signature is permitted by
    /// a record, and those are gone.
    OfLoss,
    /// It is in alarm, and that has not been explained.
    Alarm,
}

impl AfterLoss {
    /// By how many records were `lost`, and whether the account was in alarm already.
    #[must_use]
    pub fn of(balance: &Balance, lost: u64, was_in_alarm: bool) -> Self {
        match balance {
            Balance::Exact | Balance::Explained { .. } => Self::Sound,
            Balance::Unrecorded { unexplained } if !was_in_alarm && *unexplained <= lost => {
                Self::OfLoss
            }
            Balance::Unrecorded { .. } | Balance::Missing { .. } => Self::Alarm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uses: u64) -> Account {
        Account { uses, base_uses: 10, produced: 5, open: 1, uncertain: 2, recent: 0 }
    }

    #[test]
    fn count_between_products_and_permissions_is_explained() {
        assert_eq!(balance(&account(15)), Balance::Exact);
        assert_eq!(balance(&account(16)), Balance::Explained { extra: 1 });
        assert_eq!(balance(&account(18)), Balance::Explained { extra: 3 });
    }

    #[test]
    fn one_signature_beyond_every_permission_is_an_alarm() {
        assert_eq!(balance(&account(19)), Balance::Unrecorded { unexplained: 1 });
        assert!(balance(&account(19)).is_alarm());
    }

    #[test]
    fn device_that_counted_less_than_its_products_is_not_the_device() {
        assert_eq!(balance(&account(12)), Balance::Missing { missing: 3 });
    }

    #[test]
    fn what_was_permitted_and_not_used_is_counted_but_for_what_may_be_in_work() {
        let of = |uses, recent| unused(&Account { recent, ..account(uses) });
        assert_eq!([of(15, 0), of(16, 0), of(18, 0)], [3, 2, 0]);
        assert_eq!([of(15, 1), of(15, 3), of(18, 3)], [2, 0, 0]);
        assert_eq!([of(12, 0), of(19, 0)], [0, 0], "an alarm says more");
    }

    #[test]
    fn loss_explains_no_more_signatures_than_records_and_no_alarm_of_before() {
        let beyond = |unexplained| Balance::Unrecorded { unexplained };
        for (balance, lost, was_in_alarm, said) in [
            (Balance::Exact, 0, false, AfterLoss::Sound),
            (Balance::Explained { extra: 2 }, 0, true, AfterLoss::Sound),
            (beyond(2), 2, false, AfterLoss::OfLoss),
            (beyond(3), 2, false, AfterLoss::Alarm),
            (beyond(1), 0, false, AfterLoss::Alarm),
            (beyond(1), 9, true, AfterLoss::Alarm),
            (Balance::Missing { missing: 1 }, 9, false, AfterLoss::Alarm),
        ] {
            assert_eq!(AfterLoss::of(&balance, lost, was_in_alarm), said, "{balance:?} {lost}");
        }
    }
}
