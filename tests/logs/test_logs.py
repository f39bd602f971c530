import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from textwrap import dedent

import pytest
import structlog

from worker import logs
from worker.settings import Settings

FORMATS = ("json", "console")
SECRET = "whsec_confidential"
INJECTED = 'acct_1\n2026-01-01 [error] forged\r\x1b[2J\x85\u2028\u202e\x00"'


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator["Printed"]:
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    try:
        yield Printed(capfd)
    finally:
        root.handlers[:], root.level, sys.excepthook = handlers, level, hook
        structlog.reset_defaults()


class Printed:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def configure(self, log_format: str) -> None:
        logs.configure(Settings(log_format=log_format))

    def text(self) -> str:
        return self._capfd.readouterr().err


def broken(payload: str) -> None:
    try:
        os.environ[payload]
    except KeyError as error:
        raise ExceptionGroup(payload, [ValueError(payload)]) from error


@pytest.mark.parametrize("log_format", FORMATS)
def test_an_identifier_from_outside_makes_no_line_and_steers_no_terminal(printed: Printed, log_format: str) -> None:
    printed.configure(log_format)
    structlog.get_logger().warning("lookup.given_up", account=INJECTED, other=[INJECTED])
    logging.getLogger("library").error("failed for %s", INJECTED)
    lines = printed.text().split("\n")
    assert [line.isprintable() for line in lines] == [True] * 3
    assert lines[2] == ""


def test_an_identifier_can_be_read_back_from_a_line_of_json(printed: Printed) -> None:
    printed.configure("json")
    structlog.get_logger().warning("lookup.given_up", account="acct_é")
    assert json.loads(printed.text())["account"] == "acct_é"


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_failure_is_told_by_its_place_and_kind_and_never_by_its_message(printed: Printed, log_format: str) -> None:
    printed.configure(log_format)
    try:
        broken(SECRET)
    except ExceptionGroup:
        structlog.get_logger().exception("webhook.failed")
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    text = printed.text()
    assert SECRET not in text
    for told in ("Traceback", "test_logs.py", "in broken", "KeyError", "which led to", "ExceptionGroup", "ValueError"):
        assert text.count(told) >= 2, told


def test_kafka_s_client_is_not_heard_again_for_a_while_and_then_says_how_often_it_was_not(
    printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed.configure("json")

    def complain(times: int) -> None:
        for number in range(times):
            logging.getLogger("aiokafka.client").warning("Unable to connect to node %d", number)

    complain(50)
    logging.getLogger("aiokafka.client").warning("another line of its code")
    monkeypatch.setattr(logs, "REPEATED_SECONDS", 0)
    complain(2)
    assert [json.loads(line)["event"] for line in printed.text().splitlines()] == [
        "Unable to connect to node 0",
        "another line of its code",
        "Unable to connect to node 0 (49 more like it before)",
        "Unable to connect to node 1",
    ]


def test_nobody_else_is_kept_from_repeating_himself(printed: Printed) -> None:
    printed.configure("json")
    for _ in range(3):
        logging.getLogger("asyncio").error("Task exception was never retrieved")
        structlog.get_logger().warning("lane.interrupted")
    assert len(printed.text().splitlines()) == 6


def test_what_a_library_logs_is_one_line_of_json_as_well(printed: Printed) -> None:
    printed.configure("json")
    logging.getLogger("library").error("two\nlines")
    line = json.loads(printed.text())
    assert (line["level"], line["event"]) == ("error", r"two\nlines")


@pytest.mark.parametrize("log_format", FORMATS)
def test_the_last_words_of_a_process_quote_nothing_either(log_format: str) -> None:
    program = f"""
        from worker import logs
        from worker.settings import Settings
        logs.configure(Settings(log_format={log_format!r}))
        raise ValueError({SECRET!r})
    """
    ended = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "process.failed" in ended.stderr
    assert "ValueError" in ended.stderr
    assert SECRET not in ended.stderr
