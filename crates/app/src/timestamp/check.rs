//! What the doctor says of the timestamp service.

use status::timestamp::TimestampHealth;

use crate::doctor::{Check, Level};
use crate::institution::Institution;

impl Institution {
    /// Whether timestamps can be issued, and may be relied on; `None` where the service is off.
    pub(crate) fn check_timestamp(&self) -> Option<Check> {
        let health = self.timestamp()?.health();
        let (level, detail) = judge(&health);
        Some(Check { name: "timestamp", title: "时间戳服务", level, detail })
    }
}

impl Institution {
    /// Every token against the journal; `None` where the service is off.
    pub(crate) async fn check_tokens(&self) -> Option<Check> {
        let (level, detail) = match self.timestamp()?.compare_with_journal().await {
            Ok(found) if found.findings.is_empty() => {
                (Level::Good, format!("{} 个时间戳均与日志记录相符", found.tokens))
            }
            Ok(found) => (Level::Failed, found.findings.join("；")),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "timestamp_rows", title: "时间戳核对", level, detail })
    }
}

fn judge(health: &TimestampHealth) -> (Level, String) {
    let Some(certificate) = &health.certificate else {
        let text = "没有可用的时间戳证书，不能签发时间戳；证书由系统自动签发，原因见运行日志";
        return (Level::Failed, text.to_owned());
    };
    if let Some(doubt) = &health.doubt {
        let why = health.complaint.as_ref().map(|why| format!("（{why}）")).unwrap_or_default();
        return (Level::Failed, format!("时间不可信，已停止签发时间戳：{doubt}{why}"));
    }
    let mut wanting = Vec::new();
    if health.source.is_none() {
        wanting.push(
            "没有设置外部时间源，时间戳不声明精度；正式使用前请在 yinxin.toml 的 [timestamp] 中设置 \
             source 和 accuracy"
                .to_owned(),
        );
    }
    if health.policies.iter().any(pki::Oid::is_example) {
        let text = "时间戳策略仍是示例标识，请在 [timestamp] policies 中写入本机构注册的标识";
        wanting.push(text.to_owned());
    }
    if health.steps > 0 {
        wanting.push(format!("启动以来系统时钟被拨动过 {} 次", health.steps));
    }
    if let Some(why) = &health.complaint {
        wanting.push(format!("最近一次与时间源比对没有成功：{why}"));
    }
    if !wanting.is_empty() {
        return (Level::Warning, wanting.join("；"));
    }
    let compared = health
        .comparison
        .as_ref()
        .map(|(said, _)| format!("与{}比对，相差 {} 毫秒；", said.with, said.offset.as_millis()));
    let end = certificate.not_after();
    (Level::Good, format!("{}证书有效至 {end}", compared.unwrap_or_default()))
}
