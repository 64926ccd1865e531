//! Cuts files into chunks of about the same size.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The file.
    pub path: PathBuf,
    /// Where the part begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

/// About how many chunks are made: enough to keep every agent busy, few enough to watch.
const CHUNKS: u64 = 120;
/// The shortest chunk worth a task, in bytes.
const CHUNK_MIN: u64 = 16 << 10;
/// Larger files are taken for something other than text that people wrote.
const FILE_MAX: u64 = 64 << 20;

/// Cuts files, and the text files in directories, into chunks. A word on a cut counts as two.
///
/// # Errors
///
/// When a named file cannot be read.
pub fn cut(named: &[PathBuf]) -> Result<Vec<Chunk>> {
    let mut files = Vec::new();
    for path in named {
        let path = path
            .canonicalize()
            .with_context(|| format!("failed to open `{}`", path.display()))?;
        collect(&path, &mut files).with_context(|| format!("failed to read `{}`", path.display()))?;
    }
    files.sort();
    let total: u64 = files.iter().map(|(_, length)| length).sum();
    let size = (total / CHUNKS).max(CHUNK_MIN);
    let mut chunks = Vec::new();
    for (path, length) in files {
        let mut offset = 0;
        while offset < length {
            let part = size.min(length - offset);
            chunks.push(Chunk {
                path: path.clone(),
                offset,
                length: part,
            });
            offset += part;
        }
    }
    Ok(chunks)
}

fn collect(path: &Path, files: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if !name.starts_with('.') && name != "target" && !path.is_symlink() {
                collect(&path, files)?;
            }
        }
        return Ok(());
    }
    let length = fs::metadata(path)?.len();
    if length > 0 && length <= FILE_MAX && is_text(path)? {
        files.push((path.to_path_buf(), length));
    }
    Ok(())
}

/// Text has no zero bytes near its beginning.
fn is_text(path: &Path) -> Result<bool> {
    use std::io::Read as _;
    let mut head = [0; 1024];
    let n = fs::File::open(path)?.read(&mut head)?;
    Ok(!head[..n].contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_byte_once() {
        let directory = tempdir();
        let path = directory.join("text");
        fs::write(&path, "word ".repeat(20_000)).unwrap();
        let chunks = cut(std::slice::from_ref(&directory)).unwrap();
        let mut at = 0;
        for chunk in &chunks {
            assert_eq!(chunk.offset, at);
            at += chunk.length;
        }
        assert_eq!(at, 100_000);
        fs::remove_dir_all(directory).unwrap();
    }

    fn tempdir() -> PathBuf {
        let directory = std::env::temp_dir().join(format!("wordcount-chunks-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }
}
