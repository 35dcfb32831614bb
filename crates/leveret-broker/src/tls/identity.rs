//! Who a client is, by its certificate.
//!
//! The certificate was verified before; here it is only read.

use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
    x509::X509Name,
};

use super::settings::NameSource;

/// The user's name in a certificate, if it has a name of that kind.
pub(super) fn user_name(certificate: &[u8], source: NameSource) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let name = match source {
        NameSource::CommonName => common_name(certificate.subject()),
        NameSource::DistinguishedName => Some(distinguished_name(certificate.subject())),
        NameSource::DnsName | NameSource::Email | NameSource::Uri => {
            let names = certificate.subject_alternative_name().ok()??;
            names.value.general_names.iter().find_map(|name| alternative(name, source))
        }
    };
    name.filter(|name| (1..=255).contains(&name.len()))
}

fn common_name(subject: &X509Name<'_>) -> Option<String> {
    let names: Vec<&str> =
        subject.iter_common_name().filter_map(|name| name.as_str().ok()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// RFC 4514: the last part first, `CN=hazel,O=warren`, with the marks of the grammar escaped.
fn distinguished_name(subject: &X509Name<'_>) -> String {
    let mut parts = Vec::new();
    for attribute in subject.iter_attributes() {
        let kind = x509_parser::objects::oid2abbrev(
            attribute.attr_type(),
            x509_parser::objects::oid_registry(),
        );
        let kind = kind.map_or_else(|_| attribute.attr_type().to_id_string(), ToOwned::to_owned);
        parts.push(format!("{kind}={}", escaped(attribute.as_str().unwrap_or_default())));
    }
    parts.reverse();
    parts.join(",")
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (index, character) in value.char_indices() {
        let is_last = index + character.len_utf8() == value.len();
        let is_mark = matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || (character == '#' && index == 0)
            || (character == ' ' && (index == 0 || is_last));
        if is_mark {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

fn alternative(name: &GeneralName<'_>, source: NameSource) -> Option<String> {
    match (name, source) {
        (GeneralName::DNSName(name), NameSource::DnsName)
        | (GeneralName::RFC822Name(name), NameSource::Email)
        | (GeneralName::URI(name), NameSource::Uri) => Some((*name).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};

    use super::*;

    #[test]
    fn each_kind_of_name_is_found() {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "warren, north");
        params.distinguished_name.push(DnType::CommonName, "hazel");
        params.subject_alt_names = vec![
            SanType::Rfc822Name("hazel@warren.example".try_into().unwrap()),
            SanType::DnsName("hazel.warren.example".try_into().unwrap()),
            SanType::DnsName("second.example".try_into().unwrap()),
        ];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        for (source, expected) in [
            (NameSource::CommonName, Some("hazel")),
            (NameSource::DistinguishedName, Some("CN=hazel,O=warren\\, north")),
            (NameSource::DnsName, Some("hazel.warren.example")),
            (NameSource::Email, Some("hazel@warren.example")),
            (NameSource::Uri, None),
        ] {
            assert_eq!(user_name(certificate.der(), source).as_deref(), expected, "{source:?}");
        }
        assert_eq!(user_name(b"no certificate", NameSource::CommonName), None);
    }
}
