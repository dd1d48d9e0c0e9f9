//! What is looked for and found: ratings, complaints, messages, certificates by name; on SQLite and, where
//! `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::way;
use crate::world;

use std::collections::BTreeSet;
use std::future::Future;

use access::{Action, Custodians};
use app::letters::LetterFilter;
use app::notify::{Channel, Endings, MessageFilter, MessageState};
use app::voice::{
    Category, ComplaintFilter, ComplaintState, ComplaintWords, Level, NewComplaint, RatingFilter,
};
use app::{Act, Block, Mark};
use sqlx::Row;
use testkit::together::{at_once, call};
use way::{Staff, Way};
use world::World;

const DAY: i64 = 86_400;

struct Desk {
    world: World,
    head: Staff,
    clerk: Staff,
    reviewer: Staff,
}

impl Desk {
    async fn over(url: String) -> Self {
        let world = World::with(|settings| {
            settings.institution.credit_code = "12110101YX0000016B".into();
            settings.storage.url = url;
        })
        .await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(way::key()), way::key());
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let clerk = head.appoint(access, "clerk", "entry_clerk").await;
        let reviewer = head.appoint(access, "reviewer", "reviewer").await;
        Self { world, head, clerk, reviewer }
    }

    async fn permit(&self, action: Action) -> access::Permit {
        self.head.permit(self.world.institution.access(), action).await
    }

    async fn rated(&self, level: u8, remark: &str) -> String {
        let institution = &self.world.institution;
        let mut way = Way::begin(institution).await;
        let permit = way.own(Action::WithdrawApplication).await;
        way.application = way.ra().withdraw(&permit, &way.application.at()).await.unwrap();
        let permit = way.own(Action::RateService).await;
        let level = Level::new(level).unwrap();
        institution.rate(&permit, &way.application, (level, remark)).await.unwrap();
        way.application.id.to_string()
    }

    async fn complain(&self, category: Category, text: &str) -> app::voice::LodgedComplaint {
        let words = ComplaintWords { text: text.into(), ..ComplaintWords::default() };
        let new = NewComplaint { category, words };
        self.world.institution.lodge_complaint(new).await.unwrap()
    }
}

/// Tells a story over each engine that there is.
async fn on_each_engine<F: Future<Output = ()>>(story: impl Fn(Desk) -> F) {
    story(Desk::over(String::new()).await).await;
    if let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") {
        let mut random = [0; 8];
        gm::Random::fill(&mut gm::OsRandom, &mut random).unwrap();
        let name = format!("lookups_{:016x}", u64::from_be_bytes(random));
        sqlx::any::install_default_drivers();
        let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut conn).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        story(Desk::over(format!("{server}/{name}")).await).await;
    }
}

#[tokio::test]
async fn ratings_are_found_by_level_period_and_words_and_the_figures_are_those_of_the_period() {
    on_each_engine(|desk| async move {
        desk.rated(5, "很快").await;
        desk.rated(1, "没人接电话").await;
        desk.world.pass(DAY);
        let late = desk.rated(2, "电话 打不通").await;
        desk.rated(4, "").await;
        let permit = desk.permit(Action::ReadVoice).await;
        let institution = &desk.world.institution;
        let find = async |filter: RatingFilter| {
            institution.ratings(&permit, &filter, (0, 20)).await.unwrap()
        };
        let all = find(RatingFilter::default()).await;
        assert_eq!((all.total, all.figures.levels), (4, [1, 1, 0, 1, 1]));
        assert!(all.ratings.is_sorted_by_key(|one| std::cmp::Reverse(one.rated_at)));
        let one = find(RatingFilter { level: Level::new(5), ..RatingFilter::default() }).await;
        assert_eq!((one.total, one.ratings[0].remark.as_deref()), (1, Some("很快")));
        assert_eq!(one.figures.total(), 4, "figures are of all levels");
        let open = find(RatingFilter { answered: Some(false), ..RatingFilter::default() }).await;
        assert_eq!((open.total, open.ratings[1].application.as_str()), (2, &*late), "oldest first");
        let said = find(RatingFilter { text: "电话".into(), ..RatingFilter::default() }).await;
        assert_eq!((said.total, said.is_whole), (2, true));
        let now = desk.world.now();
        let from = Some(now - jiff::SignedDuration::from_hours(1));
        let today = find(RatingFilter { from, ..RatingFilter::default() }).await;
        assert_eq!(today.figures.levels, [0, 1, 0, 1, 0]);
        let before = find(RatingFilter { until: from, ..RatingFilter::default() }).await;
        assert_eq!(before.figures.levels, [1, 0, 0, 0, 1]);
        let own = find(RatingFilter { office: Some("-".into()), ..RatingFilter::default() }).await;
        assert_eq!(own.total, 4);
        let other = RatingFilter { office: Some("0".repeat(32)), ..RatingFilter::default() };
        assert_eq!(find(other).await.figures.total(), 0);
        let page = institution.ratings(&permit, &RatingFilter::default(), (1, 3)).await.unwrap();
        assert_eq!((page.ratings.len(), page.total), (1, 4));
        assert_eq!(institution.bad_ratings_waiting(&permit).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn complaints_are_found_by_number_words_and_overdue_and_a_search_by_words_is_on_record() {
    on_each_engine(|desk| async move {
        let first = desk.complain(Category::Service, "窗口没有一次告知需要的材料。").await;
        desk.world.pass(20 * DAY);
        let second = desk.complain(Category::System, "下载页面打不开，已经试过三次。").await;
        let permit = desk.permit(Action::ReadVoice).await;
        let institution = &desk.world.institution;
        let find = async |filter: ComplaintFilter| {
            let page = institution.complaints(&permit, &filter, (0, 20)).await.unwrap();
            page.complaints.into_iter().map(|one| one.number).collect::<Vec<_>>()
        };
        let (one, two) = (first.number.as_str(), second.number.as_str());
        assert_eq!(find(ComplaintFilter::default()).await, [one, two]);
        let overdue = ComplaintFilter { overdue: true, ..ComplaintFilter::default() };
        assert_eq!(find(overdue.clone()).await, [one]);
        assert_eq!(institution.complaints_overdue(&permit).await.unwrap(), 1);
        let page = institution.complaints(&permit, &overdue, (0, 20)).await.unwrap();
        assert!(page.complaints[0].clock.unwrap().overdue, "as its clock says");
        let number = ComplaintFilter { number: two[..10].into(), ..ComplaintFilter::default() };
        assert_eq!(find(number).await, [two]);
        let state = Some(ComplaintState::Closed);
        assert!(find(ComplaintFilter { state, ..ComplaintFilter::default() }).await.is_empty());
        let category = Some(Category::System);
        assert_eq!(find(ComplaintFilter { category, ..ComplaintFilter::default() }).await, [two]);
        assert!(desk.world.records("complaint.searched", "complaints").await.is_empty());
        let text = "一次 告知".to_owned();
        assert_eq!(find(ComplaintFilter { text, ..ComplaintFilter::default() }).await, [one]);
        let records = desk.world.records("complaint.searched", "complaints").await;
        assert_eq!((&records[0].body["opened"], &records[0].body["found"]), (&2.into(), &1.into()));
        assert!(!records[0].leaf.contains("告知"), "what was looked for may name somebody");
    })
    .await;
}

/// Brute force: five tries for each quarter of an hour, whoever tries and however many at a time, and
/// nothing in the answers tells a number that there is from one that there is not.
#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_lock_a_complaint_and_no_answer_tells_whether_its_number_exists() {
    on_each_engine(|desk| async move {
        let lodged = desk.complain(Category::Service, "窗口没有一次告知需要的材料。").await;
        let institution = &desk.world.institution;
        let ask = async |number: &str, code: &str| {
            institution
                .complaint_progress((number, code))
                .await
                .map(drop)
                .map_err(|e| e.to_string())
        };
        let (number, code) = (lodged.number.as_str(), lodged.check_code.as_str());
        let wrong = if code == "0000 0000 0000" { "1111 1111 1111" } else { "0000 0000 0000" };
        for _ in 0..4 {
            assert!(ask(number, wrong).await.is_err());
        }
        ask(number, code).await.unwrap();
        let mut answers = Vec::new();
        let tries = (0..12).map(|_| call(ask(number, wrong)));
        answers.extend(at_once(tries.collect()));
        answers.push(ask(number, code).await);
        for _ in 0..6 {
            answers.push(ask("TS2026010199999", wrong).await);
        }
        answers.push(ask("没有", "").await);
        let first = answers[0].clone();
        assert!(first.is_err() && answers.iter().all(|answer| *answer == first), "{answers:?}");
        desk.world.pass(14 * 60);
        assert!(ask(number, code).await.is_err(), "still locked");
        desk.world.pass(60);
        ask(number, code).await.unwrap();
        let filter =
            store::Filter { kind: Some("complaint.locked".into()), ..store::Filter::default() };
        let records = institution.store().records(&filter, store::Page::default()).await.unwrap();
        assert_eq!(records.len(), 1, "the lock is on record, once");
    })
    .await;
}

async fn delivered(desk: &Desk) -> Way<'_> {
    let mut way = Way::begin(&desk.world.institution).await;
    way.fill_and_submit().await;
    way.proof(&desk.clerk).await;
    way.approve(&desk.reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    let permit = way.own(Action::DeliverCertificate).await;
    let at = way.application.at();
    way.application = desk.world.institution.deliver_application(&permit, &at).await.unwrap();
    way
}

#[tokio::test]
async fn messages_are_found_by_subject_and_channel_and_certificates_that_end_soon_by_serial() {
    on_each_engine(|desk| async move {
        let way = delivered(&desk).await;
        let other = delivered(&desk).await;
        let institution = &desk.world.institution;
        let sent = MessageFilter::of(MessageState::Sent);
        let find =
            async |filter: MessageFilter| institution.messages(&filter, (0, 50)).await.unwrap();
        assert_eq!(find(sent.clone()).await.1, 4);
        let subject = way.application.subject();
        let about = MessageFilter { subject, ..sent.clone() };
        assert_eq!(find(about.clone()).await.1, 2);
        let (rows, total) = find(MessageFilter { channel: Some(Channel::Phone), ..about }).await;
        assert_eq!((rows.len(), total, rows[0].channel), (1, 1, Channel::Phone));
        let kind = MessageFilter { kind: "expiry".into(), ..sent.clone() };
        assert_eq!(find(kind).await.1, 0);
        let later = MessageFilter { from: Some(desk.world.now()), ..sent.clone() };
        desk.world.pass(60);
        assert_eq!(find(later).await.1, 4, "from the instant on");
        let (page, total) = institution.messages(&sent, (1, 3)).await.unwrap();
        assert_eq!((page.len(), total), (1, 4));

        desk.world.pass(320 * DAY);
        let permit = desk.clerk.permit(institution.access(), Action::ListApplications).await;
        let soon = async |endings: Endings| {
            institution.expiring(&permit, &endings, (None, 9)).await.unwrap().0.len()
        };
        assert_eq!(soon(Endings::default()).await, 2);
        assert_eq!(soon(Endings { days: Some(7), ..Endings::default() }).await, 0, "45 are left");
        let serial = other.application.state.serials().unwrap().sign.clone();
        let serials = Some([serial].into());
        assert_eq!(soon(Endings { serials, ..Endings::default() }).await, 1);
        assert_eq!(soon(Endings { office: Some("-".into()), ..Endings::default() }).await, 2);
        let (page, next) =
            institution.expiring(&permit, &Endings::default(), (None, 1)).await.unwrap();
        assert!(next.is_some());
        // One more that ends at the same second as the first, and comes behind it.
        delivered(&desk).await;
        let (rest, last) =
            institution.expiring(&permit, &Endings::default(), (next, 5)).await.unwrap();
        assert_eq!((rest.len(), last, page[0].serial == rest[0].serial), (1, None, false));
        let both: BTreeSet<_> = page.iter().chain(&rest).map(|one| one.serial.clone()).collect();
        let asked = Endings { serials: Some(both), ..Endings::default() };
        let (found, _) = institution.expiring(&permit, &asked, (None, 9)).await.unwrap();
        assert!(found.is_sorted_by_key(|one| one.not_after) && found.len() == 2);
        let (found, _) = institution.expiring(&permit, &asked, (next, 9)).await.unwrap();
        assert_eq!((found.len(), &found[0].serial), (1, &rest[0].serial));
    })
    .await;
}

async fn device(desk: &Desk, id: &str, name: &str, unit: &str) -> String {
    let mut order = desk.world.order(id, "device", Act::New, &way::key());
    order.subject.common_name = name.into();
    order.subject.organization = Some(unit.into());
    desk.world.institution.enrol(order).await.unwrap().sign.serial().to_hex()
}

#[tokio::test]
async fn a_certificate_is_found_by_its_whole_name_however_written_and_people_are_never() {
    on_each_engine(|desk| async move {
        let unit = "演示市虚构事务局（东区）";
        let serial = device(&desk, "d-1", "Sign Server 01", unit).await;
        let person = desk.world.order("p-1", "person", Act::New, &way::key());
        desk.world.institution.enrol(person).await.unwrap();
        let institution = &desk.world.institution;
        let find = async |name: &str| {
            let page = institution.public_certificates(name).await.unwrap();
            page.found.iter().map(|one| one.record.serial.to_hex()).collect::<Vec<_>>()
        };
        // Both of the pair.
        for name in [unit, "演示市虚构事务局(东区)", "sign server 01", "ＳＩＧＮ　server０１"]
        {
            let found = find(name).await;
            assert!(found.len() == 2 && found.contains(&serial), "{name}: {found:?}");
        }
        for name in ["演示市虚构事务局", "张三", "%", "_", "", "Sign Server 0"] {
            assert!(find(name).await.is_empty(), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_reads_no_more_than_it_shows_and_the_newest_come_first() {
    on_each_engine(|desk| async move {
        for at in 0..27 {
            desk.world.pass(1);
            device(&desk, &format!("d-{at}"), &format!("设备 {at}"), "演示市虚构事务局").await;
        }
        let page = desk.world.institution.public_certificates("演示市虚构事务局").await.unwrap();
        assert_eq!((page.found.len(), page.has_more), (50, true));
        assert!(page.found.is_sorted_by_key(|one| std::cmp::Reverse(one.record.issued_at)));
        let one = desk.world.institution.public_certificates("设备0").await.unwrap();
        assert_eq!((one.found.len(), one.has_more), (2, false));
    })
    .await;
}

#[tokio::test]
async fn names_that_an_older_version_did_not_note_are_noted_afterwards() {
    on_each_engine(|desk| async move {
        let serial = device(&desk, "d-1", "签章服务器01", "演示市虚构事务局").await;
        let institution = &desk.world.institution;
        let forget = async |statement: &'static str| {
            let done = institution.store().commit(move |tx| {
                Box::pin(async move {
                    sqlx::query(statement).execute(tx.conn()).await.map_err(store::Error::from)?;
                    Ok::<_, store::Error>(())
                })
            });
            done.await.unwrap();
        };
        forget("DELETE FROM public_name").await;
        assert!(institution.public_certificates("签章服务器01").await.unwrap().found.is_empty());
        assert!(institution.note_public_names().await.unwrap() >= 2);
        let found = institution.public_certificates("签章服务器01").await.unwrap().found;
        assert!(found.iter().any(|one| one.record.serial.to_hex() == serial));
    })
    .await;
}

/// The plan of SQLite: by the key alone, the one index there is, and no sorting behind it.
#[tokio::test]
async fn the_public_search_by_name_is_answered_by_an_index() {
    let desk = Desk::over(String::new()).await;
    let mut reader = desk.world.institution.store().read().await.unwrap();
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", app::disclosure::BY_NAME));
    let rows = sqlx::query(explain).bind("名").bind(51_i64).fetch_all(&mut *reader).await.unwrap();
    let plan = said(&rows);
    assert!(plan.contains("SEARCH public_name USING COVERING INDEX"), "{plan}");
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    let indexes = "SELECT COUNT(*) AS n FROM pragma_index_list('public_name')";
    let count = sqlx::query(indexes).fetch_one(&mut *reader).await.unwrap();
    assert_eq!(count.get::<i64, _>("n"), 1, "each name is written once");
}

fn said(plan: &[sqlx::any::AnyRow]) -> String {
    let lines: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    lines.join("; ")
}

#[tokio::test]
async fn failures_of_messages_and_certificates_that_end_soon_are_found_by_an_index() {
    let desk = Desk::over(String::new()).await;
    let mut reader = desk.world.institution.store().read().await.unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {}", app::notify::FAILURES);
    let rows = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *reader).await.unwrap();
    let plan = said(&rows);
    assert!(
        plan.contains("SEARCH message USING INDEX message_") && !plan.contains("SCAN"),
        "{plan}"
    );
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", ca::ending_query(50)));
    let bounds = [1_i64, 10, 20, 12, 3];
    let query = bounds.iter().fold(sqlx::query(explain), |query, bound| query.bind(*bound));
    let plan = said(&query.fetch_all(&mut *reader).await.unwrap());
    assert!(
        plan.contains(
            "SEARCH certificate USING INDEX certificate_ending (issuer_id=? AND not_after>"
        ),
        "{plan}"
    );
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
}

/// Reads a list to its end, two rows at a time, while `meanwhile` brings more of them.
async fn walked<T>(
    read: impl AsyncFn(Option<Mark>) -> Block<T>,
    meanwhile: impl AsyncFn(),
    name: impl Fn(&T) -> String,
) -> Vec<String> {
    let (mut names, mut behind) = (Vec::new(), None);
    loop {
        let block = read(behind).await;
        names.extend(block.rows.iter().map(&name));
        behind = block.next;
        if behind.is_none() {
            return names;
        }
        meanwhile().await;
    }
}

/// All that were there from the beginning are met, and none twice.
fn each_once(names: &[String], there: &BTreeSet<String>) {
    let met: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(met.len(), names.len(), "none twice: {names:?}");
    assert!(met.is_superset(there), "none lost: {names:?} {there:?}");
}

#[tokio::test]
async fn files_lose_no_row_and_write_none_twice_while_rows_are_added() {
    on_each_engine(|desk| async move {
        let institution = &desk.world.institution;
        let voice = desk.permit(Action::ReadVoice).await;
        // Rows of one second and of another: the names decide within a second.
        let (mut complaints, mut ratings) = (BTreeSet::new(), BTreeSet::new());
        for at in 0..5 {
            complaints
                .insert(desk.complain(Category::Service, "窗口没有一次告知材料").await.number);
            ratings.insert(desk.rated(1 + at % 2, "没人接电话").await);
            desk.world.pass(i64::from(at / 3));
        }
        let read = async |behind: Option<Mark>| {
            let place = (behind.as_ref(), 2);
            let filter = ComplaintFilter::default();
            institution.complaints_behind(&voice, &filter, place).await.unwrap()
        };
        let more = async || drop(desk.complain(Category::Service, "又等了两个小时没有人").await);
        let names = walked(read, more, |one| one.number.clone()).await;
        each_once(&names, &complaints);
        assert!(names.is_sorted(), "the oldest first");
        for answered in [None, Some(false)] {
            let filter = RatingFilter { answered, ..RatingFilter::default() };
            let read = async |behind: Option<Mark>| {
                institution.ratings_behind(&voice, &filter, (behind.as_ref(), 2)).await.unwrap()
            };
            let more = async || drop(desk.rated(2, "电话打不通").await);
            let names = walked(read, more, |one| one.application.clone()).await;
            each_once(&names, &ratings);
        }
        let said = ComplaintFilter { text: "一次告知".into(), ..ComplaintFilter::default() };
        let block = institution.complaints_behind(&voice, &said, (None, 2)).await.unwrap();
        assert_eq!((block.rows.len(), block.next), (5, None), "looked for by words: all at once");
        let said = RatingFilter { text: "接电话".into(), ..RatingFilter::default() };
        let block = institution.ratings_behind(&voice, &said, (None, 2)).await.unwrap();
        assert_eq!((block.rows.len(), block.next), (5, None));
    })
    .await;
}

#[tokio::test]
async fn files_of_messages_and_letters_are_read_on_behind_their_last_row() {
    on_each_engine(|desk| async move {
        let institution = &desk.world.institution;
        for _ in 0..2 {
            delivered(&desk).await;
            desk.world.pass(1);
        }
        institution.sweep_letters().await.unwrap();
        let sent = MessageFilter::of(MessageState::Sent);
        let (rows, total) = institution.messages(&sent, (0, 50)).await.unwrap();
        let there: BTreeSet<_> = rows.into_iter().map(|one| one.id).collect();
        assert_eq!((there.len(), total), (4, 4));
        let read = async |behind: Option<Mark>| {
            institution.messages_behind(&sent, (behind.as_ref(), 2)).await.unwrap()
        };
        let more = async || drop(delivered(&desk).await);
        each_once(&walked(read, more, |one| one.id.clone()).await, &there);

        let letters = desk.permit(Action::ReadLetters).await;
        let all = LetterFilter::default();
        let (rows, total) = institution.letters_issued(&letters, &all, (0, 100)).await.unwrap();
        let there: BTreeSet<_> = rows.into_iter().map(|one| one.id).collect();
        assert!(there.len() > 4 && u64::try_from(there.len()).unwrap() == total);
        let read = async |behind: Option<Mark>| {
            institution.letters_behind(&letters, &all, (behind.as_ref(), 2)).await.unwrap()
        };
        let more = async || {
            desk.world.pass(1);
            Way::begin(institution).await.fill_and_submit().await;
            institution.sweep_letters().await.unwrap();
        };
        let names = walked(read, more, |one| one.id.clone()).await;
        each_once(&names, &there);
        assert_eq!(names.len(), there.len(), "what came later stands before the first");
    })
    .await;
}
