//! Numbers of letters: `受〔2026〕000001号`, one sequence for each kind and year.

use crate::model::LetterKind;

/// The number as it is shown.
pub(crate) fn shown(kind: LetterKind, year: i16, sequence: i64) -> String {
    format!("{}〔{year}〕{sequence:06}号", kind.prefix())
}

/// A number as people type it: other brackets, spaces, without 号.
#[must_use]
pub fn normal(text: &str) -> String {
    let meant = |c: char| match c {
        '(' | '（' | '[' | '［' | '【' | '「' => '〔',
        ')' | '）' | ']' | '］' | '】' | '」' => '〕',
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    let mut number: String = text.chars().filter(|c| !c.is_whitespace()).map(meant).collect();
    if !number.is_empty() && !number.ends_with('号') {
        number.push('号');
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_kind_year_and_place_and_is_read_as_people_type_it() {
        let number = shown(LetterKind::Receipt, 2026, 1);
        assert_eq!(number, "受〔2026〕000001号");
        for typed in
            ["受〔2026〕000001号", " 受(2026)000001 ", "受[２０２６]000001号", "受【2026】000001"]
        {
            assert_eq!(normal(typed), number, "{typed}");
        }
        assert_eq!(normal("  "), "");
    }
}
