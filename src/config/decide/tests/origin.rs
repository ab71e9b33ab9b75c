//! Who the server is, and who asks.

use super::*;

#[test]
fn origin_of_the_environment_wins() {
    let baked = |origin: &str| Handoff {
        origin: Some(origin.to_owned()),
        ..handoff("", json!({}))
    };
    let config = run(baked("https://a.site"), &[]).expect("no mistake");
    assert_eq!(config.origin.as_deref(), Some("https://a.site"));

    let same = run(
        baked("https://a.site"),
        &[("ORIGIN", "https://A.site:443/")],
    );
    let same = same.expect("no mistake");
    assert_eq!(same.origin.as_deref(), Some("https://a.site"));
    assert!(same.warnings().is_empty());

    let other = run(baked("https://a.site"), &[("ORIGIN", "http://b.site")]);
    let other = other.expect("no mistake");
    assert_eq!(other.origin.as_deref(), Some("http://b.site"));
    assert_eq!(other.warnings().len(), 1);
    assert!(other.warnings()[0].contains("paths.origin https://a.site"));

    mistake(&[("ORIGIN", "")]);
    mistake(&[("ORIGIN", "ftp://a.site")]);
}

#[test]
fn origin_headers_are_lower_case_and_idle_with_an_origin() {
    let pairs = [
        ("PROTOCOL_HEADER", "X-Forwarded-Proto"),
        ("HOST_HEADER", "X-Forwarded-Host"),
        ("PORT_HEADER", ""),
    ];
    let config = with(&pairs);
    let name = |name: &Option<HeaderName>| name.as_ref().map(ToString::to_string);
    let headers = &config.origin_headers;
    assert_eq!(
        name(&headers.protocol).as_deref(),
        Some("x-forwarded-proto")
    );
    assert_eq!(name(&headers.host).as_deref(), Some("x-forwarded-host"));
    assert_eq!(headers.port, None);
    assert!(config.warnings().is_empty());

    let fixed = with(&[pairs[0], ("ORIGIN", "https://a.site")]);
    assert_eq!(
        fixed.warnings(),
        ["PROTOCOL_HEADER has no effect: the origin is fixed"]
    );
    mistake(&[("HOST_HEADER", "a b")]);
}

#[test]
fn addresses() {
    let xff = ("ADDRESS_HEADER", "X-Forwarded-For");
    for (text, depth) in [("3", 3), ("0", 0), ("-2", -2), ("2 proxies", 2), ("", 1)] {
        let config = with(&[xff, ("XFF_DEPTH", text)]);
        assert_eq!(config.address.header.as_deref(), Some("x-forwarded-for"));
        assert_eq!(config.address.xff_depth, depth, "{text:?}");
        assert!(config.warnings().is_empty());
    }
    mistake(&[xff, ("XFF_DEPTH", "all")]);
    assert_eq!(with(&[("XFF_DEPTH", "2")]).warnings().len(), 1);
    assert_eq!(with(&[("ADDRESS_HEADER", "")]).address.header, None);
}
