//! A message's properties and body, as the words of a line.

use anyhow::{Result, bail};
use bytes::Bytes;
use leveret_protocol::{Properties, PropertiesBuilder, ShortStr};

use crate::literal::{Scanner, show_string, show_table};

/// Content that is being put together from words.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    properties: PropertiesBuilder,
    body: Bytes,
}

impl Draft {
    /// Takes one property, or `body`.
    pub(crate) fn set(&mut self, name: &str, scanner: &mut Scanner<'_>) -> Result<()> {
        let properties = std::mem::take(&mut self.properties);
        let text = |scanner: &mut Scanner<'_>| anyhow::Ok(ShortStr::new(scanner.string()?)?);
        self.properties = match name {
            "content_type" => properties.content_type(text(scanner)?),
            "content_encoding" => properties.content_encoding(text(scanner)?),
            "headers" => properties.headers(scanner.table()?),
            "delivery_mode" => properties.delivery_mode(u8::try_from(scanner.number()?)?),
            "priority" => properties.priority(u8::try_from(scanner.number()?)?),
            "correlation_id" => properties.correlation_id(text(scanner)?),
            "reply_to" => properties.reply_to(text(scanner)?),
            "expiration" => properties.expiration(text(scanner)?),
            "message_id" => properties.message_id(text(scanner)?),
            "timestamp" => properties.timestamp(scanner.number()?),
            "type" => properties.kind(text(scanner)?),
            "user_id" => properties.user_id(text(scanner)?),
            "app_id" => properties.app_id(text(scanner)?),
            "cluster_id" => properties.cluster_id(text(scanner)?),
            "body" => {
                self.body = scanner.string()?;
                properties
            }
            other => bail!("no property `{other}`"),
        };
        Ok(())
    }

    pub(crate) fn finish(self) -> (Properties, Bytes) {
        (self.properties.build(), self.body)
    }
}

/// The properties that are there, each behind a blank.
pub(crate) fn show(properties: &Properties) -> String {
    let mut shown = String::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            shown.push_str(&format!(" {name}={value}"));
        }
    };
    let text = |value: Option<ShortStr>| value.map(|text| show_string(&text));
    put("content_type", text(properties.content_type()));
    put("content_encoding", text(properties.content_encoding()));
    put("headers", properties.headers().map(|table| show_table(&table)));
    put("delivery_mode", properties.delivery_mode().map(|mode| mode.to_string()));
    put("priority", properties.priority().map(|priority| priority.to_string()));
    put("correlation_id", text(properties.correlation_id()));
    put("reply_to", text(properties.reply_to()));
    put("expiration", text(properties.expiration()));
    put("message_id", text(properties.message_id()));
    put("timestamp", properties.timestamp().map(|time| time.to_string()));
    put("type", text(properties.kind()));
    put("user_id", text(properties.user_id()));
    put("app_id", text(properties.app_id()));
    put("cluster_id", text(properties.cluster_id()));
    shown
}
