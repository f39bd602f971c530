"""Headers of a Kafka record as JSON text, every byte kept; never decoded by meaning."""

import json

from worker.ports import Headers


def encode_headers(headers: Headers) -> str:
    """Headers as JSON; their bytes as Latin-1, which gives every byte back."""
    return json.dumps([[name, value.decode("latin-1")] for name, value in headers])


def decode_headers(text: str) -> Headers:
    """What `encode_headers` wrote."""
    return tuple((name, value.encode("latin-1")) for name, value in json.loads(text))
