//! Messages as Rust types, for processes whose peers are Rust too.
//!
//! What travels between daemons of Mesos is protobuf, and its handlers get bytes. Where both ends are written in Rust and
//! deployed together, a type can stand for its message: a [`Codec`] turns one into the other, and
//! [`Context::install_as`] and [`Context::send_as`] apply it. The message on the wire is an ordinary one, with a name, and whoever knows
//! the codec can read it. [`Bincode`] is small and fast, and not meant for anything public: it has no field numbers, so
//! both ends must have the same type.
//!
//! ```
//! use libprocess::codec::Bincode;
//! use libprocess::{Context, Process, Promise, System};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Reading {
//!     sensor: String,
//!     celsius: f64,
//! }
//!
//! struct Display(Option<Promise<String>>);
//!
//! impl Process for Display {
//!     fn initialize(&mut self, ctx: &mut Context<Self>) {
//!         ctx.install_as::<Bincode, Reading>("Reading", |display, _ctx, _from, reading| {
//!             if let Some(shown) = display.0.take() {
//!                 shown.set(format!("{}: {}", reading.sensor, reading.celsius));
//!             }
//!         });
//!     }
//! }
//!
//! let system = System::builder().start()?;
//! let (promise, shown) = Promise::new();
//! let display = system.spawn("display", Display(Some(promise))).expect("the name is free");
//! let reading = Reading { sensor: "roof".to_owned(), celsius: 21.5 };
//! system.post_as::<Bincode, _>(display.upid(), "Reading", &reading).expect("it has a form");
//! assert_eq!(shown.wait(), Ok("roof: 21.5".to_owned()));
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Process, System, Upid};

/// The most bytes a decoded value may hold; a length that claims more is refused before anything is allocated.
pub const LIMIT: usize = 64 << 20;

/// Turns values into bytes and back.
pub trait Codec: 'static {
    /// The bytes of a value.
    ///
    /// # Errors
    ///
    /// When the value has no form in this codec.
    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError>;

    /// The value of some bytes, all of them.
    ///
    /// # Errors
    ///
    /// When the bytes are not those of a `T`, or claim more than [`LIMIT`].
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError>;
}

/// What a codec could not do, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The value cannot be written.
    #[error("failed to encode: {0}")]
    Encode(String),
    /// The bytes cannot be read.
    #[error("failed to decode: {0}")]
    Decode(String),
    /// The value ends before the bytes do.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
}

/// bincode 2.0.1 with its standard configuration: little-endian, variable-length integers.
#[derive(Debug, Clone, Copy)]
pub struct Bincode;

fn configuration() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
    bincode::config::standard().with_limit::<LIMIT>()
}

impl Codec for Bincode {
    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
        bincode::serde::encode_to_vec(value, configuration())
            .map_err(|error| CodecError::Encode(error.to_string()))
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
        let (value, read) = bincode::serde::decode_from_slice(bytes, configuration())
            .map_err(|error| CodecError::Decode(error.to_string()))?;
        match bytes.len() - read {
            0 => Ok(value),
            left => Err(CodecError::LeftOver(left)),
        }
    }
}

impl<P: Process> Context<P> {
    /// As [`Context::install`] for messages in a form of one's own, e.g. protobuf: `decode` reads them. What it cannot read is logged and
    /// dropped.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/protobuf.hpp, `ProtobufProcess::install`.
    ///
    /// ```
    /// # use libprocess::{Context, Process};
    /// struct Total(u64);
    ///
    /// impl Process for Total {
    ///     fn initialize(&mut self, ctx: &mut Context<Self>) {
    ///         let decode = |bytes: &[u8]| String::from_utf8_lossy(bytes).parse::<u64>();
    ///         ctx.install_decoded("Add", decode, |total, ctx, from, number| {
    ///             total.0 += number;
    ///             ctx.send(&from, "Added", total.0.to_string());
    ///         });
    ///     }
    /// }
    /// ```
    pub fn install_decoded<T: 'static, E: std::fmt::Display>(
        &mut self,
        name: &str,
        decode: impl Fn(&[u8]) -> Result<T, E> + Send + Sync + 'static,
        handler: impl Fn(&mut P, &mut Context<P>, Upid, T) + Send + Sync + 'static,
    ) {
        let message = name.to_owned();
        self.install(name, move |process, ctx, from, body| match decode(&body) {
            Ok(value) => handler(process, ctx, from, value),
            Err(error) => tracing::warn!(%message, %from, %error, "dropping a message that cannot be read"),
        });
    }

    /// As [`Context::install`] for messages whose body is a `T` in the form of `C`. Others are logged and dropped, as an
    /// unreadable protobuf is in libprocess.
    pub fn install_as<C: Codec, T: DeserializeOwned + 'static>(
        &mut self,
        name: &str,
        handler: impl Fn(&mut P, &mut Context<P>, Upid, T) + Send + Sync + 'static,
    ) {
        self.install_decoded(name, C::decode::<T>, handler);
    }

    /// As [`Context::send`] with a value for a body.
    ///
    /// # Errors
    ///
    /// When the value has no form in `C`; nothing is sent.
    pub fn send_as<C: Codec, T: Serialize>(
        &self,
        to: &Upid,
        name: &str,
        value: &T,
    ) -> Result<(), CodecError> {
        self.send(to, name, Bytes::from(C::encode(value)?));
        Ok(())
    }
}

impl System {
    /// As [`System::post`] with a value for a body.
    ///
    /// # Errors
    ///
    /// When the value has no form in `C`; nothing is sent.
    pub fn post_as<C: Codec, T: Serialize>(
        &self,
        to: &Upid,
        name: &str,
        value: &T,
    ) -> Result<(), CodecError> {
        self.post(to, name, Bytes::from(C::encode(value)?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_return_and_nonsense_is_an_error() {
        let value = (7_u64, "seven".to_owned(), vec![Some(1.5_f64), None]);
        let bytes = Bincode::encode(&value).unwrap();
        assert_eq!(Bincode::decode(&bytes), Ok(value));
        assert!(matches!(
            Bincode::decode::<(u64, String)>(&[7, 200, b'x']),
            Err(CodecError::Decode(_))
        ));
        assert_eq!(Bincode::decode::<u8>(&[7, 8, 9]), Err(CodecError::LeftOver(2)));
    }

    #[test]
    fn a_length_that_lies_is_refused_before_memory_is_taken() {
        // 2^62 elements, claimed by nine bytes.
        let mut bytes = vec![253];
        bytes.extend_from_slice(&(1_u64 << 62).to_le_bytes());
        assert!(matches!(
            Bincode::decode::<Vec<u8>>(&bytes),
            Err(CodecError::Decode(_))
        ));
    }
}
