//! The counter's pages are those of applicants under another address: what they say is said to the clerk who
//! reads, in every state and on every page.

use access::Role;
use axum::http::Method;
use web::pages::routes;

use crate::fill::{get, text};
use crate::staffed::Staffed;
use crate::stages::Side;

const STAGES: [&str; 7] =
    ["draft", "submitted", "returned", "reviewed", "agreed", "delivered", "refused"];

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_counter_speaks_to_the_clerk_as_if_the_clerk_had_applied() {
    let staffed = Staffed::new().await;
    let (mut read, mut wrong) = (0, Vec::new());
    for stage in STAGES {
        let way = staffed.at(Side::Own, stage).await;
        let clerk = staffed.staff(Side::Own, Role::EntryClerk).session(&staffed.world).await;
        for route in routes::table().iter().filter(|route| route.method == Method::GET) {
            let Some(rest) = route.path.strip_prefix("/desk/enter/{application}") else { continue };
            // The notices are texts in force, read to the applicant word by word (Measures Art. 21 ¶2).
            if rest.contains("{id}") || rest.contains("/notices/") {
                continue;
            }
            let page = format!("/desk/enter/{}{rest}", way.application.id);
            let answer = get(&staffed, &clerk, &page).await;
            if answer.status.as_u16() != 200 || !answer.field("content-type").contains("html") {
                continue;
            }
            read += 1;
            let page = text(&answer);
            let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
            for said in ["您", "我的申请"] {
                if let Some((before, after)) = main.split_once(said) {
                    let (before, after) = (before.chars().rev().take(12), after.chars().take(12));
                    let before: String = before.collect::<Vec<_>>().into_iter().rev().collect();
                    let after: String = after.collect();
                    wrong.push(format!("{stage} {rest}: …{before}{said}{after}…"));
                }
            }
        }
    }
    assert!(read > 25, "{read}");
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}
