//! A collector that says what a test tells it to: HTTPS on loopback with a CA
//! of its own, and a note of every request.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What came in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) token: String,
    pub(crate) last_event: Option<String>,
    pub(crate) body: String,
}

/// What goes out: status and body.
pub(crate) type Answer = (u16, String);

/// A running server, and an operator's files for it.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    pub(crate) ca: CertificateDer<'static>,
    asked: Arc<Mutex<Vec<Asked>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Answers each request as `answer` says.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let (ca, ca_pem, tls) = identity();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        runtime.spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), Arc::new(answer), Arc::clone(&asked)));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), ca_pem).unwrap();
        driftline_cli::input::write_private(&dir.path().join("token"), b"dlo_test\n").unwrap();
        let key = format!("[fleet]\nepoch = 2\nkey = \"{}\"\n", "ab".repeat(32));
        driftline_cli::input::write_private(&dir.path().join("fleet-key.toml"), key.as_bytes()).unwrap();
        let config = format!(
            "collector = \"https://{address}\"\nca_file = \"ca.pem\"\ntoken_file = \"token\"\n\
             fleet_key_file = \"fleet-key.toml\"\n"
        );
        std::fs::write(dir.path().join("cli.toml"), config).unwrap();
        Self { dir, ca, asked, _runtime: runtime }
    }

    /// The operator's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("cli.toml")
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn identity() -> (CertificateDer<'static>, String, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone(), ca.der().clone()], key)
        .unwrap();
    (ca.der().clone(), ca.pem(), config)
}

type Answering = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

async fn serve(listener: TcpListener, tls: TlsAcceptor, answer: Answering, asked: Arc<Mutex<Vec<Asked>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, answer, asked) = (tls.clone(), Arc::clone(&answer), Arc::clone(&asked));
        let connection = async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(|request| respond(request, &answer, &asked));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        };
        tokio::runtime::Handle::current().spawn(connection);
    }
}

async fn respond(
    request: Request<Incoming>,
    answer: &Answering,
    asked: &Mutex<Vec<Asked>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (token, last_event) = (header("authorization").unwrap_or_default(), header("last-event-id"));
    let line = format!("{} {}", request.method(), request.uri());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let one = Asked { line, token, last_event, body: String::from_utf8_lossy(&body).into_owned() };
    let (status, body) = answer(&one);
    asked.lock().unwrap().push(one);
    Ok(Response::builder().status(status).body(Full::new(Bytes::from(body))).unwrap())
}
