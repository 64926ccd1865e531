//! The pure half of libprocess: addresses, message framing, RecordIO, time.
