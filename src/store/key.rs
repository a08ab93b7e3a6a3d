//! Bytes that sort as the values do.
//!
//! Numbers are big-endian; texts are followed by a zero byte and may hold none, so a shorter text sorts before a longer one that
//! begins with it and several parts can stand one after the other.

/// Builds one key or sort from its parts.
#[derive(Debug, Clone, Default)]
pub struct Key(Vec<u8>);

impl Key {
    /// No parts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A number of 64 bits.
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// A signed number of 64 bits: negative before positive.
    #[must_use]
    pub fn signed(self, number: i64) -> Self {
        self.number(number.cast_unsigned() ^ (1 << 63))
    }

    /// A text. Zero bytes in it become U+FFFD: a key part from outside can't run into the next one.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        if text.contains('\0') {
            self.0.extend_from_slice(text.replace('\0', "\u{fffd}").as_bytes());
        } else {
            self.0.extend_from_slice(text.as_bytes());
        }
        self.0.push(0);
        self
    }

    /// One byte, for an enum or a flag.
    #[must_use]
    pub fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// The bytes.
    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// How a dump writes bytes: base 64.
pub mod base64 {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Bytes to text.
    ///
    /// # Errors
    /// What the serializer gives.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64.encode(bytes))
    }

    /// Text to bytes.
    ///
    /// # Errors
    /// The text is no base 64.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        data_encoding::BASE64.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn bytes_sort_as_values_do() {
        let signed: Vec<Vec<u8>> = [i64::MIN, -1, 0, 1, i64::MAX].iter().map(|n| Key::new().signed(*n).done()).collect();
        assert!(signed.is_sorted());
        let texts: Vec<Vec<u8>> = ["", "a", "a b", "ab", "б"].iter().map(|t| Key::new().text(t).number(9).done()).collect();
        assert!(texts.is_sorted());
    }
}
