//! Records, addresses, queries and durations.

use libprocess_core::Upid;
use libprocess_core::duration::{format_duration, parse_duration};
use libprocess_core::http::{Query, percent_decode, percent_encode};
use libprocess_core::recordio::{self, Decoder};

/// The longest record that is taken.
const MAX_RECORD: usize = 256;

/// Records in pieces of as many bytes as the first byte says, and at once; what was read is written and read again.
pub fn recordio(data: &[u8]) {
    let Some((&piece, stream)) = data.split_first() else {
        return;
    };
    let decode = |piece: usize| {
        let mut decoder = Decoder::new(MAX_RECORD);
        let mut records = Vec::new();
        for bytes in stream.chunks(piece.max(1)) {
            match decoder.push(bytes) {
                Ok(more) => records.extend(more),
                Err(_) => {
                    assert!(decoder.push(b"0\n").is_err(), "a failure is for good");
                    return (records, false);
                }
            }
        }
        (records, true)
    };
    let (in_pieces, well) = decode(piece.into());
    let (at_once, also_well) = decode(stream.len());
    assert_eq!(well, also_well, "pieces make no difference to what is malformed");
    // A failing push gives out no records, so that pieces show more of what came before.
    if well {
        assert_eq!(in_pieces, at_once);
    }
    let mut wire = Vec::new();
    in_pieces
        .iter()
        .for_each(|record| recordio::encode_into(record, &mut wire));
    let mut decoder = Decoder::new(MAX_RECORD);
    assert_eq!(decoder.push(&wire).as_ref(), Ok(&in_pieces));
    assert!(decoder.is_empty());
}

/// Addresses of processes: what is read is written and read again.
pub fn upid(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(upid) = text.parse::<Upid>() {
        assert_eq!(upid.to_string().parse(), Ok(upid));
    }
}

/// Queries of URLs.
pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let query = Query::parse(&text);
    query.iter().for_each(|(key, _)| assert!(query.contains(key)));
    let _ = Query::parse_strictly(&text);
    let _ = percent_decode(&text);
    assert_eq!(percent_decode(&percent_encode(&text)).as_deref(), Some(&*text));
}

/// Durations as flags have them.
pub fn duration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(duration) = parse_duration(&text) {
        let written = format_duration(duration);
        assert!(parse_duration(&written).is_ok(), "{written}");
    }
}
