//! Lists that are read on from where they were left: behind the time and the name of the last row, not by
//! counting rows. Rows that come meanwhile move nothing, so none is lost and none comes twice.

use jiff::Timestamp;

/// A row that a list is read on behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The instant that the list is ordered by, in whole seconds.
    pub at: Timestamp,
    /// The name that tells rows of one second apart.
    pub name: String,
}

impl Mark {
    /// Of a row.
    pub(crate) fn new(at: Timestamp, name: &str) -> Self {
        Self { at, name: name.to_owned() }
    }
}

/// Some rows of a list, and where it is read on; no mark is its end.
#[derive(Debug, Clone)]
pub struct Block<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The last one, if more may follow.
    pub next: Option<Mark>,
}

impl<T> Block<T> {
    /// What was read where so many rows were asked for.
    pub(crate) fn of(rows: Vec<T>, asked: u32, mark: impl Fn(&T) -> Mark) -> Self {
        let is_full = u32::try_from(rows.len()).is_ok_and(|rows| rows >= asked);
        let next = rows.last().filter(|_| is_full).map(mark);
        Self { rows, next }
    }

    /// All there is.
    pub(crate) const fn whole(rows: Vec<T>) -> Self {
        Self { rows, next: None }
    }
}

/// Which instants a question looks at, in Unix seconds, and behind which row of its first or last one. The
/// bounds are moved to the mark, so that an index on the instants is entered there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: i64,
    pub until: i64,
    /// Rows of this second are told by their names.
    pub at: i64,
    pub name: String,
}

impl Span {
    /// From one instant on and before another, as filters have them.
    pub(crate) fn of(from: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self {
            from: from.map_or(i64::MIN, Timestamp::as_second),
            until: until.map_or(i64::MAX, Timestamp::as_second),
            at: 0,
            name: String::new(),
        }
    }

    /// With the newest first: `at < span.at OR name < span.name`.
    pub(crate) fn newest_first(self, behind: Option<&Mark>) -> Self {
        match behind {
            None => Self { at: i64::MAX, ..self },
            Some(mark) => {
                let (at, name) = (mark.at.as_second(), mark.name.clone());
                Self { until: self.until.min(at.saturating_add(1)), at, name, ..self }
            }
        }
    }

    /// With the oldest first: `at > span.at OR name > span.name`.
    pub(crate) fn oldest_first(self, behind: Option<&Mark>) -> Self {
        match behind {
            None => Self { at: i64::MIN, ..self },
            Some(mark) => {
                let (at, name) = (mark.at.as_second(), mark.name.clone());
                Self { from: self.from.max(at), at, name, ..self }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a question of this span finds, as the database decides it.
    fn finds(span: &Span, (at, name): (i64, &str), newest_first: bool) -> bool {
        let behind = match newest_first {
            true => at < span.at || name < &*span.name,
            false => at > span.at || name > &*span.name,
        };
        (span.from..span.until).contains(&at) && behind
    }

    #[test]
    fn every_row_is_met_once_in_either_direction_from_any_mark() {
        let mut rows: Vec<(i64, &str)> =
            (0..4).flat_map(|at| ["a", "b", "c"].map(|name| (at, name))).collect();
        let stamp = |second| Timestamp::from_second(second).unwrap();
        let whole = Span::of(Some(stamp(1)), Some(stamp(3)));
        for newest_first in [false, true] {
            let first = match newest_first {
                true => whole.clone().newest_first(None),
                false => whole.clone().oldest_first(None),
            };
            let listed: Vec<_> =
                rows.iter().copied().filter(|row| finds(&first, *row, newest_first)).collect();
            assert_eq!(listed.len(), 6, "{newest_first}");
            for (place, (at, name)) in listed.iter().enumerate() {
                let mark = Mark::new(stamp(*at), name);
                let span = match newest_first {
                    true => whole.clone().newest_first(Some(&mark)),
                    false => whole.clone().oldest_first(Some(&mark)),
                };
                let rest = rows.iter().copied().filter(|row| finds(&span, *row, newest_first));
                assert_eq!(rest.collect::<Vec<_>>(), listed[place + 1..], "{mark:?}");
            }
            rows.reverse();
        }
    }

    #[test]
    fn a_block_that_is_not_full_is_the_last() {
        let mark = |row: &i64| Mark::new(Timestamp::from_second(*row).unwrap(), "x");
        assert_eq!(Block::of(vec![1, 2], 2, mark).next.unwrap().at.as_second(), 2);
        assert_eq!(Block::of(vec![1, 2], 3, mark).next, None);
        assert_eq!(Block::of(Vec::new(), 0, mark).next, None);
    }
}
