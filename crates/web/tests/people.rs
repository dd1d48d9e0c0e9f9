//! 管理台 in a browser: people are appointed, come in, and leave; nobody appoints beyond the own
//! reach; credentials are one's own; offices are set up, filed, supervised and suspended.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use crate::world;

use crate::way;

use crate::browser;
use crate::door;

use access::Custodians;
use browser::{Browser, code, field, text};
use store::{Filter, Page};
use way::Staff;
use world::World;

const PASSPHRASE: &str = "春眠不觉晓，处处闻啼鸟。";

/// An institution with its first two people, and 业务管理员 whom the first appointed.
struct Institution {
    world: World,
    chief: Staff,
    watch: Staff,
    head: Staff,
}

impl Institution {
    async fn new() -> Self {
        let code = "12110101YX0000016B";
        let world = World::with(|settings| settings.institution.credit_code = code.into()).await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(way::key()), Staff(way::key()));
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch.0);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        Self { world, chief, watch, head }
    }

    async fn browser(&self, staff: &Staff) -> Browser {
        Browser::with(&staff.token(self.world.institution.access()).await)
    }

    /// Every record of the journal, as it is hashed.
    async fn journal(&self) -> String {
        let page = Page { limit: 1000, ..Page::default() };
        let records = self.world.institution.store().records(&Filter::default(), page).await;
        records.unwrap().into_iter().map(|record| record.leaf).collect()
    }
}

/// The code of an invitation on the page that shows it.
fn invitation(page: &str) -> String {
    let after = page.split("<dt>邀请码</dt><dd>").nth(1).unwrap_or_else(|| panic!("{page}"));
    after.split('<').next().unwrap().to_owned()
}

fn secret(page: &str) -> String {
    let after = page.split("密钥：<span class=\"code\">").nth(1).unwrap();
    after.split('<').next().unwrap().to_owned()
}

/// The identifier of a person or an office in the list of its page.
fn id_of(page: &str, below: &str, name: &str) -> String {
    let start = format!("href=\"{below}/");
    let found = page.split(&start).skip(1);
    let mut found =
        found.filter(|part| part.split('<').next().unwrap().ends_with(&format!(">{name}")));
    found.next().unwrap_or_else(|| panic!("{name} in {page}")).split('"').next().unwrap().to_owned()
}

/// Creates somebody in the browser of who appoints; the page after signing.
async fn create(
    at: &Institution,
    by: (&mut Browser, &Staff),
    (login, role): (&str, &str),
) -> door::Answer {
    let form = ("/admin/people/new", "/admin/people/new");
    let fields = [("login", login), ("name", "某某某"), ("role", role)];
    let led = by.0.post(&at.world, form, &fields).await;
    by.0.sign(&at.world, &led, &by.1.0).await
}

/// A person with a key takes an invitation up.
async fn enrols_a_key(world: &World, login: &str, code: &str) -> Staff {
    let staff = Staff(way::key());
    let mut fresh = Browser::default();
    let (back, proof) = fresh.offer(world, "/invitation/key", &staff.0).await;
    let mut fields: Vec<(&str, &str)> =
        proof.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.extend([("login", login), ("code", code), ("label", "工作证书")]);
    let done = fresh.post(world, (&back, "/invitation/key"), &fields).await;
    assert_eq!(done.field("location"), "/invitation/done", "{}", text(&done));
    staff
}

/// Takes an invitation up by passphrase; a mistake loses neither login nor secret.
async fn takes_up(world: &World, browser: &mut Browser, invited: &str) -> String {
    let pair = [("login", "clerk"), ("code", invited)];
    let page = text(&browser.post(world, ("/invitation", "/invitation"), &pair).await);
    assert!(page.contains("12 至 128 个字符"), "the rules are told before");
    let (enrolment, key) = (field(&page, "enrolment"), secret(&page));
    assert!(page.contains("<svg class=\"square-code\" role=\"img\""));
    let set = async |browser: &mut Browser, passphrase: &str, first: &str| {
        let fields = [
            pair[0],
            pair[1],
            ("enrolment", enrolment.as_str()),
            ("passphrase", passphrase),
            ("first", first),
        ];
        browser.post(world, ("/invitation", "/invitation/passphrase"), &fields).await
    };
    let weak = set(browser, "too short", &code(world, &key)).await;
    assert_eq!(weak.status.as_u16(), 422);
    assert!(text(&weak).contains("href=\"#passphrase\""));
    let wrong = set(browser, PASSPHRASE, "000000").await;
    let again = text(&wrong);
    assert!(again.contains("href=\"#first\"") && secret(&again) == key, "the same secret");
    assert!(!again.contains(PASSPHRASE), "a passphrase is never sent back");
    let done = set(browser, PASSPHRASE, &code(world, &key)).await;
    assert_eq!(done.field("location"), "/invitation/done");
    key
}

/// GM/T 0034 §6: the whole way of a clerk, from the appointment to the last day.
#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_is_invited_comes_in_by_passphrase_and_is_out_at_once_when_disabled() {
    let at = Institution::new().await;
    let world = &at.world;
    // The super administrator appoints the business administrator, who enrols a key.
    let mut chief = at.browser(&at.chief).await;
    let shown = create(&at, (&mut chief, &at.chief), ("lead", "business_admin")).await;
    assert_eq!(shown.status.as_u16(), 200);
    let of_lead = invitation(&text(&shown));
    let lead = enrols_a_key(world, "lead", &of_lead).await;

    // The business administrator invites an entry clerk.
    let mut head = at.browser(&lead).await;
    let shown = create(&at, (&mut head, &lead), ("clerk", "entry_clerk")).await;
    let of_clerk = invitation(&text(&shown));
    let journal = at.journal().await;
    assert!(journal.contains("person.created") && !journal.contains(&of_clerk));

    let mut clerk = Browser::default();
    let key = takes_up(world, &mut clerk, &of_clerk).await;

    world.pass(30);
    let now = code(world, &key);
    let fields = [("login", "clerk"), ("passphrase", PASSPHRASE), ("code", now.as_str())];
    let entered = clerk.post(world, ("/login", "/login"), &fields).await;
    assert_eq!(entered.field("location"), "/account");
    assert_eq!(clerk.get(world, "/desk").await.status.as_u16(), 200);

    // Who may not see people does not: by address neither.
    assert_eq!(clerk.get(world, "/admin/people").await.status.as_u16(), 403);
    assert!(!text(&clerk.get(world, "/admin").await).contains("/admin/people"));

    // The clerk leaves: the page says what ends, and with the signature it has ended.
    let list = text(&head.get(world, "/admin/people?q=clerk").await);
    let path = format!("/admin/people/{}/disable", id_of(&list, "/admin/people", "clerk"));
    let page = text(&head.get(world, &path).await);
    assert!(page.contains("有效的会话：1 个") && page.contains("口令和动态口令：有，失效"));
    let led = head.post(world, (&path, &path), &[("reason", "离职")]).await;
    assert_eq!(
        clerk.get(world, "/desk").await.status.as_u16(),
        200,
        "nothing before the signature"
    );
    head.sign(world, &led, &lead.0).await;
    assert_eq!(clerk.get(world, "/desk").await.status.as_u16(), 303);
    world.pass(30);
    let now = code(world, &key);
    let fields = [("login", "clerk"), ("passphrase", PASSPHRASE), ("code", now.as_str())];
    let refused = Browser::default().post(world, ("/login", "/login"), &fields).await;
    assert_eq!(refused.status.as_u16(), 422);
}

/// GM/T 0034 §6: the form offers what one may appoint, and nothing else gets through it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_appoints_beyond_the_own_reach_and_why_is_said() {
    let at = Institution::new().await;
    let world = &at.world;
    let cases = [
        (&at.chief, "entry_clerk", "该角色由业务管理员任免"),
        (&at.chief, "inspector", "该角色由审计管理员任免"),
        (&at.watch, "super_admin", "该角色由超级管理员任免"),
        (&at.head, "business_admin", "该角色由超级管理员任免"),
        (&at.head, "operator", "不能担任"),
    ];
    for (by, role, why) in cases {
        let mut browser = at.browser(by).await;
        let page = text(&browser.get(world, "/admin/people/new").await);
        assert!(!page.contains(&format!("value=\"{role}\"")), "{role} is offered");
        let form = ("/admin/people/new", "/admin/people/new");
        let fields = [("login", "newcomer"), ("name", "某某某"), ("role", role)];
        let refused = browser.post(world, form, &fields).await;
        let page = text(&refused);
        assert_eq!(refused.status.as_u16(), 422, "{role}");
        assert!(page.contains(why) && page.contains("href=\"#role\""), "{role}: {page}");
        assert!(page.contains("value=\"newcomer\""), "nothing that was typed is lost");
    }
    let mut head = at.browser(&at.head).await;
    let form = ("/admin/people/new", "/admin/people/new");
    // 保管人1 holds a share since the ceremony; `k1` is no login, so the name counts.
    let fields = [("login", "custodian"), ("name", "保管人 1"), ("role", "entry_clerk")];
    let page = text(&head.post(world, form, &fields).await);
    assert!(page.contains("密钥分管者不得担任"), "{page}");
    let fields = [("login", "chief"), ("name", "某某某"), ("role", "entry_clerk")];
    assert!(text(&head.post(world, form, &fields).await).contains("已有人使用"));
    // An act that was prepared by hand does not get through either: the rules are not in the form.
    let access = world.institution.access();
    let principal = at.head.principal(access).await;
    let new = way::person("newcomer", "super_admin", &way::key());
    let kind = access::ActKind::CreatePerson;
    let act = access.prepare_act(&principal, kind, &new.object(), &new.to_json()).await.unwrap();
    let der = at.head.0.sign(&gm::UserId::default(), act.statement.as_bytes()).to_der();
    let refused = world.institution.complete_act(&principal, (&act.id, &der)).await;
    assert_eq!(refused.unwrap_err().code(), "access.appointment");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_told_about_and_exported_to_whom_may_see_them() {
    let at = Institution::new().await;
    let world = &at.world;
    let access = world.institution.access();
    let clerk = at.head.appoint(access, "clerk", "entry_clerk,reviewer").await;
    let mut head = at.browser(&at.head).await;
    let page = text(&head.get(world, "/admin/people?q=cle&role=reviewer").await);
    assert!(page.contains(">clerk<") && !page.contains(">chief<"));
    let id = id_of(&page, "/admin/people", "clerk");
    clerk.token(access).await;
    let page = text(&head.get(world, &format!("/admin/people/{id}")).await);
    for told in ["录入员、审核员", "首张证书", "203.0.113.0/24", "停用", "变更角色或所属机构"]
    {
        assert!(page.contains(told), "{told}");
    }
    // The super administrator sees the clerk and may end sessions, but not dismiss.
    let mut chief = at.browser(&at.chief).await;
    let page = text(&chief.get(world, &format!("/admin/people/{id}")).await);
    assert!(page.contains("/sessions") && !page.contains("/disable"));
    let path = format!("/admin/people/{id}/sessions");
    let led = chief.post(world, (&path, &path), &[("reason", "异常登录")]).await;
    chief.sign(world, &led, &at.chief.0).await;
    assert!(at.journal().await.contains("person.sessions_ended"));

    let file = head.get(world, "/admin/people.csv?state=all").await;
    assert!(file.field("content-type").starts_with("text/csv"));
    let lines = text(&file);
    assert!(lines.starts_with('\u{feff}') && lines.contains("\"clerk\",\"clerk 先生\""));
    assert_eq!(head.get(world, "/admin/people/x").await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_office_change_in_a_signed_act_that_ends_the_sessions() {
    let at = Institution::new().await;
    let world = &at.world;
    let access = world.institution.access();
    let clerk = at.head.appoint(access, "clerk", "entry_clerk").await;
    let mut of_clerk = at.browser(&clerk).await;
    let mut head = at.browser(&at.head).await;
    let list = text(&head.get(world, "/admin/people").await);
    let path = format!("/admin/people/{}/change", id_of(&list, "/admin/people", "clerk"));
    let same = head.post(world, (&path, &path), &[("role", "entry_clerk")]).await;
    assert!(text(&same).contains("没有需要变更的内容"));
    let nowhere = "0".repeat(32);
    let fields = [("role", "reviewer"), ("office", nowhere.as_str())];
    assert_eq!(head.post(world, (&path, &path), &fields).await.status.as_u16(), 404);
    let led = head.post(world, (&path, &path), &[("role", "reviewer")]).await;
    let done = head.sign(world, &led, &at.head.0).await;
    assert_eq!(done.status.as_u16(), 303, "{}", text(&done));
    assert_eq!(of_clerk.get(world, "/account").await.status.as_u16(), 303);
    let mut again = at.browser(&clerk).await;
    assert!(text(&again.get(world, "/account").await).contains("审核申请"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_adds_a_key_by_the_present_one_and_keeps_the_last_credential() {
    let at = Institution::new().await;
    let world = &at.world;
    let mut browser = at.browser(&at.head).await;
    let own = at.head.0.public_key().fingerprint();
    let end = ("/account", "/account/keys/end");
    let refused = browser.post(world, end, &[("fingerprint", &own)]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(text(&refused).contains("唯一可用的登录凭据"));

    let second = Staff(way::key());
    let (back, proof) = browser.offer(world, "/account/keys/new", &second.0).await;
    let mut fields: Vec<(&str, &str)> =
        proof.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.push(("label", ""));
    let page = browser.post(world, (&back, "/account/keys/new"), &fields).await;
    assert_eq!(page.status.as_u16(), 422);
    assert_eq!(field(&text(&page), "challenge"), proof[0].1, "what was signed is not lost");
    fields.pop();
    fields.push(("label", "备用钥匙"));
    let led = browser.post(world, (&back, "/account/keys/new"), &fields).await;
    let done = browser.sign(world, &led, &at.head.0).await;
    assert_eq!(done.field("location"), "/account", "{}", text(&done));
    let mut by_second = at.browser(&second).await;
    assert!(text(&by_second.get(world, "/account").await).contains("备用钥匙"));
    let ended = by_second.post(world, end, &[("fingerprint", &own)]).await;
    assert_eq!(ended.field("location"), "/account");
    assert_eq!(browser.get(world, "/account").await.status.as_u16(), 303, "other sessions end");
}

/// Sets an office up, after a first try without one of the five conditions; today.
async fn establish(at: &Institution, head: &mut Browser) -> String {
    let world = &at.world;
    let new = ("/admin/offices/new", "/admin/offices/new");
    let today = law::CivilDate::of(world.now());
    let day = format!("{today:?}");
    let mut fields = vec![
        ("name", "云中市受理点"),
        ("address", "云中市示例路 1 号"),
        ("province", "北京市"),
        ("established_on", day.as_str()),
        ("premises", "固定场所一百二十平方米"),
        ("equipment", "受理设备和密码设备齐备"),
        ("staff", "受理和审核人员四名"),
        ("ability", "从事登记业务三年以上"),
    ];
    let refused = head.post(world, new, &fields).await;
    let page = text(&refused);
    assert_eq!(refused.status.as_u16(), 422);
    assert!(page.contains("href=\"#rules\"") && page.contains("固定场所一百二十平方米"));
    fields.push(("rules", "人员、档案和安全制度"));
    let led = head.post(world, new, &fields).await;
    head.sign(world, &led, &at.head.0).await;
    day
}

/// Measures Art. 25 to 27: conditions, filing, scope, supervision, suspension.
#[tokio::test(flavor = "multi_thread")]
async fn an_office_is_set_up_filed_limited_supervised_and_suspended() {
    let at = Institution::new().await;
    let world = &at.world;
    let mut head = at.browser(&at.head).await;
    let day = establish(&at, &mut head).await;
    let list = text(&head.get(world, "/admin/offices").await);
    assert!(list.contains("未备案") && list.contains("办理备案还剩 30 天"), "{list}");
    let path = format!("/admin/offices/{}", id_of(&list, "/admin/offices", "云中市受理点"));
    assert!(!text(&head.get(world, "/offices").await).contains("云中市受理点"));

    let to = |part: &str| format!("{path}/{part}");
    let order = async |head: &mut Browser, part: &str, fields: &[(&str, &str)]| {
        let version = field(&text(&head.get(world, &path).await), "version");
        let all: Vec<_> = [("version", version.as_str())].iter().chain(fields).copied().collect();
        head.post(world, (&path, &to(part)), &all).await
    };
    let wrong = order(&mut head, "filing", &[("number", "京备 1"), ("on", "2020-01-01")]).await;
    assert!(text(&wrong).contains("value=\"京备 1\"") && text(&wrong).contains("href=\"#on\""));
    let orders: [(&str, &[(&str, &str)]); 3] = [
        ("filing", &[("number", "京备 2026-001"), ("on", &day)]),
        ("announce", &[]),
        ("quota", &[("kind", "person"), ("per_day", "20")]),
    ];
    for (part, fields) in orders {
        let led = order(&mut head, part, fields).await;
        let done = head.sign(world, &led, &at.head.0).await;
        assert_eq!(done.field("location"), path, "{part}: {}", text(&done));
    }
    let open = text(&Browser::default().get(world, "/offices").await);
    assert!(open.contains("云中市受理点") && open.contains("云中市示例路 1 号"));

    let file = ("%PDF-1.7 检查\n%%EOF", [("record", "supervision")]);
    let added = head.upload(world, (&path, &to("records")), (&file.1, file.0)).await;
    assert_eq!(added.field("location"), path, "{}", text(&added));
    let refused = head.upload(world, (&path, &to("records")), (&file.1, "<script>")).await;
    assert_eq!(refused.status.as_u16(), 422);
    let page = text(&head.get(world, &path).await);
    let record = id_of(&page, &to("records"), "监督检查记录");
    let read = head.get(world, &to(&format!("records/{record}"))).await;
    assert_eq!((read.field("content-type"), text(&read).as_str()), ("application/pdf", file.0));
    assert!(read.field("content-disposition").starts_with("attachment"));

    // T-22: with the signature the office is out of the public list, and its clerks are refused.
    let path = to("suspension");
    let fields = [("suspend", "yes"), ("reason", "检查发现问题")];
    let led = head.post(world, (&path, &path), &fields).await;
    head.sign(world, &led, &at.head.0).await;
    assert!(text(&head.get(world, "/admin/offices").await).contains("已暂停"));
    assert!(!text(&Browser::default().get(world, "/offices").await).contains("云中市受理点"));
    let lines = text(&head.get(world, "/admin/offices.csv").await);
    assert!(lines.contains("\"云中市受理点\"") && lines.contains("\"已暂停\""));
}

/// Guesses of an invitation are counted as failures to sign in are.
#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_not_guessed() {
    let at = Institution::new().await;
    let mut browser = Browser::default();
    for _ in 0..30 {
        let fields = [("login", "head"), ("code", "AAAA-AAAA-AAAA-AAAA-AAAA")];
        let refused = browser.post(&at.world, ("/invitation", "/invitation"), &fields).await;
        assert_eq!(refused.status.as_u16(), 422);
        assert!(text(&refused).contains("邀请码不正确"), "{}", text(&refused));
    }
    let fields = [("login", "head"), ("code", "AAAA-AAAA-AAAA-AAAA-AAAA")];
    let locked = browser.post(&at.world, ("/invitation", "/invitation"), &fields).await;
    assert!(text(&locked).contains("秒后重试"), "{}", text(&locked));
}
