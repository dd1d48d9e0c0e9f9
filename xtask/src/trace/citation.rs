//! The forms in which a comment cites a clause.

use std::fmt;

/// One clause of one document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    rank: usize,
    document: String,
    /// The numbers of the clause, for sorting: §4.2.1 → 4, 2, 1.
    numbers: Vec<u32>,
    clause: String,
}

/// Documents with clauses: how they start, and what stands before the clause.
const DOCUMENTS: [(&str, &str); 9] = [
    ("Measures", " Art. "),
    ("Order No. 4", " Art. "),
    ("ESL", " Art. "),
    ("Licensing Law", " Art. "),
    ("Civil Code", " §"),
    ("GM/T ", " §"),
    ("GB/T ", " §"),
    ("RFC ", " §"),
    ("Invariant ", ""),
];

/// The rank of checks (`C21-3`: the third that an inspector makes of Art. 21), after all documents.
const CHECKS: usize = DOCUMENTS.len();
/// The rank of incidents (`T-07`), after the checks.
const INCIDENTS: usize = CHECKS + 1;

impl Citation {
    /// The heading under which the clause stands.
    pub fn group(&self) -> String {
        match self.rank {
            CHECKS => "Checks".into(),
            INCIDENTS => "Incidents".into(),
            _ if self.document == "Invariant" => "Invariants".into(),
            _ => self.document.clone(),
        }
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DOCUMENTS.get(self.rank) {
            None => write!(f, "{}{}", self.document, self.clause),
            Some((_, "")) => write!(f, "{} {}", self.document, self.clause),
            Some((_, mark)) => write!(f, "{}{mark}{}", self.document, self.clause),
        }
    }
}

/// Every citation in a text, in order. Comment marks and line ends count as spaces.
pub fn find(text: &str) -> Vec<Citation> {
    let text = flat(text);
    let mut found = Vec::new();
    for (rank, (start, mark)) in DOCUMENTS.iter().enumerate() {
        for (at, _) in text.match_indices(start) {
            let after = text.get(at + start.len()..).unwrap_or_default();
            found.extend(document(rank, start, mark, after));
        }
    }
    found.extend(marked(&text, 'C').filter_map(check));
    for number in marked(&text, 'T').filter_map(|after| after.strip_prefix('-')).map(digits) {
        if number.len() == 2 {
            found.push(citation(INCIDENTS, "T-", number));
        }
    }
    found
}

/// What follows each such letter that begins a word.
fn marked(text: &str, letter: char) -> impl Iterator<Item = &str> {
    text.match_indices(letter).filter_map(move |(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let begins = !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '-');
        text.get(at + letter.len_utf8()..).filter(|_| begins)
    })
}

/// `21-3` of `C21-3`: two digits of the article, and the number of the check.
fn check(after: &str) -> Option<Citation> {
    let article = digits(after);
    let number = digits(after.get(article.len()..)?.strip_prefix('-')?);
    let clause = after.get(..article.len() + 1 + number.len())?;
    let rest = after.get(clause.len()..)?.chars().next();
    let ends = !rest.is_some_and(|letter| letter.is_alphanumeric() || letter == '-');
    let is_one = article.len() == 2 && (1..=2).contains(&number.len()) && ends;
    is_one.then(|| citation(CHECKS, "C", clause))
}

fn flat(text: &str) -> String {
    let lines =
        text.lines().map(|line| line.trim().trim_start_matches(['/', '!', '*', '#', '-']).trim());
    lines.collect::<Vec<_>>().join(" ")
}

fn document(rank: usize, start: &str, mark: &str, after: &str) -> Option<Citation> {
    if mark.is_empty() {
        let number = digits(after);
        return (!number.is_empty()).then(|| citation(rank, start.trim(), number));
    }
    let number_length = if start.ends_with(' ') {
        after.find(|letter: char| !letter.is_ascii_alphanumeric() && !".-".contains(letter))?
    } else {
        0
    };
    let (number, rest) = after.split_at_checked(number_length)?;
    let clause = clause(rest.strip_prefix(mark)?);
    (!clause.is_empty()).then(|| citation(rank, &format!("{start}{number}"), clause))
}

fn citation(rank: usize, document: &str, clause: &str) -> Citation {
    let numbers = clause.split(|letter: char| !letter.is_ascii_digit());
    let numbers = numbers.filter_map(|part| part.parse().ok()).collect();
    Citation { rank, document: document.into(), numbers, clause: clause.into() }
}

fn digits(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// `4.2.1`, `6`, `8.1.a`, `19(3)`; a full stop that ends a sentence is no part.
fn clause(text: &str) -> &str {
    let end = text
        .find(|letter: char| !letter.is_ascii_alphanumeric() && !".()".contains(letter))
        .unwrap_or(text.len());
    let clause = text.get(..end).unwrap_or_default().trim_end_matches('.');
    if clause.contains('(') { clause } else { clause.trim_end_matches(')') }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        find(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_form_is_found() {
        assert_eq!(texts("as Measures Art. 19 says."), ["Measures Art. 19"]);
        assert_eq!(
            texts("(GM/T 0043 §6), GB/T 20518-2018 §5.2.3."),
            ["GM/T 0043 §6", "GB/T 20518-2018 §5.2.3"]
        );
        assert_eq!(
            texts("see RFC 5280 §4.1.2.2; Civil Code §203"),
            ["Civil Code §203", "RFC 5280 §4.1.2.2"]
        );
        assert_eq!(texts("Invariant 3 and T-07, T-10."), ["Invariant 3", "T-07", "T-10"]);
        assert_eq!(texts("(check C21-3); C19-10, T-01"), ["C21-3", "C19-10", "T-01"]);
    }

    #[test]
    fn a_citation_may_break_over_two_lines_of_a_comment() {
        assert_eq!(texts("/// as in RFC 5280\n    /// §5.2 it is"), ["RFC 5280 §5.2"]);
    }

    #[test]
    fn what_only_looks_alike_is_not_found() {
        assert_eq!(
            texts("GM/T 0043 alone, SET-07, T-7, T-100, C1-2, C19-1x, XC19-1, C19-1-2, RFC 5280."),
            Vec::<String>::new()
        );
    }

    #[test]
    fn clauses_sort_by_number() {
        let mut clauses = find("C21-10 C19-9 RFC 5280 §10.1 C21-3 RFC 5280 §4.2 RFC 5280 §4.10");
        clauses.sort();
        let texts: Vec<String> = clauses.iter().map(ToString::to_string).collect();
        let documents = ["RFC 5280 §4.2", "RFC 5280 §4.10", "RFC 5280 §10.1"];
        assert_eq!(texts, [&documents[..], &["C19-9", "C21-3", "C21-10"]].concat());
    }
}
