"""An authority of the tests' own, and what servers and clients need of it as files."""

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from worker.embedded.free_ports import LOOPBACK


class Certificates:
    """A certificate for servers on this machine, and the authority to check it by."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        authority = trustme.CA()
        issued = authority.issue_cert(LOOPBACK)
        self.authority = folder / "authority.pem"
        self.certificate = folder / "certificate.pem"
        self.key = folder / "key.pem"
        self.both = folder / "both.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        issued.cert_chain_pems[0].write_to_path(str(self.certificate))
        # Kafka reads keys in this form only.
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.key.chmod(0o600)
        self.both.write_bytes(self.key.read_bytes() + self.certificate.read_bytes())

    @staticmethod
    def stranger(folder: Path) -> Path:
        """The certificate of an authority that signed nothing here."""
        path = folder / "stranger.pem"
        trustme.CA().cert_pem.write_to_path(str(path))
        return path
