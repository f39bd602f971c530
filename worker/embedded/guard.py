"""What closes an embedded Kafka to those who cannot prove who they are; without one it is open to this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Guard:
    """`settings` go into every node's server.properties: `listeners` beside its own, any other instead of its own.

    `users`, name to password, can log in with SCRAM-SHA-512.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
