//! What a program writes to its standard error.
//!
//! It becomes lines of the log, bounded in length and number.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// The longest line that is told, in bytes; the rest is cut.
const LINE_BYTES_MAX: usize = 2048;

/// How many lines are told in a window.
const LINES_MAX: u32 = 1000;

/// How long a window is.
const WINDOW: Duration = Duration::from_secs(10);

/// How much of the last line is told with a failure, in bytes.
const LAST_BYTES_MAX: usize = 300;

/// The last line that was heard, for who asks why a program ended.
#[derive(Debug, Clone, Default)]
// A lock, since the task that listens writes it; held for one look or one move.
pub(crate) struct LastLine(Arc<Mutex<String>>);

impl LastLine {
    /// `: ` and the line; empty if there was none.
    pub(crate) fn told(&self) -> String {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = line.floor_char_boundary(LAST_BYTES_MAX);
        match line.get(..end).unwrap_or_default().trim() {
            "" => String::new(),
            line => format!(": {line}"),
        }
    }

    fn set(&self, line: &str) {
        if !line.trim().is_empty() {
            line.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Tells each line to the log, until the program closes the pipe.
pub(crate) async fn listen(stderr: impl AsyncRead + Unpin, handler: &str, last: &LastLine) {
    let mut lines = BufReader::new(stderr);
    let mut window = (Instant::now(), 0_u32);
    while let Some(line) = next_line(&mut lines).await {
        last.set(&line);
        if window.0.elapsed() > WINDOW {
            window = (Instant::now(), 0);
        }
        window.1 = window.1.saturating_add(1);
        if window.1 <= LINES_MAX {
            tracing::info!(handler, line, "a program says");
        } else if window.1 == LINES_MAX + 1 {
            tracing::warn!(
                handler,
                lines_max = LINES_MAX,
                "a program says too much, the rest is left out"
            );
        }
    }
}

/// The next line, cut at its bound; nothing at the end, or if the pipe breaks.
async fn next_line(lines: &mut BufReader<impl AsyncRead + Unpin>) -> Option<String> {
    let mut line = Vec::new();
    let mut has_begun = false;
    loop {
        let chunk = lines.fill_buf().await.ok()?;
        if chunk.is_empty() {
            return has_begun.then(|| text(&line));
        }
        has_begun = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        let room = LINE_BYTES_MAX.saturating_sub(line.len());
        line.extend(taken.iter().take(room));
        let consumed = end.map_or(chunk.len(), |end| end + 1);
        lines.consume(consumed);
        if end.is_some() {
            return Some(text(&line));
        }
    }
}

fn text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_cut_and_told_without_control_characters() {
        let long = "x".repeat(LINE_BYTES_MAX * 10);
        let words = format!("one\r\n\x1b[31mtwo\n{long}\n\nlast");
        let mut lines = BufReader::with_capacity(16, words.as_bytes());
        assert_eq!(next_line(&mut lines).await.unwrap(), "one");
        assert_eq!(next_line(&mut lines).await.unwrap(), " [31mtwo");
        assert_eq!(next_line(&mut lines).await.unwrap().len(), LINE_BYTES_MAX);
        assert_eq!(next_line(&mut lines).await.unwrap(), "");
        assert_eq!(next_line(&mut lines).await.unwrap(), "last");
        assert_eq!(next_line(&mut lines).await, None);
    }

    #[tokio::test]
    async fn the_last_line_that_says_something_is_kept() {
        let last = LastLine::default();
        assert_eq!(last.told(), "");
        listen("Traceback\nValueError: no tea\n\n".as_bytes(), "h", &last).await;
        assert_eq!(last.told(), ": ValueError: no tea");
    }
}
