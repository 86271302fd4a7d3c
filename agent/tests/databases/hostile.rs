//! Servers that send garbage, too much, half of something, or nothing at all:
//! the agent gives up within its limits, with an error that says what it was.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use driftline_agent::config::Server;
use driftline_agent::database::ask::{Session, Target};
use driftline_agent::database::link::Endpoint;
use driftline_agent::database::{DatabaseError, QUERY_MAX};

const SPOKEN: [Server; 4] = [Server::Postgresql, Server::Mysql, Server::Mariadb, Server::Redis];

/// A server that says this, over and over if it is told to.
fn liar(says: &'static [u8], endless: bool) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = [0; 4096];
        let mut going_on = true;
        while going_on {
            going_on = stream.write_all(says).is_ok() && endless;
        }
        // One that has said something hangs up; a silent one stays on.
        while says.is_empty() && stream.read(&mut heard).is_ok_and(|count| count > 0) {}
    });
    Endpoint::Tcp("127.0.0.1".to_owned(), port)
}

async fn ask(server: Server, endpoint: Endpoint) -> DatabaseError {
    let user = Some("driftline".to_owned());
    let target = Target { server, endpoint, user, password: None, database: None, ca_file: None };
    let mut session = match Session::open(&target).await {
        Ok(session) => session,
        Err(error) => return error,
    };
    session.ask(None).await.err().unwrap()
}

#[tokio::test]
async fn garbage_ends_the_session_with_an_error() {
    const SAYS: [&[u8]; 9] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0",
        b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I",
        b"E\xff\xff\xff\xff",
        b"\x4a\0\0\0\x0a5.5.5-10.11.6-MariaDB\0",
        b"\xff\xff\xff\0",
        b"*99999999999999999999\r\n",
        b"*2\r\n$-5\r\n",
        b"$9223372036854775807\r\n",
    ];
    for server in SPOKEN {
        for says in SAYS {
            let began = Instant::now();
            let error = ask(server, liar(says, false)).await;
            assert!(began.elapsed() < Duration::from_secs(3), "{server:?}: {error}");
        }
    }
}

#[tokio::test]
async fn endless_data_is_cut_off() {
    for server in SPOKEN {
        for says in [b"A".as_slice(), b"\0\0\0\x01", b"N\0\0\0\x04", b"+OK\r\n", b"*1\r\n", b"$4\r\nabcd\r\n"] {
            let began = Instant::now();
            let error = ask(server, liar(says, true)).await;
            assert!(began.elapsed() < 2 * QUERY_MAX, "{server:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    for server in [Server::Postgresql, Server::Mysql, Server::Redis] {
        let endpoint = liar(b"", false);
        let error = ask(server, endpoint).await;
        assert!(matches!(error, DatabaseError::TimedOut { .. }), "{server:?}: {error}");
    }
}

#[tokio::test]
async fn another_host_without_encryption_is_refused_before_a_word() {
    for server in SPOKEN {
        let error = ask(server, Endpoint::Tcp("192.0.2.1".to_owned(), 5432)).await;
        assert!(matches!(error, DatabaseError::Insecure), "{server:?}: {error}");
    }
}
