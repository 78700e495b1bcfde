//! One request and its answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use swath_manifest::{Admission, Admitted, HEALTH_PATH, WEBHOOK_PATH};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::event::Event;

/// The most bytes of a review: API servers take no larger requests themselves.
const LONGEST_REVIEW: usize = 3 << 20;
/// The bytes of a review of a usual pod: so much is held in memory for every connection.
const USUAL_REVIEW: usize = 64 << 10;
/// How many larger ones are held in memory at once.
const MOST_LARGE_REVIEWS: usize = 16;
/// What is left of a review that is too large is read up to here, and forgotten.
const LONGEST_REMAINDER: usize = 16 << 20;
/// How long a review may take to arrive and to be answered; API servers wait 10 seconds if nobody
/// says how long.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// Says what happens.
pub(crate) type Told = dyn Fn(&Event<'_>) + Send + Sync;

/// What every connection shares.
pub(crate) struct Shared {
    pub(crate) admission: Arc<Admission>,
    pub(crate) told: Box<Told>,
    large_reviews: Semaphore,
}

impl Shared {
    pub(crate) fn new(admission: Admission, told: Box<Told>) -> Shared {
        Shared {
            admission: Arc::new(admission),
            told,
            large_reviews: Semaphore::new(MOST_LARGE_REVIEWS),
        }
    }
}

/// A refusal: the status, and why.
type Refusal = (StatusCode, String);

/// Answers a request, whatever it is.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is =
        |method: &Method, path: &str| request.method() == *method && request.uri().path() == path;
    if is(&Method::GET, HEALTH_PATH) {
        return Ok(response(StatusCode::OK, "text/plain", "ok\n".to_owned()));
    }
    let answered = if is(&Method::POST, WEBHOOK_PATH) {
        let answered = timeout(ANSWER_LIMIT, review(&shared, request)).await;
        answered.unwrap_or_else(|_| {
            let text = "the review did not arrive in time".to_owned();
            Err((StatusCode::REQUEST_TIMEOUT, text))
        })
    } else {
        let text = format!("there is {HEALTH_PATH} to get, and {WEBHOOK_PATH} to post to");
        Err((StatusCode::NOT_FOUND, text))
    };
    Ok(match answered {
        Ok(admitted) => {
            (shared.told)(&Event::Answered(&admitted));
            response(StatusCode::OK, "application/json", admitted.answer)
        }
        Err((status, text)) => {
            (shared.told)(&Event::Refused(format!("{status}: {text}")));
            response(status, "text/plain", text + "\n")
        }
    })
}

async fn review(shared: &Shared, request: Request<Incoming>) -> Result<Admitted, Refusal> {
    let (body, _permit) = read(shared, request.into_body()).await?;
    let admission = Arc::clone(&shared.admission);
    // Connections are served meanwhile.
    let answered = tokio::task::spawn_blocking(move || admission.answer(&body)).await;
    let answered =
        answered.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    answered.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// Reads a review. Large ones wait for others, and count until they are answered: whoever sends slowly
/// what is large keeps nobody waiting who asks about a usual pod.
async fn read(
    shared: &Shared,
    mut body: Incoming,
) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Refusal> {
    let (mut bytes, mut permit) = (Vec::new(), None);
    // Nothing of a body that says itself that it is too large is kept.
    let mut is_too_large = body.size_hint().lower() > LONGEST_REVIEW as u64;
    while !is_too_large {
        let Some(data) = next(&mut body).await? else {
            return Ok((bytes, permit));
        };
        let length = bytes.len() + data.len();
        is_too_large = length > LONGEST_REVIEW;
        if permit.is_none() && length > USUAL_REVIEW {
            permit = shared.large_reviews.acquire().await.ok();
        }
        bytes.extend_from_slice(&data);
    }
    drop((bytes, permit));
    // Who still sends when the connection ends may not see the refusal.
    let mut rest = 0;
    while let Some(data) = next(&mut body).await? {
        rest += data.len();
        if rest > LONGEST_REMAINDER {
            break;
        }
    }
    let text = format!("a review has at most {LONGEST_REVIEW} bytes");
    Err((StatusCode::PAYLOAD_TOO_LARGE, text))
}

/// The next piece of a body; `None` at its end.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    let Some(frame) = body.frame().await else {
        return Ok(None);
    };
    let frame = frame.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    // Trailers are no part of it.
    Ok(Some(frame.into_data().unwrap_or_default()))
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
