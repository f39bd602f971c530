"""Logging: structured lines with dotted past-tense names; never a payload, never a secret."""

import logging
import sys

import structlog

from worker.settings import Settings


def configure(settings: Settings) -> None:
    """Send every log line, the libraries' included, to standard error in the chosen format."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        # Its default shows the value of every variable on the stack: payloads and secrets.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    if settings.log_format == "json":
        last.insert(0, structlog.processors.format_exc_info)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=shared))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    # A 4.x broker verifies the partition for an older client and the client calls its retry an error;
    # harmless, and at one line a transaction it would drown the log (counted as produce latency instead).
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.CRITICAL)
    # Its pool logs a stack trace for each connection it cannot restore; the same trouble is raised to whoever asks.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
