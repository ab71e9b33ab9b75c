//! Content negotiation by `Accept-Encoding` (RFC 9110 section 12.5.3): which variant of
//! a body the client likes best. Weights are read as adapter-node reads them; a coding
//! without a positive weight is never chosen.

use http::header::{self, HeaderMap};

use super::header::lines;
use super::js::{parse_float_or_zero, trim};

/// A content coding of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 9659).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// Every coding, the preferred first: the order on equal weights, which is also that
    /// of the sizes at the levels of a build.
    pub const ALL: [Encoding; 3] = [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip];

    /// The value of `content-encoding`.
    pub const fn token(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
            Encoding::Gzip => "gzip",
        }
    }

    /// What the file of a variant adds to the name, and its entity tag to the hash.
    pub const fn extension(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Zstd => "zst",
            Encoding::Gzip => "gz",
        }
    }
}

/// Which codings there are to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Available {
    /// A brotli variant.
    pub brotli: bool,
    /// A Zstandard variant.
    pub zstd: bool,
    /// A gzip variant.
    pub gzip: bool,
}

impl Available {
    fn has(self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Zstd => self.zstd,
            Encoding::Gzip => self.gzip,
        }
    }

    /// Whether there is anything to choose.
    pub fn any(self) -> bool {
        self.brotli || self.zstd || self.gzip
    }
}

/// Picks the variant the client prefers; `None` for the identity.
pub fn negotiate(headers: &HeaderMap, available: Available) -> Option<Encoding> {
    if !available.any() {
        return None;
    }

    let weights = Weights::read(headers);
    let mut best = None;
    let mut best_weight = 0.0;
    for encoding in Encoding::ALL {
        let weight = weights.of(encoding);
        // strictly greater: an earlier coding wins a tie
        if available.has(encoding) && weight > best_weight {
            best = Some(encoding);
            best_weight = weight;
        }
    }
    best
}

/// What the header says of each coding we know. A later mention replaces an earlier one.
#[derive(Default)]
struct Weights {
    brotli: Option<f64>,
    zstd: Option<f64>,
    gzip: Option<f64>,
    any: Option<f64>,
}

impl Weights {
    fn read(headers: &HeaderMap) -> Self {
        let mut weights = Weights::default();
        for line in lines(headers, &header::ACCEPT_ENCODING) {
            for part in line.split(|byte| *byte == b',') {
                weights.note(part);
            }
        }
        weights
    }

    fn note(&mut self, part: &[u8]) {
        let mut fields = part.split(|byte| *byte == b';');
        let coding = trim(fields.next().unwrap_or_default());
        let slot = if coding.eq_ignore_ascii_case(b"br") {
            &mut self.brotli
        } else if coding.eq_ignore_ascii_case(b"gzip") {
            &mut self.gzip
        } else if coding.eq_ignore_ascii_case(b"zstd") {
            &mut self.zstd
        } else if coding == b"*" {
            &mut self.any
        } else {
            return;
        };

        let mut weight = 1.0;
        for field in fields {
            let mut pair = field.split(|byte| *byte == b'=');
            let name = trim(pair.next().unwrap_or_default());
            if name.eq_ignore_ascii_case(b"q") {
                weight = parse_weight(pair.next().unwrap_or_default());
            }
        }
        *slot = Some(weight);
    }

    fn of(&self, encoding: Encoding) -> f64 {
        let own = match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Zstd => self.zstd,
            Encoding::Gzip => self.gzip,
        };
        own.or(self.any).unwrap_or(0.0)
    }
}

fn parse_weight(value: &[u8]) -> f64 {
    let value = trim(value);
    let unsigned = value
        .strip_prefix(b"+")
        .or(value.strip_prefix(b"-"))
        .unwrap_or(value);
    // adapter-node lower-cases the header first, which leaves no spelling of `Infinity`
    if unsigned.starts_with(b"I") {
        return 0.0;
    }
    parse_float_or_zero(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    const ALL: Available = Available {
        brotli: true,
        zstd: true,
        gzip: true,
    };
    const STOCK: Available = Available {
        brotli: true,
        zstd: false,
        gzip: true,
    };

    fn choose(values: &[&str], available: Available) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                header::ACCEPT_ENCODING,
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        negotiate(&headers, available).map(Encoding::token)
    }

    #[test]
    fn chooses_as_adapter_node_does() {
        let cases = [
            ("gzip, deflate, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br", Some("br")),
            ("BR", Some("br")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("br;q=0, *", Some("gzip")),
            ("br;q=0.5, gzip", Some("gzip")),
            ("br;q=0.5, gzip;q=0.5", Some("br")),
            ("gzip;q=0.2, br;q=0.1", Some("gzip")),
            ("br;q=0, gzip;q=0", None),
            ("br ; Q = 0.4 , gzip ; q=.5", Some("gzip")),
            ("br;q=abc, gzip;q=0.1", Some("gzip")),
            ("br;q, gzip", Some("gzip")),
            ("br;q=", None),
            ("br;q=Infinity, gzip", Some("gzip")),
            ("br;q=2, gzip;q=3", Some("gzip")),
            ("br;q=0.1;q=0.9, gzip;q=0.5", Some("br")),
            ("br;q=1=0, gzip;q=0.5", Some("br")),
            ("br;x=1", Some("br")),
            ("br, br;q=0", None),
            ("br;q=-1", None),
            ("identity", None),
            ("deflate", None),
            ("x-gzip", None),
            ("", None),
            (",;,=", None),
        ];
        for (value, expected) in cases {
            assert_eq!(choose(&[value], STOCK), expected, "{value:?}");
        }
        assert_eq!(choose(&[], STOCK), None);
        assert_eq!(choose(&["gzip", "br;q=0.5"], STOCK), Some("gzip"));
    }

    #[test]
    fn zstd_stands_between() {
        let no_brotli = Available {
            brotli: false,
            ..ALL
        };
        assert_eq!(choose(&["gzip, br, zstd"], ALL), Some("br"));
        assert_eq!(choose(&["gzip, zstd"], ALL), Some("zstd"));
        assert_eq!(choose(&["gzip, br, zstd"], no_brotli), Some("zstd"));
        assert_eq!(choose(&["zstd;q=0.9, gzip"], no_brotli), Some("gzip"));
        assert_eq!(choose(&["zstd, br;q=0.9"], ALL), Some("zstd"));
        assert_eq!(choose(&["zstd"], STOCK), None);
    }

    #[test]
    fn nothing_to_choose() {
        assert_eq!(choose(&["br"], Available::default()), None);
        let gzip = Available {
            gzip: true,
            ..Available::default()
        };
        assert_eq!(choose(&["br, gzip;q=0.1"], gzip), Some("gzip"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.insert(header::ACCEPT_ENCODING, value);
                let _ = negotiate(&headers, ALL);
            }
        }

        #[test]
        fn never_chooses_a_refused_coding(parts in proptest::collection::vec(
            ("(br|gzip|zstd|\\*)", "(;q=(0|0\\.0|-1|x|))"), 0..6)
        ) {
            let value = parts.iter().map(|(coding, q)| format!("{coding}{q}")).collect::<Vec<_>>().join(",");
            // every weight here is 0, negative or no number
            prop_assert_eq!(choose(&[&value], ALL), None);
        }
    }
}
