//! Personal data as they are shown by default: enough to recognise, not enough to use
//! (PIPL Art. 6, Art. 51).

use crate::catalogue::{Field, FieldKind};

/// A value as it may be shown to whoever has no reason to see all of it.
pub(crate) fn masked(field: &Field, value: &str) -> String {
    if !field.personal || value.is_empty() {
        return value.to_owned();
    }
    let letters: Vec<char> = value.chars().collect();
    match field.kind {
        FieldKind::Choice => value.to_owned(),
        FieldKind::Name => kept(&letters, 1, 0),
        FieldKind::Phone => kept(&letters, 3, 4),
        FieldKind::IdNumber => kept(&letters, 3, 4),
        FieldKind::Email => match value.split_once('@') {
            Some((local, domain)) => {
                format!("{}@{domain}", kept(&local.chars().collect::<Vec<_>>(), 1, 0))
            }
            None => kept(&letters, 1, 0),
        },
        _ => kept(&letters, 1, 1),
    }
}

/// The first and the last so many; stars for the rest, at least two if anything is left out.
fn kept(letters: &[char], head: usize, tail: usize) -> String {
    let (head, tail) = if letters.len() > head + tail { (head, tail) } else { (1, 0) };
    let hidden = letters.len().saturating_sub(head + tail).max(1);
    let first = letters.iter().take(head);
    let last = letters.iter().skip(letters.len().saturating_sub(tail));
    first.copied().chain(std::iter::repeat_n('*', hidden)).chain(last.copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn personal_data_are_masked_and_the_rest_is_not() {
        let catalogue = Catalogue::embedded().unwrap();
        let show = |kind: &str, field: &str, value: &str| {
            masked(catalogue.kind(kind).unwrap().field(field).unwrap(), value)
        };
        for (kind, field, value, shown) in [
            ("person", "holder_name", "甄有印", "甄**"),
            ("person", "holder_name", "买买提江·示例", "买******"),
            ("person", "id_number", "110101190001010014", "110***********0014"),
            ("person", "phone", "13000000000", "130****0000"),
            ("person", "email", "zhen@example.cn", "z***@example.cn"),
            ("person", "passport_number", "EX0000001", "E*******1"),
            ("person", "term_years", "1", "1"),
            ("unit", "unit_name", "云中市档案馆", "云中市档案馆"),
            ("unit", "agent_name", "贾如信", "贾**"),
            ("person", "phone", "", ""),
        ] {
            assert_eq!(show(kind, field, value), shown, "{field}");
        }
    }

    /// What is as short as the shown ends together would be shown as a whole.
    #[test]
    fn what_is_short_shows_its_first_sign_alone() {
        let catalogue = Catalogue::embedded().unwrap();
        let kind = catalogue.kind("person").unwrap();
        let show = |field: &str, value: &str| masked(kind.field(field).unwrap(), value);
        for (field, value, shown) in [
            ("phone", "1234567", "1******"),
            ("phone", "12345678", "123*5678"),
            ("holder_name", "某", "某*"),
            ("passport_number", "ab", "a*"),
            ("passport_number", "abc", "a*c"),
            ("email", "zhen", "z***"),
        ] {
            assert_eq!(show(field, value), shown, "{field}");
        }
        let choice = Field { personal: true, ..kind.field("term_years").unwrap().clone() };
        assert_eq!(masked(&choice, "resident-card"), "resident-card", "a choice is read by all");
    }

    #[test]
    fn no_masked_value_is_the_value() {
        let catalogue = Catalogue::embedded().unwrap();
        for kind in catalogue.kinds() {
            let personal = kind.fields.iter().filter(|f| f.personal && f.kind != FieldKind::Choice);
            for field in personal {
                assert_ne!(masked(field, &field.sample), field.sample, "{}", field.name);
                assert_ne!(masked(field, "某"), "某");
            }
        }
    }
}
