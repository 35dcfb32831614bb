//! What a connection uses of what its user may have: channels and permissions.

use leveret_engine::Input;
use leveret_protocol::{AmqpError, ChannelNumber, ReplyCode};

use super::{Conversation, Stage};

impl Conversation {
    /// Tells the engine of a new channel, unless it is one too many for the user.
    pub(super) fn open_channel(&mut self, channel: ChannelNumber) {
        let Some(stay) = &self.stay else { return self.session.accept_channel(channel) };
        let user = &stay.present().user;
        let max = self.shared.registry.channels_max(user);
        if let Some(max) = max
            && self.shared.presence.channels_of(user) >= max
        {
            let text = format!(
                "number of channels opened for user '{user}' has reached the maximum allowed user \
                 limit of ({max})"
            );
            self.leave();
            return self.session.close(&AmqpError::new(ReplyCode::NotAllowed, text));
        }
        self.session.accept_channel(channel);
        self.count_channel(1);
        self.push(Input::OpenChannel { connection: self.connection, channel });
    }

    pub(super) fn count_channel(&self, change: i32) {
        let Some(stay) = &self.stay else { return };
        if change > 0 {
            stay.open_channel();
        } else {
            stay.close_channel();
        }
    }

    /// What the user may do has changed: the engine hears of it after what was sent before.
    pub(super) fn renew_permissions(&mut self) {
        let (Stage::Open, Some(stay)) = (&self.stage, &self.stay) else { return };
        let present = stay.present();
        let authority = self.shared.registry.authority(&present.user, &present.virtual_host);
        self.push(Input::SetPermissions { connection: self.connection, authority });
    }
}
