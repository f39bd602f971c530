"""Refusals: what the simulated API says no to, and with which of Stripe's errors; never a trouble of its own making."""

from worker.simulator.api_answer import ApiAnswer, refused


class Refused(Exception):  # noqa: N818 - named for what happened
    """The request is answered with an error."""

    def __init__(self, status: int, message: str, **details: str) -> None:
        super().__init__(message)
        self.answer: ApiAnswer = refused(status, message, **details)


def invalid(parameter: str, message: str) -> Refused:
    """A parameter that cannot be."""
    return Refused(400, message, code="parameter_invalid", param=parameter)


def unknown_parameter(parameter: str) -> Refused:
    """A parameter the endpoint does not have: Stripe does not pass it over."""
    return Refused(400, f"Received unknown parameter: {parameter}", code="parameter_unknown", param=parameter)


def no_such(what: str, object_id: str, *, parameter: str = "id", status: int = 404) -> Refused:
    """An object that does not exist in this mode, or not yet."""
    return Refused(status, f"No such {what}: '{object_id}'", code="resource_missing", param=parameter)


def no_such_path(method: str, path: str) -> Refused:
    """A URL that is no endpoint."""
    return Refused(404, f"Unrecognized request URL ({method}: {path}).")


def no_access(account: str) -> Refused:
    """An account that is not, or no longer, connected to the platform."""
    message = f"The provided key has no access to account '{account}'. Application access may have been revoked."
    return Refused(403, message, code="account_invalid")


def no_account_named() -> Refused:
    """A question about a connected account that names none: Stripe would answer for the platform, which nobody asks."""
    return Refused(400, "This request must name a connected account in the Stripe-Account header.")


def bad_key() -> Refused:
    """A key that is missing or none of Stripe's."""
    return Refused(401, "Invalid API Key provided")


def not_in_this_version(version: str | None) -> Refused:
    """An endpoint that only preview versions of the API have."""
    return Refused(400, f"This endpoint needs a preview version in Stripe-Version, not {version or 'the default'}.")
