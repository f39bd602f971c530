import pytest
import stripe


@pytest.fixture(autouse=True)
def stripe_stays_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's package writes no id into the home directory, and reaches this machine past any proxy."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
