//! Small builds, measured and compressed for real.

use std::fs;

use super::*;

const ALL: Encodings = Encodings {
    brotli: true,
    gzip: true,
    zstd: true,
};

fn build(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<String>) {
    let root = tempfile::tempdir().expect("a directory");
    for (file, content) in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, content).expect("written");
    }
    (
        root,
        files.iter().map(|(file, _)| (*file).to_owned()).collect(),
    )
}

#[test]
fn measures_and_compresses_in_order() {
    let script = "let some = 'text'; ".repeat(100);
    let (root, files) = build(&[
        ("client/tiny.txt", "abc"),
        ("client/app.js", &script),
        ("client/photo.png", &script),
        ("client/code.wasm", &script),
    ]);
    let calls = Mutex::new(Vec::new());
    let note = |progress: Progress| calls.lock().push(progress);
    let measured = measure_and_compress(root.path(), &files, ALL, Some(3), &note).expect("done");

    let names: Vec<_> = measured
        .iter()
        .map(|measured| measured.file.as_str())
        .collect();
    assert_eq!(names, files);
    let [tiny, app, photo, wasm] = &measured[..] else {
        panic!("one result a file");
    };
    assert_eq!(
        (tiny.size, tiny.br, tiny.gz, tiny.zst),
        (3, None, None, None)
    );
    assert_eq!(tiny.etag, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    assert_eq!((photo.br, photo.gz, photo.zst), (None, None, None));
    for file in [app, wasm] {
        for (size, extension) in [(file.br, "br"), (file.gz, "gz"), (file.zst, "zst")] {
            let path = root.path().join(format!("{}.{extension}", file.file));
            let on_disk = fs::metadata(path).expect("written").len();
            assert_eq!(size, Some(on_disk));
            assert!(on_disk < file.size);
        }
    }

    let calls = calls.into_inner();
    let done: Vec<_> = calls.iter().map(|progress| progress.done).collect();
    assert_eq!(done, [1, 2, 3, 4]);
    let total: u64 = measured.iter().map(|measured| measured.size).sum();
    assert_eq!(
        calls[3],
        Progress {
            done: 4,
            total: 4,
            bytes: total
        }
    );
}

#[test]
fn writes_the_chosen_variants_only() {
    let (root, files) = build(&[("a.css", &"a{b:c}".repeat(100))]);
    let gzip = Encodings {
        gzip: true,
        ..Encodings::default()
    };
    let measured = measure_and_compress(root.path(), &files, gzip, None, &|_| {}).expect("done");
    assert!(measured[0].gz.is_some() && measured[0].br.is_none());
    let mut names: Vec<_> = fs::read_dir(root.path())
        .expect("readable")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    assert_eq!(names, ["a.css", "a.css.gz"]);
}

#[test]
fn leaves_variants_of_the_app_alone() {
    let (root, files) = build(&[
        ("a.json", &"[1,2,3],".repeat(100)),
        ("a.json.br", "the app's own"),
    ]);
    let measured = measure_and_compress(root.path(), &files, ALL, None, &|_| {}).expect("done");
    assert_eq!(measured[0].br, None);
    assert!(measured[0].gz.is_some());
    let own = fs::read_to_string(root.path().join("a.json.br")).expect("readable");
    assert_eq!(own, "the app's own");
}

#[test]
fn errors_name_the_file() {
    let (root, mut files) = build(&[("a.txt", "a")]);
    files.push("client/gone.js".to_owned());
    let error = measure_and_compress(root.path(), &files, ALL, None, &|_| {}).expect_err("gone");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().starts_with("client/gone.js: "), "{error}");

    // a directory in the way of a variant
    let (root, files) = build(&[("a.js", &"let a; ".repeat(100)), ("a.js.gz.partial/x", "")]);
    let error =
        measure_and_compress(root.path(), &files[..1], ALL, None, &|_| {}).expect_err("blocked");
    assert!(error.to_string().starts_with("a.js.gz: "), "{error}");
}

#[test]
fn no_files_are_no_work() {
    let root = tempfile::tempdir().expect("a directory");
    assert_eq!(
        measure_and_compress(root.path(), &[], ALL, None, &|_| {}).expect("done"),
        []
    );
}
