//! Pages of a list by their numbers, as people count them: which one this is, how many there are, and the
//! addresses of its neighbours.

use crate::problem::Problem;

/// Where a page stands among the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// This page, from 1.
    pub here: u64,
    /// How many there are, where that is known.
    pub pages: Option<u64>,
    /// The address of the first, if this is another one.
    pub first: Option<String>,
    /// The address of the page before.
    pub previous: Option<String>,
    /// The address of the page behind.
    pub next: Option<String>,
}

/// Nobody turns to such a page.
pub fn wrong() -> Problem {
    Problem::bad_request("web.page", "页码无效，请回到列表首页重新翻页")
}

/// The place of a page, from 0, as an address has it; nothing is the first.
pub fn place(text: &str) -> Result<u32, Problem> {
    match text.trim() {
        "" => Ok(0),
        text => text.parse::<u32>().ok().and_then(|page| page.checked_sub(1)).ok_or_else(wrong),
    }
}

impl Paging {
    /// Of a list whose length is known.
    pub fn of((page, rows): (u32, u32), total: u64, address: impl Fn(&str) -> String) -> Self {
        let pages = total.div_ceil(u64::from(rows.max(1))).max(1);
        let has_more = u64::from(page) + 1 < pages;
        Self { pages: Some(pages), ..Self::open(page, has_more, address) }
    }

    /// Of a list that is known up to its next page.
    pub fn open(page: u32, has_more: bool, address: impl Fn(&str) -> String) -> Self {
        let here = u64::from(page) + 1;
        let turned = |to: u64| address(&if to == 1 { String::new() } else { to.to_string() });
        Self {
            here,
            pages: None,
            first: (page > 0).then(|| turned(1)),
            previous: (page > 0).then(|| turned(here - 1)),
            next: has_more.then(|| turned(here + 1)),
        }
    }

    /// Of a list that is come to by marks, of which the first page has none: counted for people alone.
    pub fn marked(
        (page, rows): (u32, u32),
        total: u64,
        first: String,
        (previous, next): (Option<String>, Option<String>),
    ) -> Self {
        let here = u64::from(page) + 1;
        let counted = total.div_ceil(u64::from(rows.max(1))).max(1);
        let first = previous.is_some().then_some(first);
        // What was counted and what is shown are two moments: there is no page 4 of 3.
        let pages = Some(counted.max(here + u64::from(next.is_some())));
        Self { here, pages, first, previous, next }
    }

    /// Whether there is anything to turn to.
    pub fn is_single(&self) -> bool {
        self.previous.is_none() && self.next.is_none()
    }
}

/// Where a page of a long list begins: behind a mark, come to by way of the marks of the pages before. Rows
/// are not counted through, and rows that come meanwhile move nothing.
#[derive(Debug, Clone, Copy)]
pub struct Trail<'q> {
    /// The mark behind which the page begins; empty on the first.
    pub after: &'q str,
    /// The marks of the pages before, `0` for the first one.
    pub trail: &'q str,
    /// Which page this is, for people.
    pub page: &'q str,
}

/// Pages that a step back remembers.
const STEPS: usize = 40;

impl Trail<'_> {
    /// The place of the page, from 0.
    pub fn place(&self) -> Result<u32, Problem> {
        match self.after {
            "" => Ok(0),
            _ => Ok(place(self.page)?.max(1)),
        }
    }

    /// The neighbours of the page: the one behind begins at a mark. `address` is given mark, trail and page.
    pub fn neighbours(
        &self,
        next: Option<String>,
        address: impl Fn((&str, &str, &str)) -> String,
    ) -> Result<(Option<String>, Option<String>), Problem> {
        let (place, onward) = (self.place()?, self.onward());
        let counted = |page: u32| page.saturating_add(1).to_string();
        let next = next.map(|mark| address((&mark, &onward, &counted(place.saturating_add(1)))));
        let previous = self.back().map(|(after, trail)| match after {
            "" => address(("", "", "")),
            after => address((after, trail, &counted(place.saturating_sub(1)))),
        });
        Ok((previous, next))
    }

    /// Where the page before begins, and what lies before that.
    fn back(&self) -> Option<(&str, &str)> {
        if self.after.is_empty() {
            return None;
        }
        let (trail, last) = self.trail.rsplit_once('.').unwrap_or(("", self.trail));
        Some((if last == "0" { "" } else { last }, trail))
    }

    /// The trail of the page that follows this one.
    fn onward(&self) -> String {
        let here = if self.after.is_empty() { "0" } else { self.after };
        let marks = self.trail.split('.').filter(|mark| !mark.is_empty()).chain([here]);
        let marks: Vec<_> = marks.collect();
        let from = marks.len().saturating_sub(STEPS);
        marks.get(from..).unwrap_or_default().join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(page: &str) -> String {
        format!("/list?page={page}")
    }

    #[test]
    fn neighbours_are_those_that_there_are() {
        let single = Paging::of((0, 50), 50, address);
        assert!(single.is_single() && single.pages == Some(1));
        let first = Paging::of((0, 50), 51, address);
        assert_eq!((first.previous, first.next.as_deref()), (None, Some("/list?page=2")));
        let last = Paging::of((2, 50), 101, address);
        assert_eq!((last.here, last.pages, last.next), (3, Some(3), None));
        assert_eq!(last.previous.as_deref(), Some("/list?page=2"));
        assert_eq!(last.first.as_deref(), Some("/list?page="));
        let beyond = Paging::of((9, 50), 0, address);
        assert!(beyond.next.is_none() && beyond.first.is_some(), "there is a way back");
    }

    #[test]
    fn marked_pages_are_counted_and_never_more_than_there_are() {
        let first = || "/list".to_owned();
        let on = |page: &str| Some(address(page));
        let paging = Paging::marked((1, 50), 101, first(), (on("1"), on("3")));
        assert_eq!((paging.here, paging.pages), (2, Some(3)));
        assert_eq!(paging.first.as_deref(), Some("/list"));
        let grown = Paging::marked((2, 50), 100, first(), (on("2"), on("4")));
        assert_eq!((grown.here, grown.pages), (3, Some(4)));
        let single = Paging::marked((0, 50), 0, first(), (None, None));
        assert_eq!((single.is_single(), single.pages, single.first), (true, Some(1), None));
    }

    #[test]
    fn a_step_back_leads_to_the_page_that_was_come_from() {
        let first = Trail { after: "", trail: "", page: "" };
        assert_eq!((first.back(), first.onward(), first.place().unwrap()), (None, "0".into(), 0));
        let onward = first.onward();
        let second = Trail { after: "90", trail: &onward, page: "2" };
        assert_eq!(second.back(), Some(("", "")));
        let onward = second.onward();
        let third = Trail { after: "40", trail: &onward, page: "3" };
        assert_eq!((third.trail, third.back()), ("0.90", Some(("90", "0"))));
        let shown = |(after, trail, page): (&str, &str, &str)| format!("{after} {trail} {page}");
        let (previous, next) = third.neighbours(Some("7".into()), shown).unwrap();
        assert_eq!(previous.as_deref(), Some("90 0 2"));
        assert_eq!(next.as_deref(), Some("7 0.90.40 4"));
        let lost = Trail { after: "40", trail: "0.90", page: "x" };
        assert!(lost.place().is_err());
        let typed = Trail { after: "40", trail: "", page: "" };
        assert_eq!(typed.place().unwrap(), 1, "whoever has a mark is not on the first page");
        let long = (1..100).map(|mark| mark.to_string()).collect::<Vec<_>>().join(".");
        let far = Trail { after: "100", trail: &long, page: "101" };
        assert_eq!(far.onward().split('.').count(), STEPS);
    }

    #[test]
    fn a_page_is_a_number_from_one() {
        assert_eq!((place("").unwrap(), place("1").unwrap(), place("12").unwrap()), (0, 0, 11));
        for wrong in ["0", "-1", "x", "99999999999"] {
            assert_eq!(place(wrong).unwrap_err().code, "web.page", "{wrong}");
        }
    }
}
