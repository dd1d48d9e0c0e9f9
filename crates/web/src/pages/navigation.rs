//! The three faces and the bar of each.

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
                ("/downloads", "下载"),
            ],
            Self::Desk => &[("/desk", "待办申请"), ("/account", "我的登录"), ("/", "办事大厅")],
            Self::Admin => &[],
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

/// The entries of a bar for a visitor at `address`.
pub fn entries(face: Face, address: &str) -> Vec<Entry> {
    let path = address.split('?').next().unwrap_or_default();
    let is_here = |entry: &str| match entry {
        "/" => path == "/",
        entry => path.strip_prefix(entry).is_some_and(|r| r.is_empty() || r.starts_with('/')),
    };
    face.bar().iter().map(|&(path, label)| Entry { path, label, is_here: is_here(path) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_belong_to_one_face() {
        assert_eq!(Face::of("/"), Face::Hall);
        assert_eq!(Face::of("/desk"), Face::Desk);
        assert_eq!(Face::of("/desk/queue?page=2"), Face::Desk);
        assert_eq!(Face::of("/desktop"), Face::Hall);
        assert_eq!(Face::of("/admin/people"), Face::Admin);
    }

    #[test]
    fn the_entry_of_the_present_page_is_marked_and_only_it() {
        let here = |address| {
            let marked = entries(Face::Hall, address).into_iter().filter(|entry| entry.is_here);
            marked.map(|entry| entry.path).collect::<Vec<_>>()
        };
        assert_eq!(here("/"), ["/"]);
        assert_eq!(here("/query?serial=1"), ["/query"]);
        assert_eq!(here("/nowhere"), [""; 0]);
    }
}
