//! Registration offices: when one may act (Measures Art. 25 to 27; T-22).

use law::clock::{CalendarDays, calendar_days};
use law::{Calendar, CivilDate};

use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{Conditions, Filing, FilingClock, Office};

/// Measures Art. 26: 30 days from the setting up, and from each change.
const FILING_DAYS: CalendarDays = CalendarDays(30);

/// Whether the office may act at all: filed, and not suspended (checks C26-1, C27-2).
pub(crate) fn in_force(office: &Office) -> Result<(), Error> {
    if office.suspended_at.is_some() {
        return Err(Refusal::OfficeSuspended.at(office.name.as_str()));
    }
    match office.filing {
        Filing::Opened { .. } => Ok(()),
        Filing::NotOpened => Err(Refusal::OfficeNotFiled.at(office.name.as_str())),
    }
}

/// Whether a step goes on while the office stands still: what ends an application harms nobody, and neither does stopping
/// a certificate that two people decided to stop (Measures Art. 18; T-22). Resuming one waits, as every certificate does.
pub(crate) fn goes_on(service: &str, step: Step) -> bool {
    match step {
        Step::Withdraw | Step::Expire | Step::Confirm => true,
        Step::CarryOut => matches!(service, "suspend" | "revoke"),
        _ => false,
    }
}

/// Whether it may take one more application of a kind today, having taken so many.
pub(crate) fn may_take(office: &Office, kind: &str, taken: u64) -> Result<(), Error> {
    in_force(office)?;
    match office.quotas.get(kind) {
        None => Err(Refusal::OfficeScope.at(office.name.as_str())),
        Some(most) if taken >= u64::from(*most) => {
            Err(Refusal::OfficeQuota.at(format!("每日 {most} 件")))
        }
        Some(_) => Ok(()),
    }
}

/// The five conditions, each said (Measures Art. 25).
pub(crate) fn conditions(conditions: &Conditions) -> Result<(), Error> {
    let Conditions { premises, equipment, staff, ability, rules } = conditions;
    let said = |text: &String| (4..=1000).contains(&text.trim().chars().count());
    if [premises, equipment, staff, ability, rules].into_iter().all(said) {
        Ok(())
    } else {
        Err(Refusal::OfficeConditions.into())
    }
}

/// The day of a filing: between the setting up and today (Measures Art. 26).
pub(crate) fn filed_on(
    office: &Office,
    on: Option<CivilDate>,
    today: CivilDate,
) -> Result<Option<CivilDate>, Error> {
    match on {
        Some(day) if day < office.established_on || today < day => {
            let why = "应在注册机构设立之日与今天之间";
            Err(Error::Input { field: "备案日期", why })
        }
        day => Ok(day),
    }
}

/// The clock that runs for the office's filing, if one does (check C26-2).
pub(crate) fn filing_clock(office: &Office, calendar: &Calendar) -> Option<FilingClock> {
    let (change, event): (bool, CivilDate) = match (&office.filing, office.changed_on) {
        (Filing::NotOpened, _) => (false, office.established_on),
        (Filing::Opened { .. }, Some(day)) => (true, day),
        (Filing::Opened { .. }, None) => return None,
    };
    let term = calendar_days::after(calendar, event, FILING_DAYS);
    Some(FilingClock {
        change, term, basis: "《电子政务电子认证服务管理办法》第二十六条"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OfficeId;
    use jiff::Timestamp;

    fn office() -> Office {
        let day = CivilDate::new(2025, 9, 8).unwrap();
        Office {
            id: OfficeId::from_random([1; 16]),
            name: "云中市受理点".into(),
            address: "云中市示例路1号".into(),
            province: "北京市".into(),
            established_on: day,
            conditions: Conditions::default(),
            filing: Filing::Opened { at: Timestamp::UNIX_EPOCH, number: "备1".into() },
            announced_at: None,
            changed_on: None,
            suspended_at: None,
            quotas: [("person".to_owned(), 2)].into(),
            version: 1,
        }
    }

    fn verdict(change: impl FnOnce(&mut Office), kind: &str, taken: u64) -> &'static str {
        let mut office = office();
        change(&mut office);
        may_take(&office, kind, taken).map_or_else(|error| error.code(), |()| "ok")
    }

    #[test]
    fn an_office_acts_only_when_filed_and_not_suspended_within_scope_and_quota() {
        assert_eq!(verdict(|_| (), "person", 1), "ok");
        assert_eq!(verdict(|_| (), "person", 2), "ra.office_quota");
        assert_eq!(verdict(|_| (), "server", 0), "ra.office_scope");
        assert_eq!(verdict(|o| o.filing = Filing::NotOpened, "person", 0), "ra.office_not_filed");
        let suspend = |office: &mut Office| office.suspended_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(verdict(suspend, "person", 0), "ra.office_suspended");
    }

    /// Measures Art. 18; T-22.
    #[test]
    fn while_an_office_stands_still_things_end_and_stop_and_nothing_else_goes_on() {
        for step in [Step::Withdraw, Step::Expire, Step::Confirm] {
            assert!(goes_on("new", step) && goes_on("revoke", step), "{step:?}");
        }
        for (service, carried_out) in [("suspend", true), ("revoke", true), ("resume", false)] {
            assert_eq!(goes_on(service, Step::CarryOut), carried_out, "{service}");
            for step in [Step::Submit, Step::Proof, Step::Review, Step::Issue, Step::Deliver] {
                assert!(!goes_on(service, step), "{service} {step:?}");
            }
        }
    }

    #[test]
    fn all_five_conditions_are_said() {
        let text = || "二百平方米专用场所".to_owned();
        let all = Conditions {
            premises: text(),
            equipment: text(),
            staff: text(),
            ability: text(),
            rules: text(),
        };
        assert!(conditions(&all).is_ok());
        assert!(conditions(&Conditions { ability: String::new(), ..all }).is_err());
    }

    #[test]
    fn a_filing_is_neither_before_the_office_nor_in_the_future() {
        let (office, today) = (office(), CivilDate::new(2025, 9, 20).unwrap());
        let filed = |day| filed_on(&office, Some(CivilDate::new(2025, 9, day).unwrap()), today);
        assert!(filed(7).is_err() && filed(21).is_err());
        assert!(filed(8).is_ok() && filed(20).is_ok());
        assert_eq!(filed_on(&office, None, today).unwrap(), None);
    }

    #[test]
    fn the_filing_is_due_in_thirty_days() {
        let calendar = Calendar::published().unwrap();
        let mut office = office();
        assert_eq!(filing_clock(&office, &calendar), None);
        office.filing = Filing::NotOpened;
        let clock = filing_clock(&office, &calendar).unwrap();
        assert_eq!(clock.term.nominal, CivilDate::new(2025, 10, 8).unwrap());
        assert_eq!(clock.term.rolled.day, CivilDate::new(2025, 10, 9).unwrap());
    }
}
