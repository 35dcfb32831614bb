//! A web server that answers as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Which connection it came on.
    pub(crate) connection: usize,
    /// Method and path.
    pub(crate) line: String,
    /// All headers, by lines.
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.headers.lines().find_map(|line| line.strip_prefix(&prefix))
    }
}

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status with headers, each with its line's end, and a body.
    With(u16, &'static str, String),
    /// Closes the connection.
    Close,
    /// Never answers.
    Hang,
}

/// A server on a port of its own.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answering = dyn Fn(&Asked) -> Answer + Send + Sync;

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let (listener, server, answer) = Self::bound(answer).await;
        let serving = server.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (server, answer) = (serving.clone(), answer.clone());
                tokio::spawn(async move { server.serve(stream, connection, answer).await });
            }
        });
        server
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(
        acceptor: tokio_rustls::TlsAcceptor,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let (listener, server, answer) = Self::bound(answer).await;
        let serving = server.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                serving.clone().serve(stream, connection, answer.clone()).await;
            }
        });
        server
    }

    async fn bound(
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> (TcpListener, Self, Arc<Answering>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, Self { address, asked: Arc::default() }, Arc::new(answer))
    }

    /// Answers with 200 and the request's body.
    pub(crate) async fn echo() -> Self {
        Self::start(|asked| Answer::With(200, "content-type: text/plain\r\n", asked.body.clone()))
            .await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        connection: usize,
        answer: Arc<Answering>,
    ) {
        let mut stream = BufReader::new(stream);
        while let Some(asked) = read(&mut stream, connection).await {
            let answer = answer(&asked);
            self.asked.lock().unwrap().push(asked);
            match answer {
                Answer::With(status, headers, body) => {
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\n\r\n"
                    );
                    if stream.write_all((head + &body).as_bytes()).await.is_err() {
                        return;
                    }
                    stream.flush().await.unwrap();
                }
                Answer::Close => return,
                Answer::Hang => std::future::pending().await,
            }
        }
    }
}

async fn read(stream: &mut BufReader<impl AsyncRead + Unpin>, connection: usize) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
    let mut headers = String::new();
    while !headers.ends_with("\r\n\r\n") {
        stream.read_line(&mut headers).await.ok().filter(|bytes| *bytes > 0)?;
        if headers == "\r\n" {
            break;
        }
    }
    let headers = headers.replace("\r\n", "\n");
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut asked = Asked { connection, line, headers, body: String::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}
