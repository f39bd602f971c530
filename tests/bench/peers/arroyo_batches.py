"""Sentry's Arroyo: its batching step collects 500 events, one transaction writes them, then offsets are committed."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from arroyo.backends.kafka import KafkaConsumer
from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration
from arroyo.processing import StreamProcessor
from arroyo.processing.strategies import BatchStep, CommitOffsets, RunTask
from arroyo.types import Topic

from tests.bench.peers import work

BATCH_SECONDS = 0.1
NUMBERED = {f"${number}": "%s" for number in range(16, 0, -1)}


def _positional(statement: str) -> str:
    for number, mark in NUMBERED.items():
        statement = statement.replace(number, mark)
    return statement


INBOX, UPSERT, OUTBOX = map(_positional, (work.INBOX, work.UPSERT, work.OUTBOX))


def parse(message: Any) -> work.Arrival:  # noqa: ANN401 - the library is used without its types
    """One record as an event."""
    value = message.value
    return work.parsed(value.payload.value, value.partition.index, value.offset)


class Writer:
    """Writes a batch of messages in one transaction."""

    def __init__(self, place: work.Place) -> None:
        self._connection = psycopg.connect(place.database, options=f"-c search_path={place.schema}", autocommit=True)

    def __call__(self, message: Any) -> None:  # noqa: ANN401 - the library is used without its types
        arrivals = [value.payload for value in message.payload]
        first = work.once(arrivals)
        inbox = [work.inbox_row(arrival.event) for arrival in first.values()]
        with self._connection.transaction(), self._connection.cursor(binary=True) as cursor:
            cursor.execute(INBOX, work.columns(inbox))
            new = {row[0] for row in cursor.fetchall()}
            fresh = [arrival for identity, arrival in first.items() if identity in new]
            offers = work.strongest([arrival.event for arrival in fresh if arrival.event.milestone])
            if offers:
                cursor.execute(UPSERT, work.columns([work.offer_row(event) for event in offers]))
            if fresh:
                cursor.execute(OUTBOX, work.columns([work.told_row(work.told(arrival)) for arrival in fresh]))


class Factory:
    """Makes the steps anew for each assignment."""

    def __init__(self, place: work.Place) -> None:
        self._writer = Writer(place)

    def create_with_partitions(self, commit: Callable[..., None], _partitions: Mapping[Any, int]) -> Any:  # noqa: ANN401 - the library is used without its types
        """Parse, batch, write, commit."""
        write: Any = RunTask(self._writer, CommitOffsets(commit))
        return RunTask(parse, BatchStep(work.BATCH, BATCH_SECONDS, write))

    def shutdown(self) -> None:
        """Nothing is kept between batches."""


def main() -> None:
    """Run until killed."""
    place = work.Place.given()
    configuration = build_kafka_consumer_configuration(
        {}, group_id=place.group, auto_offset_reset="earliest", bootstrap_servers=[place.bootstrap]
    )
    factory: Any = Factory(place)
    StreamProcessor(KafkaConsumer(configuration), Topic(place.topic), factory).run()


if __name__ == "__main__":
    main()
