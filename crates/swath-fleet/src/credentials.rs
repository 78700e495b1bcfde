//! Credentials of an object store, from where its own programs take them: the environment, a web
//! identity (a pod's service account), the endpoint of the node's agent.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use instant_xml::FromXml;
use jiff::Timestamp;
use rusty_s3::Credentials;
use serde::Deserialize;
use swath_checkout::{Links, read_regular};
use ureq::Agent;
use url::Url;

use crate::bucket::{Held, read_text, unreachable_for};
use crate::error::StoreError;

/// No token is longer, in bytes.
const LONGEST_TOKEN: u64 = 64 << 10;
/// So long before they end, credentials are renewed.
const RENEWED_BEFORE: Duration = Duration::from_mins(5);
/// What is renewed stays at least so long.
const SHORTEST: Duration = Duration::from_secs(30);
const XML: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Gives credentials, and renews them.
pub(crate) struct CredentialSource {
    kind: Kind,
    agent: Agent,
    held: Mutex<Option<(Arc<Credentials>, Option<Instant>)>>,
}

enum Kind {
    /// The environment says them, or that there are none to be used.
    Fixed(Held),
    /// A token is exchanged for them.
    WebIdentity {
        endpoint: String,
        role: String,
        token_file: String,
        session: String,
    },
    /// An endpoint gives them to this container.
    Endpoint {
        url: String,
        token: Option<String>,
        token_file: Option<String>,
    },
    Missing,
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            Kind::Fixed(_) => "environment",
            Kind::WebIdentity { .. } => "web identity",
            Kind::Endpoint { .. } => "endpoint",
            Kind::Missing => "none",
        })
    }
}

impl CredentialSource {
    /// The first of the usual places that says something.
    pub(crate) fn find(
        variable: &dyn Fn(&[&str]) -> Option<String>,
        region: &str,
        agent: Agent,
    ) -> CredentialSource {
        let one = |name: &str| variable(&[name]);
        let kind = if let (Some(key), Some(secret)) =
            (one("AWS_ACCESS_KEY_ID"), one("AWS_SECRET_ACCESS_KEY"))
        {
            Kind::Fixed(Some(Arc::new(match one("AWS_SESSION_TOKEN") {
                Some(token) => Credentials::new_with_token(key, secret, token),
                None => Credentials::new(key, secret),
            })))
        } else if let (Some(role), Some(token_file)) =
            (one("AWS_ROLE_ARN"), one("AWS_WEB_IDENTITY_TOKEN_FILE"))
        {
            Kind::WebIdentity {
                endpoint: variable(&["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])
                    .unwrap_or_else(|| format!("https://sts.{region}.amazonaws.com")),
                role,
                token_file,
                session: one("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "swath".to_owned()),
            }
        } else if let Some(url) = one("AWS_CONTAINER_CREDENTIALS_FULL_URI").or_else(|| {
            let path = one("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?;
            Some(format!("http://169.254.170.2{path}"))
        }) {
            Kind::Endpoint {
                url,
                token: one("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
                token_file: one("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
            }
        } else if one("SWATH_STORE_ANONYMOUS").is_some() {
            Kind::Fixed(None)
        } else {
            Kind::Missing
        };
        CredentialSource {
            kind,
            agent,
            held: Mutex::default(),
        }
    }

    /// Credentials that hold for some minutes.
    pub(crate) fn get(&self) -> Result<Held, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((credentials, until)) = &*held
            && until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(Some(Arc::clone(credentials)));
        }
        let (credentials, ends) = match &self.kind {
            Kind::Fixed(fixed) => return Ok(fixed.clone()),
            Kind::Missing => {
                return Err(StoreError::Credentials {
                    problem: "the environment names none".to_owned(),
                    is_passing: false,
                });
            }
            Kind::WebIdentity {
                endpoint,
                role,
                token_file,
                session,
            } => self.assume(endpoint, role, token_file, session)?,
            Kind::Endpoint {
                url,
                token,
                token_file,
            } => self.ask(url, token.as_deref(), token_file.as_deref())?,
        };
        let credentials = Arc::new(credentials);
        let until = ends.map(|ends| {
            let left = Duration::try_from(ends.duration_since(Timestamp::now()));
            let left = left.unwrap_or_default().saturating_sub(RENEWED_BEFORE);
            Instant::now() + left.max(SHORTEST)
        });
        *held = Some((Arc::clone(&credentials), until));
        Ok(Some(credentials))
    }

    fn assume(
        &self,
        endpoint: &str,
        role: &str,
        token_file: &str,
        session: &str,
    ) -> Result<(Credentials, Option<Timestamp>), StoreError> {
        let missing = |problem: String| StoreError::Credentials {
            problem,
            is_passing: true,
        };
        let mut url = Url::parse(endpoint)
            .map_err(|error| missing(format!("`{endpoint}` is not a URL: {error}")))?;
        url.query_pairs_mut()
            .append_pair("Action", "AssumeRoleWithWebIdentity")
            .append_pair("Version", "2011-06-15")
            .append_pair("RoleArn", role)
            .append_pair("RoleSessionName", session)
            .append_pair("WebIdentityToken", &read_token(token_file)?);
        let query = url.query().unwrap_or_default().to_owned();
        url.set_query(None);
        let what = "exchange the web identity for credentials";
        // In the body: addresses are written down on the way.
        let mut answer = (self.agent.post(url.as_str()))
            .content_type("application/x-www-form-urlencoded")
            .send(query.as_str())
            .map_err(|error| unreachable_for(what, error))?;
        if !answer.status().is_success() {
            return Err(missing(format!(
                "the role `{role}` was refused: {}",
                answer.status()
            )));
        }
        let text = read_text(&mut answer).map_err(|error| missing(error.to_string()))?;
        let answer: AssumedRole = instant_xml::from_str(&text)
            .map_err(|error| missing(format!("the answer is not STS's: {error}")))?;
        let given = answer.result.credentials;
        Ok((
            Credentials::new_with_token(given.key, given.secret, given.token),
            given.ends.parse().ok(),
        ))
    }

    fn ask(
        &self,
        url: &str,
        token: Option<&str>,
        token_file: Option<&str>,
    ) -> Result<(Credentials, Option<Timestamp>), StoreError> {
        let missing = |problem: String| StoreError::Credentials {
            problem,
            is_passing: true,
        };
        let mut request = self.agent.get(url);
        let token = match token_file {
            Some(file) => Some(read_token(file)?),
            None => token.map(str::to_owned),
        };
        if let Some(token) = token {
            request = request.header("Authorization", token);
        }
        let mut answer = request
            .call()
            .map_err(|error| unreachable_for("give credentials", error))?;
        if !answer.status().is_success() {
            return Err(missing(format!(
                "their endpoint answered {}",
                answer.status()
            )));
        }
        let text = read_text(&mut answer).map_err(|error| missing(error.to_string()))?;
        let given: Given = serde_json::from_str(&text).map_err(|error| {
            missing(format!(
                "their endpoint's answer is not understood: {error}"
            ))
        })?;
        Ok((
            Credentials::new_with_token(given.key, given.secret, given.token),
            given.ends.and_then(|ends| ends.parse().ok()),
        ))
    }
}

fn read_token(path: &str) -> Result<String, StoreError> {
    // Kubernetes renews a token by changing a link.
    let bytes = read_regular(path.as_ref(), Links::Follow, LONGEST_TOKEN);
    let bytes = bytes.map_err(|error| StoreError::Credentials {
        problem: error.to_string(),
        is_passing: true,
    })?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

#[derive(FromXml)]
#[xml(rename = "AssumeRoleWithWebIdentityResponse", ns(XML))]
struct AssumedRole {
    result: AssumedResult,
}

#[derive(FromXml)]
#[xml(rename = "AssumeRoleWithWebIdentityResult", ns(XML))]
struct AssumedResult {
    credentials: AssumedCredentials,
}

#[derive(FromXml)]
#[xml(rename = "Credentials", ns(XML))]
struct AssumedCredentials {
    #[xml(rename = "AccessKeyId")]
    key: String,
    #[xml(rename = "SecretAccessKey")]
    secret: String,
    #[xml(rename = "SessionToken")]
    token: String,
    #[xml(rename = "Expiration")]
    ends: String,
}

#[derive(Deserialize)]
struct Given {
    #[serde(rename = "AccessKeyId")]
    key: String,
    #[serde(rename = "SecretAccessKey")]
    secret: String,
    #[serde(rename = "Token")]
    token: String,
    #[serde(rename = "Expiration")]
    ends: Option<String>,
}
