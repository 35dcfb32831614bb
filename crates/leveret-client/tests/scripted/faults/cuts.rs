//! A whole session, cut at every byte.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Outcome, all_tasks_end, limits,
    pipe::{Fault, Pipe, Way},
    serve, session,
};
use crate::peer::server;

/// Longer than all of these sessions are, in either direction.
const SESSION_BYTES: usize = 2_000;

/// What becomes of a session whose pipe breaks so.
async fn broken(inward: Way, outward: Way) -> Outcome {
    let began_at = Instant::now();
    let (peer, near) = server(limits());
    let serving = tokio::spawn(serve(peer));
    let outcome = session(Pipe::new(near, inward, outward)).await;
    // A request's deadline, the two intervals of a dead peer, the last bytes' time to be written.
    assert!(began_at.elapsed() <= Duration::from_secs(80), "{:?}", began_at.elapsed());
    serving.abort();
    all_tasks_end().await;
    outcome
}

/// Cuts one direction at every byte until the session is through; says where that was.
async fn at_every_byte(cut: impl Fn(usize) -> (Way, Way)) -> usize {
    for bytes in 0..SESSION_BYTES {
        let (inward, outward) = cut(bytes);
        if broken(inward, outward).await.is_ok() {
            return bytes;
        }
    }
    panic!("no session came through");
}

#[tokio::test(start_paused = true)]
async fn a_session_cut_at_any_byte_ends_for_everyone() {
    let read = at_every_byte(|bytes| (Way::cut(bytes, Fault::End), Way::OPEN)).await;
    assert!((200..SESSION_BYTES).contains(&read), "{read} bytes from the server were enough");
    let written = at_every_byte(|bytes| (Way::OPEN, Way::cut(bytes, Fault::End))).await;
    assert!((400..SESSION_BYTES).contains(&written), "{written} bytes to the server were enough");
}

#[tokio::test(start_paused = true)]
async fn a_session_reset_at_any_byte_ends_for_everyone() {
    let read = at_every_byte(|bytes| (Way::cut(bytes, Fault::Reset), Way::OPEN)).await;
    let written = at_every_byte(|bytes| (Way::OPEN, Way::cut(bytes, Fault::Reset))).await;
    assert!(read >= 200 && written >= 400, "{read} {written}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_falls_silent_at_any_byte_ends_for_everyone() {
    let read = at_every_byte(|bytes| (Way::cut(bytes, Fault::Hole), Way::OPEN)).await;
    let written = at_every_byte(|bytes| (Way::OPEN, Way::cut(bytes, Fault::Hole))).await;
    let both =
        at_every_byte(|bytes| (Way::cut(bytes, Fault::Hole), Way::cut(bytes, Fault::Hole))).await;
    assert!(read >= 200 && written >= 400 && both >= 400, "{read} {written} {both}");
}

#[tokio::test(start_paused = true)]
async fn a_session_through_a_whole_pipe_is_done() {
    let outcome = broken(Way::OPEN, Way::OPEN).await;
    assert_eq!(outcome, Ok(()));
}
