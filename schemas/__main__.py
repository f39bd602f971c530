"""Writes the JSON Schema of each notification type beside this file; a test fails where a file is stale."""

import json
from pathlib import Path

from schemas.notifications import TYPES, schema_id

FOLDER = Path(__file__).parent / "json"


def generate() -> dict[str, str]:
    """The text of every generated file, by its name."""
    return {f"{name}.json": _document(name) for name in TYPES}


def _document(name: str) -> str:
    schema = TYPES[name].model_json_schema(mode="serialization")
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_id(name)} | schema
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write what is generated and remove what is no longer."""
    FOLDER.mkdir(exist_ok=True)
    files = generate()
    for stale in {path.name for path in FOLDER.glob("*.json")} - files.keys():
        (FOLDER / stale).unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
