//! Which path becomes what.

use http::Method;
use http::StatusCode;

use super::super::fixture::build;
use super::*;

#[test]
fn client_files_aliases_and_prerendered_pages() {
    let build = build(3);
    for (path, body) in [
        ("/_app/immutable/app.js", "let app = 1;"),
        ("/page.html", "<p>client</p>"),
        ("/page/", "<p>client</p>"),
        ("/page", "<p>client</p>"),
        ("/é b.txt", "named"),
        ("/about", "<p>about</p>"),
        ("/x/a:b/", "<p>slash</p>"),
        ("/", "<p>home</p>"),
        // a client file wins
        ("/both", "<p>both</p>"),
    ] {
        assert_eq!(
            build.get(path, &[]),
            (StatusCode::OK, body.to_owned()),
            "{path}"
        );
    }
    assert_eq!(build.target("/about.html"), None);
}

#[test]
fn missing_files_are_named_and_left_out() {
    let build = build(3);
    let mut names: Vec<_> = build
        .missing
        .iter()
        .map(|missing| missing.file.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "client/gone.html",
            "client/gone.txt",
            "prerendered/ghost.html"
        ]
    );
    for path in ["/gone.txt", "/gone.html", "/gone", "/ghost", "/ghost/"] {
        assert_eq!(build.target(path), None, "{path}");
    }
    let line = build.missing[0].to_string();
    assert!(line.starts_with("client/gone.txt: "), "{line}");
}

#[test]
fn redirects_lead_to_the_canonical_form() {
    let location = |kit, target| {
        let reply = build(kit).ask(Method::GET, target, &[]);
        assert_eq!(reply.status, StatusCode::PERMANENT_REDIRECT);
        reply.headers["location"]
            .to_str()
            .expect("ASCII")
            .to_owned()
    };
    assert_eq!(location(3, "/about/"), "../about");
    assert_eq!(location(3, "/about/?a=1"), "../about?a=1");
    assert_eq!(location(3, "/about/?"), "../about?");
    assert_eq!(location(3, "/x/a:b"), "./a:b/");
    assert_eq!(location(3, "/x/a:b?q=\"é"), "./a:b/?q=%22%C3%A9");
    assert_eq!(location(2, "/about/"), "/about");
    assert_eq!(location(2, "/about/?a=1"), "/about?a=1");
    assert_eq!(location(2, "/about/?"), "/about");
    assert_eq!(location(2, "/x/a:b"), "/x/a:b/");
}

#[test]
fn a_known_path_is_never_redirected() {
    let build = build(3);
    // `/both` is prerendered too, but `/both/` leads to what `/both` shows
    assert!(matches!(build.target("/both/"), Some(Target::Redirect(_))));
    assert!(matches!(build.target("/page/"), Some(Target::Asset(_))));
    assert_eq!(build.target(""), None);
}

#[test]
fn a_missing_variant_leaves_the_others() {
    let entry = |br, gz| AssetEntry {
        file: "app.js".into(),
        size: 5,
        etag: "e".into(),
        content_type: None,
        br,
        gz,
        zst: None,
        immutable: false,
    };
    let body = || Stored::Memory(bytes::Bytes::from_static(b"x"));
    let gone = || MissingReason::Io(std::io::ErrorKind::NotFound.into());

    let mut builder = Builder::default();
    let both = entry(Some(3), Some(4));
    let found = [Ok(body()), Err(gone()), Ok(body())];
    assert_eq!(
        builder.asset(&both, forms_of(&both).zip(found)),
        Some(AssetId(0))
    );
    let asset = &builder.assets[0];
    assert_eq!(
        asset.available,
        Available {
            gzip: true,
            ..Available::default()
        }
    );
    assert!(asset.brotli.is_none() && asset.gzip.is_some());
    assert_eq!(builder.missing[0].file, "app.js.br");

    // without the identity there is nothing for a client that takes no encoding
    let found = [Err(gone()), Ok(body()), Ok(body())];
    assert_eq!(builder.asset(&both, forms_of(&both).zip(found)), None);

    // a variant that is no smaller is of no use
    let useless = entry(Some(5), Some(9));
    assert_eq!(forms_of(&useless).count(), 1);
}
