//! Response heads, prepared once at start: for every variant the 200 and the 304. A
//! request only clones one, and a 206 changes two lines of it.

use http::header::{self, HeaderMap, HeaderValue, InvalidHeaderValue};

use crate::config::handoff::AssetEntry;
use crate::http::encoding::Encoding;

/// Content-hashed names never change their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public,max-age=31536000,immutable");

/// The prepared heads of one variant.
#[derive(Debug)]
pub(super) struct Heads {
    /// The entity tag, quoted.
    pub etag: HeaderValue,
    /// The head of a whole answer.
    pub whole: HeaderMap,
    /// The head of a 304: what RFC 9110 section 15.4.5 asks to repeat, and no more.
    pub not_modified: HeaderMap,
}

impl Heads {
    /// Prepares the heads of the identity (`None`) or of a variant with `size` bytes.
    pub fn new(
        entry: &AssetEntry,
        encoding: Option<Encoding>,
        size: u64,
        varies: bool,
    ) -> Result<Self, InvalidHeaderValue> {
        let hash = &entry.etag;
        let etag = HeaderValue::try_from(match encoding {
            Some(encoding) => format!("\"{hash}.{}\"", encoding.extension()),
            None => format!("\"{hash}\""),
        })?;

        let mut not_modified = HeaderMap::with_capacity(4);
        not_modified.insert(header::ETAG, etag.clone());
        if varies {
            not_modified.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if entry.immutable {
            not_modified.insert(header::CACHE_CONTROL, IMMUTABLE);
        }

        // room for the `content-range` of a 206 and what the server adds
        let mut whole = HeaderMap::with_capacity(12);
        whole.extend(not_modified.clone());
        whole.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
        whole.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(content_type) = &entry.content_type {
            whole.insert(header::CONTENT_TYPE, content_type_value(content_type)?);
        }
        if let Some(encoding) = encoding {
            whole.insert(
                header::CONTENT_ENCODING,
                HeaderValue::from_static(encoding.token()),
            );
        }
        whole.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );

        Ok(Heads {
            etag,
            whole,
            not_modified,
        })
    }
}

fn content_type_value(content_type: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    if content_type == "text/html" {
        // SvelteKit writes UTF-8, and a browser must not have to guess it
        return Ok(HeaderValue::from_static("text/html;charset=utf-8"));
    }
    HeaderValue::from_str(content_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AssetEntry {
        AssetEntry {
            file: "client/a.html".into(),
            size: 10,
            etag: "hash".into(),
            content_type: Some("text/html".into()),
            br: Some(5),
            gz: None,
            zst: None,
            immutable: true,
        }
    }

    fn lines(map: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<String> = map
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII")))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn every_line() {
        let heads = Heads::new(&entry(), Some(Encoding::Brotli), 5, true).expect("valid");
        assert_eq!(
            lines(&heads.whole),
            [
                "accept-ranges: bytes",
                "cache-control: public,max-age=31536000,immutable",
                "content-encoding: br",
                "content-length: 5",
                "content-type: text/html;charset=utf-8",
                "etag: \"hash.br\"",
                "vary: Accept-Encoding",
                "x-content-type-options: nosniff",
            ]
        );
        assert_eq!(
            lines(&heads.not_modified),
            [
                "cache-control: public,max-age=31536000,immutable",
                "etag: \"hash.br\"",
                "vary: Accept-Encoding",
            ]
        );
    }

    #[test]
    fn only_what_applies() {
        let plain = AssetEntry {
            content_type: None,
            immutable: false,
            ..entry()
        };
        let heads = Heads::new(&plain, None, 10, false).expect("valid");
        assert_eq!(
            lines(&heads.whole),
            [
                "accept-ranges: bytes",
                "content-length: 10",
                "etag: \"hash\"",
                "x-content-type-options: nosniff",
            ]
        );
        assert_eq!(lines(&heads.not_modified), ["etag: \"hash\""]);
    }

    #[test]
    fn refuses_what_no_header_can_carry() {
        let broken = AssetEntry {
            etag: "a\nb".into(),
            ..entry()
        };
        assert!(Heads::new(&broken, None, 10, false).is_err());
        let broken = AssetEntry {
            content_type: Some("a\r\nb".into()),
            ..entry()
        };
        assert!(Heads::new(&broken, None, 10, false).is_err());
    }
}
