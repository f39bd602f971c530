"""The workloads among rendered objects: their pods, and the environment that each container starts with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.deploy.manifests import Object
from worker import settings

SECRETS = {f"{settings.PREFIX}{name.upper()}" for name in settings.SECRETS}
# What a secret's file might hold, where anything would not do.
CONTENT = {"CAPITAL_STRIPE_API_KEY": "rk_live_1", "CAPITAL_DATABASE_URL": "postgresql://worker@postgres/capital"}


@dataclass(frozen=True)
class Workload:
    """One pod template, by the name of what makes its pods."""

    kind: str
    name: str
    pod: Mapping[str, Any]
    labels: Mapping[str, str]

    @property
    def container(self) -> Mapping[str, Any]:
        """The one container."""
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def role(self) -> str:
        """The command it runs."""
        return str(self.container["args"][0])

    @property
    def files(self) -> set[str]:
        """Every file that its secrets bring, by path."""
        (mount,) = self.container["volumeMounts"]
        (volume,) = self.pod["volumes"]
        items = [item for source in volume["projected"]["sources"] for item in source["secret"]["items"]]
        return {f"{mount['mountPath']}/{item['path']}" for item in items}


def workloads(objects: Sequence[Object]) -> Sequence[Workload]:
    """Everything that makes pods."""
    return [
        Workload(one["kind"], one["metadata"]["name"], template["spec"], template["metadata"]["labels"])
        for one in objects
        for template in _templates(one)
    ]


def _templates(one: Object) -> Iterator[Mapping[str, Any]]:
    match one["kind"]:
        case "Deployment" | "StatefulSet" | "Job":
            yield one["spec"]["template"]
        case "CronJob":
            yield one["spec"]["jobTemplate"]["spec"]["template"]
        case _:
            return


def environment(objects: Sequence[Object], workload: Workload) -> dict[str, str]:
    """What its container starts with, read from the ConfigMaps as the cluster would read them."""
    maps = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    found: dict[str, str] = {}
    for source in workload.container["envFrom"]:
        found |= maps[source["configMapRef"]["name"]]
    for variable in workload.container.get("env", ()):
        # A field of the pod has some value.
        found[variable["name"]] = variable.get("value", "a-field-of-the-pod")
    return found


def opened(environ: Mapping[str, str]) -> dict[str, str]:
    """The same with each secret's content in the place of its file's path."""
    found = {name: value for name, value in environ.items() if name.removesuffix("_FILE") not in SECRETS}
    secrets = {name.removesuffix("_FILE") for name in environ} & SECRETS
    return found | {name: CONTENT.get(name, "a-secret") for name in secrets}
