//! Writes the method table as Rust.
//!
//! Each class becomes a file of structs and one of codecs; the enum of all comes last.

use std::fmt::Write as _;

use super::spec::{Class, Field, Kind, Method, Sender};

const NOTE: &str =
    "Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.";

/// `start-ok` as `StartOk`.
pub(crate) fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

fn rust_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bit => "bool",
        Kind::Octet => "u8",
        Kind::Short => "u16",
        Kind::Long => "u32",
        Kind::LongLong => "u64",
        Kind::ShortStr => "ShortStr",
        Kind::LongStr => "Bytes",
        Kind::Secret => "Secret",
        Kind::Table => "FieldTable",
    }
}

/// The structs of one class.
pub(crate) fn structs(class: &Class) -> String {
    let mut out = format!("//! The methods of class {}.\n//!\n//! {NOTE}\n\n", class.name);
    let uses = |kind| {
        class.methods.iter().any(|m| m.fields.iter().any(|f| f.kind == kind && f.name.is_some()))
    };
    if uses(Kind::LongStr) {
        out.push_str("use bytes::Bytes;\n\n");
    }
    if uses(Kind::Table) {
        out.push_str("use crate::field::FieldTable;\n");
    }
    if uses(Kind::Secret) {
        out.push_str("use crate::secret::Secret;\n");
    }
    if uses(Kind::ShortStr) {
        out.push_str("use crate::short_str::ShortStr;\n");
    }
    for method in &class.methods {
        write_struct(&mut out, class, method);
    }
    out
}

fn write_struct(out: &mut String, class: &Class, method: &Method) {
    let name = camel(&method.name);
    let doc = format!("`{}.{}`: {}", class.name, method.name, method.doc);
    let fields: Vec<(&String, &Field)> =
        method.fields.iter().filter_map(|field| Some((field.name.as_ref()?, field))).collect();
    let flags = fields.iter().filter(|(_, field)| field.kind == Kind::Bit).count();
    let copies = fields.iter().all(|(_, field)| {
        !matches!(field.kind, Kind::ShortStr | Kind::LongStr | Kind::Secret | Kind::Table)
    });
    let copy = if copies { "Copy, " } else { "" };
    _ = write!(out, "\n/// {doc}\n#[derive(Debug, Clone, {copy}PartialEq, Eq, Default)]\n");
    if flags > 3 {
        out.push_str("#[expect(clippy::struct_excessive_bools, reason = \"the method has these flags on the wire\")]\n");
    }
    if fields.is_empty() {
        _ = writeln!(out, "pub struct {name};");
        return;
    }
    _ = writeln!(out, "pub struct {name} {{");
    for (field_name, field) in fields {
        _ = writeln!(
            out,
            "    /// {}\n    pub {field_name}: {},",
            field.doc,
            rust_type(field.kind)
        );
    }
    out.push_str("}\n");
}

/// The codecs of one class.
pub(crate) fn codecs(class: &Class) -> String {
    let name = &class.name;
    let mut out = format!("//! The methods of class {name} as bytes.\n//!\n//! {NOTE}\n\n");
    let imports: Vec<String> = class.methods.iter().map(|method| camel(&method.name)).collect();
    let puts = class.methods.iter().any(|m| {
        m.fields.iter().any(|f| {
            matches!(f.kind, Kind::Bit | Kind::Octet | Kind::Short | Kind::Long | Kind::LongLong)
        })
    });
    out.push_str(if puts {
        "use bytes::{BufMut, BytesMut};\n\n"
    } else {
        "use bytes::BytesMut;\n\n"
    });
    out.push_str("use crate::decode_error::DecodeError;\n");
    _ = writeln!(out, "use crate::generated::{name}::{{{}}};", imports.join(", "));
    out.push_str("use crate::method::{Arguments, Descriptor, Sender};\n");
    out.push_str("use crate::reader::Reader;\n");
    let writes = |kind| {
        class.methods.iter().any(|m| {
            m.fields.iter().any(|f| {
                f.kind == kind
                    || (kind == Kind::LongStr && matches!(f.kind, Kind::Table | Kind::Secret))
            })
        })
    };
    if class
        .methods
        .iter()
        .any(|m| m.fields.iter().any(|f| f.kind == Kind::ShortStr && f.name.is_none()))
    {
        out.push_str("use crate::short_str::ShortStr;\n");
    }
    let strings: Vec<&str> = [(Kind::LongStr, "put_long_str"), (Kind::ShortStr, "put_short_str")]
        .into_iter()
        .filter(|(kind, _)| writes(*kind))
        .map(|(_, name)| name)
        .collect();
    if !strings.is_empty() {
        _ = writeln!(out, "use crate::writer::{{{}}};", strings.join(", "));
    }
    for method in &class.methods {
        write_codec(&mut out, class, method);
    }
    out
}

fn write_codec(out: &mut String, class: &Class, method: &Method) {
    let name = camel(&method.name);
    let sender = match method.sender {
        Sender::Client => "Client",
        Sender::Server => "Server",
        Sender::Both => "Both",
    };
    _ = write!(
        out,
        "\nimpl Arguments for {name} {{\n    const DESCRIPTOR: Descriptor = Descriptor {{ class_id: {}, method_id: {}, name: \"{}.{}\", sender: Sender::{sender}, has_content: {} }};\n",
        class.id, method.id, class.name, method.name, method.has_content
    );
    if method.fields.is_empty() {
        out.push_str("    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> { Ok(Self) }\n    fn encode(&self, _: &mut BytesMut) {}\n}\n");
        return;
    }
    out.push_str(
        "    #[inline]\n    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {\n",
    );
    write_decode(out, &method.fields);
    out.push_str("    }\n    fn encode(&self, out: &mut BytesMut) {\n");
    write_encode(out, &method.fields);
    out.push_str("    }\n}\n");
}

fn write_decode(out: &mut String, fields: &[Field]) {
    let mut names = Vec::new();
    let mut bit = 0;
    for field in fields {
        if field.kind == Kind::Bit {
            if bit == 0 {
                out.push_str(if field.name.is_some() {
                    "let bits = input.u8()?;\n"
                } else {
                    "input.u8()?;\n"
                });
            }
            if let Some(name) = &field.name {
                _ = writeln!(out, "let {name} = bits & {} != 0;", 1 << bit);
            }
            bit += 1;
        } else {
            bit = 0;
            let read = match field.kind {
                Kind::Octet => "u8",
                Kind::Short => "u16",
                Kind::Long => "u32",
                Kind::LongLong => "u64",
                Kind::ShortStr => "short_str",
                Kind::LongStr => "long_str",
                Kind::Secret => "secret",
                Kind::Table | Kind::Bit => "table",
            };
            match &field.name {
                Some(name) => _ = writeln!(out, "let {name} = input.{read}()?;"),
                None => _ = writeln!(out, "input.{read}()?;"),
            }
        }
        names.extend(field.name.as_deref());
    }
    if names.is_empty() {
        out.push_str("Ok(Self)\n");
    } else {
        _ = writeln!(out, "Ok(Self {{ {} }})", names.join(", "));
    }
}

fn write_encode(out: &mut String, fields: &[Field]) {
    let mut bits: Vec<String> = Vec::new();
    let mut at = 0;
    for (index, field) in fields.iter().enumerate() {
        if field.kind == Kind::Bit {
            if let Some(name) = &field.name {
                let shift = if at == 0 { String::new() } else { format!(" << {at}") };
                bits.push(if at == 0 {
                    format!("u8::from(self.{name})")
                } else {
                    format!("(u8::from(self.{name}){shift})")
                });
            }
            at += 1;
            if fields.get(index + 1).is_none_or(|next| next.kind != Kind::Bit) {
                let value = if bits.is_empty() { "0".to_owned() } else { bits.join(" | ") };
                _ = writeln!(out, "out.put_u8({value});");
                bits.clear();
                at = 0;
            }
            continue;
        }
        let value = |default: &str, prefix: &str| match &field.name {
            Some(name) => format!("{prefix}self.{name}"),
            None => default.to_owned(),
        };
        _ = match field.kind {
            Kind::Octet => writeln!(out, "out.put_u8({});", value("0", "")),
            Kind::Short => writeln!(out, "out.put_u16({});", value("0", "")),
            Kind::Long => writeln!(out, "out.put_u32({});", value("0", "")),
            Kind::LongLong | Kind::Bit => writeln!(out, "out.put_u64({});", value("0", "")),
            Kind::ShortStr => {
                writeln!(out, "put_short_str(out, {});", value("&ShortStr::EMPTY", "&"))
            }
            Kind::LongStr => writeln!(out, "put_long_str(out, {});", value("&[]", "&")),
            Kind::Table | Kind::Secret => {
                writeln!(out, "put_long_str(out, {}.as_bytes());", value("[]", ""))
            }
        };
    }
}

/// The enum of all methods.
pub(crate) fn method_enum(classes: &[Class]) -> String {
    let mut out = format!(
        "//! One enum of every method.\n//!\n//! {NOTE}\n\nuse bytes::{{BufMut as _, Bytes, BytesMut}};\n\nuse crate::decode_error::DecodeError;\n"
    );
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    _ = writeln!(out, "use crate::generated::{{{}}};", names.join(", "));
    out.push_str(
        "use crate::method::{Arguments, Descriptor, Sender};\nuse crate::reader::Reader;\n\n",
    );
    out.push_str("/// A method with its arguments.\n#[derive(Debug, Clone, PartialEq, Eq)]\npub enum Method {\n");
    let mut descriptors = String::new();
    let mut encodes = String::new();
    let mut decodes = String::new();
    let contents: Vec<String> = classes.iter().filter_map(content_pattern).collect();
    for class in classes {
        for method in &class.methods {
            let variant = camel(&class.name) + &camel(&method.name);
            let path = format!("{}::{}", class.name, camel(&method.name));
            _ = writeln!(out, "/// `{}.{}`\n{variant}({path}),", class.name, method.name);
            _ = writeln!(descriptors, "Self::{variant}(_) => &{path}::DESCRIPTOR,");
            _ = writeln!(encodes, "Self::{variant}(method) => method.encode(out),");
            _ = writeln!(decodes, "({}, {}) => put::<{path}>(input, out),", class.id, method.id);
        }
    }
    out.push_str("}\n\n");
    let arms = Arms { descriptors, encodes, decodes, contents: contents.join(" | ") };
    write_method_impl(&mut out, &arms);
    out.push_str(
        "\n/// Reads arguments to where they are wanted.
fn put<M: Arguments + Into<Method>>(input: &mut Reader<'_>, out: &mut Method) -> Result<(), DecodeError> {
    *out = M::decode(input)?.into();
    Ok(())
}\n",
    );
    out
}

/// The pattern of a class's methods with content, if it has any.
fn content_pattern(class: &Class) -> Option<String> {
    let methods = class.methods.iter().filter(|method| method.has_content);
    let ids: Vec<String> = methods.map(|method| method.id.to_string()).collect();
    (!ids.is_empty()).then(|| format!("({}, {})", class.id, ids.join(" | ")))
}

/// The arms of the enum's matches.
struct Arms {
    descriptors: String,
    encodes: String,
    decodes: String,
    contents: String,
}

fn write_method_impl(out: &mut String, arms: &Arms) {
    let Arms { descriptors, encodes, decodes, contents } = arms;
    _ = write!(
        out,
        "impl Method {{
    /// The class's number.
    pub const fn class_id(&self) -> u16 {{ self.descriptor().class_id }}

    /// The method's number within its class.
    pub const fn method_id(&self) -> u16 {{ self.descriptor().method_id }}

    /// The name as the specification writes it: `queue.declare`.
    pub const fn name(&self) -> &'static str {{ self.descriptor().name }}

    /// Whether a content header and a body follow.
    pub const fn has_content(&self) -> bool {{ self.descriptor().has_content }}

    /// Which side may send it.
    pub const fn sender(&self) -> Sender {{ self.descriptor().sender }}

    /// What stands where a method is read to before it is read.
    pub(crate) const PLACEHOLDER: Self = Self::TxSelect(tx::Select);

    /// Reads a method frame's payload.
    pub fn decode(payload: &Bytes) -> Result<Self, DecodeError> {{
        let mut method = Self::PLACEHOLDER;
        Self::read(&mut Reader::new(payload), &mut method)?;
        Ok(method)
    }}

    /// Reads a method frame's payload to where it is wanted; moving it there later would cost more.
    pub(crate) fn read(input: &mut Reader<'_>, out: &mut Self) -> Result<(), DecodeError> {{
        let ids = (input.u16()?, input.u16()?);
        Self::read_arguments(ids, input, out)?;
        input.finish()
    }}

    /// Whether the method of that class and number is followed by content.
    pub(crate) const fn announces_content(ids: (u16, u16)) -> bool {{
        matches!(ids, {contents})
    }}

    /// Appends a method frame's payload.
    pub fn encode(&self, out: &mut BytesMut) {{
        out.put_u16(self.class_id());
        out.put_u16(self.method_id());
        self.encode_arguments(out);
    }}

    const fn descriptor(&self) -> &'static Descriptor {{ match self {{ {descriptors} }} }}

    fn encode_arguments(&self, out: &mut BytesMut) {{ match self {{ {encodes} }} }}

    fn read_arguments(ids: (u16, u16), input: &mut Reader<'_>, out: &mut Self) -> Result<(), DecodeError> {{
        match ids {{ {decodes} _ => Err(DecodeError::UnknownMethod {{ class_id: ids.0, method_id: ids.1 }}), }}
    }}
}}\n"
    );
}

/// The way from each struct to the enum.
pub(crate) fn conversions(classes: &[Class]) -> String {
    let mut out = format!("//! Every method's struct turns into the enum.\n//!\n//! {NOTE}\n\n");
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    _ = writeln!(
        out,
        "use crate::generated::method_enum::Method;\nuse crate::generated::{{{}}};\n",
        names.join(", ")
    );
    out.push_str(
        "/// Writes `impl From<$path> for Method` for each line.
macro_rules! conversions {
    ($($variant:ident($path:path),)*) => {
        $(impl From<$path> for Method {
            fn from(method: $path) -> Self { Self::$variant(method) }
        })*
    };
}\n\nconversions! {\n",
    );
    for class in classes {
        for method in &class.methods {
            let variant = camel(&class.name) + &camel(&method.name);
            _ = writeln!(out, "    {variant}({}::{}),", class.name, camel(&method.name));
        }
    }
    out.push_str("}\n");
    out
}

/// A `mod.rs` that names the given files.
pub(crate) fn folder(title: &str, files: &[String], visibility: &str) -> String {
    let mut out = format!("//! {title}\n//!\n//! {NOTE}\n\n");
    for file in files {
        _ = writeln!(out, "{visibility}mod {file};");
    }
    out
}
