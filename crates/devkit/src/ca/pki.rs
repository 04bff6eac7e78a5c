//! 鍵束 — the authority with the certificates of everybody, and where they lie.
//!
//! ```text
//! root.pem  root.key        the authority
//! server.pem  server.key    the service, under localhost and the loopback addresses
//! <name>.pem  <name>.key    one participant's systems
//! issuer-<name>.key         one issuer of tokens
//! ```

use std::path::Path;

use anyhow::{Context, Result, bail};
use kyoyu_domain::participant::SignatureAlgorithm;

use super::{Authority, Identity, files::Files};
use crate::tokens::{self, TokenIssuer};

/// 鍵束 — certificates and keys for development, kept in a directory or in memory.
#[derive(Debug)]
pub struct Pki {
    files: Files,
    authority: Authority,
    server: Identity,
}

impl Pki {
    /// Opens the certificates in a directory; makes what is not there.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn open(directory: &Path) -> Result<Self> {
        let files = Files::directory(directory)?;
        Self::of(files).with_context(|| format!("certificates in {}", directory.display()))
    }

    /// Certificates that no file keeps.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn in_memory() -> Result<Self> {
        Self::of(Files::memory())
    }

    fn of(files: Files) -> Result<Self> {
        let authority = root(&files)?;
        let server = kept(&files, "server", || authority.server())?;
        Ok(Self { files, authority, server })
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
        kept(&self.files, name, || self.authority.client(name))
    }

    /// A token issuer with the key that is kept under `name`; `url` is the `iss` of its
    /// tokens.
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
        let file = format!("issuer-{name}.key");
        if let Some(key_pem) = self.files.read(&file)? {
            return TokenIssuer::from_pem(url, algorithm, &key_pem);
        }
        let key_pem = tokens::new_key_pem(algorithm)?;
        self.files.write_secret(&file, &key_pem)?;
        TokenIssuer::from_pem(url, algorithm, &key_pem)
    }

    /// Where the certificates lie, if anywhere.
    pub fn directory(&self) -> Option<&Path> {
        match &self.files {
            Files::Directory(directory) => Some(directory),
            Files::Memory(_) => None,
        }
    }

    /// Keeps a token beside the certificates, for the owner's commands.
    pub(crate) fn keep_token(&self, name: &str, token: &str) -> Result<()> {
        self.files.write_secret(&format!("{name}.jwt"), token)
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

fn root(files: &Files) -> Result<Authority> {
    match (files.read("root.pem")?, files.read("root.key")?) {
        (Some(certificate_pem), Some(key_pem)) => Authority::from_pem(certificate_pem, &key_pem),
        (Some(_), None) => bail!("root.key is missing: remove the directory"),
        (None, _) if files.read("server.pem")?.is_some() => {
            bail!("root.pem is missing: remove the directory")
        }
        (None, _) => {
            let authority = Authority::create()?;
            // The certificate comes last: where it is, everything is.
            files.write_secret("root.key", &authority.key_pem())?;
            files.write_public("root.pem", authority.certificate_pem())?;
            Ok(authority)
        }
    }
}

fn kept(files: &Files, name: &str, make: impl FnOnce() -> Result<Identity>) -> Result<Identity> {
    let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
    if let (Some(certificate_pem), Some(key_pem)) = (files.read(&certificate)?, files.read(&key)?) {
        return Identity::from_pem(certificate_pem, key_pem).context(certificate);
    }
    let identity = make()?;
    files.write_secret(&key, &identity.key_pem)?;
    files.write_public(&certificate, &identity.certificate_pem)?;
    Ok(identity)
}
