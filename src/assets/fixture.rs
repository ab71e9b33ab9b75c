//! A small build on disk, for the tests of this room.

use std::fs;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{AssetBody, AssetLimits, AssetReply, AssetRequest, MissingFile, Table, Target};
use crate::config::handoff::{FORMAT, Handoff};

/// A build directory, its hand-off and the table made of them.
pub(super) struct Build {
    pub root: TempDir,
    pub table: Table,
    pub missing: Vec<MissingFile>,
}

/// A build of SvelteKit `kit` with some files of each sort.
pub(super) fn build(kit: u32) -> Build {
    let root = tempfile::tempdir().expect("a directory");
    for (file, content) in [
        ("client/app.js", "let app = 1;"),
        ("client/app.js.br", "<br>"),
        ("client/app.js.gz", "<gzip>"),
        ("client/app.js.zst", "<zst>"),
        ("client/large.bin", "0123456789abcdefghijklmnopqrstuvwxyz"),
        ("client/empty.txt", ""),
        ("client/page.html", "<p>client</p>"),
        ("client/é b.txt", "named"),
        ("client/both.html", "<p>both</p>"),
        ("prerendered/both.html", "never served"),
        ("prerendered/about.html", "<p>about</p>"),
        ("prerendered/a:b/index.html", "<p>slash</p>"),
        ("prerendered/index.html", "<p>home</p>"),
    ] {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, content).expect("written");
    }

    let html = |file: &str, size: u64| json!({ "file": file, "size": size, "etag": "h", "type": "text/html" });
    let app = json!({
        "file": "client/app.js", "size": 12, "etag": "app", "type": "text/javascript",
        "br": 4, "gz": 6, "zst": 5, "immutable": true,
    });
    let plain = |file: &str, size: u64| json!({ "file": file, "size": size, "etag": "p", "type": "text/plain" });
    let assets = json!([
        ["/_app/immutable/app.js", app],
        ["/large.bin", { "file": "client/large.bin", "size": 36, "etag": "large" }],
        ["/empty.txt", plain("client/empty.txt", 0)],
        ["/page.html", html("client/page.html", 13)],
        ["/é b.txt", plain("client/é b.txt", 5)],
        ["/both", html("client/both.html", 11)],
        ["/gone.txt", plain("client/gone.txt", 5)],
        ["/gone.html", plain("client/gone.html", 5)],
    ]);
    let aliases = json!([
        ["/page/", "/page.html"],
        ["/page", "/page.html"],
        ["/gone", "/gone.html"]
    ]);
    let prerendered = json!([
        ["/both", html("prerendered/both.html", 12)],
        ["/about", html("prerendered/about.html", 12)],
        ["/x/a:b/", html("prerendered/a:b/index.html", 12)],
        ["/", html("prerendered/index.html", 11)],
        ["/ghost", html("prerendered/ghost.html", 11)],
    ]);
    let handoff = handoff(kit, assets, aliases, prerendered);
    let limits = AssetLimits {
        file: 20,
        total: 1 << 20,
    };
    let (table, missing) = Table::load(root.path(), &handoff, limits);
    Build {
        root,
        table,
        missing,
    }
}

fn handoff(kit: u32, assets: Value, aliases: Value, prerendered: Value) -> Handoff {
    serde_json::from_value(json!({
        "format": FORMAT, "package": "0.0.0", "build": "1", "kit": kit, "base": "", "appPath": "_app",
        "origin": null, "envPrefix": "", "options": {}, "routes": [],
        "assets": assets, "aliases": aliases, "prerendered": prerendered,
    }))
    .expect("a hand-off")
}

impl Build {
    /// What stands behind a decoded path.
    pub fn target(&self, path: &str) -> Option<Target> {
        self.table
            .paths()
            .find(|(known, _)| *known == path)
            .map(|(_, target)| target)
    }

    /// Asks for a known path.
    pub fn ask(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> AssetReply {
        let (path, query) = crate::http::path::split_target(target);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            map.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        let request = AssetRequest {
            method: &method,
            headers: &map,
        };
        self.table
            .answer(self.target(path).expect("a known path"), &request, query)
    }

    /// Asks with GET and gives status and body.
    pub fn get(&self, target: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let reply = self.ask(Method::GET, target, headers);
        (reply.status, body_text(reply.body))
    }
}

/// The bytes of a body, read from the file where there is one.
pub(super) fn body_text(body: AssetBody) -> String {
    let bytes = match body {
        AssetBody::Empty => Vec::new(),
        AssetBody::Memory(bytes) => bytes.to_vec(),
        AssetBody::File { file, start, len } => {
            let all = fs::read(file.path()).expect("readable");
            all[start as usize..][..len as usize].to_vec()
        }
    };
    String::from_utf8(bytes).expect("text")
}
