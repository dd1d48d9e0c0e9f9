//! A certificate profile line by line in Chinese.

use pki::ext::KeyUsage;
use pki::profile::{
    AttributeKind, AttributeRule, Document, IdentityKind, IdentityRule, Presence, Role,
    SignatureParameters, StringType,
};

/// A name and what the profile says about it.
pub type Line = (String, String);

/// Every line of a profile.
pub fn lines(profile: &Document) -> Vec<Line> {
    let mut all = general(profile);
    all.extend(profile.subject.iter().map(attribute));
    all.extend(extensions(profile));
    all.extend(profile.identity.iter().map(identity));
    all
}

fn line(name: &str, value: impl Into<String>) -> Line {
    (name.to_owned(), value.into())
}

fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Required => "必须有",
        Presence::Optional => "可以有",
        Presence::None => "没有",
    }
}

fn string(string: StringType) -> &'static str {
    match string {
        StringType::Printable => "PrintableString",
        StringType::Ia5 => "IA5String",
        StringType::Utf8 => "UTF8String",
    }
}

fn criticality(critical: bool) -> &'static str {
    if critical { "（关键）" } else { "" }
}

fn general(profile: &Document) -> Vec<Line> {
    let validity = profile.validity;
    let role = match profile.role {
        Role::Sign => "签名证书",
        Role::Enc => "加密证书",
        Role::Single => "单独的证书",
    };
    vec![
        line("模板代号", profile.name.clone()),
        line("用途", role),
        line("成对的模板", profile.pair.clone().unwrap_or_else(|| "没有".to_owned())),
        line("依据", profile.basis.join("、")),
        line("有效期", format!("默认 {} 天，最长 {} 天", validity.default_days, validity.max_days)),
        line("序列号", format!("随机 {} 位", profile.serial.random_bits)),
        line(
            "签名算法参数",
            match profile.signature.parameters {
                SignatureParameters::Absent => "省略",
                SignatureParameters::Null => "NULL",
            },
        ),
    ]
}

fn attribute_title(kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::C => "国家（C）",
        AttributeKind::S => "省级行政区（S）",
        AttributeKind::L => "地区（L）",
        AttributeKind::O => "单位（O）",
        AttributeKind::OU => "部门（OU）",
        AttributeKind::E => "电子邮件（E）",
        AttributeKind::CN => "名称（CN）",
    }
}

fn attribute(rule: &AttributeRule) -> Line {
    let value =
        format!("{}，{}，最长 {} 字符", presence(rule.presence), string(rule.string), rule.max);
    (format!("主体：{}", attribute_title(rule.attribute)), value)
}

fn usages(names: &[String]) -> String {
    let chinese = |name: &String| {
        KeyUsage::named(name).map_or_else(|| name.clone(), |usage| usage.to_string())
    };
    names.iter().map(chinese).collect::<Vec<_>>().join("、")
}

fn extensions(profile: &Document) -> Vec<Line> {
    let usage = &profile.key_usage;
    let mut all =
        vec![line("密钥用法", format!("{}{}", usages(&usage.usages), criticality(usage.critical)))];
    if let Some(purposes) = &profile.extended_key_usage {
        let value = format!("{}{}", purposes.purposes.join("、"), criticality(purposes.critical));
        all.push(line("扩展密钥用法", value));
    }
    if let Some(basic) = &profile.basic_constraints {
        let length = match (basic.ca, basic.path_len) {
            (false, _) => "不是签发机构证书".to_owned(),
            (true, Some(length)) => format!("签发机构证书，其下最多再有 {length} 级"),
            (true, None) => "签发机构证书，级数不限".to_owned(),
        };
        all.push(line("基本限制", format!("{length}{}", criticality(basic.critical))));
    }
    if let Some(names) = &profile.name_constraints {
        let value = format!("国家为 {}{}", names.permitted_country, criticality(names.critical));
        all.push(line("名称限制", value));
    }
    let policies = profile
        .policy
        .iter()
        .map(|rule| format!("{}（业务规则地址{}）", rule.oid, presence(rule.cps)));
    let policies: Vec<_> = policies.collect();
    all.extend([
        line("证书策略", if policies.is_empty() { "没有".into() } else { policies.join("；") }),
        line("签发机构密钥标识", presence(profile.key_identifiers.authority)),
        line("撤销列表地址", presence(profile.crl.distribution_points)),
        line("增量撤销列表地址", presence(profile.crl.freshest)),
        line("状态查询地址（OCSP）", presence(profile.access.ocsp)),
        line("签发证书下载地址", presence(profile.access.ca_issuers)),
        line("主体替换名称：域名", presence(profile.alternative_names.dns)),
        line("主体替换名称：IP 地址", presence(profile.alternative_names.ip)),
        line("主体替换名称：电子邮件", presence(profile.alternative_names.email)),
        line("不核查应答证书的状态", if profile.ocsp_nocheck { "是" } else { "否" }),
    ]);
    all
}

fn identity(rule: &IdentityRule) -> Line {
    let name = match rule.kind {
        IdentityKind::IdentifyCode => "个人身份标识码",
        IdentityKind::CreditCode => "统一社会信用代码",
        IdentityKind::SocialInsurance => "社会保险号",
        IdentityKind::BusinessRegistration => "工商注册号",
        IdentityKind::Taxation => "税号",
    };
    let value = format!("{}，{}，{}", presence(rule.presence), rule.oid, string(rule.string));
    (format!("身份标识：{name}"), value)
}
