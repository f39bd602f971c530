"""Logging: structured lines with dotted past-tense names; never a payload, never a secret, never a line of others'."""

import logging
import math
import sys
import time
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

import structlog

from worker.settings import Settings

# How long Kafka's client is not to repeat itself.
REPEATED_SECONDS: Final = 10.0

# What the processors below write themselves, over several lines.
_WRITTEN_HERE: Final = frozenset({"exception", "stack"})


def configure(settings: Settings) -> None:
    """Send every log line, the libraries' and the last words of a failing process included, to standard error."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [
        structlog.processors.ExceptionRenderer(_outline),
        _escaped,
        _renderer(settings.log_format),
    ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Sparing())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    # A 4.x broker verifies the partition for an older client and the client calls its retry an error;
    # harmless, and at one line a transaction it would drown the log (counted as produce latency instead).
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.CRITICAL)
    # Its pool logs a stack trace for each connection it cannot restore; the same trouble is raised to whoever asks.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    # It tells each retry as a warning; that it gave spans up, as an error.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    sys.excepthook = _failed


class _Sparing(logging.Filter):
    """Lets a line of code of Kafka's client speak once in a while, and say how often it did not.

    While a broker is away, the client complains of every attempt at every connection: tens of lines a second. Of no
    other library: one line of asyncio's, or of uvicorn's, tells of every failure there is.
    """

    def __init__(self) -> None:
        super().__init__("aiokafka")
        self._spoken: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to print it."""
        if not super().filter(record):
            return True
        place, now = (record.pathname, record.lineno), time.monotonic()
        spoke, unlogged = self._spoken.get(place, (-math.inf, 0))
        if now - spoke < REPEATED_SECONDS:
            self._spoken[place] = spoke, unlogged + 1
            return False
        self._spoken[place] = now, 0
        if unlogged:
            record.msg = f"{record.msg} ({unlogged} more like it before)"
        return True


def _renderer(log_format: str) -> structlog.typing.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _escaped(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What could end a line or steer a terminal, written as an escape: ids come from outside."""
    for name, value in line.items():
        if isinstance(value, str) and not value.isprintable() and name not in _WRITTEN_HERE:
            line[name] = value.encode("unicode_escape").decode("ascii")
    return line


def _outline(exc_info: structlog.typing.ExcInfo) -> str:
    """Where an error came from and of what kind it and its causes are; messages are left out, since they quote data."""
    return "".join(_trace(exc_info[1])).rstrip()


def _trace(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _trace(cause)
        yield "which led to:\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _trace(inner)


def _failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python's own last words quote the error's message, and are no JSON."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process.failed", exc_info=(kind, error, trace))
