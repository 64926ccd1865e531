//! UUIDs: sixteen bytes in messages, hexadecimal in names.

use crate::Error;

/// The text of sixteen bytes: `8-4-4-4-12` lower-case hexadecimal digits.
pub fn to_text(bytes: [u8; 16]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!(
        "{}-{}-{}-{}-{}",
        hex(&bytes[..4]),
        hex(&bytes[4..6]),
        hex(&bytes[6..8]),
        hex(&bytes[8..10]),
        hex(&bytes[10..])
    )
}

/// Turns random bytes into a UUID of version 4.
pub fn from_random(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

/// Reads the text of a UUID.
///
/// # Errors
///
/// Fails when it is not `8-4-4-4-12` hexadecimal digits.
pub fn parse(text: &str) -> Result<[u8; 16], Error> {
    let invalid = || Error::new("invalid uuid string");
    let dashes = text.len() == 36
        && text
            .match_indices('-')
            .map(|(index, _)| index)
            .eq([8, 13, 18, 23]);
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|letter| letter.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    if !dashes || digits.len() != 32 {
        return Err(invalid());
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Ok(bytes)
}

/// Reads the bytes of a UUID in a message.
///
/// # Errors
///
/// Fails when they are not sixteen bytes of a known version.
///
/// Mesos: 3rdparty/stout/include/stout/uuid.hpp, fromBytes
pub fn from_bytes(bytes: &[u8]) -> Result<[u8; 16], Error> {
    let uuid: [u8; 16] = bytes.try_into().map_err(|_| Error::new("Not a valid UUID"))?;
    if (1..=5).contains(&(uuid[6] >> 4)) {
        Ok(uuid)
    } else {
        Err(Error::new("Not a valid UUID"))
    }
}

pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    from_bytes(bytes).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes() {
        let uuid = from_random([0xab; 16]);
        let text = to_text(uuid);
        assert_eq!(text, "abababab-abab-4bab-abab-abababababab");
        assert_eq!(parse(&text), Ok(uuid));
        assert_eq!(from_bytes(&uuid), Ok(uuid));
        assert!(from_bytes(&uuid[1..]).is_err() && from_bytes(&[0; 16]).is_err());
        assert!(parse("abababab-abab-4bab-abab-ababababababa").is_err());
    }
}
