//! Letters across applications, for the staff: what was issued to whom's application and when, within
//! the reach of the permit. Nothing of what they say, so a look at the list is no look at a person's
//! data; opening one is on record (PIPL Art. 51).

use access::{Action, Limit, Permit};
use jiff::Timestamp;
use letters::LetterKind;

use super::sql;
use crate::error::Error;
use crate::institution::Institution;
use crate::mark::{Block, Mark};
use crate::registration::ChangeWord;

/// Which letters; all given conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// The number of a letter or of an application, as people type it; empty is any.
    pub number: String,
    /// Of this kind.
    pub kind: Option<LetterKind>,
    /// About applications of this office; an empty text is the institution itself.
    pub office: Option<String>,
    /// Issued at or after.
    pub from: Option<Timestamp>,
    /// Issued before.
    pub until: Option<Timestamp>,
}

impl LetterFilter {
    /// The number of an application that is meant; nothing where it can be none.
    pub(super) fn application_number(&self) -> String {
        self.number.parse::<ra::Number>().map(String::from).unwrap_or_default()
    }
}

/// A letter in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLetter {
    /// Its name inside.
    pub id: String,
    /// Its kind.
    pub kind: LetterKind,
    /// Its number.
    pub number: String,
    /// What it is about, where the name of its kind alone does not say it.
    pub matter: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The application that it is about.
    pub application: String,
    /// The number of that.
    pub application_number: String,
    /// The office that has the application now; none is the institution.
    pub office: Option<String>,
}

impl Institution {
    /// A page of letters, the newest first, and how many there are: for an office, those about its
    /// applications.
    pub async fn letters_issued(
        &self,
        permit: &Permit,
        filter: &LetterFilter,
        (page, rows): (u32, u32),
    ) -> Result<(Vec<ListedLetter>, u64), Error> {
        let office = reached(permit, filter)?;
        let which = (filter, office.as_deref());
        let (offset, limit) = (i64::from(page).saturating_mul(i64::from(rows)), i64::from(rows));
        let mut reader = self.store().read().await?;
        let total = sql::found(&mut reader, which).await?;
        Ok((sql::page(&mut reader, which, (None, offset, limit)).await?, total))
    }

    /// Some more of them behind a mark, for a file.
    pub async fn letters_behind(
        &self,
        permit: &Permit,
        filter: &LetterFilter,
        (behind, rows): (Option<&Mark>, u32),
    ) -> Result<Block<ListedLetter>, Error> {
        let office = reached(permit, filter)?;
        let place = (behind, 0, i64::from(rows));
        let mut reader = self.store().read().await?;
        let found = sql::page(&mut reader, (filter, office.as_deref()), place).await?;
        Ok(Block::of(found, rows, |one| Mark::new(one.issued_at, &one.id)))
    }
}

/// What a letter is about, where the name of its kind alone does not say it: which change of status was told of, and
/// which of several lists or sets it is.
pub(super) fn matter(
    (kind, position): (LetterKind, u32),
    change: Option<ChangeWord>,
) -> Option<String> {
    match (kind, change) {
        (LetterKind::StatusNotice, change) => change.map(|change| change.chinese().to_owned()),
        (LetterKind::Supplement, _) => Some(format!("第 {position} 次")),
        (LetterKind::Notices, _) if position > 1 => Some(format!("第 {position} 次确认")),
        _ => None,
    }
}

/// The office whose letters are looked at: that of the permit, or any that is asked for.
fn reached(permit: &Permit, filter: &LetterFilter) -> Result<Option<String>, Error> {
    permit.is_for(Action::ReadLetters)?;
    match permit.limit() {
        Limit::Any => Ok(filter.office.clone()),
        Limit::Office(office) => Ok(Some(office.clone().unwrap_or_default())),
        Limit::Own(_) => Ok(permit.covers(Action::ReadLetters).map(|()| None)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_one_kind_are_told_apart_by_their_matter() {
        let told = |change| matter((LetterKind::StatusNotice, 1), Some(change));
        assert_eq!(told(ChangeWord::Suspend).as_deref(), Some("暂停使用"));
        assert_eq!(told(ChangeWord::Resume).as_deref(), Some("恢复使用"));
        assert_eq!(told(ChangeWord::Revoke).as_deref(), Some("撤销"));
        assert_eq!(matter((LetterKind::Supplement, 2), None).as_deref(), Some("第 2 次"));
        assert_eq!(matter((LetterKind::Notices, 2), None).as_deref(), Some("第 2 次确认"));
        // A change at the same place is that of another letter.
        assert_eq!(matter((LetterKind::Receipt, 1), Some(ChangeWord::Revoke)), None);
    }
}
