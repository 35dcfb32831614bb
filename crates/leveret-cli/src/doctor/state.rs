//! What the HTTP API tells of the broker: permissions, alarms, the clock.

use std::time::{Duration, SystemTime};

use leveret_client::ConnectOptions;
use serde_json::Value;

use super::{certificate, check::Check};
use crate::{
    web::encoded,
    why::{Api, alarms},
};

/// Clocks may differ by so much.
const APART_MAX: Duration = Duration::from_secs(5);

pub(super) fn look(api: &Api, options: &ConnectOptions, checks: &mut Vec<Check>) {
    checks.extend(certificate::of_api(api.site()));
    let asked_at = SystemTime::now();
    let heard = match api.ask("/overview") {
        Ok(heard) => heard,
        Err(why) => {
            let fix = "start the broker with --admin-listen (RabbitMQ: the management plugin), or give --http";
            checks.push(Check { fix: Some(fix.to_owned()), ..Check::skipped("http api", why) });
            return;
        }
    };
    if heard.status == 401 {
        let found = format!("{}: user or password refused", api.site());
        let fix = "the user needs a tag such as `monitoring`; or set LEVERET_ADMIN_USER and LEVERET_ADMIN_PASSWORD";
        checks.push(Check::warn("http api", found, fix));
        return;
    }
    checks.push(Check::ok("http api", format!("{} answers", api.site())));
    checks.push(clock(heard.header("date"), asked_at));
    checks.push(permissions(api, options));
    checks.push(resources(api));
}

fn clock(date: Option<&str>, here: SystemTime) -> Check {
    let Some(there) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Check::skipped("clock", "the HTTP API tells no time");
    };
    let apart = there.duration_since(here).unwrap_or_else(|error| error.duration());
    // The header has whole seconds.
    let found = format!("{} s apart from the broker's", apart.as_secs());
    if apart <= APART_MAX {
        return Check::ok("clock", found);
    }
    let fix = "let both machines keep time by NTP: expiry, schedules and deadlines go by clocks";
    Check::warn("clock", found, fix)
}

fn permissions(api: &Api, options: &ConnectOptions) -> Check {
    let host = options.virtual_host.to_string_lossy();
    let path = format!("/permissions/{}/{}", encoded(&host), encoded(&options.user));
    let granted = match api.get(&path) {
        Ok(granted) => granted,
        Err(why) => return Check::skipped("permissions", why),
    };
    let text = |name: &str| granted.get(name).and_then(Value::as_str).unwrap_or_default();
    let (configure, write, read) = (text("configure"), text("write"), text("read"));
    let found = format!("configure `{configure}`, write `{write}`, read `{read}`");
    if write.is_empty() && read.is_empty() {
        let user = &options.user;
        let fix = format!("leveret ctl -p {host} set-permissions {user} CONFIGURE WRITE READ");
        return Check::fail("permissions", found, fix);
    }
    Check::ok("permissions", found)
}

fn resources(api: &Api) -> Check {
    let nodes = match api.get("/nodes") {
        Ok(Value::Array(nodes)) => nodes,
        Ok(_) => return Check::skipped("resources", "what answers is no list of nodes"),
        Err(why) => return Check::skipped("resources", why),
    };
    let alarms: Vec<String> = nodes.iter().flat_map(alarms).collect();
    if alarms.is_empty() {
        return Check::ok("resources", "no alarm for memory or disk");
    }
    let fix =
        "free disk space, consume what waits, or raise the limits: publishers wait until then";
    Check::fail("resources", alarms.join("; "), fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn a_clock_that_is_off_is_told() {
        let here = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let health = |date| clock(Some(date), here).health;
        assert_eq!(health("Sun, 06 Nov 1994 08:49:40 GMT"), Health::Ok);
        assert_eq!(health("Sun, 06 Nov 1994 08:50:40 GMT"), Health::Warn);
        assert_eq!(health("Sun, 06 Nov 1994 08:48:40 GMT"), Health::Warn);
        assert_eq!(health("soon"), Health::Skipped);
    }
}
