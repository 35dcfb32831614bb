//! The shop as a program: it serves until asked to stop, or shows itself.

#![expect(clippy::print_stdout, reason = "a program with something to show")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;
use comfy_table::Table;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use shop::{Shop, Wish};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// What the demonstration orders: article, pieces, card.
const WISHES: [(&str, u16, &str); 6] = [
    ("pen", 2, "good"),
    ("ink", 1, "busy"),
    ("pen", 1, "slow"),
    ("desk", 1, "declined"),
    ("ink", 4, "good"),
    ("pen", 3, "good"),
];

/// A web shop in small: orders, stock, payments and mails, in one process.
#[derive(Debug, Parser)]
struct Arguments {
    /// Places some orders, prints what became of them, and ends. Nothing is kept.
    #[arg(long)]
    demo: bool,
    /// Where to serve.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the database and the broker keep their files.
    #[arg(long, default_value = "shop-data")]
    data_dir: PathBuf,
    /// The broker (`amqp://…`), if it is not to run in here.
    #[arg(long, env = "AMQP_URL")]
    amqp: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let level = if arguments.demo { "error" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if arguments.demo { demonstrate().await } else { serve(arguments).await }
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { listen, data_dir, amqp, demo: _ } = arguments;
    std::fs::create_dir_all(&data_dir).with_context(|| format!("{}", data_dir.display()))?;
    let shop = opened(&data_dir).await?;
    let app = shop.app();
    let app = match amqp {
        Some(address) => app.connect(address),
        None => app.data_dir(data_dir.join("broker")),
    };
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
    println!("http://{}", listener.local_addr()?);
    let web = tokio::spawn(axum::serve(listener, shop.router()).into_future());
    // Until SIGTERM. An order that the web takes even then is in the outbox, for the next start.
    let ended = app.run().await;
    web.abort();
    Ok(ended?)
}

async fn demonstrate() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = opened(folder.path()).await?;
    let running = shop.app().in_memory().start().await?;
    let mut ids = Vec::new();
    for (item, pieces, card) in WISHES {
        let wish = Wish { item: item.to_owned(), pieces, card: card.to_owned() };
        ids.push((shop.place(wish).await?.id, card));
    }
    // Each order ends with a mail, be it paid or refused.
    let mails = u64::try_from(ids.len())?;
    running.wait_until(|stats| stats.handler("notify").handled == mails).await;
    running.idle().await;

    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY);
    table.set_header(["order", "article", "pieces", "cents", "card", "state", "because"]);
    for (id, card) in ids {
        let order = shop.order(id).await?.context("an order is missing")?;
        table.add_row([
            id.to_string(),
            order.item,
            order.pieces.to_string(),
            order.cents.to_string(),
            card.to_owned(),
            order.state,
            order.reason.unwrap_or_default(),
        ]);
    }
    println!("{table}");
    for (item, pieces) in shop.stock().await? {
        println!("left of {item}: {pieces}");
    }
    let charge = running.stats().handler("charge");
    println!(
        "payments: {} made, {} tried again later, {} refused for good",
        charge.handled, charge.postponed, charge.dead_lettered
    );
    running.shutdown().await?;
    Ok(())
}

async fn opened(folder: &Path) -> anyhow::Result<Shop> {
    let file = folder.join("shop.sqlite");
    Shop::open(&file).await.with_context(|| format!("cannot open {}", file.display()))
}
