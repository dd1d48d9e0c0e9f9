//! What the doctor says of the responder.

use status::rules::delegation;

use crate::doctor::{Check, Level};
use crate::institution::Institution;

impl Institution {
    /// Whether status can be answered, by a certificate that is renewed in time.
    pub(crate) fn check_responder(&self) -> Check {
        let (level, detail) = self.judge_responder();
        Check { name: "ocsp", title: "状态应答（OCSP）", level, detail }
    }

    fn judge_responder(&self) -> (Level, String) {
        let signing = self.ca().signing_generations();
        let judged = signing.iter().map(|one| self.judge_responder_of(one));
        let worst = judged.max_by_key(|(level, _)| level.rank());
        worst.unwrap_or_else(|| (Level::Unknown, "没有签发机构".to_owned()))
    }

    fn judge_responder_of(&self, ca: &ca::Ca) -> (Level, String) {
        let health = self.responder().health();
        let able = health.responders.iter().find(|(issuer, _)| issuer == ca.name());
        let (Some((_, end)), Some(newest)) = (able, self.newest_responder(ca.name())) else {
            let text = "没有可用的应答者证书，不能答复证书状态；证书由系统自动签发，请检查密码设备、CA \
                        证书有效期和运行日志";
            return (Level::Failed, text.to_owned());
        };
        let (now, ca_end) = (self.clock().now(), ca.certificate().not_after());
        if delegation::is_renewal_late(newest.period(), ca_end, now) {
            let text = format!(
                "应答者证书到 {} 为止，应当换发而一直没有成功；请检查密码设备和运行日志，以免届时不能答复状态",
                newest.certificate.not_after()
            );
            return (Level::Warning, text);
        }
        let valid = format!("应答者证书有效至 {end}");
        match health.prepared {
            Some((_, round)) if round.unreadable > 0 => {
                let count = round.unreadable;
                let text = format!(
                    "{valid}；{count} 张证书的数据有误，不能答复其状态；运行日志中有行号，请核对数据库"
                );
                (Level::Failed, text)
            }
            Some((_, round)) if round.without_place > 0 => {
                let count = round.without_place;
                let text = format!("{valid}；{count} 份应答没有位置事先备好，请调大 [ocsp] cached");
                (Level::Warning, text)
            }
            Some((_, round)) => {
                let count = round.certificates;
                (Level::Good, format!("{valid}；最近一轮为 {count} 张证书备好应答"))
            }
            None => (Level::Good, valid),
        }
    }
}
