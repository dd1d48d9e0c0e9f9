//! The front of 管理台: one tile for each thing that this visitor may do, with what waits behind it. What a
//! tile leads to says by its gate who sees it.

use access::Action;
use app::notify::MessageState;
use askama::Template;
use axum::extract::State;

use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::navigation;
use crate::problem::Problem;

/// Path, name, and what it is for.
const TILES: [(&str, &str, &str); 20] = [
    ("/admin/people", "人员", "查人员、角色、登录凭据和会话"),
    ("/admin/people/new", "新增人员", "任命您有权任命的角色，发出邀请码"),
    ("/admin/offices", "注册机构", "条件、备案、公告、限额、监督记录和现场明示"),
    ("/admin/offices/new", "设立注册机构", "按第二十五条写明五项条件，三十日内办理备案"),
    (MESSAGES, "通知", "短信和邮件的发送情况，重发失败的通知"),
    (COMPLAINTS, "投诉", "受理、答复和办结，办理期限"),
    (RATINGS, "评价", "好差评的等级和意见，答复差评"),
    ("/admin/journal", "日志", "查记录、核对存在性证明、作审计标记"),
    ("/admin/certificates", "证书", "按序列号、主体和状态查证书"),
    ("/admin/samples", "签发抽查", "每周随机抽查上一周签发的证书，逐项写明核验依据"),
    ("/admin/ca", "CA 与撤销列表", "CA 证书、撤销列表的编号和更新时间、密钥管理中心"),
    ("/admin/trust", "信任列表", "验证所依据的信任锚，其他机构的撤销列表取得如何"),
    ("/admin/signing", "应用签名服务", "为应用设立签名密钥，用途授权、限额、使用统计和停用"),
    ("/admin/devices", "密码设备", "设备自检和其中的密钥"),
    ("/admin/health", "运行状况", "服务、队列、时钟和存储的当前状况"),
    ("/admin/statistics", "统计", "受理、签发、撤销的数量和时限"),
    ("/admin/profiles", "证书模板", "各类证书的扩展项和有效期"),
    ("/admin/settings", "设置", "正在使用的配置"),
    ("/desk", "业务工作台", "待办申请、核验和审核"),
    ("/account", "我的登录", "登录凭据、会话和权限"),
];
const MESSAGES: &str = "/admin/messages";
const COMPLAINTS: &str = "/admin/complaints";
const RATINGS: &str = "/admin/ratings";

#[derive(Template)]
#[template(path = "admin/home.html")]
struct Home {
    frame: Frame,
    tiles: Vec<Tile>,
}

struct Tile {
    path: &'static str,
    name: &'static str,
    text: &'static str,
    /// What waits, with its words; none while nothing does.
    waits: Option<String>,
}

/// `GET /admin`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    let mut tiles = Vec::new();
    for (path, name, text) in TILES {
        if navigation::is_open(path, &frame) {
            let waits = waiting(&app, &visitor, path).await?;
            tiles.push(Tile { path, name, text, waits });
        }
    }
    page(&Home { frame, tiles })
}

/// What waits behind a tile that is open.
async fn waiting(app: &App, visitor: &Visitor, path: &str) -> Result<Option<String>, Problem> {
    let reads = || app.permit(visitor.principal(), Action::ReadVoice);
    let (count, words) = match path {
        MESSAGES => {
            let counts = app.message_counts().await?;
            let dead = counts.into_iter().find(|(state, _)| *state == MessageState::Dead);
            (dead.map_or(0, |(_, count)| count), "条发送失败")
        }
        COMPLAINTS => (app.complaints_overdue(&reads()?).await?, "件超期"),
        RATINGS => (app.bad_ratings_waiting(&reads()?).await?, "件差评待答复"),
        _ => (0, ""),
    };
    Ok((count > 0).then(|| format!("{count} {words}")))
}
