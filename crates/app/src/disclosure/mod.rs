//! What the law wants public, as far as it comes out of settings and files: the licence (Measures
//! Art. 13), practice statement and policies in versions (Art. 17), the ways to complain (Art. 29).
//! What is missing is said to be missing, to everybody and to the doctor. Certificates of units, devices
//! and servers are found by their names.

mod documents;
pub(crate) mod names;
mod settings;
mod sql;

pub use documents::{Document, DocumentKind};
pub use names::{MOST_FOUND, PublicCertificates, is_public};
pub use settings::DisclosureSettings;
pub use sql::BY_NAME;

use crate::institution::Institution;

/// One item of what is to be public, with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is called.
    pub title: &'static str,
    /// What is said; none while nothing is set.
    pub value: Option<String>,
    /// Under which article.
    pub basis: &'static str,
    /// Where it is set.
    pub setting: &'static str,
}

impl Institution {
    /// The items that come out of settings, in the order of the page.
    #[must_use]
    pub fn disclosed_items(&self) -> Vec<Item> {
        items(self.settings())
    }
}

/// Pure: settings in, items out.
fn items(settings: &crate::Settings) -> Vec<Item> {
    const LICENCE: &str = "《电子政务电子认证服务管理办法》第十三条";
    const COMPLAINTS: &str = "《电子政务电子认证服务管理办法》第二十九条";
    const SERVICE: &str = "《电子政务电子认证服务管理办法》第十八条";
    let (institution, contact) = (&settings.institution, &settings.contact);
    let own = &settings.disclosure;
    let fees = own.fees.join("；");
    let days = format!(
        "收到投诉后 {} 个工作日内决定是否受理，{} 个工作日内答复",
        own.complaint_accept_days, own.complaint_answer_days
    );
    [
        ("机构名称", &institution.name, LICENCE, "[institution] name"),
        ("统一社会信用代码", &institution.credit_code, LICENCE, "[institution] credit_code"),
        ("资质证书编号", &own.licence_number, LICENCE, "[disclosure] licence_number"),
        ("资质证书有效期限", &own.licence_term, LICENCE, "[disclosure] licence_term"),
        ("服务范围", &own.scope, LICENCE, "[disclosure] scope"),
        ("发证机关", &own.licence_issuer, LICENCE, "[disclosure] licence_issuer"),
        ("发证日期", &own.licence_date, LICENCE, "[disclosure] licence_date"),
        ("住所地址", &contact.address, SERVICE, "[contact] address"),
        ("服务电话", &contact.phone, SERVICE, "[contact] phone"),
        ("服务时间", &contact.hours, SERVICE, "[contact] hours"),
        ("电子邮箱", &contact.email, SERVICE, "[contact] email"),
        ("收费标准", &fees, "《优化营商环境条例》（收费公开）", "[disclosure] fees"),
        ("投诉办理期限", &days, COMPLAINTS, "[disclosure] complaint_answer_days"),
        (
            "密码管理部门监督电话",
            &own.supervision_phone,
            COMPLAINTS,
            "[disclosure] supervision_phone",
        ),
    ]
    .into_iter()
    .map(|(title, value, basis, setting)| {
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        Item { title, value, basis, setting }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_article_13_are_there_and_what_is_not_set_has_no_value() {
        let mut settings = crate::Settings::new("测试中心", "ca.example.cn/journal");
        let value = |settings: &crate::Settings, title: &str| {
            items(settings).into_iter().find(|item| item.title == title).unwrap().value
        };
        for title in ["资质证书编号", "资质证书有效期限", "服务范围", "发证机关", "发证日期"]
        {
            assert_eq!(value(&settings, title), None, "{title}");
        }
        assert_eq!(value(&settings, "机构名称").as_deref(), Some("测试中心"));
        settings.disclosure.licence_number = " 演示-0001 ".into();
        assert_eq!(value(&settings, "资质证书编号").as_deref(), Some("演示-0001"));
        settings.disclosure.complaint_answer_days = 7;
        assert!(value(&settings, "投诉办理期限").unwrap().contains("7 个工作日"));
    }
}
