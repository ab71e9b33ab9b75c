//! What the parsers take, and what they must not.

use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn durations_have_units() {
    let seconds = |text| duration(text, Unit::Seconds);
    assert_eq!(seconds("30"), Some(30 * SECOND));
    assert_eq!(seconds(" 30 "), Some(30 * SECOND));
    assert_eq!(seconds("30s"), Some(30 * SECOND));
    assert_eq!(seconds("30 s"), Some(30 * SECOND));
    assert_eq!(seconds("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(seconds("2m"), Some(120 * SECOND));
    assert_eq!(seconds("1h"), Some(3600 * SECOND));
    assert_eq!(seconds("0"), Some(Duration::ZERO));
    assert_eq!(duration("500", Unit::Milliseconds), Some(SECOND / 2));
    assert_eq!(duration("5s", Unit::Milliseconds), Some(5 * SECOND));
    for text in [
        "", " ", "s", "-1", "+1", "1.5", "1.5s", "30S", "30x", "abc", "1 2", "1e3", "٣",
    ] {
        assert_eq!(seconds(text), None, "{text:?}");
    }
}

#[test]
fn long_durations_are_a_year() {
    assert_eq!(
        duration("99999999999999999999999h", Unit::Seconds),
        Some(LONGEST)
    );
    assert_eq!(duration("9999999999", Unit::Seconds), Some(LONGEST));
    assert!(duration("99999999", Unit::Milliseconds) < Some(LONGEST));
}

#[test]
fn zero_switches_a_timeout_off() {
    assert_eq!(timeout("0", Unit::Seconds), Some(None));
    assert_eq!(timeout("0ms", Unit::Seconds), Some(None));
    assert_eq!(timeout("1", Unit::Seconds), Some(Some(SECOND)));
    assert_eq!(timeout("x", Unit::Seconds), None);
}

#[test]
fn sizes_as_adapter_node_reads_them() {
    for (text, bytes) in [
        ("0", 0),
        ("", 0),
        ("512K", 512 * 1024),
        ("512k", 512 * 1024),
        ("10M", 10 * 1024 * 1024),
        ("1G", 1024 * 1024 * 1024),
        ("1.5M", 1536 * 1024),
        ("1e3", 1000),
        ("0x10", 16),
        ("0x1b", 27),
        (" 7 ", 7),
        ("1.9", 1),
    ] {
        assert_eq!(body_limit(text), Some(BodyLimit::Bytes(bytes)), "{text:?}");
    }
    assert_eq!(body_limit("Infinity"), Some(BodyLimit::Unlimited));
    for text in ["10mb", "10MB", "10 mb", "10Mb", "10240k", "10485760b"] {
        assert_eq!(
            body_limit(text),
            Some(BodyLimit::Bytes(10 << 20)),
            "{text:?}"
        );
    }
    for text in [
        "x",
        "NaN",
        "inf",
        "nan",
        "infinity",
        "-1",
        "-1K",
        "-Infinity",
        "10T",
        "K",
        "mb",
        "b",
        "1,5",
        "1 0",
        "10kbb",
        "10mk",
        "--1",
        "0x",
        "0xg",
        "0x+1",
        "1_000",
    ] {
        assert_eq!(body_limit(text), None, "{text:?}");
    }
}

#[test]
fn bounded_sizes_are_bounded() {
    assert_eq!(bytes("8K", 8192, 1 << 20), Some(8192));
    assert_eq!(bytes("8191", 8192, 1 << 20), None);
    assert_eq!(bytes("2M", 8192, 1 << 20), None);
    assert_eq!(bytes("Infinity", 0, u64::MAX), None);
}

#[test]
fn memory_counts_in_megabytes_without_a_unit() {
    let parse = |text| memory(text, 16 * MIB, 1024 * MIB);
    for (text, megabytes) in [
        ("768", 768),
        (" 768 ", 768),
        ("768M", 768),
        ("768mb", 768),
        ("1G", 1024),
        ("16384K", 16),
        ("16777216b", 16),
        ("0x10", 16),
    ] {
        assert_eq!(parse(text), Some(Some(megabytes * MIB)), "{text:?}");
    }
    for text in ["0", "0mb", "0.0"] {
        assert_eq!(parse(text), Some(None), "{text:?}");
    }
    // Out of bounds, or no size at all.
    for text in [
        "15", "1025", "0.5", "16777216", "1e300", "Infinity", "-768", "", " ", "mb", "x", "768 MiB",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn workers_and_how_they_are_chosen() {
    assert_eq!(workers(" auto ", 8), Some(WorkerCount::Auto));
    assert_eq!(workers("8", 8), Some(WorkerCount::Fixed(8)));
    for text in ["", "0", "9", "Auto", "max", "1e0"] {
        assert_eq!(workers(text, 8), None, "{text:?}");
    }
    assert_eq!(balancing("round-robin"), Some(Balancing::RoundRobin));
    assert_eq!(balancing("cpu-based "), Some(Balancing::CpuBased));
    let least = Some(Balancing::LeastConnections);
    assert_eq!(balancing("least-connections"), least);
    for text in ["", "round_robin", "random"] {
        assert_eq!(balancing(text), None, "{text:?}");
    }
}

#[test]
fn integers_as_parse_int_reads_them() {
    for (text, number) in [
        ("1", Some(1)),
        (" 2", Some(2)),
        ("-3", Some(-3)),
        ("+4", Some(4)),
        ("5 addresses", Some(5)),
        ("6.9", Some(6)),
        ("0x10", Some(16)),
        ("010", Some(10)),
        ("99999999999999999999", Some(i64::MAX)),
        ("", None),
        ("x1", None),
        ("-", None),
        ("0x", None),
    ] {
        assert_eq!(parse_int(text), number, "{text:?}");
    }
}

#[test]
fn ports_as_listen_takes_them() {
    for (text, expected) in [
        ("0", Some(0)),
        ("3000", Some(3000)),
        (" 3000 ", Some(3000)),
        ("0xBB8", Some(3000)),
        ("65535", Some(65535)),
        ("65536", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        (" ", None),
        ("http", None),
        ("Infinity", None),
        ("/tmp/socket", None),
    ] {
        assert_eq!(port(text), expected, "{text:?}");
    }
}

#[test]
fn counts_switches_levels_and_headers() {
    assert_eq!(count("100", 1, 100), Some(100));
    assert_eq!(count("0", 1, 100), None);
    assert_eq!(count("101", 1, 100), None);
    assert_eq!(count("", 0, 100), None);
    assert_eq!(count("+1", 0, 100), None);
    assert_eq!(switch("TRUE"), Some(true));
    assert_eq!(switch("0"), Some(false));
    assert_eq!(switch("maybe"), None);
    assert_eq!(level("WARN"), Some(Level::Warn));
    assert_eq!(level("trace"), Some(Level::Debug));
    assert_eq!(level("loud"), None);
    assert_eq!(header("X-Real-IP").expect("a header").as_str(), "x-real-ip");
    assert_eq!(header("x real ip"), None);
    assert_eq!(header(""), None);
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*", other in "[-+0-9.eExXkKmMgGbBsh ]{0,12}") {
        for text in [text, other] {
            duration(&text, Unit::Seconds);
            timeout(&text, Unit::Milliseconds);
            body_limit(&text);
            bytes(&text, 1, 2);
            parse_int(&text);
            port(&text);
            count(&text, 0, usize::MAX);
            header(&text);
            switch(&text);
            memory(&text, 1, u64::MAX);
            workers(&text, 8);
            balancing(&text);
            level(&text);
        }
    }

    #[test]
    fn sizes_read_back(number in 0_u64..1 << 50) {
        prop_assert_eq!(body_limit(&number.to_string()), Some(BodyLimit::Bytes(number)));
    }

    #[test]
    fn durations_read_back(millis in 0_u64..1 << 34) {
        prop_assert_eq!(
            duration(&format!("{millis}ms"), Unit::Seconds),
            Some(Duration::from_millis(millis))
        );
    }
}
