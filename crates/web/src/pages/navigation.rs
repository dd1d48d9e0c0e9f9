//! The three faces and the bar of each. An entry is shown to whoever passes the gate of its page in
//! the table of routes: there is no second list of rights, and none that leads nowhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::Method;

use super::frame::Frame;
use super::guard::PageGate;
use super::routes;

/// Whom a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// 办事大厅: applicants, subscribers, relying parties, everybody.
    Hall,
    /// 业务工作台: clerks and reviewers.
    Desk,
    /// 管理台: administrators and auditors.
    Admin,
}

impl Face {
    /// The face that an address belongs to.
    pub fn of(address: &str) -> Self {
        let is_below = |root: &str| {
            address
                .strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        match () {
            () if ["/desk", "/sign", "/account"].into_iter().any(is_below) => Self::Desk,
            () if is_below("/admin") => Self::Admin,
            () => Self::Hall,
        }
    }

    /// Its Chinese name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Hall => "电子认证服务办事大厅",
            Self::Desk => "业务工作台",
            Self::Admin => "管理台",
        }
    }

    /// Its class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Hall => "hall",
            Self::Desk => "desk",
            Self::Admin => "admin",
        }
    }

    /// Its first page.
    pub fn home(self) -> &'static str {
        match self {
            Self::Hall => "/",
            Self::Desk => "/desk",
            Self::Admin => "/admin",
        }
    }

    fn bar(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Hall => &[
                ("/", "首页"),
                ("/guides", "办事指南"),
                ("/apply", "申请证书"),
                ("/progress", "查询进度"),
                ("/query", "证书状态查询"),
                ("/offices", "受理点"),
                ("/downloads", "下载"),
                ("/disclosure", "信息公开"),
                ("/desk", "业务工作台"),
            ],
            Self::Desk => &[
                ("/desk", "待办申请"),
                ("/desk/enter", "现场录入"),
                ("/desk/revocations", "撤销登记"),
                ("/desk/batches", "批量办理"),
                ("/desk/expiring", "到期提醒"),
                ("/desk/letters", "文书"),
                ("/account", "我的登录"),
                ("/admin", "管理台"),
                ("/", "办事大厅"),
            ],
            Self::Admin => &[
                ("/admin", "首页"),
                ("/admin/people", "人员"),
                ("/admin/offices", "注册机构"),
                ("/admin/journal", "日志"),
                ("/admin/certificates", "证书"),
                ("/admin/samples", "签发抽查"),
                ("/admin/ca", "CA 与撤销列表"),
                ("/admin/trust", "信任列表"),
                ("/admin/signing", "应用签名"),
                ("/admin/devices", "密码设备"),
                ("/admin/health", "运行状况"),
                ("/admin/messages", "通知"),
                ("/admin/complaints", "投诉"),
                ("/admin/ratings", "评价"),
                ("/admin/statistics", "统计"),
                ("/admin/profiles", "证书模板"),
                ("/admin/settings", "设置"),
                ("/desk", "业务工作台"),
            ],
        }
    }
}

/// One entry of a bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it leads.
    pub path: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Whether the visitor is there.
    pub is_here: bool,
}

/// What the pages ask of their visitors, by address.
static GATES: LazyLock<BTreeMap<&'static str, PageGate>> = LazyLock::new(|| {
    let pages = routes::table().into_iter().filter(|route| route.method == Method::GET);
    pages.map(|route| (route.path, route.gate)).collect()
});

/// Whether there is a page with this path in the table of routes, and this visitor may see it, at
/// least for some object.
pub fn is_open(path: &str, frame: &Frame) -> bool {
    match GATES.get(path) {
        None => false,
        Some(PageGate::Public | PageGate::PublicForm) => true,
        Some(PageGate::Staff) => frame.person().is_some(),
        Some(PageGate::Person(action)) => frame.person().is_some() && frame.may.contains(action),
        Some(PageGate::Applicant(_)) => frame.is_applicant(),
    }
}

/// The entries of the bar of a page for its visitor.
pub fn entries(frame: &Frame) -> Vec<Entry> {
    let path = frame.address.split('?').next().unwrap_or_default();
    let is_here = |entry: &str| match entry {
        "/" | "/admin" => path == entry,
        entry => path.strip_prefix(entry).is_some_and(|r| r.is_empty() || r.starts_with('/')),
    };
    let open = frame.face.bar().iter().filter(|(path, _)| is_open(path, frame));
    // Of entries below each other the longest is the present one.
    let here = frame.face.bar().iter().map(|(path, _)| *path).filter(|path| is_here(path));
    let here = here.max_by_key(|path| path.len());
    open.map(|&(path, label)| Entry { path, label, is_here: here == Some(path) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::frame::SignedIn;
    use crate::pages::site::Site;
    use crate::pages::visit::Visit;
    use access::Action;

    #[test]
    fn addresses_belong_to_one_face() {
        assert_eq!(Face::of("/"), Face::Hall);
        assert_eq!(Face::of("/desk"), Face::Desk);
        assert_eq!(Face::of("/desk/queue?page=2"), Face::Desk);
        assert_eq!(Face::of("/desktop"), Face::Hall);
        assert_eq!(Face::of("/admin/people"), Face::Admin);
    }

    fn bar(address: &str, may: &[Action]) -> Vec<Entry> {
        let visit = Visit { address: address.to_owned(), ..Visit::default() };
        let mut frame = Frame::new(Site::of_tests(), &visit);
        frame.may = may.to_vec();
        let (name, roles) = ("某人".to_owned(), String::new());
        frame.signed_in = Some(SignedIn::Person { name, roles });
        entries(&frame)
    }

    fn paths(entries: &[Entry]) -> Vec<&'static str> {
        entries.iter().map(|entry| entry.path).collect()
    }

    #[test]
    fn the_entry_of_the_present_page_is_marked_and_only_it() {
        let here = |address| {
            let marked = bar(address, Action::ALL).into_iter().filter(|entry| entry.is_here);
            marked.map(|entry| entry.path).collect::<Vec<_>>()
        };
        assert_eq!(here("/"), ["/"]);
        assert_eq!(here("/query?serial=1"), ["/query"]);
        assert_eq!(here("/nowhere"), [""; 0]);
        assert_eq!(here("/admin"), ["/admin"]);
        assert_eq!(here("/admin/people/0123"), ["/admin/people"]);
    }

    #[test]
    fn a_bar_shows_what_the_visitor_may_and_nothing_else() {
        // The rules that certificates are made by are no secret among the staff.
        assert_eq!(paths(&bar("/admin", &[])), ["/admin", "/admin/profiles"]);
        let people = bar("/admin", &[Action::ReadPeople]);
        assert_eq!(paths(&people), ["/admin", "/admin/people", "/admin/profiles"]);
        assert_eq!(paths(&bar("/desk", &[])), ["/account", "/admin", "/"]);
        let all = bar("/admin", Action::ALL);
        assert!(paths(&all).contains(&"/admin/offices"));
        for entry in all {
            let gate = GATES.get(entry.path);
            assert!(gate.is_some(), "{} leads nowhere", entry.path);
        }
    }
}
