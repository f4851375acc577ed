//! [`Json`](super::Json) for records and for choices between words, from a list of their fields. A
//! field or a word that the list forgets is an error of the compiler.

/// Gives a struct the form of an object with these fields, in this order. Unknown fields are passed
/// over. A field that is not there is an error, unless its type says otherwise
/// ([`absent`](crate::json::Json::absent)). Fields after `optional` are left out where they are as in
/// their type's default; with `default` before the name, all of them are, and the struct's own default
/// must be made of theirs.
#[macro_export]
macro_rules! record {
    (default $kind:ident { $($field:ident),* $(,)? }) => {
        impl $crate::json::Json for $kind {
            fn write(&self, out: &mut $crate::json::Writer) {
                let Self { $($field),* } = self;
                out.open(b'{');
                $(
                    if !$crate::json::is_default($field) {
                        out.field($crate::lead!($field), $field);
                    }
                )*
                out.close(b'}');
            }

            fn read(from: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                let mut it = Self::default();
                from.fields(&mut |key, from| {
                    match key {
                        $(stringify!($field) => it.$field = $crate::json::Json::read(from)?,)*
                        _ => from.skip()?,
                    }
                    Ok(())
                })?;
                Ok(it)
            }
        }
    };
    ($kind:ident { $($field:ident),* $(,)? } $(optional { $($rare:ident),* $(,)? })?) => {
        impl $crate::json::Json for $kind {
            fn write(&self, out: &mut $crate::json::Writer) {
                let Self { $($field,)* $($($rare),*)? } = self;
                out.open(b'{');
                $(out.field($crate::lead!($field), $field);)*
                $($(
                    if !$crate::json::is_default($rare) {
                        out.field($crate::lead!($rare), $rare);
                    }
                )*)?
                out.close(b'}');
            }

            fn read(from: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                $($(let mut $rare = Default::default();)*)?
                $crate::read_fields!(from { $($field),* } $({ $($rare),* })?);
                Ok(Self { $($field,)* $($($rare),*)? })
            }
        }
    };
}

/// What stands before the value of a field: `,"NAME":`, in one piece.
#[doc(hidden)]
#[macro_export]
macro_rules! lead {
    ($name:ident) => {
        concat!(",\"", stringify!($name), "\":")
    };
}

/// Reads an object's fields into variables of their names. For the other two macros.
#[doc(hidden)]
#[macro_export]
macro_rules! read_fields {
    ($from:ident { $($field:ident),* } $({ $($rare:ident),* })?) => {
        $(let mut $field = $crate::json::Json::absent();)*
        $from.fields(&mut |key, from| {
            match key {
                $(stringify!($field) => $field = Some($crate::json::Json::read(from)?),)*
                $($(stringify!($rare) => $rare = $crate::json::Json::read(from)?,)*)?
                _ => from.skip()?,
            }
            Ok(())
        })?;
        $(
            let Some($field) = $field else {
                return Err($from.error($crate::json::Problem::Missing(stringify!($field))));
            };
        )*
    };
}

/// Gives an enum its form: a variant that holds nothing is its name, one that holds a value (after
/// `value`) or fields (after `fields`) is an object with the name as its only key.
#[macro_export]
macro_rules! choice {
    ($kind:ident { $($word:ident),* $(,)? }) => {
        impl $crate::json::Json for $kind {
            fn write(&self, out: &mut $crate::json::Writer) {
                out.text(match self {
                    $(Self::$word => stringify!($word),)*
                });
            }

            fn read(from: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                let word = from.string()?;
                match &*word {
                    $(stringify!($word) => Ok(Self::$word),)*
                    _ => Err(from.error($crate::json::Problem::Unknown(word.into_owned()))),
                }
            }
        }
    };
    (
        $kind:ident { $($word:ident),* $(,)? }
        $(value { $($with:ident),* $(,)? })?
        $(fields { $($large:ident { $($field:ident),* $(,)? }),* $(,)? })?
    ) => {
        impl $crate::json::Json for $kind {
            fn write(&self, out: &mut $crate::json::Writer) {
                match self {
                    $(Self::$word => out.text(stringify!($word)),)*
                    $($(Self::$with(what) => {
                        out.open(b'{');
                        out.field($crate::lead!($with), what);
                        out.close(b'}');
                    })*)?
                    $($(Self::$large { $($field),* } => {
                        out.open(b'{');
                        out.key($crate::lead!($large));
                        out.open(b'{');
                        $(out.field($crate::lead!($field), $field);)*
                        out.close(b'}');
                        out.close(b'}');
                    })*)?
                }
            }

            fn read(from: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                let unknown = |key: &str| $crate::json::Problem::Unknown(key.to_owned());
                if from.peek()? != b'{' {
                    let word = from.string()?;
                    return match &*word {
                        $(stringify!($word) => Ok(Self::$word),)*
                        _ => Err(from.error(unknown(&word))),
                    };
                }
                let mut read = None;
                from.fields(&mut |key, from| {
                    read = Some(match key {
                        $($(stringify!($with) => Self::$with($crate::json::Json::read(from)?),)*)?
                        $($(stringify!($large) => {
                            $crate::read_fields!(from { $($field),* });
                            Self::$large { $($field),* }
                        })*)?
                        _ => return Err(from.error(unknown(key))),
                    });
                    Ok(())
                })?;
                read.ok_or_else(|| from.error($crate::json::Problem::Expected("a key")))
            }
        }
    };
}
