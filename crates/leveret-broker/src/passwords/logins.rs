//! Passwords verified off the async threads; the last right one is kept.
//!
//! Remembered is a keyed digest in memory, never the password: a client that reconnects is let in
//! without the cost of the hash. A changed hash makes what was remembered useless.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{PasswordHash, same};

/// Verifications at the same time: each takes a thread and some memory.
const CONCURRENT_MAX: usize = 2;

/// Users whose last right password is remembered.
const REMEMBERED_MAX: usize = 1_024;

/// The verifier of one broker.
#[derive(Clone)]
pub(crate) struct Logins {
    turns: Arc<Semaphore>,
    key: [u8; 32],
    // Read and written by every login; each holds it for a few instructions.
    remembered: Arc<Mutex<BTreeMap<String, Remembered>>>,
}

struct Remembered {
    hash: PasswordHash,
    digest: [u8; 32],
}

/// A password to be verified against a hash.
pub(crate) struct Verification {
    logins: Logins,
    user: String,
    hash: PasswordHash,
    password: Vec<u8>,
}

impl Logins {
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        // Without randomness nothing is remembered under a guessable key: the map's own seed mixes in.
        if getrandom::fill(&mut key).is_err() {
            let seed = RandomState::new().hash_one(0_u8).to_le_bytes();
            key.iter_mut().zip(seed.iter().cycle()).for_each(|(byte, seed)| *byte = *seed);
        }
        let turns = Arc::new(Semaphore::new(CONCURRENT_MAX));
        Self { turns, key, remembered: Arc::default() }
    }

    /// Whether that user has shown this password before, for this hash.
    pub(crate) fn remembers(&self, user: &str, hash: &PasswordHash, password: &[u8]) -> bool {
        let digest = self.digest(user, password);
        let remembered = self.lock();
        remembered
            .get(user)
            .is_some_and(|known| known.hash == *hash && same(&known.digest, &digest))
    }

    pub(crate) fn verification(
        &self,
        user: &str,
        hash: PasswordHash,
        password: &[u8],
    ) -> Verification {
        let (user, password) = (user.to_owned(), password.to_owned());
        Verification { logins: self.clone(), user, hash, password }
    }

    /// What is done for a user who does not exist: it takes as long, and nothing is right.
    pub(crate) fn decoy(&self, password: &[u8]) -> Verification {
        self.verification("", PasswordHash::decoy(), password)
    }

    fn remember(&self, user: String, hash: PasswordHash, password: &[u8]) {
        let digest = self.digest(&user, password);
        let mut remembered = self.lock();
        if remembered.len() >= REMEMBERED_MAX && !remembered.contains_key(&user) {
            remembered.pop_first();
        }
        remembered.insert(user, Remembered { hash, digest });
    }

    fn digest(&self, user: &str, password: &[u8]) -> [u8; 32] {
        let name_bytes = user.len().to_le_bytes();
        let hasher = Sha256::new().chain_update(self.key).chain_update(name_bytes);
        hasher.chain_update(user).chain_update(password).chain_update(self.key).finalize().into()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Remembered>> {
        // A panic leaves no half entry.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Verification {
    /// Waits for a turn, then verifies on a thread for blocking work.
    pub(crate) async fn run(self) -> bool {
        let Self { logins, user, hash, password } = self;
        // The semaphore is never closed.
        let Ok(_turn) = Arc::clone(&logins.turns).acquire_owned().await else { return false };
        let work = move || {
            let is_right = hash.verify(&password);
            if is_right {
                logins.remember(user, hash, &password);
            }
            is_right
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(false)
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Logins(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_right_password_is_remembered_until_the_hash_changes() {
        let logins = Logins::new();
        let hash = PasswordHash::new(b"down").unwrap();
        assert!(!logins.remembers("hazel", &hash, b"down"));
        assert!(!logins.verification("hazel", hash.clone(), b"up").run().await);
        assert!(!logins.remembers("hazel", &hash, b"up"));
        assert!(logins.verification("hazel", hash.clone(), b"down").run().await);
        assert!(logins.remembers("hazel", &hash, b"down"));
        assert!(!logins.remembers("hazel", &hash, b"up"));
        assert!(!logins.remembers("fiver", &hash, b"down"));
        let changed = PasswordHash::new(b"down").unwrap();
        assert!(!logins.remembers("hazel", &changed, b"down"));
    }
}
