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

/// The place of a page, from 0, as an address has it; nothing is the first.
pub fn place(text: &str) -> Result<u32, Problem> {
    let wrong = || Problem::bad_request("web.page", "页码无效，请回到列表首页重新翻页");
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

    /// Whether there is anything to turn to.
    pub fn is_single(&self) -> bool {
        self.previous.is_none() && self.next.is_none()
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
    fn a_page_is_a_number_from_one() {
        assert_eq!((place("").unwrap(), place("1").unwrap(), place("12").unwrap()), (0, 0, 11));
        for wrong in ["0", "-1", "x", "99999999999"] {
            assert_eq!(place(wrong).unwrap_err().code, "web.page", "{wrong}");
        }
    }
}
