"""Writes what an environment consists of, as a CycloneDX 1.6 document: every package with its version and licence.

Run by the image's build with the Python it describes; the base image's own packages are that image's to list.
"""

import json
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from typing import Any
from uuid import NAMESPACE_URL, uuid5

NAME = "capital-worker"


def main() -> None:
    """Write the document of this interpreter's environment to standard output."""
    found = {_name(one): one for one in distributions()}
    itself = found.pop(NAME)
    components = [_component(one, "library") for _, one in sorted(found.items())]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # The same packages, the same number: a build can be compared with the one before.
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {"component": _component(itself, "application")},
        "components": components,
    }
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _name(distribution: Distribution) -> str:
    """The name as package addresses write it."""
    return distribution.metadata["Name"].lower().replace("_", "-").replace(".", "-")


def _component(distribution: Distribution, kind: str) -> Mapping[str, Any]:
    name, version = _name(distribution), distribution.version
    purl = f"pkg:pypi/{name}@{version}"
    component = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    licence = _licence(distribution)
    return component | ({"licenses": [licence]} if licence else {})


def _licence(distribution: Distribution) -> Mapping[str, Any] | None:
    """The licence as the package states it: an SPDX expression where it is one, else its name."""
    expression = distribution.metadata.get("License-Expression")
    if expression:
        return {"expression": expression}
    classifiers = distribution.metadata.get_all("Classifier") or []
    named = [line.rsplit(" :: ", 1)[1] for line in classifiers if line.startswith("License :: ")]
    text = named[0] if named else (distribution.metadata.get("License") or "").strip().partition("\n")[0]
    return {"license": {"name": text}} if text else None


if __name__ == "__main__":
    main()
