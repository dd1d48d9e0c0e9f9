//! What background work is called, for people.

/// The Chinese title of a job; one that another version of the program ran has only its name.
pub(crate) fn title(job: &str) -> &str {
    match job {
        "directory" => "更新目录",
        "replica" => "更新外部目录",
        "crl" => "发布撤销列表",
        "key notices" => "通知密钥管理中心",
        "standby store" => "补充备用密钥",
        "generations" => "跟进签发机构换代",
        "generations that are over" => "登记到期的签发机构",
        "responder key" => "更换状态应答密钥",
        "status answers" => "预先生成状态应答",
        "timestamp key" => "更换时间戳密钥",
        "keys of applications" => "更换应用签名密钥",
        "lists of other institutions" => "取用其他机构的撤销列表",
        "expiry" => "登记到期的证书",
        "decisions" => "执行已作出的决定",
        "letters" => "生成文书",
        "owed letters" => "补作欠缺的文书",
        "refused requests" => "登记被拒绝的请求",
        "batches" => "办理批量申请",
        "messages" => "发送消息",
        "notices of expiry" => "发送到期提醒",
        "public names" => "登记可公开查询的名称",
        "applications" => "了结超期的申请",
        "weekly sample" => "每周签发抽查",
        "evidence of reports" => "清除到期的投诉证据材料",
        "signature account" => "核对签名次数",
        "tables against the journal" => "以日志核对数据",
        "directory index" => "核对目录索引",
        "comparison of the replica" => "核对外部目录",
        other => other,
    }
}
