//! The command line: every command, in Chinese, with what it needs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::out::Outcome;
use crate::{agent, offline, operate, remote, subscriber};

/// 印信：电子政务电子认证服务机构软件
#[derive(Debug, Parser)]
#[command(name = "yinxin", version, about, disable_help_subcommand = true)]
#[command(help_template = "{about}\n\n用法：{usage}\n\n{all-args}")]
#[command(next_help_heading = "选项", subcommand_help_heading = "命令")]
pub struct Cli {
    /// 要执行的命令
    #[command(subcommand)]
    pub command: Command,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 签名人自己的工具：生成密钥、申请，打开签发结果
    #[command(subcommand)]
    Subscriber(subscriber::Command),
    /// 证书：签发、查询、更新、暂停、恢复、撤销；检查和验证证书文件
    #[command(subcommand)]
    Cert(Cert),
    /// 证书撤销列表：查询、立即发布、下载、查看
    #[command(subcommand)]
    Crl(remote::crl::Command),
    /// 从目录：发布情况、核对、修复
    #[command(subcommand)]
    Directory(remote::directory::Command),
    /// 接口会话
    #[command(subcommand)]
    Session(remote::session::Command),
    /// 接口客户端：登记、查询、停用
    #[command(subcommand)]
    Client(remote::client::Command),
    /// 日志：校验、证明、导出，恢复备份后重建锚点
    #[command(subcommand)]
    Journal(Journal),
    /// 密码设备中的密钥（服务停止时使用）
    #[command(subcommand)]
    Key(operate::key::Command),
    /// 密码产品：查看登记的产品，检查一份设备证明
    #[command(subcommand)]
    Device(operate::device::Command),
    /// 密钥仪式：建立机构的根和签发密钥，或用三份分量恢复根密钥
    #[command(subcommand)]
    Ceremony(operate::ceremony::Command),
    /// 人员：任命首任超级管理员和审计管理员
    #[command(subcommand)]
    Person(operate::person::Command),
    /// 批量办理：查看各批次的进度
    #[command(subcommand)]
    Batch(operate::batch::Command),
    /// 启动机构端服务
    Serve(operate::serve::Serve),
    /// 密钥管理中心：独立进程运行、登记人员、司法恢复
    #[command(subcommand)]
    Kmc(operate::kmc::Command),
    /// 体检：检查配置、时钟、密码设备、日志、有效期、磁盘
    Doctor(operate::doctor::Doctor),
    /// 本机签名助手：机构的网页请您签名时，在本机看清内容、确认并签名
    Agent(agent::Agent),
    /// 演示：建立演示机构并启动
    #[command(subcommand)]
    Demo(operate::demo::Command),
}

/// `yinxin cert …`: over the REST door, or offline on files.
#[derive(Debug, Subcommand)]
pub enum Cert {
    /// 通过接口办理
    #[command(flatten)]
    Remote(remote::cert::Command),
    /// 按规范检查证书文件（离线，PEM 或 DER）
    Lint(offline::lint::Lint),
    /// 验证证书链、有效期和撤销状态（离线）
    Verify(offline::verify::Verify),
}

/// `yinxin journal …`
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// 校验日志：数据目录（服务停止时），或导出的文件
    Verify(offline::journal::Verify),
    /// 恢复备份或锚点丢失后重建锚点（服务停止时；须两人在场）
    Reanchor(operate::reanchor::Reanchor),
    /// 通过接口查询和证明
    #[command(flatten)]
    Remote(remote::journal::Command),
}

/// Carries out `yinxin cert …`.
pub fn cert(command: Cert) -> anyhow::Result<Outcome> {
    match command {
        Cert::Remote(command) => remote::cert::run(command),
        Cert::Lint(command) => offline::lint::run(&command),
        Cert::Verify(command) => offline::verify::run(command),
    }
}

/// Carries out `yinxin journal …`.
pub fn journal(command: Journal) -> anyhow::Result<Outcome> {
    match command {
        Journal::Verify(command) => offline::journal::run(&command),
        Journal::Reanchor(command) => operate::reanchor::run(&command),
        Journal::Remote(command) => remote::journal::run(command),
    }
}

/// Where an institution is, for commands that work on its data folder.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// 数据目录
    #[arg(long, value_name = "目录", default_value = "data", env = "YINXIN_DATA")]
    pub data: PathBuf,
    /// 机构密码设备的口令文件（也可用环境变量 YINXIN_PASSPHRASE_FILE）
    #[arg(long, value_name = "文件")]
    pub passphrase_file: Option<PathBuf>,
    /// 密钥管理中心密码设备的口令文件（也可用环境变量 YINXIN_KMC_PASSPHRASE_FILE）
    #[arg(long, value_name = "文件")]
    pub kmc_passphrase_file: Option<PathBuf>,
}

/// Explains a call that could not be read.
pub fn explain(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind as K;
    let _ = error.print();
    match error.kind() {
        K::DisplayHelp | K::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}
