//! As much of Markdown as pages of help use, made into HTML.
//!
//! Differs from Mesos: its page carries a Markdown reader in JavaScript; ours is ready when it arrives.

use std::collections::BTreeMap;

/// A page with this title and text.
pub(super) fn page(title: &str, markdown: &str) -> String {
    let mut body = String::new();
    let links = links(markdown);
    let (mut paragraph, mut quote) = (Vec::new(), Vec::new());
    for line in markdown.lines().chain([""]) {
        if link(line).is_some() {
            continue;
        }
        let quoted = line.strip_prefix('>');
        let heading = line.starts_with('#');
        if quoted.is_none() {
            flush(&mut body, &mut quote, "blockquote", "<br>\n");
        }
        if heading || quoted.is_some() || line.is_empty() {
            flush(&mut body, &mut paragraph, "p", "\n");
        }
        if let Some(quoted) = quoted {
            let text = quoted.strip_prefix(' ').unwrap_or(quoted);
            quote.push(match text.starts_with("    ") {
                true => format!("<code>{}</code>", escape(text.trim_start())),
                false => inline(text, &links),
            });
        } else if heading {
            let level = line.bytes().take_while(|byte| *byte == b'#').count().min(6);
            let text = inline(line.trim_matches('#').trim(), &links);
            body.push_str(&format!("<h{level}>{text}</h{level}>\n"));
        } else if !line.is_empty() {
            paragraph.push(inline(line, &links));
        }
    }
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{}</title><style>body {{ font-family: sans-serif; padding: 2em; }} \
         blockquote {{ border-left: 5px solid #ddd; margin: 0 0 1em; padding: 0 1em; }}</style></head>\n<body>\n{body}</body></html>\n",
        escape(title)
    )
}

fn flush(body: &mut String, lines: &mut Vec<String>, tag: &str, between: &str) {
    if !lines.is_empty() {
        body.push_str(&format!("<{tag}>{}</{tag}>\n", lines.join(between)));
        lines.clear();
    }
}

/// What `[name]: url` lines say.
fn links(markdown: &str) -> BTreeMap<&str, &str> {
    markdown.lines().filter_map(link).collect()
}

fn link(line: &str) -> Option<(&str, &str)> {
    let (name, url) = line.strip_prefix('[')?.split_once("]: ")?;
    (!name.contains(']')).then_some((name, url.trim()))
}

/// Code between back-ticks, links `[text][name]` and `[text](url)`, strong text between double stars.
fn inline(text: &str, links: &BTreeMap<&str, &str>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[', '*']) {
        out.push_str(&escape(&rest[..at]));
        rest = &rest[at..];
        let (shown, length) = element(rest, links).unwrap_or_else(|| (rest[..1].to_owned(), 1));
        out.push_str(&shown);
        rest = &rest[length..];
    }
    out + &escape(rest)
}

/// The element a text begins with, and how much of the text it is.
fn element(text: &str, links: &BTreeMap<&str, &str>) -> Option<(String, usize)> {
    if let Some(code) = text.strip_prefix('`') {
        let (code, _) = code.split_once('`')?;
        return Some((format!("<code>{}</code>", escape(code)), code.len() + 2));
    }
    if let Some(strong) = text.strip_prefix("**") {
        let (strong, _) = strong.split_once("**")?;
        return Some((format!("<strong>{}</strong>", escape(strong)), strong.len() + 4));
    }
    let (label, behind) = text.strip_prefix('[')?.split_once(']')?;
    let (target, opened) = match (behind.strip_prefix('['), behind.strip_prefix('(')) {
        (Some(name), _) => (name.split_once(']')?.0, true),
        (None, Some(url)) => (url.split_once(')')?.0, false),
        (None, None) => return None,
    };
    let url = if opened { links.get(target)? } else { target };
    let shown = format!("<a href=\"{}\">{}</a>", escape(url), escape(label));
    Some((shown, label.len() + target.len() + 4))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn headings_quotes_links_and_code_become_html_and_nothing_else_does() {
        let text = "## `/a` ##\n> [/a/b][b]\n>        /a/b\n\nSome <b>, [here](x?y=\"1\"),\n[unknown][c] * **strong**\n\n[b]: a/b\n";
        let html = page("<T>", text);
        for expected in [
            "<title>&lt;T&gt;</title>",
            "<h2><code>/a</code></h2>\n",
            "<blockquote><a href=\"a/b\">/a/b</a><br>\n<code>/a/b</code></blockquote>\n",
            "<p>Some &lt;b&gt;, <a href=\"x?y=&quot;1&quot;\">here</a>,\n[unknown][c] * <strong>strong</strong></p>\n",
        ] {
            assert!(html.contains(expected), "{expected}\n{html}");
        }
        assert!(!html.contains("[b]:"));
    }
}
