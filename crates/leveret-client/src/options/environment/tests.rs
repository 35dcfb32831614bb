//! Tables of environments.

use std::{collections::HashMap, os::unix::ffi::OsStringExt as _};

use super::*;

/// `user password authority vhost`, or the error.
fn check(variables: &[(&str, &str)], expected: &str) {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    let environment =
        Environment { variable: |name: &str| variables.get(name).copied().map(OsString::from) };
    let shown = match environment.options() {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(options)) => format!(
            "{} {} {} {}",
            options.user,
            options.password.reveal(),
            options.authority(),
            options.virtual_host
        ),
        Err(error) => {
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            error.to_string()
        }
    };
    assert_eq!(shown, expected, "{variables:?}");
}

#[test]
fn the_first_variable_that_is_set_counts_and_an_empty_one_is_not() {
    let [one, two, three] = ["amqp://one", "amqp://two", "amqp://u:p@three:7/v"];
    check(&[], "nothing");
    check(&[("AMQP_URL", ""), ("PATH", one)], "nothing");
    check(&[("AMQP_URL", one), ("RABBITMQ_URL", two)], "guest guest one:5672 /");
    check(&[("AMQP_URL", ""), ("RABBITMQ_URL", two)], "guest guest two:5672 /");
    check(&[("CLOUDAMQP_URL", three)], "u p three:7 v");
    check(&[("CLOUDAMQP_URL", three), ("AMQP_URL", one)], "guest guest one:5672 /");
}

#[test]
fn user_and_password_may_stand_apart() {
    let uri = ("AMQP_URL", "amqp://u:p@h");
    check(&[uri, ("AMQP_PASSWORD", "hunter2")], "u hunter2 h:5672 /");
    check(&[uri, ("AMQP_USER", "jo"), ("AMQP_PASSWORD", "a/b@c%")], "jo a/b@c% h:5672 /");
    check(&[uri, ("AMQP_PASSWORD", "")], "u p h:5672 /");
    check(&[("AMQP_USER", "jo"), ("AMQP_PASSWORD", "hunter2")], "nothing");
}

#[test]
fn secrets_are_read_from_files_and_systemds_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let here = folder.path().to_str().unwrap();
    let (uri, password) = (write("uri", "amqp://u@h\n"), write("password", "hunter2 x\r\n"));
    check(&[("AMQP_URL_FILE", &uri)], "u guest h:5672 /");
    check(
        &[("RABBITMQ_URL_FILE", &uri), ("AMQP_PASSWORD_FILE", &password)],
        "u hunter2 x h:5672 /",
    );
    check(&[("CREDENTIALS_DIRECTORY", here)], "nothing");
    write("amqp_url", "amqp://s@d");
    write("amqp_password", "shh");
    check(&[("CREDENTIALS_DIRECTORY", here)], "s shh d:5672 /");
    let variable = ("AMQP_URL", "amqp://v:w@h");
    check(&[("CREDENTIALS_DIRECTORY", here), variable], "v shh h:5672 /");
    check(
        &[("CREDENTIALS_DIRECTORY", here), variable, ("AMQP_PASSWORD", "mine")],
        "v mine h:5672 /",
    );
}

#[test]
fn what_is_wrong_is_named_by_its_variable_and_never_shown() {
    check(
        &[("AMQP_URL", "amqp://jo:hunter2/@h")],
        "AMQP_URL holds no AMQP URI: the port is not a number from 1 to 65535; is an `@`, `/`, `?` or `#` before it unescaped?",
    );
    check(
        &[("AMQP_URL", "amqp://h"), ("AMQP_URL_FILE", "/x")],
        "AMQP_URL and AMQP_URL_FILE are both set, wanted one of them",
    );
    check(
        &[("AMQP_URL_FILE", "/nonexistent/hare")],
        "AMQP_URL_FILE names `/nonexistent/hare`, which cannot be read: No such file or directory (os error 2)",
    );
    let environment = Environment {
        variable: |name: &str| {
            (name == "AMQP_URL").then(|| OsString::from_vec(b"amqp://\xFF".to_vec()))
        },
    };
    assert_eq!(environment.options().unwrap_err().to_string(), "AMQP_URL is not UTF-8");
}
