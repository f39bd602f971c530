"""Stripe's signature header, computed from the scheme alone; never by Stripe's library, which has to accept it."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

# Test mode adds a signature of a scheme that means nothing, so that receivers learn to count only v1.
_MEANINGLESS = "v0"


@dataclass(frozen=True, slots=True)
class SecretRoll:
    """A secret being rolled: the old one signs, then both, then the new one alone.

    Time is counted in attempts made, so that a run of seconds shows what takes Stripe a day: from attempt `begins` on
    both sign, from attempt `ends` on the new one alone.
    """

    old: str
    new: str
    begins: int
    ends: int

    def active(self, attempt: int) -> tuple[str, ...]:
        """The secrets that sign the attempt of this number, counted from 0."""
        if attempt < self.begins:
            return (self.old,)
        if attempt < self.ends:
            return (self.old, self.new)
        return (self.new,)


def signature_header(body: bytes, *, timestamp: int, secrets: Sequence[str], livemode: bool = True) -> str:
    """`t=…,v1=…`, with one v1 for each secret: HMAC-SHA256 of `t.body` in hexadecimal."""
    signed = str(timestamp).encode() + b"." + body
    parts = [f"t={timestamp}", *(f"v1={hmac.digest(secret.encode(), signed, 'sha256').hex()}" for secret in secrets)]
    if not livemode:
        parts.append(f"{_MEANINGLESS}={hmac.digest(b'', signed, 'sha256').hex()}")
    return ",".join(parts)
