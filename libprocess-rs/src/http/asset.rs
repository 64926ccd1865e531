//! Files that a process serves as they are.

use super::{Body, Request, Response, RouteOptions, media_types};
use crate::{Context, Process};
use libprocess_core::http::percent_decode;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file or a directory under a name.
struct Asset {
    /// How many segments of a request's path lead to it.
    depth: usize,
    path: PathBuf,
    types: BTreeMap<String, String>,
}

impl<P: Process> Context<P> {
    /// Serves a file, or all files below a directory, as `/<id>/<name>`, each with the type that its extension stands for.
    ///
    /// With an empty name it is the file of `/<id>`, and of `/` where this process is the delegate. A directory itself is 404, as is what
    /// is missing or leads out of it; links on disk are followed. Longer routes go first.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/process.hpp, `ProcessBase::provide`.
    ///
    /// ```
    /// # use libprocess::{Context, Process};
    /// struct Site;
    ///
    /// impl Process for Site {
    ///     fn initialize(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.provide("", "/srv/site/index.html");
    ///         ctx.provide("assets", "/srv/site/assets");
    ///     }
    /// }
    /// ```
    pub fn provide(&mut self, name: &str, path: impl Into<PathBuf>) {
        self.provide_with(name, path, media_types());
    }

    /// As [`Context::provide`] with other types: by extension, without the dot.
    pub fn provide_with(&mut self, name: &str, path: impl Into<PathBuf>, types: BTreeMap<String, String>) {
        let name = name.trim_matches('/');
        let asset = Asset {
            depth: 1 + name.split('/').filter(|segment| !segment.is_empty()).count(),
            path: path.into(),
            types,
        };
        let options = RouteOptions {
            unlisted: true,
            ..RouteOptions::default()
        };
        self.route_with(name, options, move |_, _, request, responder| {
            responder.respond(asset.serve(&request));
        });
    }
}

impl Asset {
    fn serve(&self, request: &Request) -> Response {
        let Some(path) = self.find(&request.path) else {
            return Response::not_found();
        };
        let media_type = path
            .extension()
            .and_then(|extension| self.types.get(extension.to_str()?));
        let mut response = Response::ok();
        if let Some(media_type) = media_type {
            response = response.header("Content-Type", media_type);
        }
        response.body = Body::File(path);
        response
    }

    /// The file a path stands for, which lies below the asset.
    fn find(&self, path: &str) -> Option<PathBuf> {
        let mut file = self.path.clone();
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        for segment in segments.skip(self.depth) {
            let name = percent_decode(segment)?;
            let plain = Path::new(&name)
                .file_name()
                .is_some_and(|last| last == name.as_str());
            if !plain || name.contains('\0') {
                return None;
            }
            file.push(name);
        }
        Some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_files_below_the_asset_only() {
        let asset = Asset {
            depth: 2,
            path: "/srv".into(),
            types: media_types(),
        };
        let find = |path: &str| asset.find(path).map(|path| path.display().to_string());
        assert_eq!(find("/site/assets").as_deref(), Some("/srv"));
        assert_eq!(
            find("/site//assets/a//b%20c.js/").as_deref(),
            Some("/srv/a/b c.js")
        );
        for path in [
            "..",
            "%2e%2e",
            ".",
            "a/%2e%2e/b",
            "%2Fetc",
            "a%2F..%2Fb",
            "a%00",
            "%zz",
        ] {
            assert_eq!(find(&format!("/site/assets/{path}")), None, "{path}");
        }
    }
}
