//! Where the settings of a right run file come from.

use expect_test::expect;

use crate::read::Files;

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let files = Files::new(&[
        (
            "leveret.toml",
            "include = [\"logging.toml\"]\n\
             [connection]\naddress = \"amqp://jo:${SECRET}@host\"\n\
             [consumers.a]\nqueue = \"a\"\ntarget = { http = { url = \"http://127.0.0.1/\" } }\n\
             [handlers.a]\nconcurrency = 3\n[settings]\nthreshold = 1\napi-token = \"abc\"\n\
             [[schedules]]\nname = \"night\"\ncron = \"0 3 * * *\"\nkey = \"night\"\n",
        ),
        (
            "logging.toml",
            "grace = \"5s\"\n[logging]\nlevel = \"warn\"\n[handlers.a]\nconcurrency = 9\ntime-limit = \"1s\"\n\
             [[schedules]]\nname = \"day\"\nevery = \"1h\"\nkey = \"day\"\n",
        ),
    ])
    .variable("SECRET", "hidden")
    .variable("LEVERET__GRACE", "")
    .variable("LEVERET__LOGGING__LEVEL", "error")
    .variable("LEVERET__LOGGING__FORMAT", "json")
    .variable("LEVERET__SETTINGS__THRESHOLD", "5")
    .variable("LEVERET__HANDLERS__A__TIME_LIMIT", "2s")
    .set("logging.level=debug")
    .set("handlers.a.retry.attempts=7");
    expect![[r#"
        include = ["logging.toml"]  # leveret.toml:1
        guarantee = "best-effort"  # default
        grace = "5s"  # logging.toml:1
        connection.address = "amqp://jo:***@host"  # leveret.toml:3
        consumers.a.queue = "a"  # leveret.toml:5
        consumers.a.expect = false  # default
        consumers.a.target.http.url = "http://127.0.0.1/"  # leveret.toml:6
        consumers.a.inbox = false  # default
        consumers.a.concurrency = 1  # default
        consumers.a.paused = false  # default
        handlers.a.concurrency = 3  # leveret.toml:8
        handlers.a.paused = false  # default
        handlers.a.retry.attempts = 7  # --set handlers.a.retry.attempts
        handlers.a.retry.first-delay = "1s"  # default
        handlers.a.retry.factor = 2  # default
        handlers.a.time-limit = "2s"  # environment variable LEVERET__HANDLERS__A__TIME_LIMIT
        settings.api-token = "***"  # leveret.toml:11
        settings.threshold = 5  # environment variable LEVERET__SETTINGS__THRESHOLD
        logging.level = "debug"  # --set logging.level
        logging.format = "json"  # environment variable LEVERET__LOGGING__FORMAT
        schedules[0].name = "day"  # logging.toml:8
        schedules[0].timezone = "UTC"  # default
        schedules[0].every = "1h"  # logging.toml:9
        schedules[0].misfire = "skip"  # default
        schedules[0].key = "day"  # logging.toml:10
        schedules[1].name = "night"  # leveret.toml:13
        schedules[1].cron = "0 3 * * *"  # leveret.toml:14
        schedules[1].timezone = "UTC"  # default
        schedules[1].misfire = "skip"  # default
        schedules[1].key = "night"  # leveret.toml:15
    "#]]
    .assert_eq(&files.settings());
}

#[test]
fn a_service_runs_its_consumers_at_its_site() {
    let files = Files::one(
        "inbox-file = \"inbox\"\nservices = [\"main shop@orders 4\", \"listen store@orders\", { service = \"mails\", workers = 2 }]\n\
         [connection]\nin-memory = true\n[connections.main]\nin-memory = true\n\
         [pool.listen]\naddress = \"amqp://localhost\"\nsize = 2\n\
         [sites.shop]\nhost = \"http://127.0.0.1:8000\"\npath-prefix = \"/shop\"\nprincipal = \"clerk\"\n\
         [sites.store]\nhost = \"http://127.0.0.1:8001\"\npath-prefix = \"/store\"\n\
         [consumers.orders]\nqueue = \"${site}.orders\"\n\
         target = { http = { url = \"${site.host}${site.path-prefix}/orders\" } }\n\
         bind = [{ exchange = \"shop\", key = \"orders.#\" }]\n\
         [consumers.returns]\nservice = \"orders\"\nqueue = \"${site}.returns\"\ninbox = true\n\
         target = { http = { url = \"${site.host}/returns\" } }\nretry = { attempts = 2 }\n\
         [consumers.mails]\nqueue = \"mails\"\ntarget = { http = { url = \"http://127.0.0.1/\" } }\n",
    );
    assert!(files.settings().contains("services[0]"));
}
