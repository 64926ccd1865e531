//! The endpoints.

use std::{path::PathBuf, sync::Arc};

use libprocess::{
    Context,
    http::{Body, Help, Request, Responder, Response},
};
use mesos_proto::{
    json::{write_f64, write_string},
    v0::FileInfo,
};

use super::{FilesError, FilesProcess, disk};

/// Installs the four routes, each with a page of help.
pub(super) fn route(ctx: &mut Context<FilesProcess>) {
    ctx.route("/browse", browse);
    ctx.route("/read", read);
    ctx.route("/download", download);
    ctx.route("/debug", debug);
    let path = ">        path=VALUE           The path, as others are shown it";
    for (route, summary, description) in [
        ("/browse", "Lists a directory.", path.to_owned()),
        (
            "/read",
            "Reads a piece of a file.",
            format!(
                "{path}\n>        offset=VALUE         Where it begins; -1 says how long the file is\n>        length=VALUE         How much to read"
            ),
        ),
        ("/download", "Sends a file.", path.to_owned()),
        (
            "/debug",
            "Shows which paths stand for which of the machine.",
            "Of use to find out why a file is not found.".to_owned(),
        ),
    ] {
        ctx.explain(
            route,
            Help::new(summary).description(description).authentication(true),
        );
    }
}

fn path_of(request: &Request) -> Result<String, Response> {
    let path = request.query.get("path").filter(|path| !path.is_empty());
    path.map(str::to_owned)
        .ok_or_else(|| Response::bad_request("Expecting 'path=value' in query.\n"))
}

/// Looks at the disk off the process, then answers.
fn answer<T: Send + 'static>(
    ctx: &mut Context<FilesProcess>,
    responder: Responder,
    work: impl FnOnce() -> Result<T, FilesError> + Send + 'static,
    respond: impl FnOnce(T) -> Response + Send + 'static,
) {
    ctx.blocking(work, move |_, _, found| {
        responder.respond(found.map_or_else(|error| error.response(), respond));
    });
}

fn browse(files: &mut FilesProcess, ctx: &mut Context<FilesProcess>, request: Request, responder: Responder) {
    let path = match path_of(&request) {
        Ok(path) => path,
        Err(response) => return responder.respond(response),
    };
    let names = Arc::clone(&files.names);
    answer(
        ctx,
        responder,
        move || disk::list(&names, &path),
        move |found| {
            let mut out = Vec::from(b"[");
            for (index, info) in found.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_info(&mut out, info);
            }
            out.push(b']');
            Response::json_with_jsonp(out, &request)
        },
    );
}

/// Mesos: src/common/http.cpp, `model(const FileInfo&)`; keys in alphabetical order.
fn write_info(out: &mut Vec<u8>, info: &FileInfo) {
    out.extend_from_slice(b"{\"gid\":");
    write_string(out, info.gid.as_deref().unwrap_or_default());
    out.extend_from_slice(b",\"mode\":");
    write_string(out, &mode_text(info.mode.unwrap_or(0)));
    out.extend_from_slice(b",\"mtime\":");
    let seconds = info
        .mtime
        .as_ref()
        .map_or(0, |time| time.nanoseconds / 1_000_000_000);
    // Seconds since 1970 fit a double's whole numbers.
    #[allow(clippy::cast_precision_loss)]
    write_f64(out, seconds as f64);
    out.extend_from_slice(format!(",\"nlink\":{},\"path\":", info.nlink.unwrap_or(0)).as_bytes());
    write_string(out, &info.path);
    out.extend_from_slice(format!(",\"size\":{},\"uid\":", info.size.unwrap_or(0)).as_bytes());
    write_string(out, info.uid.as_deref().unwrap_or_default());
    out.push(b'}');
}

/// A mode as `ls -l` shows it.
fn mode_text(mode: u32) -> String {
    let kind = match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o060_000 => 'b',
        0o020_000 => 'c',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let bits = (0..9).map(|bit| {
        if mode & (0o400 >> bit) != 0 {
            ['r', 'w', 'x'][bit % 3]
        } else {
            '-'
        }
    });
    std::iter::once(kind).chain(bits).collect()
}

/// A number of the query; -1 stands for "unset" as in Mesos.
fn number_of(request: &Request, name: &str) -> Result<Option<u64>, Response> {
    let Some(text) = request.query.get(name) else {
        return Ok(None);
    };
    let number: i64 = text.parse().map_err(|_| {
        Response::bad_request(format!(
            "Failed to parse {name}: Failed to convert '{text}' to number.\n"
        ))
    })?;
    match u64::try_from(number) {
        Ok(number) => Ok(Some(number)),
        Err(_) if number == -1 => Ok(None),
        Err(_) => Err(Response::bad_request(format!(
            "Negative {name} provided: {number}.\n"
        ))),
    }
}

fn read(files: &mut FilesProcess, ctx: &mut Context<FilesProcess>, request: Request, responder: Responder) {
    let parse = || -> Result<_, Response> {
        Ok((
            path_of(&request)?,
            number_of(&request, "offset")?,
            number_of(&request, "length")?,
        ))
    };
    let (path, offset, length) = match parse() {
        Ok(parsed) => parsed,
        Err(response) => return responder.respond(response),
    };
    // Without an offset only the size is asked for.
    let wanted = if offset.is_none() { Some(0) } else { length };
    let names = Arc::clone(&files.names);
    answer(
        ctx,
        responder,
        move || disk::read(&names, &path, offset.unwrap_or(0), wanted),
        move |part| {
            let mut out = Vec::from(b"{\"data\":");
            // What a log holds need not be text.
            write_string(&mut out, &String::from_utf8_lossy(&part.data));
            out.extend_from_slice(format!(",\"offset\":{}}}", offset.unwrap_or(part.size)).as_bytes());
            Response::json_with_jsonp(out, &request)
        },
    );
}

fn download(
    files: &mut FilesProcess,
    ctx: &mut Context<FilesProcess>,
    request: Request,
    responder: Responder,
) {
    let path = match path_of(&request) {
        Ok(path) => path,
        Err(response) => return responder.respond(response),
    };
    let names = Arc::clone(&files.names);
    let find = move || {
        let found = disk::resolve(&names, &path)?;
        disk::readable(&found, "download")?;
        Ok(found)
    };
    let respond = |found: PathBuf| {
        let name = found
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut response = Response::ok()
            .header("Content-Disposition", &format!("attachment; filename={name}"))
            .header("Content-Type", media_type(&name));
        response.body = Body::File(found);
        response
    };
    ctx.blocking(find, move |_, _, found| {
        responder.respond(match found {
            Ok(found) => respond(found),
            // Only here Mesos has a body.
            Err(FilesError::NotFound) => Response::not_found(),
            Err(error) => error.response(),
        });
    });
}

/// Mesos: 3rdparty/libprocess/src/mime.hpp, the types that occur in sandboxes.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("txt" | "log") => "text/plain",
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/x-javascript",
        Some("json") => "application/json",
        Some("xml") => "text/xml",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("pdf") => "application/pdf",
        Some("gz" | "gzip") => "application/x-gzip",
        Some("zip") => "application/x-zip-compressed",
        _ => "application/octet-stream",
    }
}

fn debug(files: &mut FilesProcess, _: &mut Context<FilesProcess>, request: Request, responder: Responder) {
    let mut out = Vec::from(b"{");
    for (index, (name, path)) in files.names.read().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(&mut out, name);
        out.push(b':');
        write_string(&mut out, &path.to_string_lossy());
    }
    out.push(b'}');
    responder.respond(Response::json_with_jsonp(out, &request));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_as_in_a_listing() {
        for (mode, expected) in [
            (0o100_644, "-rw-r--r--"),
            (0o040_750, "drwxr-x---"),
            (0o120_777, "lrwxrwxrwx"),
            (0o100_000, "----------"),
        ] {
            assert_eq!(mode_text(mode), expected);
        }
    }
}
