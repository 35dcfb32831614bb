//! Values in messages: what [`Codecs`] does, as methods.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    codec::{Codecs, DecodeError, EncodeError},
    message::{Delivery, Publish},
};

impl Publish {
    /// With this value as its body, in JSON.
    ///
    /// ```
    /// use leveret_client::{Publish, ShortStr};
    ///
    /// let route = Publish { routing_key: ShortStr::from_static("numbers"), ..Publish::default() };
    /// let publish = route.encode(&[1, 2, 3])?;
    /// assert_eq!(publish.body, "[1,2,3]");
    /// # Ok::<(), leveret_client::EncodeError>(())
    /// ```
    pub fn encode<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, EncodeError> {
        self.encode_with(&Codecs::default(), value)
    }

    /// With this value as its body, as `codecs` say.
    pub fn encode_with<T: Serialize + ?Sized>(
        self,
        codecs: &Codecs,
        value: &T,
    ) -> Result<Self, EncodeError> {
        let (properties, body) = codecs.encode(self.properties.to_builder(), value)?;
        Ok(Self { properties, body, ..self })
    }
}

impl Delivery {
    /// The value in the body, by content type and content encoding; JSON without a content type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.decode_with(&Codecs::default())
    }

    /// The value in the body, as `codecs` say.
    pub fn decode_with<T: DeserializeOwned>(&self, codecs: &Codecs) -> Result<T, DecodeError> {
        codecs.decode(&self.properties, &self.body)
    }
}
