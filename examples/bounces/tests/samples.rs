//! The shipped samples, each with its verdict.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;

use expect_test::{Expect, expect};

fn check(expected: Expect) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let entries = std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "eml")).collect();
    files.sort();
    let mut shown = String::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy();
        match bounces::classify(&std::fs::read(&file).unwrap()) {
            Ok(verdict) => {
                let why =
                    verdict.reason.map(bounces::Reason::name).or(verdict.feedback_type.as_deref());
                let status = verdict.enhanced_status.map(|status| status.to_string());
                let words = [why, status.as_deref(), verdict.final_recipient.as_deref()]
                    .map(|word| word.unwrap_or("-"));
                writeln!(shown, "{name}: {} {}", verdict.class.name(), words.join(" ")).unwrap();
            }
            Err(reason) => writeln!(shown, "{name}: {reason}").unwrap(),
        }
    }
    expected.assert_eq(&shown);
}

#[test]
fn every_sample_has_its_verdict() {
    check(expect![[r#"
        arf-abuse: complaint abuse - nettle@example.org
        arf-auth-failure: complaint auth-failure - -
        arf-not-spam: auto-reply - - clover@example.org
        arf-opt-out-crlf: complaint opt-out - bramble@example.org
        auto-address-retired: auto-reply - - noreply@example.org
        auto-suppress-windows-1252: auto-reply - - linde@example.org
        auto-vacation: auto-reply - - laurel@example.org
        broken-binary: the file is binary: 168 of the first 1506 bytes are control characters
        broken-boundary-mbox: hard-bounce unknown-user 5.1.1 alder@example.org
        broken-empty: the file is empty
        broken-no-header: the file has no e-mail header
        complaint-in-words: complaint abuse - gorse@example.org
        dsn-blocked-network: soft-bounce blocked 5.7.1 holly@example.org
        dsn-delay-warning: soft-bounce delayed 4.4.1 iris@example.org
        dsn-delivered: auto-reply - - olive@example.org
        dsn-dmarc-policy: soft-bounce policy 5.7.26 basil@example.org
        dsn-greylisted: soft-bounce transient 4.2.0 chive@example.org
        dsn-mailbox-full: soft-bounce mailbox-full 5.2.2 lily@example.org
        dsn-rate-limit: soft-bounce rate-limit 5.7.1 cress@example.org
        dsn-spam-content: soft-bounce content 5.7.1 aster@example.org
        dsn-too-large: soft-bounce too-large 5.3.4 dill@example.org
        dsn-two-recipients: hard-bounce unknown-user 5.1.1 poppy@example.org
        dsn-unknown-domain-german: hard-bounce unknown-domain 5.4.4 tulpe@gibtsnicht.example.org
        dsn-unknown-user-crlf: hard-bounce unknown-user 5.1.1 rose@example.org
        forwarded-report: soft-bounce mailbox-full 5.2.2 lily@example.org
        html-account-disabled: hard-bounce disabled 5.2.1 ivy@example.org
        json-notification: hard-bounce unknown-user 5.1.1 birch@example.org
        personal-mail: unknown - - -
        receipt-displayed: auto-reply - - maple@example.org
        request-to-unsubscribe: complaint opt-out - hazel@example.org
        text-directory-not-listed: hard-bounce unknown-user - clover@example.org
        text-exchange-not-recognized: hard-bounce unknown-user - thyme@example.org
        text-exim-full-russian: soft-bounce mailbox-full - roza@example.org
        text-exim-sender-refused: soft-bounce policy - moss@example.org
        text-exim-unroutable: hard-bounce unknown-user - fern@example.org
        text-in-utf-16: hard-bounce unknown-user 5.1.1 cedar@example.org
        text-mailbox-full-french: soft-bounce mailbox-full - violette@example.org
        text-old-transcript: hard-bounce unknown-user 5.1.1 heather@example.org
        text-qmail-expired: soft-bounce expired 4.4.1 sage@example.org
        text-qmail-unknown-user: hard-bounce unknown-user 5.1.1 mint@example.org
        text-unknown-user-japanese: hard-bounce unknown-user - sakura@example.org
    "#]]);
}
