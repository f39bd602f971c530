"""Chooses from a failed server's log what tells a person why; never the whole of it."""

import re
from typing import Final

_FIRST_ERROR: Final = 2_000
_END: Final = 2_000
_ERROR: Final = re.compile(r"^.*\b(ERROR|FATAL|PANIC)\b", re.MULTILINE)


def excerpt(log: str) -> str:
    """The log from its first error on and its end, 2,000 characters of each; a short log as it is.

    The end alone would do only where nothing is logged after the cause; Kafka shuts down in hundreds of lines.
    """
    if len(log) <= _FIRST_ERROR + _END:
        return log
    error = _ERROR.search(log)
    start = min(error.start(), len(log) - _FIRST_ERROR - _END) if error else len(log) - _FIRST_ERROR - _END
    return f"{log[start : start + _FIRST_ERROR]}\n[…]\n{log[-_END:]}"
