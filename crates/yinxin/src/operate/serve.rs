//! `yinxin serve`: the institution's services.

use app::{Background, Institution};

use super::{log, open_node, runtime, until_stopped};
use crate::args::DataArgs;
use crate::out::{self, Outcome};

/// `yinxin serve`
#[derive(Debug, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    data: DataArgs,
}

/// Serves until stopped.
pub fn run(command: Serve) -> anyhow::Result<Outcome> {
    log();
    runtime()?.block_on(async {
        let institution = open_node(&command.data).await?;
        serve(institution).await
    })
}

/// Recovers, serves, and ends cleanly.
pub async fn serve(institution: Institution) -> anyhow::Result<Outcome> {
    // Status services go on when issuing cannot (invariant 4): a failed recovery is loud, not fatal.
    match institution.recover().await {
        Ok(recovered) => tracing::info!(?recovered, "recovered"),
        Err(error) => tracing::error!(code = error.code(), %error, "recovery failed"),
    }
    let background = Background::start(&institution);
    let running = web::serve(institution.clone()).await?;
    let directory = web::ldap::serve(&institution).await?;
    out::line(format!("服务已启动：http://{}", running.address()));
    if let Some(address) = directory.as_ref().and_then(web::ldap::Running::address) {
        out::line(format!("证书目录：ldap://{address}"));
    }
    if let Some(address) = directory.as_ref().and_then(web::ldap::Running::tls_address) {
        out::line(format!("证书目录（TLS）：ldaps://{address}"));
    }
    until_stopped().await?;
    out::note("正在停止服务……");
    running.stop().await?;
    if let Some(directory) = directory {
        directory.stop().await;
    }
    background.stop().await;
    institution.close().await;
    Ok(Outcome::Fine)
}
