//! Made-up people and units whose identifiers pass every check.
//!
//! The same seed gives the same identities. No one real is meant: people are born between 1900
//! and 1909, and the organisation codes start with `YX`, which no registrar issues.

mod names;
mod organization;
mod person;

pub use organization::{Organization, credit_code_check, organization_code_check};
pub use person::{Person, Sex, id_number_check};

/// Regions for identifiers: codes of GB/T 2260 with their names.
const REGIONS: &[(&str, &str, &str)] = &[
    ("110101", "北京市", "东城区"),
    ("120103", "天津市", "河西区"),
    ("310104", "上海市", "徐汇区"),
    ("320106", "江苏省", "南京市鼓楼区"),
    ("440106", "广东省", "广州市天河区"),
    ("500103", "重庆市", "渝中区"),
    ("510104", "四川省", "成都市锦江区"),
    ("610102", "陕西省", "西安市新城区"),
    ("650102", "新疆维吾尔自治区", "乌鲁木齐市天山区"),
];
