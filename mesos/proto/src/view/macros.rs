//! How a view is declared.

/// Declares a [view](mod@crate::view) of a message, and the enum of its fields.
///
/// A line is `label name: type = number as Variant;`. Labels are
///
/// * `required`, `optional`, `implicit`: a field that is there once: always, perhaps, or with a default (proto3);
/// * `repeated`: strings, bytes and messages that come any number of times;
/// * `numbers`: numbers and enums that come any number of times, one by one or packed: a variant holds
///   [`Elements`](crate::view::Elements), since one field can hold many.
///
/// Types are `i32`, `i64`, `u32`, `u64`, `bool`, `f64`, enums of this crate, `&'a str`, `&'a [u8]` and other views. A message has
/// at most 64 fields here. There is an example in [`view`](mod@crate::view).
#[macro_export]
macro_rules! view {
    (@accessor $a:lifetime $field:ident required $name:ident $type:ty, $variant:ident) => {
        #[doc = concat!("The field `", stringify!($name), "`.")]
        #[must_use]
        pub fn $name(self) -> $type {
            let values = self.fields().filter_map(|field| match field {
                $field::$variant(value) => Some(value),
                _ => None,
            });
            values.last().unwrap_or_else(<$type as $crate::view::Kind<$a>>::absent)
        }
    };
    (@accessor $a:lifetime $field:ident implicit $name:ident $type:ty, $variant:ident) => {
        $crate::view!(@accessor $a $field required $name $type, $variant);
    };
    (@accessor $a:lifetime $field:ident optional $name:ident $type:ty, $variant:ident) => {
        #[doc = concat!("The field `", stringify!($name), "`, if it is set.")]
        #[must_use]
        pub fn $name(self) -> Option<$type> {
            let values = self.fields().filter_map(|field| match field {
                $field::$variant(value) => Some(value),
                _ => None,
            });
            values.last()
        }
    };
    (@accessor $a:lifetime $field:ident repeated $name:ident $type:ty, $variant:ident) => {
        #[doc = concat!("The elements of the field `", stringify!($name), "`.")]
        pub fn $name(self) -> impl Iterator<Item = $type> {
            self.fields().filter_map(|field| match field {
                $field::$variant(value) => Some(value),
                _ => None,
            })
        }
    };
    (@accessor $a:lifetime $field:ident numbers $name:ident $type:ty, $variant:ident) => {
        #[doc = concat!("The elements of the field `", stringify!($name), "`.")]
        pub fn $name(self) -> impl Iterator<Item = $type> {
            let fields = self.fields().filter_map(|field| match field {
                $field::$variant(values) => Some(values),
                _ => None,
            });
            fields.flatten()
        }
    };
    (
        $(#[$attribute:meta])*
        $visible:vis struct $view:ident<$a:lifetime>: $field:ident {
            $($label:ident $name:ident: $type:ty = $number:literal as $variant:ident;)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        $visible struct $view<$a>(&$a [u8]);

        #[doc = concat!("One field of a [`", stringify!($view), "`].")]
        #[derive(Clone, Copy, Debug)]
        $visible enum $field<$a> {
            $(
                #[doc = concat!("The field `", stringify!($name), "`.")]
                $variant(<$crate::view::label::$label as $crate::view::label::Label<$a, $type>>::Held),
            )*
            /// A field that was not declared, or the number of no value.
            Unknown,
        }

        #[allow(dead_code, reason = "who declares a field need not ask for it alone")]
        impl<$a> $view<$a> {
            $($crate::view!(@accessor $a $field $label $name $type, $variant);)*

            /// All fields in the order they were written.
            #[inline(always)]
            pub fn fields(self) -> impl Iterator<Item = $field<$a>> {
                let mut cursor = $crate::view::Cursor::new(self.0);
                std::iter::from_fn(move || {
                    let tag = cursor.tag()?;
                    $({
                        type Label = $crate::view::label::$label;
                        let held = <Label as $crate::view::label::Label<$a, $type>>::get($number, tag, &mut cursor);
                        if let Some(held) = held {
                            return Some(held.map_or($field::Unknown, $field::$variant));
                        }
                    })*
                    cursor.skip(tag, 0).ok()?;
                    Some($field::Unknown)
                })
            }
        }

        const _: () = {
            #[allow(clippy::enum_variant_names)]
            enum Position { $($variant,)* }

            impl<$a> $crate::view::View<$a> for $view<$a> {
                const REQUIRED: &'static [(&'static str, u64)] = &[$((
                    stringify!($name),
                    if <$crate::view::label::$label as $crate::view::label::Label<$a, $type>>::REQUIRED {
                        1 << Position::$variant as u32
                    } else {
                        0
                    },
                ),)*];

                #[inline(always)]
                fn check_field(
                    tag: u32,
                    cursor: &mut $crate::view::Cursor<$a>,
                    seen: &mut u64,
                    depth: usize,
                ) -> $crate::view::Checked<()> {
                    $({
                        type Label = $crate::view::label::$label;
                        let declared = $crate::view::label::Declared {
                            name: stringify!($name),
                            number: $number,
                            bit: 1 << Position::$variant as u32,
                        };
                        if <Label as $crate::view::label::Label<$a, $type>>::check(declared, tag, cursor, seen, depth)? {
                            return Ok(());
                        }
                    })*
                    cursor.skip(tag, depth)
                }

                #[inline(always)]
                fn of_checked(bytes: &$a [u8]) -> Self {
                    $view(bytes)
                }

                fn as_bytes(self) -> &$a [u8] {
                    self.0
                }
            }

            impl<$a> $crate::view::Kind<$a> for $view<$a> {
                const WIRE: u8 = 2;
                const MERGED: bool = true;

                #[inline(always)]
                fn check(
                    cursor: &mut $crate::view::Cursor<$a>,
                    depth: usize,
                    _: &'static str,
                ) -> $crate::view::Checked<bool> {
                    $crate::view::check_nested::<Self>(cursor, depth)
                }

                #[inline(always)]
                fn get(cursor: &mut $crate::view::Cursor<$a>) -> Option<Self> {
                    cursor.delimited().map($view)
                }

                fn absent() -> Self {
                    $view(&[])
                }
            }
        };
    };
}
