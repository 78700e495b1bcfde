//! What happens to the containers of a run, as the engine tells it.

use std::io::{BufRead as _, BufReader};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::create::RUN_LABEL;
use crate::engine::{Content, Engine, escape};
use crate::error::EngineError;
use crate::record::ContainerExit;
use crate::session::Session;
use crate::stream::Stream;

/// Opens the stream of events of a run's containers, from `since` (seconds since 1970) on.
pub(crate) fn open(
    engine: &Engine,
    run: &str,
    since: u64,
    until: Option<u64>,
) -> Result<(Arc<Stream>, impl Iterator<Item = Value> + use<>), EngineError> {
    let filter = json!({"type": ["container"], "label": [format!("{RUN_LABEL}={run}")]});
    let filter = escape(&filter.to_string());
    let until = until.map_or_else(String::new, |until| format!("&until={until}"));
    let target = format!("/events?since={since}{until}&filters={filter}");
    let forever = until.is_empty();
    let mut answer = engine.ask("GET", &target, &Content::Nothing)?;
    if forever {
        answer = answer
            .without_limit()
            .map_err(|source| EngineError::Broken {
                what: "GET /events".to_owned(),
                source,
            })?;
    }
    let stream = answer.stream();
    let events = BufReader::new(answer)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str(&line).ok());
    Ok((stream, events))
}

/// Takes note of one event; an event that comes twice is taken once.
pub(crate) fn take(session: &Session, event: &Value) {
    let actor = &event["Actor"];
    let Some(id) = actor["ID"].as_str() else {
        return;
    };
    let time = event["timeNano"].as_i64().unwrap_or(0);
    let attribute =
        |name: &str| -> Option<i64> { actor["Attributes"][name].as_str()?.parse().ok() };
    // Nobody creates the containers of tasks through the proxy.
    session.adopt(id, &actor["Attributes"]);
    match event["Action"].as_str().unwrap_or_default() {
        "start" => session.update(id, |record| {
            if record.exits.iter().all(|exit| exit.time < time) {
                record.started = true;
                record.running = true;
                record.gathered = false;
                record.signals.clear();
                record.out_of_memory = false;
            }
        }),
        "kill" => session.update(id, |record| record.signals.extend(attribute("signal"))),
        "oom" => session.update(id, |record| record.out_of_memory = true),
        "die" => {
            let mut is_new = false;
            session.update(id, |record| {
                is_new = record.exits.iter().all(|exit| exit.time != time);
                if is_new {
                    record.exits.push(ContainerExit {
                        code: attribute("exitCode").unwrap_or(-1),
                        out_of_memory: record.out_of_memory,
                        signals: std::mem::take(&mut record.signals),
                        time,
                    });
                    record.started = true;
                    record.running = false;
                    record.gathered = false;
                }
            });
            if is_new {
                session.gather(id);
            }
        }
        "destroy" => {
            session.update(id, |record| {
                record.removed = true;
                record.running = false;
            });
            session.gather(id);
            session.remove_volume(id);
        }
        _ => {}
    }
}
