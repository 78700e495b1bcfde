//! One connection of a client: a request and its answer, or a connection that becomes something
//! else.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use swath_model::ServiceLeft;

use crate::commit::{clean_image, emptied};
use crate::config_hash::replace;
use crate::message::{BodyError, Head, LONGEST_BODY};
use crate::pace::Pace;
use crate::proxy::Shared;
use crate::record::ContainerNote;
use crate::route::{Commit, Route};
use crate::service::{clean_answer, give_name};
use crate::session::Prepared;
use crate::stream::Stream;
use crate::traces::{clean_changes, clean_description, is_marked};

/// What is left of a request that was refused is read up to here, so that the refusal arrives.
const LONGEST_REMAINDER: u64 = 64 << 20;
const BETWEEN_REMAINDERS: Duration = Duration::from_secs(1);

pub(crate) fn serve(shared: &Arc<Shared>, client: &Arc<Stream>) {
    if let Err(error) = exchange(shared, client) {
        tracing::debug!("a connection ended: {error}");
    }
    client.shut(Shutdown::Both);
}

fn exchange(shared: &Arc<Shared>, client: &Arc<Stream>) -> io::Result<()> {
    let (mut head, rest) = match Head::read(&**client) {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return refuse(client, "400 Bad Request", &error.to_string());
        }
        Err(error) => return Err(error),
    };
    shared.contact();
    // One request for a connection, unless it becomes something else: no second one slips by.
    let connection = if head.is_upgrade() {
        "Upgrade, close"
    } else {
        "close"
    };
    head.set("Connection", connection);
    let session = &shared.session;
    // What follows the path may hold secrets.
    let path = head.target().split('?').next().unwrap_or_default();
    tracing::debug!("a client asks: {} {path}", head.method());
    match Route::of(head.method(), head.target()) {
        Route::Create { name } => {
            return with_body(&mut head, rest, client, |head, body| {
                create(shared, head, body, name.as_deref(), client)
            });
        }
        Route::Look => {
            return with_body(&mut head, rest, client, |head, body| {
                look(shared, head, &body, client)
            });
        }
        Route::Commit(commit) => {
            return with_body(&mut head, rest, client, |head, body| {
                make_image(shared, head, &body, &commit, client)
            });
        }
        Route::MakeService => {
            return with_body(&mut head, rest, client, |head, body| {
                service(shared, head, body, None, client)
            });
        }
        Route::ChangeService {
            service: name,
            is_back: false,
        } => {
            return with_body(&mut head, rest, client, |head, body| {
                service(shared, head, body, Some(&name), client)
            });
        }
        Route::ChangeService {
            service: name,
            is_back: true,
        } => {
            if let Err(error) = session.service_goes_back(&name) {
                let what = error.to_string();
                session.left(&name, ServiceLeft::Failed { what });
            }
        }
        Route::RemoveService { service } => session.service_ends(&service),
        Route::LookAtServices => {
            return with_body(&mut head, rest, client, |head, body| {
                look_past(shared, head, &body, clean_answer, client)
            });
        }
        Route::LookAtChanges { container } => {
            if let Some(mount) = session.mount_of(&container) {
                return with_body(&mut head, rest, client, |head, body| {
                    let clean = |value: &mut Value| clean_changes(value, mount);
                    look_past(shared, head, &body, clean, client)
                });
            }
        }
        Route::Use { container } => session.used(&container),
        Route::Attach { container } => {
            if let Some(id) = session.find(&container) {
                session.update(&id, |record| record.attached = true);
            }
        }
        Route::Removal if session.has_volume_of_tasks() => {
            return with_body(&mut head, rest, client, |head, body| {
                remove(shared, head, &body, client)
            });
        }
        Route::Removal => session.gather_all(),
        Route::Other => {}
    }
    pass(shared, &head, &rest, client)
}

/// Reads the whole body of a request, up to a limit, and goes on with it.
fn with_body(
    head: &mut Head,
    rest: Vec<u8>,
    client: &Arc<Stream>,
    go_on: impl FnOnce(&mut Head, Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    if head.expects_word() {
        (&**client).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    match head.read_body(rest, &**client) {
        Ok(body) => {
            head.with_length(body.len());
            go_on(head, body)
        }
        Err(error @ BodyError::TooLong) => {
            refuse(client, "413 Payload Too Large", &error.to_string())
        }
        Err(BodyError::Broken(error)) if error.kind() == io::ErrorKind::InvalidData => {
            refuse(client, "400 Bad Request", &error.to_string())
        }
        Err(BodyError::Broken(error)) => Err(error),
    }
}

/// Passes a request, and everything that follows in both directions.
fn pass(shared: &Shared, head: &Head, rest: &[u8], client: &Arc<Stream>) -> io::Result<()> {
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let upstream = Arc::new(upstream);
    let mut message = head.to_bytes();
    message.extend_from_slice(rest);
    (&*upstream).write_all(&message)?;
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let (from, to) = (Arc::clone(client), Arc::clone(&upstream));
    let forward = std::thread::Builder::new()
        .name("swath-docker-request".to_owned())
        .spawn(move || {
            // The end of the request, or of the client: the engine is told either way.
            let _ = from.pump_to(&to, |_| {
                counter.fetch_add(1, Ordering::Relaxed);
            });
            to.shut(Shutdown::Write);
            // An engine that says nothing is not waited for when nobody listens any more.
            from.wait_until_closed();
            to.shut(Shutdown::Both);
        })?;
    let mut pace = Pace::new(&requests);
    let result = upstream.pump_to(client, |length| pace.passed(length));
    // The answer is over, or the client gone: neither side has anything left to say.
    client.shut(Shutdown::Write);
    upstream.shut(Shutdown::Both);
    client.shut(Shutdown::Both);
    let _ = forward.join();
    result
}

fn connect(shared: &Shared, client: &Stream) -> io::Result<Option<Stream>> {
    let engine = &shared.session.engine;
    match engine.endpoint.connect(engine.patience.limits().silence) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => {
            refuse(client, "503 Service Unavailable", &error.to_string())?;
            Ok(None)
        }
    }
}

fn create(
    shared: &Shared,
    head: &mut Head,
    body: Vec<u8>,
    name: Option<&str>,
    client: &Arc<Stream>,
) -> io::Result<()> {
    let session = &shared.session;
    let prepared = prepared(shared, &body, name);
    let body = match &prepared {
        Some(prepared) => prepared.request.to_string().into_bytes(),
        None => body,
    };
    head.with_length(body.len());
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let answer = Answer::read(head, &body, upstream)?;
    if let Some(prepared) = prepared {
        match answer.id_of_made() {
            Some(id) => session.created(prepared, &id),
            None => session.not_created(&prepared),
        }
    }
    answer.send(client)
}

/// What is to be sent in place of `body`; a failure of swath's own leaves it as it is.
fn prepared(shared: &Shared, body: &[u8], name: Option<&str>) -> Option<Prepared> {
    let request = serde_json::from_slice::<Value>(body).ok()?;
    if !request.is_object() {
        return None;
    }
    match shared.session.prepare(request, name) {
        Ok(prepared) => prepared,
        Err(error) => {
            let what = format!("a container was created without the agent: {error}");
            shared.session.failed(what);
            None
        }
    }
}

/// Passes the wish for a service, or for a change of one that is there, with the agent in it.
fn service(
    shared: &Shared,
    head: &mut Head,
    body: Vec<u8>,
    there: Option<&str>,
    client: &Arc<Stream>,
) -> io::Result<()> {
    let session = &shared.session;
    let (mut prepared, mut named) = (None, None);
    // Of what is no JSON the engine says so to the client.
    if let Ok(mut specification) = serde_json::from_slice::<Value>(&body) {
        if there.is_none() && give_name(&mut specification) {
            named = Some(specification.clone());
        }
        let name = specification["Name"].as_str().or(there).map(str::to_owned);
        let done = session.prepare_service(specification, there);
        prepared = done.unwrap_or_else(|error| {
            let what = error.to_string();
            session.left(&name.unwrap_or_default(), ServiceLeft::Failed { what });
            None
        });
    }
    let sent = prepared.as_ref().map(|prepared| &prepared.specification);
    let body = match sent.or(named.as_ref()) {
        Some(specification) => specification.to_string().into_bytes(),
        None => body,
    };
    head.with_length(body.len());
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let answer = Answer::read(head, &body, upstream)?;
    if let Some(prepared) = prepared
        && !answer.is_success()
    {
        session.service_refused(&prepared);
    }
    answer.send(client)
}

/// Passes the wish that volumes or images go. What is in that of tasks is taken over before, and it is made
/// again before the client knows that it was removed.
fn remove(shared: &Shared, head: &mut Head, body: &[u8], client: &Arc<Stream>) -> io::Result<()> {
    let session = &shared.session;
    session.save_volume_of_tasks();
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let answer = Answer::read(head, body, upstream)?;
    session.refill_volume_of_tasks();
    answer.send(client)
}

/// Passes a request for what swath adds something to; `clean` takes that out of the answer, and says
/// whether it was there.
fn look_past(
    shared: &Shared,
    head: &mut Head,
    body: &[u8],
    clean: impl FnOnce(&mut Value) -> bool,
    client: &Arc<Stream>,
) -> io::Result<()> {
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let mut answer = Answer::read(head, body, upstream)?;
    if let Some((_, mut value)) = answer.json()
        && clean(&mut value)
    {
        answer.body = value.to_string().into_bytes();
    }
    answer.send(client)
}

/// Passes a request for descriptions of containers, and shows them as they would be without swath.
fn look(shared: &Shared, head: &mut Head, body: &[u8], client: &Arc<Stream>) -> io::Result<()> {
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let mut answer = Answer::read(head, body, upstream)?;
    if let Some((text, value)) = answer.json() {
        let shown = shared.session.shown(&value);
        let text = if shown.is_empty() {
            None
        } else {
            Some(replace(text, &shown))
        };
        let clean = without_traces(text.as_deref(), value);
        if let Some(text) = clean.or(text) {
            answer.body = text.into_bytes();
        }
    }
    answer.send(client)
}

/// The descriptions in an answer without what swath added; `None` where it added nothing.
fn without_traces(text: Option<&str>, value: Value) -> Option<String> {
    let mut value = match text {
        Some(text) => serde_json::from_str(text).ok()?,
        None => value,
    };
    let changed = match &mut value {
        Value::Array(containers) => containers.iter_mut().fold(false, |changed, container| {
            clean_description(container) | changed
        }),
        container => clean_description(container),
    };
    changed.then(|| value.to_string())
}

/// Passes the wish for an image of a container, and takes swath's part out of the image.
fn make_image(
    shared: &Shared,
    head: &mut Head,
    body: &[u8],
    commit: &Commit,
    client: &Arc<Stream>,
) -> io::Result<()> {
    let engine = &shared.session.engine;
    let Some(upstream) = connect(shared, client)? else {
        return Ok(());
    };
    let mut answer = Answer::read(head, body, upstream)?;
    let container = engine.container(&commit.container).unwrap_or_default();
    let made = answer
        .id_of_made()
        .filter(|_| is_marked(&container["Config"]));
    let Some(made) = made else {
        return answer.send(client);
    };
    match clean_image(engine, commit, &container, &made) {
        Ok(None) => {}
        Ok(Some(clean)) => answer.body = json!({"Id": clean}).to_string().into_bytes(),
        Err(error) => {
            tracing::debug!("the image {made} is made again: {error}");
            let body = emptied(body, &container).to_string().into_bytes();
            head.with_length(body.len());
            head.set("Content-Type", "application/json");
            if let Some(upstream) = connect(shared, client)? {
                answer = Answer::read(head, &body, upstream)?;
            }
            let image = commit.repository.clone().unwrap_or(made);
            shared.session.note(ContainerNote::TraceInImage { image });
        }
    }
    answer.send(client)
}

/// An answer of the engine, as far as it is held in memory.
struct Answer {
    head: Head,
    body: Vec<u8>,
    /// Where the rest comes from, if it is longer.
    rest: Option<Stream>,
}

impl Answer {
    /// Sends a request and reads its answer. HTTP/1.0 keeps the engine from cutting it into chunks.
    fn read(head: &mut Head, body: &[u8], upstream: Stream) -> io::Result<Answer> {
        head.line = head.line.replacen("HTTP/1.1", "HTTP/1.0", 1);
        let mut message = head.to_bytes();
        message.extend_from_slice(body);
        (&upstream).write_all(&message)?;
        let (mut head, mut body) =
            Head::read(&upstream)?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let longest = u64::try_from(LONGEST_BODY).unwrap_or(u64::MAX);
        (&upstream).take(longest).read_to_end(&mut body)?;
        head.line = head.line.replacen("HTTP/1.0", "HTTP/1.1", 1);
        let rest = (body.len() >= LONGEST_BODY).then_some(upstream);
        Ok(Answer { head, body, rest })
    }

    /// The whole of it, if it is JSON and short enough.
    fn json(&self) -> Option<(&str, Value)> {
        if self.rest.is_some() {
            tracing::warn!("an answer is too long to be looked into, and passes as it is");
            return None;
        }
        let text = std::str::from_utf8(&self.body).ok()?;
        Some((text, serde_json::from_str(text).ok()?))
    }

    /// Whether the engine did what was asked.
    fn is_success(&self) -> bool {
        matches!(self.head.status(), Some(200..300))
    }

    /// The id of what the engine made.
    fn id_of_made(&self) -> Option<String> {
        if self.head.status() != Some(201) {
            return None;
        }
        let (_, value) = self.json()?;
        value["Id"].as_str().map(str::to_owned)
    }

    fn send(self, client: &Arc<Stream>) -> io::Result<()> {
        let Some(rest) = self.rest else {
            return send(client, self.head, &self.body);
        };
        let mut head = self.head;
        head.set("Connection", "close");
        let mut message = head.to_bytes();
        message.extend_from_slice(&self.body);
        (&**client).write_all(&message)?;
        drop(message);
        rest.pump_to(client, |_| ())
    }
}

fn send(client: &Stream, mut head: Head, body: &[u8]) -> io::Result<()> {
    head.with_length(body.len());
    head.set("Connection", "close");
    let mut message = head.to_bytes();
    message.extend_from_slice(body);
    let mut client = client;
    client.write_all(&message)
}

/// Answers in the engine's place.
fn refuse(client: &Stream, status: &str, message: &str) -> io::Result<()> {
    let mut head = Head::new(&format!("HTTP/1.1 {status}"));
    head.set("Content-Type", "application/json");
    let body = json!({"message": format!("swath: {message}")}).to_string();
    send(client, head, body.as_bytes())?;
    client.shut(Shutdown::Write);
    client.drain(LONGEST_REMAINDER, BETWEEN_REMAINDERS);
    Ok(())
}
