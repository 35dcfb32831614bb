//! Tables of credentials files.

use super::*;

/// The node of a file, or the error.
fn check(text: &str, node: &str, expected: &str) {
    let shown = match find(Path::new("F"), text, node) {
        Ok(options) => {
            let tls = options.tls.as_ref().map(|tls| {
                let identity = tls.identity.as_ref();
                let key = identity.map(|identity| identity.key_file.display().to_string());
                let ca = tls.ca_file.as_ref().map(|path| path.display().to_string());
                format!(" tls {} {}", ca.unwrap_or_default(), key.unwrap_or_default())
            });
            let (user, password) = (&options.user, options.password.reveal());
            let (authority, vhost) = (options.authority(), &options.virtual_host);
            format!("{user} {password} {authority} {vhost}{}", tls.unwrap_or_default())
        }
        Err(error) => {
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
            error.to_string()
        }
    };
    assert_eq!(shown, expected, "{text}");
}

const TOML: &str = r#"
# Nodes
[default]
hostname = "one.example"   # the first
port = 15672
username = "jo"
password = "a \"b\" \\ \u00e9 # c"

["with tls"]
hostname = 'two.example'
vhost = "orders"
tls = true
ca_certificate_bundle_path = "/ca.pem"
client_certificate_file_path = "/c.pem"
client_private_key_file_path = "/k.pem"
table_style = "modern"
"#;

const INI: &str = "; Nodes
[default]
hostname = localhost
[host_ssl]
hostname = three.example ; the third
port = 15671
username = jo
password = a#b;c=d
ssl = True
";

#[test]
fn both_versions_of_the_file_are_read() {
    check(TOML, "default", "jo a \"b\" \\ é # c one.example:5672 /");
    check(TOML, "with tls", "guest guest two.example:5671 orders tls /ca.pem /k.pem");
    check(INI, "default", "guest guest localhost:5672 /");
    check(INI, "host_ssl", "jo a#b;c=d three.example:5671 / tls  ");
    check("[a]\nscheme = \"https\"", "a", "guest guest localhost:5671 / tls  ");
    check("\u{feff}[a]\r\nusername = b\r\n", "a", "b guest localhost:5672 /");
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_never_shown() {
    let table = [
        ("[a]", "`F` has no node `x`, it has `a`"),
        ("", "`F` has no node `x`, it has none"),
        ("[x\n", "`F`, line 1: a table's name ends with `]`"),
        ("[x]\nhunter2", "`F`, line 2: wanted `[node]` or `key = value`"),
        ("[x]\n\npassword = \"hunter2", "`F`, line 3: a text ends with `\"`"),
        ("[x]\npassword = 'hunter2", "`F`, line 2: a text ends with `'`"),
        (
            "[x]\npassword = \"hunter2\\q\"",
            "`F`, line 2: a `\\` that begins no escape; write `\\\\` for `\\`",
        ),
        (
            "[x]\npassword = \"\" hunter2",
            "`F`, line 2: nothing but a comment may follow on the line",
        ),
        ("[x]\ntls = hunter2", "`F`, line 2: `tls` wants `true` or `false`"),
        ("[x]\nscheme = hunter2", "`F`, line 2: `scheme` wants `http` or `https`"),
        (
            "[x]\ntls = true\nclient_certificate_file_path = hunter2",
            "`F`, node `x`: a client certificate needs its private key, and the key it",
        ),
    ];
    for (text, error) in table {
        check(text, "x", error);
    }
    let long = format!("[x]\nvhost = {}", "v".repeat(256));
    check(&long, "x", "`F`, line 2: `virtual_host` wants at most 255 bytes");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = Path::new("/nonexistent/hare");
    let error = ConnectOptions::from_credentials_file(path, None).unwrap_err();
    let text = "cannot read the credentials file `/nonexistent/hare`: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_file_is_read_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conf");
    fs::write(&path, TOML).unwrap();
    let options = ConnectOptions::from_credentials_file(&path, None).unwrap();
    assert_eq!(options.host, "one.example");
}
