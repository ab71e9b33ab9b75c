//! One answer: method, then redirect or negotiation, then condition, then range; the
//! outcome is decided first and the response taken from what stands ready.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

use super::file::OnDisk;
use super::store::Stored;
use super::table::{Asset, Table, Variant};
use crate::http::encoding::{Encoding, negotiate};
use crate::http::id::{AssetId, RedirectId};
use crate::http::path::push_encoded;
use crate::http::range::{self, Range};
use crate::http::{etag, id};
use crate::telemetry::counters;

/// What of a request decides the answer.
#[derive(Debug, Clone, Copy)]
pub struct AssetRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// All headers.
    pub headers: &'a HeaderMap,
}

/// An answer from the table, complete but for what every answer gets (`date`).
#[derive(Debug)]
pub struct AssetReply {
    /// 200, 206, 304, 308, 405 or 416.
    pub status: StatusCode,
    /// The head.
    pub headers: HeaderMap,
    /// The body; a HEAD has none, but the `content-length` of its GET.
    pub body: AssetBody,
}

/// Where the body of an answer comes from.
#[derive(Debug)]
pub enum AssetBody {
    /// Nothing to send.
    Empty,
    /// Bytes that are at hand.
    Memory(Bytes),
    /// A part of a file, for [`FileBody`](super::FileBody).
    File {
        /// The file.
        file: Arc<OnDisk>,
        /// The first byte to send.
        start: u64,
        /// How many bytes to send.
        len: u64,
    },
}

/// What a request gets of the chosen variant.
enum Outcome {
    NotModified,
    Unsatisfiable,
    Whole,
    Part { start: u64, end: u64 },
}

impl Table {
    /// Answers a request for an asset.
    pub fn reply(&self, id: AssetId, request: &AssetRequest<'_>) -> AssetReply {
        counters().assets.increment();
        if !is_read(request.method) {
            return method_not_allowed();
        }

        let asset = self.asset(id);
        let variant = asset.variant(negotiate(request.headers, asset.available));
        let send = *request.method == Method::GET;
        match decide(variant, request.headers) {
            Outcome::NotModified => AssetReply {
                status: StatusCode::NOT_MODIFIED,
                headers: variant.heads.not_modified.clone(),
                body: AssetBody::Empty,
            },
            Outcome::Unsatisfiable => unsatisfiable(variant.size),
            Outcome::Whole => AssetReply {
                status: StatusCode::OK,
                headers: variant.heads.whole.clone(),
                body: if send {
                    variant.body(0, variant.size)
                } else {
                    AssetBody::Empty
                },
            },
            Outcome::Part { start, end } => {
                let len = end - start + 1;
                let mut headers = variant.heads.whole.clone();
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
                insert_range(
                    &mut headers,
                    format!("bytes {start}-{end}/{}", variant.size),
                );
                AssetReply {
                    status: StatusCode::PARTIAL_CONTENT,
                    headers,
                    body: if send {
                        variant.body(start, len)
                    } else {
                        AssetBody::Empty
                    },
                }
            }
        }
    }

    /// Answers a request for the other trailing-slash form of a prerendered path; `query`
    /// is empty or starts with `?`, and is kept.
    pub fn redirect(&self, id: RedirectId, method: &Method, query: &str) -> AssetReply {
        counters().assets.increment();
        if !is_read(method) {
            return method_not_allowed();
        }

        let redirect = self.redirect_of(id);
        let mut location = redirect.location.clone();
        let kept = query.len() > 1 || (query.len() == 1 && redirect.keeps_empty_query);
        if kept && let Ok(bare) = redirect.location.to_str() {
            let mut full = String::with_capacity(bare.len() + query.len());
            full.push_str(bare);
            push_encoded(&mut full, query);
            if let Ok(value) = HeaderValue::try_from(full) {
                location = value;
            }
        }
        AssetReply {
            status: StatusCode::PERMANENT_REDIRECT,
            headers: HeaderMap::from_iter([(header::LOCATION, location)]),
            body: AssetBody::Empty,
        }
    }

    /// Answers a request for anything the table knows.
    pub fn answer(
        &self,
        target: id::Target,
        request: &AssetRequest<'_>,
        query: &str,
    ) -> AssetReply {
        match target {
            id::Target::Asset(id) => self.reply(id, request),
            id::Target::Redirect(id) => self.redirect(id, request.method, query),
        }
    }
}

impl Asset {
    /// The form with that encoding; negotiation only names one that is available.
    fn variant(&self, encoding: Option<Encoding>) -> &Variant {
        let encoded = match encoding {
            None => return &self.identity,
            Some(Encoding::Brotli) => &self.brotli,
            Some(Encoding::Zstd) => &self.zstd,
            Some(Encoding::Gzip) => &self.gzip,
        };
        encoded.as_ref().unwrap_or(&self.identity)
    }
}

impl Variant {
    fn body(&self, start: u64, len: u64) -> AssetBody {
        if len == 0 {
            return AssetBody::Empty;
        }
        match &self.body {
            Stored::Memory(bytes) => {
                let whole = bytes.len() as u64;
                // The range was cut to the size, and a held body has that size.
                let from = start.min(whole) as usize;
                let to = start.saturating_add(len).min(whole) as usize;
                AssetBody::Memory(bytes.slice(from..to))
            }
            Stored::File(file) => AssetBody::File {
                file: file.clone(),
                start,
                len,
            },
        }
    }
}

/// Preconditions come before ranges (RFC 9110 section 13.2.2).
fn decide(variant: &Variant, headers: &HeaderMap) -> Outcome {
    let tag = variant.heads.etag.as_bytes();
    if etag::none_match(headers, tag) {
        return Outcome::NotModified;
    }
    if !headers.contains_key(header::RANGE) || !etag::if_range(headers, tag) {
        return Outcome::Whole;
    }
    match range::requested(headers, variant.size) {
        Range::Whole => Outcome::Whole,
        Range::Part { start, end } => Outcome::Part { start, end },
        Range::Unsatisfiable => Outcome::Unsatisfiable,
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn method_not_allowed() -> AssetReply {
    let allow = HeaderValue::from_static("GET, HEAD");
    AssetReply {
        status: StatusCode::METHOD_NOT_ALLOWED,
        headers: HeaderMap::from_iter([(header::ALLOW, allow)]),
        body: AssetBody::Empty,
    }
}

fn unsatisfiable(size: u64) -> AssetReply {
    let mut headers = HeaderMap::with_capacity(2);
    insert_range(&mut headers, format!("bytes */{size}"));
    AssetReply {
        status: StatusCode::RANGE_NOT_SATISFIABLE,
        headers,
        body: AssetBody::Empty,
    }
}

fn insert_range(headers: &mut HeaderMap, value: String) {
    let value = HeaderValue::try_from(value).expect("digits and punctuation make a header value");
    headers.insert(header::CONTENT_RANGE, value);
}

#[cfg(test)]
mod tests;
