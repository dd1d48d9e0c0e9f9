//! The names of the registration data in words, for what a person is about to sign: nobody signs
//! `holder_name` when the form says 姓名.

use ra::Catalogue;

use super::sign_object::Head;

/// Looks names up in the catalogue; what it does not know stays as it is.
pub struct Wording<'a> {
    catalogue: Option<&'a Catalogue>,
    method: String,
    kind: Option<String>,
    materials: Vec<(String, String)>,
    messages: Vec<(String, String)>,
    holds: Vec<(String, String)>,
}

impl<'a> Wording<'a> {
    /// For an order, with the proofing method that it names, if it does.
    pub fn of(
        catalogue: Option<&'a Catalogue>,
        order: &serde_json::Map<String, serde_json::Value>,
    ) -> Self {
        let method = order.get("method").and_then(serde_json::Value::as_str).unwrap_or_default();
        let (materials, messages, holds) = (Vec::new(), Vec::new(), Vec::new());
        Self { catalogue, method: method.to_owned(), kind: None, materials, messages, holds }
    }

    /// With what the order is about: the kind of certificate, whose form and materials bear the
    /// names, the materials of the application, identifier and kind of paper, and messages.
    pub fn about(mut self, head: &Head) -> Self {
        self.kind.clone_from(&head.kind);
        self.messages.clone_from(&head.messages);
        self.holds.clone_from(&head.holds);
        let named = |one: &ra::Material| {
            let name = format!("material:{}", one.name);
            let title = self.element(&name)?;
            let title = title.strip_prefix("材料：").map(str::to_owned).unwrap_or(title);
            Some((one.id.to_string(), title))
        };
        self.materials = head.materials.iter().filter_map(named).collect();
        self
    }

    /// The words for the value of a member of an order.
    pub fn title(&self, member: &str, name: &str) -> Option<String> {
        match member {
            "element" | "target" => self.element(name),
            "means" => self.means(name),
            "matter" => matter(name).map(str::to_owned),
            "material" => {
                let found = self.materials.iter().find(|(id, _)| id == name);
                let found = found.map(|(_, title)| title.clone());
                found.or_else(|| self.element(&format!("material:{name}")))
            }
            "ticked" => self.item(name),
            "ground" => self.ground(name),
            "roles" => roles(name),
            "operations" => app::signing::Operation::of(name).map(|one| one.chinese().to_owned()),
            "step" => {
                let step = app::voice::Step::of(name).map(app::voice::Step::chinese);
                let keep = app::voice::KeepStep::of(name).map(app::voice::KeepStep::chinese);
                step.or(keep).map(str::to_owned)
            }
            "outcome" => app::voice::Outcome::of(name).map(|one| one.chinese().to_owned()),
            "cause" => app::signing::StopCause::of(name).map(|one| one.chinese().to_owned()),
            "chosen" => {
                let found = self.messages.iter().find(|(id, _)| id == name);
                found.map(|(_, told)| told.clone())
            }
            "holds" => {
                let found = self.holds.iter().find(|(id, _)| id == name);
                found.map(|(_, told)| told.clone())
            }
            "failed_until" => name.parse().ok().map(super::words::second),
            "kind" => Some(self.catalogue?.kind(name).ok()?.title.clone()),
            _ => None,
        }
    }

    /// `holder_name`, `domains/0`, `material:identity_document`.
    fn element(&self, name: &str) -> Option<String> {
        let kinds = self.catalogue?.kinds();
        let own = kinds.iter().filter(|kind| Some(&kind.name) == self.kind.as_ref());
        let kinds = own.chain(kinds);
        if let Some(material) = name.strip_prefix("material:") {
            let mut all = kinds.flat_map(|kind| &kind.materials);
            return all.find(|one| one.name == material).map(|one| format!("材料：{}", one.title));
        }
        let (field, place) = name.split_once('/').map_or((name, None), |(f, p)| (f, Some(p)));
        let mut all = kinds.flat_map(|kind| &kind.fields);
        let label = all.find(|one| one.name == field).map(|one| one.label.clone())?;
        match place.and_then(|place| place.parse::<u32>().ok()) {
            Some(place) => Some(format!("{label}（第 {} 个）", place.saturating_add(1))),
            None => Some(label),
        }
    }

    fn means(&self, name: &str) -> Option<String> {
        let method = self.catalogue?.method(&self.method).ok()?;
        method.means.iter().find(|means| means.name == name).map(|means| means.title.clone())
    }

    fn ground(&self, name: &str) -> Option<String> {
        let catalogue = self.catalogue?;
        if let Ok(ground) = catalogue.ground(name) {
            return Some(ground.told());
        }
        let declines = catalogue.declines().iter();
        declines.clone().find(|one| one.name == name).map(|one| one.title.clone())
    }

    fn item(&self, name: &str) -> Option<String> {
        let catalogue = self.catalogue?;
        let kinds = catalogue.kinds().iter();
        let mut items = kinds.flat_map(|kind| catalogue.checklist_for(&kind.name, "new"));
        items.find(|item| item.name == name).map(|item| item.text.clone())
    }
}

/// `entry_clerk,reviewer`.
fn roles(names: &str) -> Option<String> {
    let roles: access::Roles = names.parse().ok()?;
    Some(roles.iter().map(access::Role::chinese).collect::<Vec<_>>().join("、"))
}

/// The words of orders about people, credentials and offices in Chinese; what is no word of theirs
/// stays as it is.
pub fn administrative(word: &str) -> &str {
    match word {
        "order" => "办理内容",
        "week" => "抽查报告（周一）",
        "sm3" => "报告的 SM3 杂凑值",
        "chosen" => "重发的通知",
        "failed_until" => "重发此时已经失败的全部通知",
        "messages" => "通知条数",
        "establish" => "设立注册机构",
        "amend" => "变更注册机构",
        "announce" => "公布名称和地址",
        "file" => "登记备案",
        "quota" => "业务范围和限额",
        "take_over" => "由本机构接管未办结的申请",
        "name" => "名称",
        "address" => "地址",
        "province" => "所在省、自治区、直辖市",
        "established_on" => "设立日期",
        "conditions" => "条件",
        "premises" => "场所",
        "equipment" => "设备设施",
        "staff" => "专业人员",
        "ability" => "专业能力",
        "rules" => "管理制度",
        "number" => "备案编号",
        "kind" => "证书类型",
        "client" => "接口客户端",
        "cause" => "停用原因",
        "operations" => "用途授权",
        "per_second" => "每秒限额（次）",
        "per_day" => "每日限额（件）",
        "suspend" => "暂停业务",
        "login" => "登录名",
        "roles" => "角色",
        "office" => "所属机构编号",
        "office_name" => "所属机构",
        "key" => "公钥",
        "label" => "证书名称",
        "serial" => "证书序列号",
        "expires_at" => "有效期至",
        "challenge" => "新密钥签过的文字",
        "possession" => "新密钥的签名",
        "enrolment" => "动态口令的编号",
        "step" => "动态口令的时间步",
        "memory_kib" => "口令处理：内存（KiB）",
        "passes" => "口令处理：遍数",
        "lanes" => "口令处理：并行数",
        "salt" => "口令处理：盐",
        "verifier" => "口令的验证值",
        other => other,
    }
}

/// What is proofed, of an order over many applications.
fn matter(name: &str) -> Option<&'static str> {
    Some(match name {
        "person" => "持有人身份",
        "agent" => "经办人及其授权",
        "unit" => "单位",
        "post" => "部门和职务",
        "place" => "所在地",
        "phone" => "手机号码",
        "mailbox" => "邮箱",
        "domain" => "域名",
        "address" => "IP 地址",
        "device" => "设备",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_told_in_the_words_of_the_forms() {
        let catalogue = Catalogue::embedded().unwrap();
        let order = serde_json::json!({ "method": "remote" });
        let wording = Wording::of(Some(&catalogue), order.as_object().unwrap());
        let told = |member: &str, name: &str| wording.title(member, name).unwrap();
        assert_eq!(told("element", "holder_name"), "姓名");
        assert!(told("element", "domains/1").ends_with("（第 2 个）"));
        assert!(told("target", "material:identity_document").starts_with("材料：本人"));
        assert!(told("ground", "unit-left").contains("从属关系变更"));
        assert!(told("ground", "outside").contains("业务范围"));
        assert_eq!(wording.title("material", "00"), None);
        // The same name means something else in another method.
        assert!(told("means", "document").contains("影像"));
        assert!(told("ticked", "informed").contains("四项告知"));
        assert_eq!(wording.title("means", "no-such"), None);
        assert_eq!(wording.title("note", "holder_name"), None);
    }
}
