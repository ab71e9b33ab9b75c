//! Sticky sessions: a cookie names the seat in the pool that a client's requests go to, so that
//! what a worker remembers of it in memory is found again. The name is signed (HMAC, RFC 2104),
//! or a client could choose whom to burden; without a good cookie its address decides.
//!
//! The key is the process's own: seats of another process mean nothing here.

use std::hash::{BuildHasher, RandomState};

use hmac::{Hmac, KeyInit, Mac};
use http::header::{CACHE_CONTROL, COOKIE, HeaderMap, HeaderValue};
use sha2::Sha256;

/// The cookie's name.
const NAME: &str = "oxide_worker";

/// Bytes of the signature in the cookie: half of them are enough (RFC 2104, 5).
const SIGNED: usize = 16;

/// Gives seats and remembers them in cookies.
#[derive(Debug)]
pub struct Sticky {
    key: [u8; 64],
    addresses: RandomState,
}

/// Where a request should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The seat.
    pub seat: u32,
    /// The client has to be told.
    pub new: bool,
}

impl Sticky {
    /// With a key of its own, from the randomness that the system gives to hash tables.
    pub fn new() -> Self {
        let mut key = [0; 64];
        for part in key.chunks_exact_mut(8) {
            // each a SipHash under another key of 128 bits, and none gives that key away
            part.copy_from_slice(&RandomState::new().hash_one(0).to_ne_bytes());
        }
        Self {
            key,
            addresses: RandomState::new(),
        }
    }

    /// The seat of a request among `seats`, which are served. A session that has one may wait
    /// for it while a worker `starts` there.
    pub fn choose(
        &self,
        headers: &HeaderMap,
        address: &str,
        seats: &[u32],
        starts: impl Fn(u32) -> bool,
    ) -> Option<Choice> {
        let named = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| self.named(line.to_str().ok()?))
            .next();
        if let Some(seat) = named
            && (seats.contains(&seat) || starts(seat))
        {
            return Some(Choice { seat, new: false });
        }
        let count = u64::try_from(seats.len()).ok()?;
        let place = self.addresses.hash_one(address).checked_rem(count)?;
        let seat = *seats.get(place as usize)?;
        Some(Choice { seat, new: true })
    }

    fn named(&self, cookies: &str) -> Option<u32> {
        let value = cookies
            .split(';')
            .filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
            .next()?;
        let (seat, signature) = value.split_once('.')?;
        let seat = seat.parse().ok()?;
        let given = unhex(signature)?;
        self.mac(seat).verify_truncated_left(&given).ok()?;
        Some(seat)
    }

    fn mac(&self, seat: u32) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(&seat.to_le_bytes());
        mac
    }

    /// The `set-cookie` that remembers `seat`; none for a response that others may be given
    /// from a cache.
    pub fn cookie(&self, seat: u32, secure: bool, response: &HeaderMap) -> Option<HeaderValue> {
        let shared = response.get_all(CACHE_CONTROL).iter().any(|line| {
            let line = line.to_str().unwrap_or("").to_ascii_lowercase();
            line.contains("public") || line.contains("s-maxage")
        });
        if shared {
            return None;
        }
        let signature = self.mac(seat).finalize().into_bytes();
        let hex: String = signature[..SIGNED]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!("{NAME}={seat}.{hex}; Path=/; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&cookie).ok()
    }
}

impl Default for Sticky {
    fn default() -> Self {
        Self::new()
    }
}

fn unhex(text: &str) -> Option<[u8; SIGNED]> {
    let mut bytes = [0; SIGNED];
    if text.len() != SIGNED * 2 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEATS: [u32; 3] = [0, 1, 2];

    fn with_cookie(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).expect("a value"))])
    }

    /// The cookie as a browser sends it back.
    fn given(sticky: &Sticky, seat: u32) -> String {
        let cookie = sticky.cookie(seat, true, &HeaderMap::new()).expect("one");
        let cookie = cookie.to_str().expect("ASCII").to_owned();
        cookie.split(';').next().expect("a pair").to_owned()
    }

    #[test]
    fn a_cookie_brings_a_client_back_to_its_seat() {
        let sticky = Sticky::new();
        for seat in SEATS {
            let headers = with_cookie(&format!("a=b; {}; c=d", given(&sticky, seat)));
            let choice = sticky.choose(&headers, "192.0.2.1", &SEATS, |_| false);
            assert_eq!(choice, Some(Choice { seat, new: false }));
        }
    }

    #[test]
    fn without_a_cookie_the_address_decides() {
        let sticky = Sticky::new();
        let choose = |address: &str| sticky.choose(&HeaderMap::new(), address, &SEATS, |_| false);
        assert_eq!(choose("192.0.2.1"), choose("192.0.2.1"));
        let mut seats: Vec<u32> = (0..100)
            .filter_map(|at| Some(choose(&format!("192.0.2.{at}"))?.seat))
            .collect();
        seats.sort_unstable();
        seats.dedup();
        assert_eq!(seats, SEATS);
        let none = sticky.choose(&HeaderMap::new(), "192.0.2.1", &[], |_| true);
        assert_eq!(none, None);
    }

    #[test]
    fn a_session_waits_for_the_worker_that_starts_on_its_seat() {
        let sticky = Sticky::new();
        let headers = with_cookie(&given(&sticky, 7));
        let choose = |starts: u32| sticky.choose(&headers, "192.0.2.1", &SEATS, |it| it == starts);
        let seat = 7;
        assert_eq!(choose(7), Some(Choice { seat, new: false }));
        assert!(choose(8).is_some_and(|choice| choice.new && choice.seat < 3));
    }

    #[test]
    fn a_forged_or_foreign_cookie_or_a_lost_seat_is_no_cookie() {
        let (sticky, other) = (Sticky::new(), Sticky::new());
        let good = given(&sticky, 1);
        for cookie in [
            good.replace("=1.", "=2."),
            given(&other, 1),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            good.replace("=1.", "="),
            format!("{NAME}=1.é{}", "0".repeat(30)),
            given(&sticky, 9),
        ] {
            let choice = sticky.choose(&with_cookie(&cookie), "192.0.2.1", &SEATS, |_| false);
            assert!(choice.is_some_and(|choice| choice.new), "{cookie}");
        }
    }

    #[test]
    fn what_caches_share_carries_no_cookie() {
        let sticky = Sticky::new();
        let headers =
            |value| HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(value))]);
        assert!(
            sticky
                .cookie(1, false, &headers("private, no-store"))
                .is_some()
        );
        assert!(
            sticky
                .cookie(1, false, &headers("Public, max-age=9"))
                .is_none()
        );
        assert!(sticky.cookie(1, false, &headers("s-maxage=9")).is_none());
    }
}
