//! 鍵束 — the authority with the certificates of everybody, and where they lie.
//!
//! ```text
//! root.pem  root.key        the authority
//! server.pem  server.key    the service, under localhost and the loopback addresses
//! <name>.pem  <name>.key    one participant's systems
//! issuer-<name>.key         one issuer of tokens
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kyoyu_domain::participant::SignatureAlgorithm;

use super::{Authority, Identity, files};
use crate::tokens::{self, TokenIssuer};

/// 鍵束 — certificates and keys for development, kept in a directory or in memory.
#[derive(Debug)]
pub struct Pki {
    directory: Option<PathBuf>,
    authority: Authority,
    server: Identity,
}

impl Pki {
    /// Opens the certificates in a directory; makes what is not there.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn open(directory: &Path) -> Result<Self> {
        files::create_directory(directory)?;
        let authority = root(directory)?;
        let server = kept(Some(directory), "server", || authority.server())?;
        Ok(Self { directory: Some(directory.to_owned()), authority, server })
    }

    /// Certificates that no file keeps.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn in_memory() -> Result<Self> {
        let authority = Authority::create()?;
        let server = authority.server()?;
        Ok(Self { directory: None, authority, server })
    }

    /// The authority, for further certificates.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The root certificate that server and clients believe.
    pub fn root_pem(&self) -> &str {
        self.authority.certificate_pem()
    }

    /// The server's certificate.
    pub fn server(&self) -> &Identity {
        &self.server
    }

    /// A participant's certificate; the same for the same name.
    ///
    /// # Errors
    /// When a file cannot be read or written; names hold letters, digits and `-`.
    pub fn client(&self, name: &str) -> Result<Identity> {
        check_name(name)?;
        kept(self.directory.as_deref(), name, || self.authority.client(name))
    }

    /// A token issuer's key; the same for the same name, where there is a directory.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn token_issuer(
        &self,
        name: &str,
        url: &str,
        algorithm: SignatureAlgorithm,
    ) -> Result<TokenIssuer> {
        check_name(name)?;
        let Some(directory) = &self.directory else { return TokenIssuer::create(url, algorithm) };
        let path = directory.join(format!("issuer-{name}.key"));
        if let Some(key_pem) = files::read(&path)? {
            return TokenIssuer::from_pem(url, algorithm, &key_pem);
        }
        let key_pem = tokens::new_key_pem(algorithm)?;
        files::write_secret(&path, &key_pem)?;
        TokenIssuer::from_pem(url, algorithm, &key_pem)
    }

    /// Where the certificates lie, if anywhere.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }
}

fn check_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(allowed) {
        bail!("a certificate's name holds 1 to 40 letters, digits and hyphens");
    }
    if ["root", "server"].contains(&name) {
        bail!("{name} is the name of another certificate");
    }
    Ok(())
}

fn root(directory: &Path) -> Result<Authority> {
    let (certificate, key) = paths(directory, "root");
    match (files::read(&certificate)?, files::read(&key)?) {
        (Some(certificate_pem), Some(key_pem)) => Authority::from_pem(certificate_pem, &key_pem),
        (Some(_), None) => bail!("{} is missing: remove {}", key.display(), directory.display()),
        (None, _) => {
            let others = directory.join("server.pem");
            if others.exists() {
                bail!("{} is missing: remove {}", certificate.display(), directory.display());
            }
            let authority = Authority::create()?;
            // The certificate comes last: where it is, everything is.
            files::write_secret(&key, &authority.key_pem())?;
            files::write_public(&certificate, authority.certificate_pem())?;
            Ok(authority)
        }
    }
}

fn kept(
    directory: Option<&Path>,
    name: &str,
    make: impl FnOnce() -> Result<Identity>,
) -> Result<Identity> {
    let Some(directory) = directory else { return make() };
    let (certificate, key) = paths(directory, name);
    if let (Some(certificate_pem), Some(key_pem)) = (files::read(&certificate)?, files::read(&key)?)
    {
        return Identity::from_pem(certificate_pem, key_pem)
            .with_context(|| format!("{}", certificate.display()));
    }
    let identity = make()?;
    files::write_secret(&key, &identity.key_pem)?;
    files::write_public(&certificate, &identity.certificate_pem)?;
    Ok(identity)
}

fn paths(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")))
}
