//! The front of 管理台: one tile for each thing that this visitor may do. What a tile leads to says by
//! its gate who sees it.

use askama::Template;

use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::navigation;

/// Path, name, and what it is for.
const TILES: [(&str, &str, &str); 14] = [
    ("/admin/people", "人员", "查人员、角色、登录凭据和会话"),
    ("/admin/people/new", "新增人员", "任命您有权任命的角色，发出邀请码"),
    ("/admin/offices", "注册机构", "条件、备案、公告、限额、监督记录和现场明示"),
    ("/admin/offices/new", "设立注册机构", "按第二十五条写明五项条件，三十日内办理备案"),
    ("/admin/journal", "日志", "查记录、核对存在性证明、作审计标记"),
    ("/admin/certificates", "证书", "按序列号、主体和状态查证书"),
    ("/admin/ca", "CA 与 CRL", "CA 证书、撤销列表的编号和更新时间"),
    ("/admin/devices", "密码设备", "设备自检和其中的密钥"),
    ("/admin/health", "运行状况", "服务、队列、时钟和存储的当前状况"),
    ("/admin/statistics", "统计", "受理、签发、撤销的数量和时限"),
    ("/admin/profiles", "证书模板", "各类证书的扩展项和有效期"),
    ("/admin/settings", "设置", "正在使用的配置"),
    ("/desk", "业务工作台", "待办申请、核验和审核"),
    ("/account", "我的登录", "登录凭据、会话和权限"),
];

#[derive(Template)]
#[template(path = "admin/home.html")]
struct Home {
    frame: Frame,
    tiles: Vec<(&'static str, &'static str, &'static str)>,
}

/// `GET /admin`.
pub async fn show(frame: Frame) -> Answer {
    let tiles = TILES.into_iter().filter(|(path, ..)| navigation::is_open(path, &frame)).collect();
    page(&Home { frame, tiles })
}
