//! Random ids.

/// Sixteen random bytes marked as a version 4 UUID.
///
/// # Panics
///
/// When the kernel has no random numbers to give.
pub fn random_uuid_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the kernel gives random numbers");
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// A random UUID as text, as in master ids and stream ids.
pub fn random_uuid() -> String {
    uuid_text(&random_uuid_bytes())
}

/// Bytes of a UUID as text with its four dashes.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// A random number, to seed generators that must not repeat between runs.
pub fn random_seed() -> u64 {
    let bytes = random_uuid_bytes();
    u64::from_le_bytes([
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[10], bytes[11],
    ])
}
