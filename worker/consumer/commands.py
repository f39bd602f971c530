"""Commands: what an operator asks of an account's lane, as records on the same topic as everything else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from schemas.records import CommandRecord, RebuildRecord, ToldLink, ToldObject
from worker.consumer.facts import summary_of
from worker.ports import AccountKey, Headers
from worker.rules.retelling import Told
from worker.rules.state import Link, Withholding

REDRIVE: Final = "capital.command.redrive"
DISCARD: Final = "capital.command.discard"
REBUILD: Final = "capital.command.rebuild"
TYPES: Final = frozenset({REDRIVE, DISCARD, REBUILD})


@dataclass(frozen=True, slots=True)
class CommandToAppend:
    """A command ready to be appended, and the id it will be known by."""

    id: str
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Redrive:
    """Apply what is parked, in order; first drop the record at offset `discarded`, if it is the one that blocks."""

    discarded: int | None
    created: int


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Decide an account anew from its records, whose state has this digest; go on from `told`, and tell the owed."""

    digest: str
    told: Told
    owed: Sequence[str]
    created: int


Command = Redrive | Rebuild


def command_record(kind: str, key: AccountKey, asked: Mapping[str, object], created: int) -> CommandToAppend:
    """The record of a new command about an account, made at `created` (seconds), for the events topic."""
    livemode, account = key
    identity = f"cmd_{uuid4().hex}"
    body = {
        "id": identity,
        "type": kind,
        "created": created,
        "livemode": livemode,
        "account": account,
        "data": {"object": asked},
    }
    headers = {"ce_specversion": "1.0", "ce_id": identity, "ce_type": kind, "ce_source": "/capital-worker/operator"}
    encoded = tuple((name, value.encode()) for name, value in headers.items())
    return CommandToAppend(identity, account.encode(), json.dumps(body).encode(), encoded)


def read_command(value: bytes, command_type: str) -> Command:
    """A command from its record; raises what pydantic raises."""
    if command_type == REBUILD:
        rebuild = RebuildRecord.model_validate_json(value)
        asked = rebuild.data.object
        return Rebuild(asked.digest, told_of(asked.told), tuple(asked.owed), rebuild.created)
    record = CommandRecord.model_validate_json(value)
    return Redrive(record.data.object.record_offset if command_type == DISCARD else None, record.created)


def told_of(told: ToldObject) -> Told:
    """What downstream was told, as the rules go on from it."""
    return Told(
        sequence=told.sequence,
        links={link.refill: (_link(link), link.revision) for link in told.links},
        withholding=None if told.withholding is None else Withholding(told.withholding.offer, told.withholding.rate),
        withholding_revision=told.withholding_revision,
        summary=None if told.summary is None else summary_of(told.summary),
        summary_revision=told.summary_revision,
        foretold=frozenset(told.foretold),
    )


def _link(told: ToldLink) -> Link | None:
    """A link that was withdrawn names nothing."""
    if told.original is None or told.method is None or told.confidence is None:
        return None
    return Link(told.original, told.method, told.confidence)
