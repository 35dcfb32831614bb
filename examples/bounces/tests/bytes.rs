//! Any bytes get a verdict or a reason, and a bounded one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use bounces::{Verdict, classify};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn samples() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).filter(|mail| !mail.is_empty()).collect()
}

fn check(mail: &[u8]) {
    let Ok(verdict) = classify(mail) else { return };
    assert!(verdict.diagnostic.len() <= Verdict::DIAGNOSTIC_BYTES_MAX);
    assert!(verdict.recipients.len() <= 64);
    assert!(verdict.recipients.iter().all(|recipient| recipient.address.len() <= 320));
    assert!(serde_json::to_vec(&verdict).unwrap().len() < 64 * 1024);
    assert_eq!(classify(mail), Ok(verdict));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(mail in vec(any::<u8>(), 0..2000)) {
        check(&mail);
    }

    #[test]
    fn any_text_after_a_header_is_survived(body in "(\\PC|\n|: |--|<|@|\\.|550 |5\\.1\\.1){0,300}") {
        check(format!("From: mailer-daemon@example.org\nSubject: failure notice\n\n{body}").as_bytes());
    }

    #[test]
    fn damaged_samples_are_survived(
        which in any::<Index>(),
        damage in vec((any::<Index>(), any::<u8>()), 1..40),
        cut in any::<Index>(),
        twice in any::<bool>(),
    ) {
        let mut mail = which.get(&samples()).clone();
        for (at, byte) in damage {
            let at = at.index(mail.len());
            mail[at] = byte;
        }
        mail.truncate(cut.index(mail.len()) + 1);
        if twice {
            mail.extend_from_within(..);
        }
        check(&mail);
    }
}

#[test]
fn great_numbers_of_everything_stay_bounded() {
    let many_lines = "a@example.org: 550 5.1.1 user unknown\n".repeat(20_000);
    let many_addresses = "<a@example.org> ".repeat(60_000);
    let many_recipients =
        "Final-Recipient: rfc822; a@example.org\nStatus: 5.1.1\n\n".repeat(20_000);
    for body in
        [many_lines, many_addresses, many_recipients, "@".repeat(500_000), "user ".repeat(100_000)]
    {
        check(
            format!("From: mailer-daemon@example.org\nSubject: failure notice\n\n{body}")
                .as_bytes(),
        );
    }
    check(format!("From: a@example.org\n{}\n", "X-A: b\n".repeat(100_000)).as_bytes());
    let nested = "Content-Type: message/rfc822\n\n".repeat(5_000);
    check(format!("From: mailer-daemon@example.org\n{nested}").as_bytes());
    let multiparts = "Content-Type: multipart/mixed; boundary=a\n\n--a\n".repeat(5_000);
    check(format!("From: mailer-daemon@example.org\n{multiparts}").as_bytes());
}
