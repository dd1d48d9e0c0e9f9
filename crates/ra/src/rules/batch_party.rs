//! The unit of a batch and its contact: all that is wrong, at once.

use pki::ident::CreditCode;
use pki::tbs::is_mailbox;

use super::form::is_phone;
use crate::error::FieldError;
use crate::model::BatchParty;

/// All that is wrong with it.
pub(crate) fn check(party: &BatchParty) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, label: &str, code: &'static str, text: String| {
        errors.push(FieldError { field: field.to_owned(), label: label.to_owned(), code, text });
    };
    let named = |value: &str, most: usize| pki::name::is_line(value.trim(), 2..=most);
    if !named(&party.unit_name, 64) {
        wrong("unit_name", "单位名称", "ra.form.length", "请填写全称，2 至 64 个字".into());
    }
    if let Err(error) = CreditCode::parse(party.credit_code.trim()) {
        let text = format!("{error}，请核对");
        wrong("credit_code", "统一社会信用代码", error.code(), text);
    }
    if !named(&party.contact_name, 32) {
        wrong("contact_name", "联系人姓名", "ra.form.length", "请填写姓名，2 至 32 个字".into());
    }
    if !is_phone(party.contact_phone.trim()) {
        let text = "应为 11 位手机号码，以 1 开头".into();
        wrong("contact_phone", "联系人手机号码", "ra.form.phone", text);
    }
    if !is_mailbox(party.contact_email.trim()) {
        let text = "请填写邮箱，例如 name@example.cn；查询码会发到这里".into();
        wrong("contact_email", "联系人邮箱", "ra.form.email", text);
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_with_a_party_is_told_at_once() {
        let mut party = BatchParty {
            unit_name: "云中市档案馆".into(),
            credit_code: "12110101YX0000016B".into(),
            contact_name: "贾如信".into(),
            contact_phone: "13000000000".into(),
            contact_email: "jia@example.gov.cn".into(),
        };
        assert_eq!(check(&party), []);
        party.unit_name.push('\u{200b}');
        party.credit_code.pop();
        party.contact_phone = "1".into();
        party.contact_email.clear();
        let fields: Vec<String> = check(&party).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["unit_name", "credit_code", "contact_phone", "contact_email"]);
    }
}
