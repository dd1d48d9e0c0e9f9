//! Invented names, rare characters included.

/// Full names. The last ones need characters outside the basic plane or beyond GBK, as real
/// people's names do (GB 18030-2022).
pub(super) const PEOPLE: &[&str] = &[
    "甄有印",
    "贾如信",
    "易可验",
    "石清签",
    "程证远",
    "文书密",
    "余时戳",
    "白日志",
    "林根签",
    "秦准时",
    "苏链明",
    "顾存真",
    "陆归档",
    "何审核",
    "沈录入",
    "唐备案",
    "宋公示",
    "叶补正",
    "丁撤销",
    "许恢复",
    "欧阳示例",
    "司马测试",
    "上官样本",
    "慕容虚构",
    "买买提江·示例",
    "阿依古丽·样本",
    "赵䶮",
    "王㛃",
    "李𬀩",
    "周𠮷",
];

/// First parts of unit names: places that do not exist.
pub(super) const PLACES: &[&str] =
    &["云中市", "临渊县", "扶摇区", "青萍市", "沧浪县", "桃源区", "蓬莱岛市", "不周山县"];

/// Second parts.
pub(super) const BODIES: &[&str] = &[
    "档案馆",
    "财政局",
    "民政局",
    "大数据管理局",
    "行政审批服务局",
    "图书馆",
    "不动产登记中心",
    "政务服务中心",
    "示例科技有限公司",
    "样本建设（集团）有限公司",
];
