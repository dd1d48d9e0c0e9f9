//! Who takes part in a key ceremony, and who may not hold a share.
//!
//! GM/T 0034 §8.5: the root key is split among five independent custodians, any three of whom
//! restore it; a custodian is neither super administrator, business administrator, operator
//! nor maintainer of the system. Nobody watches over himself: leader and witnesses hold no
//! share either.

use std::collections::HashSet;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::Refusal;

/// Custodians of the root key, and how many of them restore it.
pub const SHARES: u8 = 5;
/// Any three custodians restore the root key.
pub const THRESHOLD: u8 = 3;
/// Shortest passphrase of a custodian (GM/T 0034: at least eight octets).
const PASSPHRASE_OCTETS: usize = 8;

/// A person of the institution.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Person {
    /// Staff number: what makes two people different.
    pub id: String,
    /// Name.
    pub name: String,
    /// Office in the institution.
    pub office: String,
}

impl Person {
    /// A person.
    pub fn new(id: impl Into<String>, name: impl Into<String>, office: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), office: office.into() }
    }
}

/// One of the five who hold a share, with the passphrase that protects it.
#[derive(Clone)]
pub struct Custodian {
    /// Who.
    pub person: Person,
    /// Typed by the custodian, known to nobody else.
    pub passphrase: Zeroizing<String>,
}

impl std::fmt::Debug for Custodian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Custodian({:?})", self.person)
    }
}

/// Everybody who has to do with a ceremony.
#[derive(Debug, Clone)]
pub struct Participants {
    /// Leads the ceremony.
    pub leader: Person,
    /// Watch it: at least one.
    pub witnesses: Vec<Person>,
    /// Hold the shares: five.
    pub custodians: Vec<Custodian>,
    /// Everybody with a role in the system: administrators, operators, auditors, maintainers.
    pub officers: Vec<Person>,
}

/// Evidence that the right people are together. Only with it a CA certificate is signed.
#[derive(Debug, Clone)]
pub struct Quorum {
    participants: Participants,
}

impl Quorum {
    /// Checks the participants.
    pub fn of(participants: Participants) -> Result<Self, Refusal> {
        check(&participants, true).map_err(|what| Refusal::Ceremony(what.to_owned()))?;
        Ok(Self { participants })
    }

    /// Checks the participants of a ceremony to which custodians bring shares that were made before:
    /// any three suffice.
    pub fn of_holders(participants: Participants) -> Result<Self, Refusal> {
        check(&participants, false).map_err(|what| Refusal::Ceremony(what.to_owned()))?;
        Ok(Self { participants })
    }

    /// Who they are.
    #[must_use]
    pub fn participants(&self) -> &Participants {
        &self.participants
    }
}

fn check(all: &Participants, is_founding: bool) -> Result<(), &'static str> {
    let custodians: HashSet<_> = all.custodians.iter().map(|c| c.person.id.as_str()).collect();
    let holds_share = |person: &Person| custodians.contains(person.id.as_str());
    let everybody = all.custodians.iter().map(|c| &c.person);
    let mut everybody = everybody.chain([&all.leader]).chain(&all.witnesses);
    if everybody.any(|person| person.id.trim().is_empty() || person.name.trim().is_empty()) {
        return Err("密钥仪式的参加人应有编号和姓名");
    }
    let (present, shares) = (custodians.len(), usize::from(SHARES));
    if present != all.custodians.len() {
        return Err("密钥分量的保管人应是不同的人（GM/T 0034）");
    }
    if is_founding && present != shares {
        return Err("根密钥应由五名不同的保管人分管（GM/T 0034）");
    }
    if !(usize::from(THRESHOLD)..=shares).contains(&present) {
        return Err("恢复根密钥须有三名以上保管人到场（GM/T 0034）");
    }
    if all.witnesses.is_empty() || all.witnesses.contains(&all.leader) {
        return Err("密钥仪式至少应有一名见证人，主持人不得兼任见证人");
    }
    if holds_share(&all.leader) || all.witnesses.iter().any(holds_share) {
        return Err("密钥分量保管人不得兼任仪式主持人或见证人");
    }
    if all.officers.iter().any(holds_share) {
        return Err("密钥分量保管人不得担任本系统的管理员、操作员、审计员或维护人员（GM/T 0034）");
    }
    let short = |c: &Custodian| c.passphrase.len() < PASSPHRASE_OCTETS;
    if all.custodians.iter().any(short) {
        return Err("保管人口令至少八个字符（GM/T 0034）");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> Person {
        Person::new(id, format!("姓名{id}"), "职务")
    }

    fn participants() -> Participants {
        let custodian = |n: u8| Custodian {
            person: person(&format!("c{n}")),
            passphrase: Zeroizing::new(format!("口令-{n}-abc")),
        };
        Participants {
            leader: person("l1"),
            witnesses: vec![person("w1"), person("w2")],
            custodians: (1..=5).map(custodian).collect(),
            officers: vec![person("o1"), person("o2")],
        }
    }

    #[test]
    fn five_independent_custodians_are_a_quorum() {
        assert!(Quorum::of(participants()).is_ok());
    }

    #[test]
    fn custodian_with_another_role_is_refused() {
        for make in [
            |all: &mut Participants| all.officers.push(person("c3")),
            |all: &mut Participants| all.leader = person("c1"),
            |all: &mut Participants| all.witnesses.push(person("c5")),
        ] {
            let mut all = participants();
            make(&mut all);
            assert!(Quorum::of(all).is_err());
        }
    }

    #[test]
    fn four_custodians_or_one_twice_are_refused() {
        let mut four = participants();
        four.custodians.pop();
        assert!(Quorum::of(four).is_err());
        let mut twice = participants();
        twice.custodians[4].person = person("c1");
        assert!(Quorum::of(twice).is_err());
    }

    #[test]
    fn three_who_hold_shares_are_enough_to_bring_the_root_back_and_two_are_not() {
        let mut all = participants();
        all.custodians.truncate(3);
        assert!(Quorum::of(all.clone()).is_err(), "shares are made for five");
        assert!(Quorum::of_holders(all.clone()).is_ok());
        all.custodians.truncate(2);
        assert!(Quorum::of_holders(all.clone()).is_err());
        all.custodians = vec![all.custodians[0].clone(); 3];
        assert!(Quorum::of_holders(all).is_err(), "one of them three times");
    }

    #[test]
    fn ceremony_without_an_independent_witness_is_refused() {
        let mut none = participants();
        none.witnesses.clear();
        assert!(Quorum::of(none).is_err());
        let mut selfsame = participants();
        selfsame.witnesses = vec![person("l1")];
        assert!(Quorum::of(selfsame).is_err());
    }

    #[test]
    fn short_passphrase_is_refused() {
        let mut all = participants();
        all.custodians[0].passphrase = Zeroizing::new("abc1234".into());
        assert!(Quorum::of(all).is_err());
    }
}
