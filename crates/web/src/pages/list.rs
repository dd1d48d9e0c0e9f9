//! What all lists have: an address that keeps what was asked for, tabs, pages, offices to choose from, and the
//! same as a file. A file is read on behind its last row, never by counting rows: what comes meanwhile is
//! neither lost nor written twice.

use axum::response::Response;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::form::Mistakes;
use super::paging::{self, Paging};
use super::{address, csv};
use crate::problem::Problem;

/// Names of the database with the words for people, to choose from.
pub type Choices = Vec<(String, String)>;

/// One of the lists of a page.
pub struct Tab {
    /// Where it is.
    pub address: String,
    /// What it is called.
    pub title: &'static str,
    /// How many rows it has.
    pub total: u64,
    /// Whether it is the one that is shown.
    pub is_here: bool,
}

/// What is asked of a list, as its address has it.
pub trait Asked {
    /// The address of the list.
    const PATH: &'static str;
    /// The name of the parameter that chooses a tab.
    const TAB: &'static str = "state";

    /// The tab that is meant.
    fn tab(&self) -> &str {
        ""
    }

    /// What narrows the list, name by name.
    fn narrowing(&self) -> Vec<(&'static str, &str)>;

    /// The page, as it was typed.
    fn page(&self) -> &str;

    /// An address with what is asked for, with another tab or page.
    fn address(&self, path: &str, (tab, page): (&str, &str)) -> String {
        let mut pairs = vec![(Self::TAB, tab)];
        pairs.extend(self.narrowing());
        pairs.push(("page", page));
        address::with(path, &pairs)
    }

    /// The same list as a file.
    fn file(&self, path: &str) -> String {
        self.address(path, (self.tab(), ""))
    }

    /// Whether more is asked for than a tab.
    fn is_search(&self) -> bool {
        self.narrowing().iter().any(|(_, text)| !text.trim().is_empty())
    }

    /// The page that is meant, from 0.
    fn place(&self) -> Result<u32, Problem> {
        paging::place(self.page())
    }

    /// The pages of a list of known length.
    fn paging(&self, place: (u32, u32), total: u64) -> Paging {
        Paging::of(place, total, |page| self.address(Self::PATH, (self.tab(), page)))
    }
}

/// The text, if there is one.
pub fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The office that is asked for: none is any; `-`, as an empty text, is the institution itself.
pub fn office(asked: &str) -> Option<String> {
    some(asked).map(|office| if office == "-" { String::new() } else { office })
}

/// A file has no place to say what is wrong with what is asked for.
pub fn refused(mistakes: &Mistakes) -> Result<(), Problem> {
    match mistakes.all().first() {
        Some(mistake) => Err(Problem::bad_request("web.search", mistake.text.clone())),
        None => Ok(()),
    }
}

/// A step of reading a list: its lines, and what the next step begins with; nothing where it was the last.
pub type Step<S> = (Vec<csv::Row>, Option<S>);

/// A list as a file, read step by step, each from what the one before left.
pub fn file<S, E, F>(
    name: &str,
    headings: &[&str],
    begin: S,
    step: impl Fn(S) -> F + Send + 'static,
) -> Response
where
    S: Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
    F: Future<Output = Result<Step<S>, E>> + Send + 'static,
{
    csv::streamed(name, headings, steps(begin, step))
}

fn steps<S, E, F>(
    begin: S,
    step: impl Fn(S) -> F + Send + 'static,
) -> impl Stream<Item = Result<Vec<csv::Row>, E>> + Send + 'static
where
    S: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<Step<S>, E>> + Send + 'static,
{
    try_unfold(Some(begin), move |place| {
        let next = place.map(&step);
        async move {
            match next {
                Some(step) => step.await.map(Some),
                None => Ok(None),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[derive(Default)]
    struct Query {
        state: String,
        q: String,
        page: String,
    }

    impl Asked for Query {
        const PATH: &'static str = "/list";

        fn tab(&self) -> &str {
            &self.state
        }

        fn narrowing(&self) -> Vec<(&'static str, &str)> {
            vec![("q", &self.q)]
        }

        fn page(&self) -> &str {
            &self.page
        }
    }

    #[test]
    fn an_address_keeps_what_was_asked_for_and_a_file_has_no_page() {
        let query = Query { state: "done".into(), q: "甲".into(), page: "3".into() };
        assert_eq!(query.address("/list", ("", "2")), "/list?q=%E7%94%B2&page=2");
        assert_eq!(query.file("/list.csv"), "/list.csv?state=done&q=%E7%94%B2");
        assert!(query.is_search() && !Query { q: " ".into(), ..Query::default() }.is_search());
        assert_eq!(query.place().unwrap(), 2);
        let paging = query.paging((2, 50), 101);
        let previous = paging.previous.as_deref();
        assert_eq!(previous, Some("/list?state=done&q=%E7%94%B2&page=2"));
        assert_eq!((paging.pages, paging.next), (Some(3), None));
    }

    #[test]
    fn an_office_is_one_any_or_the_institution_itself() {
        assert_eq!(office(" "), None);
        assert_eq!(office("-").as_deref(), Some(""));
        assert_eq!(office("17").as_deref(), Some("17"));
    }

    #[test]
    fn a_file_is_refused_with_what_is_wrong() {
        assert!(refused(&Mistakes::none()).is_ok());
        let wrong = refused(&Mistakes::one("from", "日期请写作")).unwrap_err();
        assert_eq!((wrong.status, &*wrong.code), (400, "web.search"));
    }

    #[tokio::test]
    async fn a_file_is_read_to_its_end_and_each_step_once() {
        let step = async |at: u32| {
            let rows = vec![vec![at.to_string()]];
            Ok::<_, std::io::Error>((rows, (at < 3).then_some(at + 1)))
        };
        let body = file("x", &["数"], 1, step).into_body();
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert_eq!(text, "\u{feff}\"数\"\r\n\"1\"\r\n\"2\"\r\n\"3\"\r\n");
    }
}
