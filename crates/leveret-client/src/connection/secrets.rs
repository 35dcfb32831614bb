//! Replacing the credential of a connection that is open.

use leveret_protocol::{SendError, connection};

use crate::{
    connection::owner::Owner,
    error::{ConnectionEnd, Loss, UpdateSecretError},
    lifeline::SecretWaiter,
};

impl Owner {
    pub(super) fn update_secret(
        &mut self,
        update: connection::UpdateSecret,
        updated: SecretWaiter,
    ) {
        let error = match self.session.update_secret(update) {
            Ok(()) => return self.secrets.push_back(updated),
            Err(SendError::TooLarge(_)) => UpdateSecretError::TooLarge,
            Err(_not_open) => {
                let lost = || ConnectionEnd::Lost(Loss::EndOfStream);
                self.end.clone().unwrap_or_else(lost).into()
            }
        };
        // Whoever asked may have gone.
        drop(updated.send(Err(error)));
    }

    pub(super) fn handle_secret_updated(&mut self) {
        match self.secrets.pop_front() {
            // Whoever asked may have gone.
            Some(updated) => drop(updated.send(Ok(()))),
            None => self.fail("connection.update-secret-ok answers nothing that was asked".into()),
        }
    }
}
