//! The mails that come with the example, inside the program.

macro_rules! samples {
    ($($name:literal)*) => {
        /// The samples by their names. Expands to one `("name.eml", &bytes)` for each name.
        pub(crate) const SAMPLES: &[(&str, &[u8])] =
            &[$((concat!($name, ".eml"), include_bytes!(concat!("../../samples/", $name, ".eml")))),*];
    };
}

samples! {
    "arf-abuse"
    "arf-auth-failure"
    "arf-not-spam"
    "arf-opt-out-crlf"
    "auto-address-retired"
    "auto-suppress-windows-1252"
    "auto-vacation"
    "broken-binary"
    "broken-boundary-mbox"
    "broken-empty"
    "broken-no-header"
    "complaint-in-words"
    "dsn-blocked-network"
    "dsn-delay-warning"
    "dsn-delivered"
    "dsn-dmarc-policy"
    "dsn-greylisted"
    "dsn-mailbox-full"
    "dsn-rate-limit"
    "dsn-spam-content"
    "dsn-too-large"
    "dsn-two-recipients"
    "dsn-unknown-domain-german"
    "dsn-unknown-user-crlf"
    "forwarded-report"
    "html-account-disabled"
    "json-notification"
    "personal-mail"
    "receipt-displayed"
    "request-to-unsubscribe"
    "text-directory-not-listed"
    "text-exchange-not-recognized"
    "text-exim-full-russian"
    "text-exim-sender-refused"
    "text-exim-unroutable"
    "text-in-utf-16"
    "text-mailbox-full-french"
    "text-old-transcript"
    "text-qmail-expired"
    "text-qmail-unknown-user"
    "text-unknown-user-japanese"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_in_the_program() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let mails = entries.filter(|path| path.extension().is_some_and(|kind| kind == "eml"));
        let mut files: Vec<_> =
            mails.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        files.sort();
        let names: Vec<_> = SAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names, files);
    }
}
