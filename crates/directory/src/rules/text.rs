//! Text as matching rules see it (RFC 4518, RFC 4517 §4.2.11): letters without case, full-width
//! letters and signs as half-width ones, runs of spaces as one, nothing that can't be seen.
//! Of Unicode's compatibility forms only the full-width ones are folded: those are what Chinese
//! keyboards produce.

/// The prepared form of a whole value.
#[must_use]
pub fn normal(text: &str) -> String {
    piece(text, (true, true))
}

/// The prepared form of a part of a value; at an edge of the value spaces don't count.
#[must_use]
pub fn piece(text: &str, (at_start, at_end): (bool, bool)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = at_start;
    for c in text.chars().filter_map(seen) {
        if c == ' ' {
            if !space {
                out.push(' ');
            }
            space = true;
        } else {
            out.extend(c.to_lowercase());
            space = false;
        }
    }
    if at_end && out.ends_with(' ') {
        out.pop();
    }
    out
}

/// The value without folding of case, for caseExactMatch.
#[must_use]
pub fn exact(text: &str) -> String {
    let folded: String = text.chars().filter_map(seen).collect();
    folded.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A character as it counts; `None` when it doesn't.
fn seen(c: char) -> Option<char> {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        c if c.is_whitespace() => Some(' '),
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_spaces_do_not_count() {
        assert_eq!(normal("  Some   CA "), "some ca");
        assert_eq!(normal("某公司（北京）"), normal("某公司(北京)"));
        assert_eq!(normal("ＡＢＣ　科技"), "abc 科技");
        assert_eq!(normal("a\u{200b}b\0"), "ab");
        assert_eq!(normal("   "), "");
        assert_eq!(exact(" Some  CA "), "Some CA");
    }

    #[test]
    fn spaces_inside_count_at_the_edge_of_a_part_and_not_at_the_edge_of_the_value() {
        assert_eq!(piece(" 大 ", (true, false)), "大 ");
        assert_eq!(piece(" 大 ", (false, true)), " 大");
        assert_eq!(piece("  大  ", (false, false)), " 大 ");
    }
}
