//! Who answers for an act that sets a safeguard back: a new anchor, a key taken into use again.
//!
//! Such an act is done by one person and seen by another (GM/T 0034 §6: separated duties), for a
//! reason that a reader of the journal understands years later. A [`Warrant`] cannot be made
//! without all three.

use serde_json::{Value, json};

use crate::{Actor, Error};

/// Fewest characters of a reason: “修好了” is none.
const REASON_MIN: usize = 6;
/// Most characters of a reason.
const REASON_MAX: usize = 500;
/// Most characters of a person's number.
const PERSON_MAX: usize = 64;

/// An officer, a witness that is somebody else, and a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warrant {
    officer: String,
    witness: String,
    reason: String,
}

impl Warrant {
    /// Of these two people, for this reason.
    pub fn new(officer: &str, witness: &str, reason: &str) -> Result<Self, Error> {
        let [officer, witness, reason] = [officer, witness, reason].map(str::trim);
        let is_person = |text: &str| {
            !text.is_empty()
                && text.chars().count() <= PERSON_MAX
                && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        if !is_person(officer) || !is_person(witness) {
            return Err(Error::Warrant("负责人和见证人应各写一个人员编号，不含空格"));
        }
        if officer.eq_ignore_ascii_case(witness) {
            return Err(Error::Warrant("负责人和见证人应是两个人"));
        }
        let length = reason.chars().count();
        if !(REASON_MIN..=REASON_MAX).contains(&length) || reason.chars().any(char::is_control) {
            return Err(Error::Warrant("理由应写明查到了什么、为什么可以恢复，6 至 500 个字"));
        }
        let owned = |text: &str| text.to_owned();
        Ok(Self { officer: owned(officer), witness: owned(witness), reason: owned(reason) })
    }

    /// The officer, as the actor of the record.
    pub fn actor(&self) -> Actor {
        Actor::new(format!("person:{}", self.officer))
    }

    /// `details` (an object) with witness and reason: the body of the record.
    pub fn body(&self, mut details: Value) -> Value {
        if let Some(object) = details.as_object_mut() {
            object.insert("witness".into(), json!(format!("person:{}", self.witness)));
            object.insert("reason".into(), json!(self.reason));
        }
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASON: &str = "磁盘损坏，恢复昨日备份";

    #[test]
    fn two_people_and_a_reason_make_a_warrant() {
        let warrant = Warrant::new("S001", "A001", REASON).unwrap();
        assert_eq!(warrant.actor().as_str(), "person:S001");
        let body = warrant.body(json!({ "size": 5 }));
        assert_eq!(body, json!({ "size": 5, "witness": "person:A001", "reason": REASON }));
    }

    #[test]
    fn one_person_alone_or_no_reason_is_refused() {
        for (officer, witness, reason) in [
            ("S001", "S001", REASON),
            ("S001", " s001 ", REASON),
            ("S001", "", REASON),
            ("", "A001", REASON),
            ("S 1", "A001", REASON),
            ("S001", "A001", "修好了"),
            ("S001", "A001", "磁盘损坏\n恢复昨日备份"),
        ] {
            let refused = Warrant::new(officer, witness, reason).unwrap_err();
            assert_eq!(refused.code(), "store.warrant", "{officer} {witness} {reason}");
        }
    }
}
