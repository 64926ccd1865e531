//! Messages read where they lie: nothing is copied, nothing is allocated.
//!
//! Owned decoding ([`Message::decode`](crate::Message::decode)) builds a struct for every message in a message. Who only looks at a
//! message once, as a handler that adds up or forwards, reads it through a *view*: [`View::read`] goes over the bytes once and
//! checks all that decoding checks, down to the last nested message, and gives out a handle of two words. Its accessors and
//! [`fields`](crate::view!) then read the checked bytes lazily.
//!
//! [`view!`](crate::view!) declares a view field by field, as a `.proto` file declares the message:
//!
//! ```
//! use mesos_proto::view::View;
//! use mesos_proto::{DecodeError, Message, v0, view};
//!
//! view! {
//!     /// The part of a `mesos.FrameworkInfo` that greetings need.
//!     pub struct Framework<'a>: FrameworkField {
//!         required user: &'a str = 1 as User;
//!         required name: &'a str = 2 as Name;
//!         optional id: Id<'a> = 3 as Id;
//!         repeated roles: &'a str = 12 as Role;
//!     }
//! }
//!
//! view! {
//!     /// `mesos.FrameworkID`.
//!     pub struct Id<'a>: IdField {
//!         required value: &'a str = 1 as Value;
//!     }
//! }
//!
//! let info = v0::FrameworkInfo {
//!     user: "root".to_owned(),
//!     name: "greeter".to_owned(),
//!     id: Some(Box::new(v0::FrameworkID { value: "F1".to_owned(), ..Default::default() })),
//!     roles: vec!["web".to_owned(), "db".to_owned()],
//!     ..Default::default()
//! };
//! let bytes = info.encode_to_vec();
//! let view = Framework::read(&bytes)?;
//! assert_eq!(view.name(), "greeter");
//! assert_eq!(view.id().map(|id| id.value()), Some("F1"));
//! assert_eq!(view.roles().collect::<Vec<_>>(), ["web", "db"]);
//!
//! // An accessor looks through all fields of its message. Who wants many of them goes through them once:
//! let mut letters = 0;
//! for field in view.fields() {
//!     match field {
//!         FrameworkField::User(text) | FrameworkField::Name(text) | FrameworkField::Role(text) => letters += text.len(),
//!         FrameworkField::Id(_) | FrameworkField::Unknown => {}
//!     }
//! }
//! assert_eq!(letters, 16);
//!
//! // What decoding refuses, reading refuses.
//! assert_eq!(Framework::read(&bytes[..4]).err(), Some(DecodeError::Truncated));
//! # Ok::<(), DecodeError>(())
//! ```
//!
//! # What a view checks
//!
//! Wire types, lengths, varints, the depth of nesting, UTF-8 of strings, and that required fields are there: of all declared
//! fields, at every level. Fields that are not declared are checked as unknown ones are. A view that declares all fields of a
//! message accepts what decoding accepts and shows the same values, with three differences:
//!
//! * A message field that is not repeated and comes in parts, which no library writes, would have to be merged:
//!   [`DecodeError::InParts`] says so, and the caller may decode.
//! * Of a oneof that was written more than once all members are shown; the last in [`fields`](crate::view!) is the one that counts.
//! * [`DecodeError::Missing`] names the fields of the first incomplete message, without the path to it.

mod cursor;
mod kind;
#[doc(hidden)]
pub mod label;
mod macros;

pub use self::cursor::Cursor;
pub use self::kind::{Elements, Kind};
pub(crate) use self::kind::{check_enum, get_enum};
#[doc(hidden)]
pub use self::kind::{check_nested, check_packed};

use crate::error::DecodeError;

/// What [`Checked`] fails with: one word, so that the way without errors stays in registers.
#[doc(hidden)]
pub type Fault = Box<DecodeError>;

/// The outcome of a check.
#[doc(hidden)]
pub type Checked<T> = Result<T, Fault>;

/// A message that is read where it lies; [`view!`](crate::view!) implements it.
pub trait View<'a>: Copy {
    /// The names of all fields, with their bits in `seen` where they are required and else none.
    #[doc(hidden)]
    const REQUIRED: &'static [(&'static str, u64)];

    /// Checks the value of one field; the bits of singular fields are put into `seen`.
    #[doc(hidden)]
    fn check_field(tag: u32, cursor: &mut Cursor<'a>, seen: &mut u64, depth: usize) -> Checked<()>;

    /// A view of bytes that were checked.
    #[doc(hidden)]
    fn of_checked(bytes: &'a [u8]) -> Self;

    /// The bytes behind the view.
    fn as_bytes(self) -> &'a [u8];

    /// Checks a whole message and gives out a view of it.
    ///
    /// # Errors
    ///
    /// Fails when [`Message::decode`](crate::Message::decode) would, and when a message in it comes in parts.
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match check_below::<Self>(bytes, 0) {
            Ok(()) => Ok(Self::of_checked(bytes)),
            Err(fault) => Err(*fault),
        }
    }
}

/// Checks one message and all in it. What has small numbers only is done with before a function is called.
#[inline(always)]
fn check_below<'a, V: View<'a>>(bytes: &'a [u8], depth: usize) -> Checked<()> {
    let mut cursor = Cursor::new(bytes);
    if const { all_required(V::REQUIRED) } == 0 {
        cursor.skip_small();
        if cursor.is_empty() {
            return Ok(());
        }
    }
    check::<V>(cursor, depth)
}

/// Checks the fields of one message and all in them.
fn check<'a, V: View<'a>>(mut cursor: Cursor<'a>, depth: usize) -> Checked<()> {
    let required = const { all_required(V::REQUIRED) };
    let mut seen = 0;
    while !cursor.is_empty() {
        let before = cursor;
        let tag = cursor.tag().ok_or_else(|| before.tag_fault())?;
        V::check_field(tag, &mut cursor, &mut seen, depth)?;
        if required == 0 {
            cursor.skip_small();
        }
    }
    if seen & required == required {
        Ok(())
    } else {
        Err(missing(V::REQUIRED, seen))
    }
}

const fn all_required(fields: &[(&'static str, u64)]) -> u64 {
    let mut bits = 0;
    let mut position = 0;
    while position < fields.len() {
        bits |= fields[position].1;
        position += 1;
    }
    bits
}

#[cold]
fn missing(fields: &[(&'static str, u64)], seen: u64) -> Fault {
    let absent = fields.iter().filter(|(_, bit)| *bit & !seen != 0);
    let names = absent.map(|(name, _)| (*name).to_owned()).collect();
    Box::new(DecodeError::Missing(names))
}
