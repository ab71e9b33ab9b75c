//! The names by which the rooms pass a file of the build to each other: the asset table
//! hands them out, the router carries them, the server takes them back to the table.

/// A file of the build, by its place in the asset table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssetId(pub u32);

/// A redirect to a prerendered page, by its place in the asset table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RedirectId(pub u32);

/// What stands behind one known path of the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The path is a file.
    Asset(AssetId),
    /// The path is the wrong trailing-slash form of a prerendered page.
    Redirect(RedirectId),
}
