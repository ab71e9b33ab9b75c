//! The hand-off: what the adapter knew at build time, as it stands in
//! `build/oxide.json`. Raw values only; `config` decides them. The writer is
//! `adapter/handoff.js`, and `FORMAT` changes whenever the two would misread each other.

use serde::Deserialize;

/// The layout version this binary reads. A build written for another one is refused.
pub const FORMAT: u32 = 1;

/// One `vite build`, described for the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handoff {
    /// Must equal [`FORMAT`].
    pub format: u32,
    /// Version of the npm package that wrote it.
    pub package: String,
    /// SvelteKit's major version, decided by feature: 2 or 3.
    pub kit: u32,
    /// `paths.base`, empty or starting with `/`.
    pub base: String,
    /// Where SvelteKit's own files live, with base, without a leading slash: `_app`.
    pub app_path: String,
    /// `paths.origin` where it was set at build time.
    pub origin: Option<String>,
    /// The adapter's `envPrefix`.
    pub env_prefix: String,
    /// Options that only matter at run time, exactly as the user wrote them.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Client files by URL path (decoded, with base).
    pub assets: Vec<(String, AssetEntry)>,
    /// Further paths of a file in `assets`: `/foo` for `/foo.html`.
    pub aliases: Vec<(String, String)>,
    /// Prerendered pages by URL path.
    pub prerendered: Vec<(String, AssetEntry)>,
    /// The app's routes in SvelteKit's own order of matching.
    pub routes: Vec<RouteEntry>,
}

/// One file of the build and the variants written next to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetEntry {
    /// Relative to the build directory, with `/`: `client/favicon.png`.
    pub file: String,
    /// Bytes of the identity variant.
    pub size: u64,
    /// SHA-256 of the identity variant, base64url without padding, unquoted.
    pub etag: String,
    /// `content-type`, when the extension is known.
    #[serde(rename = "type")]
    pub content_type: Option<String>,
    /// Bytes of `file.br`, where it exists.
    pub br: Option<u64>,
    /// Bytes of `file.gz`, where it exists.
    pub gz: Option<u64>,
    /// Bytes of `file.zst`, where it exists.
    pub zst: Option<u64>,
    /// Content-hashed name: cached by clients for a year.
    #[serde(default)]
    pub immutable: bool,
}

/// One SvelteKit route.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteEntry {
    /// `/blog/[slug]`; groups included, as `event.route.id` shows it.
    pub id: String,
    /// SvelteKit's own regular expression source, kept for tests and tools.
    pub pattern: String,
    /// Methods the route answers; `*` when it has a fallback handler.
    pub methods: Vec<String>,
    /// Has a `+page`.
    pub page: bool,
    /// Has a `+server`.
    pub api: bool,
    /// Wholly prerendered: never rendered at run time.
    pub prerender: bool,
    /// `export const config` of the route.
    #[serde(default)]
    pub config: serde_json::Value,
}
