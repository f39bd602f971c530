"""Observations decoded: what the lookup role put on the topic, as facts for the rules."""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.records import FailedRecord, OfferAnswerRecord, SummaryAnswerRecord, SurveyRecord
from schemas.stripe_objects import OfferObject
from worker.consumer.facts import proven_in, snapshot_of, summary_of
from worker.rules.facts import Fact, LookupFailed, Observed, OfferAnswered, SummaryAnswered, SurveyAnswered
from worker.rules.statuses import milestone_of

Answer = tuple[Fact, int]


def survey(value: bytes, identity: str, at: int) -> Answer:
    """One chunk of a survey, and its `created` in seconds."""
    record = SurveyRecord.model_validate_json(value)
    chunk = record.data.object
    offers = tuple(_observed(offer, at, identity) for offer in chunk.offers)
    fact = SurveyAnswered(chunk.survey, chunk.due, chunk.chunk, chunk.of, chunk.country, offers)
    return fact, record.created


def offer(value: bytes, identity: str, at: int) -> Answer:
    """The answer about one offer."""
    record = OfferAnswerRecord.model_validate_json(value)
    answer = record.data.object
    shown = None if answer.shown is None else _observed(answer.shown, at, identity)
    return OfferAnswered(answer.offer, answer.due, shown, answer.announces), record.created


def summary(value: bytes, _identity: str, _at: int) -> Answer:
    """The answer about an account's summary."""
    record = SummaryAnswerRecord.model_validate_json(value)
    answer = record.data.object
    shown = None if answer.shown is None else summary_of(answer.shown)
    return SummaryAnswered(answer.due, shown), record.created


def failed(value: bytes, _identity: str, _at: int) -> Answer:
    """A question that was given up."""
    record = FailedRecord.model_validate_json(value)
    failure = record.data.object
    return LookupFailed(failure.kind, failure.subject, failure.due), record.created


def _observed(shown: OfferObject, at: int, identity: str) -> Observed:
    """An offer as the API showed it; `at` is the record's own time in seconds, to rank the snapshot by."""
    snapshot = snapshot_of(shown, at, identity)
    return Observed(snapshot, milestone_of(shown.status), proven_in(shown.status, snapshot))


READERS: Final[Mapping[str, Callable[[bytes, str, int], Answer]]] = {
    "capital.observation.survey": survey,
    "capital.observation.offer": offer,
    "capital.observation.summary": summary,
    "capital.observation.failed": failed,
}
