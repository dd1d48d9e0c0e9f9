//! What the holder of delivered certificates is told: the activation code by telephone, the notice by mail.
//! Never both by one way: whoever reads the mail has no code, and whoever finds the telephone has no
//! number to open the application with.

use futures_util::future::BoxFuture;
use ra::{Delivery, Enclosed, Post};

use super::{Channel, Content, Message, Sealed};
use crate::error::Error;
use crate::institution::Institution;

impl Post for Institution {
    fn seal<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Result<Enclosed, String>> {
        Box::pin(async move {
            let sealed = self.delivery_messages(delivery).await.map_err(|e| e.to_string())?;
            let enclosed: Enclosed = Box::new(move |tx| {
                Box::pin(async move {
                    for message in sealed {
                        message.insert(tx).await?;
                    }
                    Ok(())
                })
            });
            Ok(enclosed)
        })
    }
}

impl Institution {
    async fn delivery_messages(&self, delivery: &Delivery) -> Result<Vec<Sealed>, Error> {
        let institution = &self.registration()?.institution().name;
        let number = delivery.application.number.as_str();
        let message = |channel, to: &str, text: String| Message {
            kind: "delivery",
            channel,
            subject: delivery.application.subject(),
            content: Content {
                name: number.to_owned(),
                to: to.to_owned(),
                title: format!("【{institution}】证书已经签发"),
                text,
            },
        };
        let code = &delivery.activation_code;
        let text = format!(
            "【{institution}】您的申请 {number} 已签发证书，激活码 {code}。请登录办事大厅下载证书，\
             核对内容后用激活码确认领取。激活码请勿告诉他人。"
        );
        let mut sealed =
            vec![self.seal_message(message(Channel::Phone, &delivery.phone, text)).await?];
        if let Some(email) = &delivery.email {
            let opened_by = delivery.check_code.as_ref();
            let opened_by = opened_by.map_or_else(String::new, |code| format!("查询码 {code}。"));
            let text = format!(
                "您好：\n\n您的申请 {number} 已签发证书。{opened_by}请在办事大厅“查询进度”中用申请编号和查询码\
                 打开申请，下载证书，核对内容后确认领取。确认领取所需的激活码已发送到申请表所填的手机。\n\n\
                 如果不是您本人的申请，请与我们联系。\n\n{institution}"
            );
            sealed.push(self.seal_message(message(Channel::Mail, email, text)).await?);
        }
        Ok(sealed)
    }
}
