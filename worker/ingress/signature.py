"""Judges a webhook's signature over its raw bytes; never lets an exception, or part of a secret, out."""

from collections.abc import Sequence
from typing import Final, Literal

from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE_SECONDS: Final = 300

Verdict = Literal["genuine", "unsigned", "wrong_signature", "stale_signature"]


class Signatures:
    """The secrets that webhooks may be signed with; while one is rolled, old and new both count."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises ValueError as `trust` does."""
        self.trust(secrets)

    def trust(self, secrets: Sequence[str]) -> None:
        """Go by these from now on. Raises ValueError when there is none, or one that can sign nothing."""
        if not secrets or not all(secret.strip() and secret.isprintable() for secret in secrets):
            raise ValueError("at least one webhook secret is needed, and each must be printable text")
        self._secrets = tuple(secrets)

    def judge(self, body: bytes, header: bytes | None) -> Verdict:
        """Whether `header` (`t=…,v1=…[,v1=…]`) holds a signature of exactly these bytes by one of the secrets.

        Older than 300 seconds is stale. A time in the future is accepted, as Stripe's own library does.
        """
        if not header:
            return "unsigned"
        # The library compares text: beyond ASCII its comparison raises TypeError, and int() reads foreign digits.
        # It also reads `t=+1_0` as 10. That opens nothing: the number is what is signed, not how it is written.
        readable = header.isascii() and (text := header.decode("ascii")).isprintable()
        # It signs text, too: bytes that are no UTF-8 cannot be verified, and strict UTF-8 gives the same bytes back.
        payload = _decoded(body)
        if not readable or payload is None:
            return "wrong_signature"
        if self._signed(payload, text, TOLERANCE_SECONDS):
            return "genuine"
        return "stale_signature" if self._signed(payload, text, None) else "wrong_signature"

    def _signed(self, payload: str, header: str, tolerance: int | None) -> bool:
        return any(_verified(payload, header, secret, tolerance) for secret in self._secrets)


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _verified(payload: str, header: str, secret: str, tolerance: int | None) -> bool:
    # The exception carries the payload and the header: it is dropped here and never logged.
    try:
        WebhookSignature.verify_header(payload, header, secret, tolerance)
    except SignatureVerificationError:
        return False
    return True
