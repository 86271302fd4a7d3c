//! A tap inside TLS: it holds the fleet's CA key and the agent's own key, and so
//! sees between agent and collector what nobody else can.
//!
//! What a stolen CA could see is the most that the wire can give away.

use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

type Captured = Arc<Mutex<Vec<u8>>>;

/// A running tap.
pub struct Wiretap {
    port: u16,
    captured: Captured,
    _runtime: tokio::runtime::Runtime,
}

impl Wiretap {
    /// Starts one in front of the collector's ingest port.
    pub fn start(collector_state: &Path, agent_state: &Path, ingest_port: u16) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(as_collector(collector_state)));
        let connector = TlsConnector::from(Arc::new(as_agent(collector_state, agent_state)));
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let captured = Captured::default();
        let shared = Arc::clone(&captured);
        runtime.spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, connector, shared) = (acceptor.clone(), connector.clone(), Arc::clone(&shared));
                tasks.spawn(relay(client, ingest_port, acceptor, connector, shared));
            }
        });
        Self { port, captured, _runtime: runtime }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that passed, both ways, in clear.
    pub fn captured(&self) -> Vec<u8> {
        self.captured.lock().unwrap().clone()
    }
}

async fn relay(client: TcpStream, port: u16, acceptor: TlsAcceptor, connector: TlsConnector, captured: Captured) {
    let Ok(from_agent) = acceptor.accept(client).await else { return };
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let Ok(to_collector) = connector.connect(name, server).await else { return };
    let (agent_read, agent_write) = tokio::io::split(from_agent);
    let (collector_read, collector_write) = tokio::io::split(to_collector);
    tokio::join!(copy(agent_read, collector_write, Arc::clone(&captured)), copy(collector_read, agent_write, captured),);
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, captured: Captured) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        captured.lock().unwrap().extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

fn ca(collector_state: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(collector_state.join("ca.pem")).unwrap()
}

/// A server certificate for loopback, made with the CA's own key.
fn as_collector(collector_state: &Path) -> ServerConfig {
    let ca_key = std::fs::read_to_string(collector_state.join("ca.key")).unwrap();
    let ca_key = KeyPair::from_pem(&ca_key).unwrap();
    let issuer = Issuer::from_ca_cert_der(&ca(collector_state), ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain = vec![certificate.der().clone(), ca(collector_state)];
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// The agent's own identity, out of its file.
fn as_agent(collector_state: &Path, agent_state: &Path) -> ClientConfig {
    let text = std::fs::read_to_string(agent_state.join("identity.toml")).unwrap();
    let identity: toml::Table = toml::from_str(&text).unwrap();
    let field = |name: &str| STANDARD.decode(identity["member"]["current"][name].as_str().unwrap()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(ca(collector_state)).unwrap();
    let chain = vec![CertificateDer::from(field("certificate"))];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(field("key")));
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}
