"""A real broker that lets in nobody without TLS and a password, and allows nothing that was not granted."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.secured.certificates import Certificates
from worker.embedded import Kafka
from worker.embedded.free_ports import LOOPBACK, free_ports
from worker.embedded.guard import Guard


class GuardedKafka:
    """`kafka.bootstrap` is for the one who administers it; everybody else uses `bootstrap`."""

    MECHANISM: Final = "SCRAM-SHA-512"

    def __init__(self, folder: Path, certificates: Certificates, users: Iterable[str]) -> None:
        (port,) = free_ports(1)
        self.certificates = certificates
        self.bootstrap = f"{LOOPBACK}:{port}"
        self.passwords = {user: secrets.token_urlsafe(12) for user in users}
        settings = {
            "listeners": f"SASL_SSL://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "sasl.enabled.mechanisms": self.MECHANISM,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(certificates.both),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            # Who comes by the open listener has no name: brokers, controllers, and the test that grants.
            "super.users": "User:ANONYMOUS",
        }
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        settings[f"listener.name.sasl_ssl.{self.MECHANISM.lower()}.sasl.jaas.config"] = login
        self.kafka = Kafka(folder, guard=Guard(settings, self.passwords))

    def environ(self, user: str) -> dict[str, str]:
        """How a role is told to connect as this user."""
        return {
            "CAPITAL_KAFKA_BOOTSTRAP": self.bootstrap,
            "CAPITAL_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "CAPITAL_KAFKA_SASL_MECHANISM": self.MECHANISM,
            "CAPITAL_KAFKA_SASL_USERNAME": user,
            "CAPITAL_KAFKA_SASL_PASSWORD": self.passwords[user],
            "CAPITAL_KAFKA_CA_FILE": str(self.certificates.authority),
        }
