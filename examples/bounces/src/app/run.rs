//! One run: start, send the mails, wait until each is accounted for.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use leveret::files::{FileFate, FileSink};
use leveret::{App, Handler, RunningApp, derived_message_id};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::account::Account;
use super::handlers::{Bench, classify, suppress};
use super::input::{Input, mail_id, path_text};
use super::layout::Layout;
use super::names::{INCOMING, Names, RESULTS, SUPPRESS, SUPPRESSING};
use super::outcome::Outcome;
use super::progress::Progress;
use super::summary::{Ending, Summary};

/// How often the account is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// After so long without a mail the run ends with what there is.
const STALLED_AFTER: Duration = Duration::from_mins(1);

/// What a run is told.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where the mails come from.
    pub(crate) input: Input,
    /// Where everything goes.
    pub(crate) layout: Layout,
    /// A broker elsewhere, instead of the embedded one.
    pub(crate) address: Option<String>,
    /// How many mails are classified at a time.
    pub(crate) workers: usize,
    /// How long each mail is held.
    pub(crate) pace: Duration,
}

/// Mails left where they are: file and reason.
type Left = Vec<(String, String)>;

/// Runs until each mail is accounted for, and tells what came of them.
pub(crate) async fn run(options: Options) -> anyhow::Result<Ending> {
    let Options { input, layout, .. } = &options;
    input.prepare(layout)?;
    let mut mails = input.mails(layout)?;
    let mut account = Account::open(layout.clone(), &mails);
    let before = account.look();
    let started = Instant::now();
    let names = names(&options)?;
    let mut app =
        app(&options, names.clone())?.start().await.context("the application does not start")?;
    let (is_interrupted, left) = work(&options, &names, &mut app, &mut account).await?;
    let elapsed = started.elapsed();
    for (file, _) in &left {
        mails.remove(&mail_id(file));
    }
    if !is_interrupted && account.is_settled() {
        // A result may be on disk though its transaction was not when an earlier run was killed:
        // its mail comes again, and leaves nothing new.
        timeout(STALLED_AFTER, app.idle()).await.context("the queues do not become empty")?;
    }
    let outcome = Outcome::read(layout, &mails)?;
    app.shutdown().await.context("the application does not stop")?;
    outcome.write(layout)?;
    let handled_now = account.look().saturating_sub(before);
    let ending = match (outcome.is_whole(), is_interrupted) {
        (true, _) => Ending::Whole,
        (false, true) => Ending::Interrupted,
        (false, false) => Ending::Unaccounted,
    };
    tell(&Summary { outcome: &outcome, left: &left, handled_now, elapsed, ending, layout });
    Ok(ending)
}

fn names(options: &Options) -> anyhow::Result<Arc<Names>> {
    let names = if options.address.is_some() {
        // Another run on the same broker must not get these messages.
        let out = std::path::absolute(options.layout.out())?;
        let id = derived_message_id(&["out", &out.to_string_lossy()]).to_string();
        Names::tagged(id.get(..8).unwrap_or_default())
    } else {
        Names::plain()
    };
    Ok(Arc::new(names))
}

fn app(options: &Options, names: Arc<Names>) -> anyhow::Result<App> {
    let layout = &options.layout;
    let exchange = names.exchange();
    let classify = Handler::new(names.incoming(), classify)
        .named("classify")
        .bind(&exchange, INCOMING)
        .concurrency(options.workers)
        .inbox();
    let suppress = Handler::new(names.suppression(), suppress).named("suppress").inbox();
    let suppress = SUPPRESSING.iter().fold(suppress, |handler, key| handler.bind(&exchange, *key));
    let results =
        FileSink::new(names.results(), layout.results()).pattern("${msgid}.json".parse()?);
    let results = RESULTS.iter().fold(results, |sink, key| sink.bind(&exchange, *key));
    let addresses = FileSink::new(names.suppressed(), layout.suppressed())
        .bind(&exchange, SUPPRESS)
        .pattern("${msgid}.json".parse()?);
    let dead = FileSink::new(classify.dead_letter_queue(), layout.dead())
        .pattern("${msgid}.eml".parse()?)
        .with_headers();
    let app = App::new(names.application())
        .version(env!("CARGO_PKG_VERSION"))
        .state(Bench { names, pace: options.pace })
        .handler(classify)
        .handler(suppress)
        .write_files(results)
        .write_files(addresses)
        .write_files(dead);
    Ok(match &options.address {
        None => app.data_dir(layout.data()),
        Some(address) => app.connect(address.as_str()).inbox_file(layout.inbox()),
    })
}

/// Sends what there is, and waits for the rest; gives whether it was interrupted, and what is left.
async fn work(
    options: &Options,
    names: &Names,
    app: &mut RunningApp,
    account: &mut Account,
) -> anyhow::Result<(bool, Left)> {
    let bridge = options.input.bridge(&options.layout, names);
    let publisher = app.publisher();
    let (troubles, told) = mpsc::channel();
    let mut sending = pin!(bridge.drain(&publisher, |event| {
        if !matches!(event.fate, FileFate::Sent | FileFate::NotMoved(_)) {
            // Heard as long as the loop below runs.
            troubles.send((path_text(event.path), event.fate.to_string())).ok();
        }
    }));
    let mut interrupt = pin!(interrupt());
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut progress = Progress::of(account.total());
    let mut left = Left::new();
    let mut is_sent = false;
    let mut last = (account.look(), Instant::now());
    let is_interrupted = loop {
        tokio::select! {
            sent = &mut sending, if !is_sent => {
                sent.context("cannot send the mails")?;
                is_sent = true;
            }
            _ = looks.tick() => {
                for trouble in told.try_iter() {
                    account.excuse(&mail_id(&trouble.0));
                    left.push(trouble);
                }
                let done = account.look();
                progress.show(done);
                if done != last.0 {
                    last = (done, Instant::now());
                }
                if is_sent && (account.is_settled() || last.1.elapsed() > STALLED_AFTER) {
                    break false;
                }
            }
            error = app.failed() => return Err(error).context("the application cannot go on"),
            () = &mut interrupt => break true,
        }
    };
    progress.end();
    Ok((is_interrupted, left))
}

/// Returns when the program is told to stop, by the keyboard or by another program.
async fn interrupt() {
    let told = async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            told = tokio::signal::ctrl_c() => told,
            _ = terminate.recv() => Ok(()),
        }
    };
    if told.await.is_err() {
        // Without signals the program cannot be told, so it never is.
        std::future::pending::<()>().await;
    }
}

fn tell(summary: &impl Display) {
    // Nobody may be reading, which changes nothing of the results.
    write!(io::stdout(), "{summary}").ok();
}
