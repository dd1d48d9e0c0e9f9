//! Searches page by page.

use directory::message::{Paging, ResultCode, SearchRequest};
use directory::model::Filter;
use directory::{AttributeType as A, Directory};

use crate::world::{
    FOLDER, World, certificates, code, eq, on_every_database, serial_of, starts, unit,
};

async fn many(world: &World) {
    for number in 100..125 {
        world.issue(number, "unit-sign", &unit(&format!("单位{}", number % 7))).await;
    }
    world.directory.follow().await.unwrap();
}

/// Goes through all pages; the serial numbers in their order.
async fn walk(directory: &Directory, request: &SearchRequest, size: u32) -> Vec<String> {
    let (mut serials, mut cookie) = (Vec::new(), Vec::new());
    loop {
        let paging = Paging { size, cookie };
        let done = directory.search(request, Some(&paging)).await;
        assert_eq!(code(&done), ResultCode::Success);
        assert!(done.entries.len() <= usize::try_from(size).unwrap());
        serials.extend(done.entries.iter().map(serial_of));
        cookie = done.cookie.unwrap();
        if cookie.is_empty() {
            return serials;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_together_are_the_whole_without_gaps_and_doubles() {
    on_every_database(async |world| {
        many(&world).await;
        let filters = [
            certificates(),
            starts(A::CommonName, "单位"),
            Filter::Or(vec![eq(A::CommonName, "单位3"), starts(A::Organization, "单位")]),
        ];
        for filter in filters {
            let request = SearchRequest::subtree(FOLDER, filter);
            let mut whole: Vec<_> = {
                let done = world.directory.search(&request, None).await;
                done.entries.iter().map(serial_of).collect()
            };
            whole.sort();
            assert_eq!(whole.len(), 25);
            for size in [1, 2, 7, 24, 25, 26, 1000] {
                let mut pages = walk(&world.directory, &request, size).await;
                pages.sort();
                assert_eq!(pages, whole, "{size}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_looks_at_a_bounded_number_of_entries_and_goes_on_from_there() {
    on_every_database(async |world| {
        many(&world).await;
        let lazy = world.with(|config| config.limits.candidates = 4);
        let rare =
            Filter::And(vec![certificates(), Filter::Not(Box::new(eq(A::CommonName, "单位3")))]);
        let request = SearchRequest::subtree(FOLDER, rare);
        let found = walk(&lazy, &request, 1000).await;
        assert_eq!(found.len(), 25 - (100..125).filter(|number| number % 7 == 3).count());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_issued_between_two_pages_do_no_harm() {
    on_every_database(async |world| {
        many(&world).await;
        let request = SearchRequest::subtree(FOLDER, certificates());
        let first = Paging { size: 10, cookie: Vec::new() };
        let first = world.directory.search(&request, Some(&first)).await;
        world.issue(200, "unit-sign", &unit("后来的")).await;
        world.change(101, "revoked", Some(1)).await;
        world.directory.follow().await.unwrap();
        let rest = Paging { size: 100, cookie: first.cookie.clone().unwrap() };
        let rest = world.directory.search(&request, Some(&rest)).await;
        let both = first.entries.iter().chain(&rest.entries).map(serial_of);
        let both: std::collections::BTreeSet<_> = both.collect();
        assert!(both.len() >= 25);
        assert!(rest.cookie.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_of_another_search_another_server_or_made_up_is_refused() {
    on_every_database(async |world| {
        many(&world).await;
        let request =
            SearchRequest { digest: [1; 32], ..SearchRequest::subtree(FOLDER, certificates()) };
        let paging = Paging { size: 5, cookie: Vec::new() };
        let cookie = world.directory.search(&request, Some(&paging)).await.cookie.unwrap();
        let next = Paging { size: 5, cookie };
        let again = world.directory.search(&request, Some(&next)).await;
        assert_eq!((code(&again), again.entries.len()), (ResultCode::Success, 5));
        let other = SearchRequest { digest: [2; 32], ..request.clone() };
        let refused = ResultCode::UnwillingToPerform;
        assert_eq!(code(&world.directory.search(&other, Some(&next)).await), refused);
        let restarted = world.with(|config| config.key = [9; 32]);
        assert_eq!(code(&restarted.search(&request, Some(&next)).await), refused);
        let made_up = Paging { size: 5, cookie: vec![1; 60] };
        assert_eq!(code(&world.directory.search(&request, Some(&made_up)).await), refused);
        world.clock.advance(jiff::SignedDuration::from_secs(601));
        assert_eq!(code(&world.directory.search(&request, Some(&next)).await), refused);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_together_have_a_limit_too() {
    on_every_database(async |world| {
        many(&world).await;
        let bounded = world.with(|config| config.limits.paged_entries = 12);
        let request = SearchRequest::subtree(FOLDER, certificates());
        let (mut sent, mut cookie) = (0, Vec::new());
        let end = loop {
            let done = bounded.search(&request, Some(&Paging { size: 5, cookie })).await;
            sent += done.entries.len();
            cookie = done.cookie.clone().unwrap();
            if cookie.is_empty() {
                break code(&done);
            }
        };
        assert_eq!((sent, end), (12, ResultCode::SizeLimitExceeded));
        let given_up = Paging { size: 0, cookie: Vec::new() };
        let done = bounded.search(&request, Some(&given_up)).await;
        assert_eq!((code(&done), done.entries.len()), (ResultCode::Success, 0));
        assert_eq!(done.cookie, Some(Vec::new()));
    })
    .await;
}
