"""What Kustomize makes of the manifests is what clusters accept, and says of roles and settings what the code says."""

import jsonschema
import kubernetes_validate
import pytest

from tests.deploy.manifests import COMPONENTS, DIGEST, OVERLAYS, Object, digest, rendered
from tests.deploy.shapes import SPECS
from tests.deploy.workloads import Workload, environment, opened, workloads
from worker.cli.commands import run
from worker.settings import Settings, load, roles

PLACES = ["base", *OVERLAYS]
EVERYTHING = [(name, one) for name in [*PLACES, *COMPONENTS] for one in rendered(name)]
WORKLOADS = [(place, workload) for place in PLACES for workload in workloads(rendered(place))]
COMMANDS = {tuple(workload.container["args"]) for _, workload in WORKLOADS}
# The oldest that is promised, and the newest there is.
KUBERNETES = ["1.30", kubernetes_validate.latest_version()]


def named(value: object) -> str | None:
    match value:
        case Workload(kind=kind, name=name):
            return f"{kind}-{name}"
        case {"kind": kind, "metadata": {"name": name}}:
            return f"{kind}-{name}"
        case _:
            return None


def settings_of(place: str, workload: Workload) -> Settings:
    environ = opened(environment(rendered(place), workload))
    return load(next(role for role in roles() if role == workload.role), environ)


def test_what_is_rendered_is_what_the_manifests_say() -> None:
    assert DIGEST.read_text() == digest(), "run `make manifests`"


@pytest.mark.parametrize(("place", "one"), EVERYTHING, ids=named)
def test_every_object_is_valid_by_its_schema(place: str, one: Object) -> None:
    custom = SPECS.get((one["apiVersion"], one["kind"]))
    if custom is not None:
        assert one.keys() == {"apiVersion", "kind", "metadata", "spec"}
        jsonschema.validate(one["spec"], dict(custom))
        return
    for version in KUBERNETES:
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_adds_something_to_the_base_and_is_used_somewhere(name: str) -> None:
    kinds = {(one["kind"], one["metadata"]["name"]) for one in rendered(name)}
    assert kinds - {(one["kind"], one["metadata"]["name"]) for one in rendered("base")}
    assert any(kinds <= {(one["kind"], one["metadata"]["name"]) for one in rendered(overlay)} for overlay in OVERLAYS)


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_each_is_given_settings_that_its_role_accepts_and_every_file_they_name(place: str, workload: Workload) -> None:
    environ = environment(rendered(place), workload)
    assert {value for name, value in environ.items() if name.endswith("_FILE")} <= workload.files
    settings_of(place, workload)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_exists(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    assert command[0] in capsys.readouterr().out


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_each_listens_where_its_settings_say(place: str, workload: Workload) -> None:
    settings = settings_of(place, workload)
    ports = {port["name"]: port["containerPort"] for port in workload.container.get("ports", ())}
    health = {"health": settings.health_port}
    listening = {"ingress": {"http": settings.ingress_port}, "consume": health, "lookup": health}
    assert ports == listening.get(workload.role, {})
    if ports:
        assert "0.0.0.0" in {settings.ingress_host, settings.health_host}


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_what_runs_on_is_asked_whether_it_lives_and_is_ready(place: str, workload: Workload) -> None:
    if workload.kind not in {"Deployment", "StatefulSet"}:
        return
    (port,) = workload.container["ports"]
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        assert workload.container[probe]["httpGet"] == {"path": path, "port": port["name"]}


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_each_has_longer_to_end_than_it_takes_to_drain(place: str, workload: Workload) -> None:
    if workload.kind not in {"Deployment", "StatefulSet"}:
        return
    pause = workload.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    # After draining, clients are let go of: Kafka's 5 s, the pool's 10 s.
    closing = 15
    assert workload.pod["terminationGracePeriodSeconds"] > pause + settings_of(place, workload).drain_seconds + closing


def test_each_consumer_has_a_name_in_the_group_that_outlives_it() -> None:
    for place, workload in WORKLOADS:
        if workload.role == "consume":
            assert workload.kind == "StatefulSet", place
            assert {
                "name": "CAPITAL_GROUP_INSTANCE_ID",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
            } in workload.container["env"]
