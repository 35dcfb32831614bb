//! Hashes of passwords: our own by argon2, those of `RabbitMQ` as they come.
//!
//! Neither a password nor its hash can be printed by accident: `Debug` hides both.

mod logins;

use std::fmt;

use argon2::{
    Argon2, Params, PasswordHash as PhcHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::Digest;

pub(crate) use logins::{Logins, Verification};

/// Our own cost: 7 MiB and five passes, as OWASP's password sheet has it for argon2id.
const MEMORY_KIB: u32 = 7 * 1_024;
const PASSES: u32 = 5;

/// The costliest hash that is taken over from elsewhere.
const MEMORY_KIB_MAX: u32 = 256 * 1_024;
const PASSES_MAX: u32 = 64;

/// Bytes of the salt before a digest of `RabbitMQ`'s.
const RABBITMQ_SALT_BYTES: usize = 4;

/// Bytes of a hash's text.
const TEXT_BYTES_MAX: usize = 1_024;

/// How a password was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "leveret_password_hashing_argon2id")]
    Argon2id,
    #[serde(rename = "rabbit_password_hashing_sha256")]
    Sha256,
    #[serde(rename = "rabbit_password_hashing_sha512")]
    Sha512,
    #[serde(rename = "rabbit_password_hashing_md5")]
    Md5,
}

/// The hash of a password, well-formed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenHash", into = "WrittenHash")]
pub(crate) struct PasswordHash {
    algorithm: Algorithm,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenHash {
    algorithm: Algorithm,
    hash: String,
}

/// The system gave no randomness, or the hash function no hash.
#[derive(Debug, thiserror::Error)]
#[error("cannot hash a password: {0}")]
pub(crate) struct HashError(String);

impl Algorithm {
    const ALL: [Self; 4] = [Self::Argon2id, Self::Sha256, Self::Sha512, Self::Md5];

    /// The name in definitions.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Argon2id => "leveret_password_hashing_argon2id",
            Self::Sha256 => "rabbit_password_hashing_sha256",
            Self::Sha512 => "rabbit_password_hashing_sha512",
            Self::Md5 => "rabbit_password_hashing_md5",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    fn digest(self, salt: &[u8], password: &[u8]) -> Vec<u8> {
        fn of<D: Digest>(salt: &[u8], password: &[u8]) -> Vec<u8> {
            D::new().chain_update(salt).chain_update(password).finalize().to_vec()
        }
        match self {
            Self::Argon2id => Vec::new(),
            Self::Sha256 => of::<sha2::Sha256>(salt, password),
            Self::Sha512 => of::<sha2::Sha512>(salt, password),
            Self::Md5 => of::<md5::Md5>(salt, password),
        }
    }

    const fn digest_bytes(self) -> usize {
        match self {
            Self::Argon2id => 0,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
            Self::Md5 => 16,
        }
    }
}

impl PasswordHash {
    /// Takes over a hash as it is written; says what is wrong with it otherwise.
    pub(crate) fn parse(algorithm: Algorithm, text: &str) -> Result<Self, String> {
        let wrong =
            |what: &str| format!("password_hash is no hash by {}: {what}", algorithm.name());
        if text.len() > TEXT_BYTES_MAX {
            return Err(wrong("it is too long"));
        }
        if algorithm == Algorithm::Argon2id {
            let hash = PhcHash::new(text).map_err(|_| wrong("it is not in PHC format"))?;
            let params = Params::try_from(&hash).map_err(|_| wrong("its costs are not legal"))?;
            if hash.algorithm.as_str() != "argon2id" || hash.hash.is_none() {
                return Err(wrong("it is of another kind"));
            }
            if params.m_cost() > MEMORY_KIB_MAX || params.t_cost() > PASSES_MAX {
                return Err(wrong("it costs too much to verify"));
            }
        } else {
            let bytes = STANDARD.decode(text).map_err(|_| wrong("it is not in base64"))?;
            if bytes.len() != RABBITMQ_SALT_BYTES + algorithm.digest_bytes() {
                return Err(wrong("it has the wrong length"));
            }
        }
        Ok(Self { algorithm, text: text.to_owned() })
    }

    /// Hashes a new password; takes some hundredths of a second, so not on an async thread.
    pub(crate) fn new(password: &[u8]) -> Result<Self, HashError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| HashError(error.to_string()))?;
        let failed = |error: argon2::password_hash::Error| HashError(error.to_string());
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        let params = Params::new(MEMORY_KIB, PASSES, 1, None)
            .map_err(|error| HashError(error.to_string()))?;
        let hasher = Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params);
        let hash = hasher.hash_password(password, &salt).map_err(failed)?;
        Ok(Self { algorithm: Algorithm::Argon2id, text: hash.to_string() })
    }

    /// A hash as `RabbitMQ` makes it, for passwords that are not hashed here but are to be known there.
    pub(crate) fn of_rabbitmq(password: &[u8]) -> Result<Self, HashError> {
        let mut salt = [0; RABBITMQ_SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| HashError(error.to_string()))?;
        let algorithm = Algorithm::Sha256;
        let text = STANDARD.encode([&salt[..], &algorithm.digest(&salt, password)].concat());
        Ok(Self { algorithm, text })
    }

    /// The hash as definitions have it. Whoever has it can try passwords: for administrators alone.
    ///
    /// It is base64 in any case: `RabbitMQ` refuses a whole file for the sake of one that is not.
    pub(crate) fn exported(&self) -> String {
        match self.algorithm {
            Algorithm::Argon2id => STANDARD.encode(&self.text),
            Algorithm::Sha256 | Algorithm::Sha512 | Algorithm::Md5 => self.text.clone(),
        }
    }

    /// Takes over a hash as definitions have it.
    pub(crate) fn imported(algorithm: Algorithm, text: &str) -> Result<Self, String> {
        let decoded = match algorithm {
            Algorithm::Argon2id => STANDARD.decode(text).ok(),
            Algorithm::Sha256 | Algorithm::Sha512 | Algorithm::Md5 => None,
        };
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        Self::parse(algorithm, decoded.as_deref().unwrap_or(text))
    }

    /// A hash of no password that anybody knows, as costly as a new one.
    pub(crate) fn decoy() -> Self {
        let text = format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$bGV2ZXJldGxldmVyZXQ${}",
            "A".repeat(43)
        );
        Self { algorithm: Algorithm::Argon2id, text }
    }

    /// Whether that is the password; slow for our own hashes, so not on an async thread.
    pub(crate) fn verify(&self, password: &[u8]) -> bool {
        if password.is_empty() {
            return false;
        }
        if self.algorithm == Algorithm::Argon2id {
            return PhcHash::new(&self.text)
                .is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok());
        }
        let Ok(bytes) = STANDARD.decode(&self.text) else { return false };
        let Some((salt, expected)) = bytes.split_at_checked(RABBITMQ_SALT_BYTES) else {
            return false;
        };
        same(expected, &self.algorithm.digest(salt, password))
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Compares in a time that depends on the lengths alone.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |bits, (one, other)| bits | (one ^ other));
    std::hint::black_box(differing) == 0 && one.len() == other.len()
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PasswordHash({}, hidden)", self.algorithm.name())
    }
}

impl TryFrom<WrittenHash> for PasswordHash {
    type Error = String;

    fn try_from(WrittenHash { algorithm, hash }: WrittenHash) -> Result<Self, String> {
        Self::parse(algorithm, &hash)
    }
}

impl From<PasswordHash> for WrittenHash {
    fn from(PasswordHash { algorithm, text }: PasswordHash) -> Self {
        Self { algorithm, hash: text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(algorithm: &str, text: &str, password: &str, expected: bool) {
        let hash = PasswordHash::parse(Algorithm::named(algorithm).unwrap(), text).unwrap();
        assert_eq!(hash.verify(password.as_bytes()), expected, "{text} {password}");
    }

    #[test]
    fn rabbitmqs_hashes_are_verified_with_their_salt() {
        let sha256 = "rabbit_password_hashing_sha256";
        check(sha256, "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", "test12", true);
        check(sha256, "27cx5+wEi8R8uwTeTr3hk5azuV3yYxxAtwPPhCyrbdsxVhqq", "foobarbaz", true);
        check(sha256, "27cx5+wEi8R8uwTeTr3hk5azuV3yYxxAtwPPhCyrbdsxVhqq", "foobarba", false);
        check(sha256, "27cx5+wEi8R8uwTeTr3hk5azuV3yYxxAtwPPhCyrbdsxVhqq", "", false);
        for algorithm in [Algorithm::Sha512, Algorithm::Md5] {
            let digest = algorithm.digest(b"salt", b"down");
            let text = STANDARD.encode([b"salt".as_slice(), &digest].concat());
            check(algorithm.name(), &text, "down", true);
            check(algorithm.name(), &text, "up", false);
        }
    }

    #[test]
    fn a_new_hash_is_argon2_and_never_shown() {
        let hash = PasswordHash::new(b"down").unwrap();
        assert!(hash.text.starts_with("$argon2id$"));
        assert!(hash.verify(b"down"));
        assert!(!hash.verify(b"up"));
        assert_ne!(hash, PasswordHash::new(b"down").unwrap(), "each has a salt of its own");
        assert_eq!(format!("{hash:?}"), "PasswordHash(leveret_password_hashing_argon2id, hidden)");
    }

    #[test]
    fn a_hash_goes_out_in_base64_and_comes_back() {
        let ours = PasswordHash::new(b"down").unwrap();
        let exported = ours.exported();
        assert!(STANDARD.decode(&exported).is_ok(), "{exported}");
        assert_eq!(PasswordHash::imported(Algorithm::Argon2id, &exported).unwrap(), ours);
        assert_eq!(PasswordHash::imported(Algorithm::Argon2id, &ours.text).unwrap(), ours);
        let theirs = PasswordHash::of_rabbitmq(b"down").unwrap();
        assert!(theirs.verify(b"down") && !theirs.verify(b"up"));
        let again = PasswordHash::imported(Algorithm::Sha256, &theirs.exported()).unwrap();
        assert_eq!(again, theirs);
    }

    #[test]
    fn the_decoy_is_well_formed_and_nobodys() {
        let decoy = PasswordHash::decoy();
        PasswordHash::parse(decoy.algorithm, &decoy.text).unwrap();
        assert!(!decoy.verify(b"guest"));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for (algorithm, text) in [
            (Algorithm::Sha256, ""),
            (Algorithm::Sha256, "c2hvcnQ="),
            (Algorithm::Sha256, "***"),
            (Algorithm::Argon2id, "$argon2id$"),
            (
                Algorithm::Argon2id,
                "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            ),
        ] {
            assert!(PasswordHash::parse(algorithm, text).is_err(), "{text}");
        }
    }
}
