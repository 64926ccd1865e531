//! What every generated message and enum shares, written once.

/// Makes a message usable as the type of a field.
macro_rules! message {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::wire::Value for $name {
            const WIRE: u8 = 2;

            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                $crate::wire::put_message(self, out);
            }

            #[inline]
            fn merge(
                &mut self,
                reader: &mut $crate::wire::Reader<'_>,
                _: &'static str,
            ) -> Result<bool, $crate::DecodeError> {
                $crate::wire::merge_message(self, reader)
            }
        }

        impl $crate::json::Value for $name {
            #[inline]
            fn write(&self, writer: &mut $crate::json::Writer<'_>) {
                writer.message(self);
            }

            #[inline]
            fn parse(
                &mut self,
                parser: &mut $crate::json::Parser<'_>,
                field: &'static str,
            ) -> Result<bool, $crate::JsonError> {
                $crate::json::parse_message(self, parser, field)
            }
        }
    )*};
}

/// Defines an enum: `Variant = number, "NAME", "V1_NAME" or "" when v1 has none;`.
macro_rules! enumeration {
    (
        $name:ident, $full:literal {
            $first:ident = $first_number:literal, $first_text:literal, $first_v1:literal;
            $($variant:ident = $number:literal, $text:literal, $v1:literal;)*
        }
        $(alias $alias:ident = $target:ident, $alias_text:literal;)*
    ) => {
        #[doc = concat!("`", $full, "`")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i32)]
        pub enum $name {
            #[default]
            $first = $first_number,
            $($variant = $number,)*
        }

        impl $name {
            $(
                #[doc = concat!("`", $alias_text, "`, another name of the same number.")]
                #[allow(non_upper_case_globals)]
                pub const $alias: Self = Self::$target;
            )*

            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[Self::$first, $(Self::$variant),*];

            /// The name in the `.proto` file.
            pub fn as_str_name(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)*
                }
            }

            /// The name in the v1 API; `None` when it has none.
            pub fn as_v1_name(self) -> Option<&'static str> {
                let name = match self {
                    Self::$first => $first_v1,
                    $(Self::$variant => $v1,)*
                };
                if name.is_empty() { None } else { Some(name) }
            }

            /// The value of a name in the `.proto` file.
            pub fn from_str_name(name: &str) -> Option<Self> {
                match name {
                    $first_text => Some(Self::$first),
                    $($text => Some(Self::$variant),)*
                    $($alias_text => Some(Self::$target),)*
                    _ => None,
                }
            }

            /// The number on the wire.
            pub fn number(self) -> i32 {
                self as i32
            }

            /// The value of a number on the wire.
            pub fn from_number(number: i32) -> Option<Self> {
                match number {
                    $first_number => Some(Self::$first),
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn from_dialect(name: &str, v1: bool) -> Option<Self> {
                if v1 {
                    return Self::ALL.iter().copied().find(|value| value.as_v1_name() == Some(name));
                }
                Self::from_str_name(name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str_name())
            }
        }

        impl $crate::wire::Value for $name {
            const WIRE: u8 = 0;

            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                $crate::wire::Value::put(&i64::from(self.number()), out);
            }

            #[inline]
            fn merge(
                &mut self,
                reader: &mut $crate::wire::Reader<'_>,
                _: &'static str,
            ) -> Result<bool, $crate::DecodeError> {
                $crate::wire::merge_enum(self, reader, Self::from_number)
            }
        }

        impl<'a> $crate::view::Kind<'a> for $name {
            const WIRE: u8 = 0;

            fn check(
                cursor: &mut $crate::view::Cursor<'a>,
                _: usize,
                _: &'static str,
            ) -> $crate::view::Checked<bool> {
                $crate::view::check_enum(cursor, Self::from_number)
            }

            fn get(cursor: &mut $crate::view::Cursor<'a>) -> Option<Self> {
                $crate::view::get_enum(cursor, Self::from_number)
            }

            fn absent() -> Self {
                Self::default()
            }
        }

        impl $crate::json::Value for $name {
            fn visible(&self, writer: &$crate::json::Writer<'_>) -> bool {
                !writer.v1() || self.as_v1_name().is_some()
            }

            #[inline]
            fn write(&self, writer: &mut $crate::json::Writer<'_>) {
                let v1 = if writer.v1() { self.as_v1_name() } else { None };
                writer.word(v1.unwrap_or(self.as_str_name()));
            }

            fn parse(
                &mut self,
                parser: &mut $crate::json::Parser<'_>,
                field: &'static str,
            ) -> Result<bool, $crate::JsonError> {
                $crate::json::parse_enum(self, parser, field, Self::from_dialect)
            }
        }
    };
}
