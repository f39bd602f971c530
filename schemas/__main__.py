"""Writes what is generated from the models: JSON Schemas, the AsyncAPI document, and the page that shows it.

`python -m schemas` writes them; a test fails where one is stale. `python -m schemas release` keeps the notifications'
schemas as the released ones, from which later releases may take nothing away.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from schemas.asyncapi import document
from schemas.contract import documents
from schemas.notifications import TYPES
from schemas.page import page

FOLDER = Path(__file__).parent
JSON = FOLDER / "json"
RELEASED = FOLDER / "released"
EXAMPLES = FOLDER / "examples"
ASYNCAPI = FOLDER / "asyncapi.json"
PAGE = FOLDER.parent / "docs" / "contract.md"


def generate() -> Mapping[Path, str]:
    """The text of every generated file, by its path."""
    examples = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES.glob("*.json")}
    contract = document(examples)
    schemas = {JSON / f"{name}.json": _text(schema) for name, schema in documents().items()}
    return schemas | {ASYNCAPI: _text(contract), PAGE: page(contract)}


def _text(generated: object) -> str:
    return json.dumps(generated, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write what is generated and remove what is no longer."""
    JSON.mkdir(exist_ok=True)
    files = generate()
    for stale in set(JSON.glob("*.json")) - files.keys():
        stale.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


def release() -> None:
    """Keep the present schemas of the notifications as the released ones."""
    RELEASED.mkdir(exist_ok=True)
    for name in TYPES:
        (RELEASED / f"{name}.json").write_bytes((JSON / f"{name}.json").read_bytes())


if __name__ == "__main__":
    release() if sys.argv[1:] == ["release"] else main()
