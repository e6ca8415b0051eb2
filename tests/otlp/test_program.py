"""`montauk events --otlp`, with a receiver that reads by the official protos."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from montauk_tui.export.otlp.sender import Limits
from montauk_tui.model.sample import Counters
from tests.cli.conftest import Command, Install, here, install, no_settings
from tests.otlp import receiver as fake
from tests.otlp.receiver import attributes, html, receiving
from tests.support.patience import MOST_S, until
from tests.support.stream import END, LIFE, Made, sample_of

__all__ = ["here", "install", "no_settings"]

CREDENTIALS = "OTEL_EXPORTER_OTLP_HEADERS"


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the variables of who runs the tests alone."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def events(here: Command, install: Install) -> Callable[..., Any]:
    """Run the command on a life and an end, made by hand."""

    def run(*arguments: str, samples: Sequence[Any] = ()) -> Any:
        life = samples or [sample_of(LIFE), sample_of([], [END], after_s=1e9)]
        install(Made("kernel", *life))
        return here("events", *arguments, "--duration", "1")

    return run


@pytest.mark.parametrize("options", [[], ["--otlp-protobuf"]])
def test_exits_and_execs_are_sent(
    events: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setenv(CREDENTIALS, "Authorization=Bearer%20abc")
    there = fake.Receiver()
    with receiving(there) as url:
        result = events("--otlp", url, *options)
    assert (result.code, result.out) == (0, "")
    assert result.err.splitlines()[-1] == "2 records sent"
    assert [it.event_name for it in there.records] == [
        "montauk.process.exec", "montauk.process.exit",
    ]  # fmt: skip
    found = attributes(there.records[1].attributes)
    assert found["process.pid"] == 42
    assert found["process.command_args"] == ["/bin/true", "a b"]
    # The two may come together, or each on its own where the machine is slow.
    request = there.requests[-1]
    assert request.path == "/v1/logs"
    assert request.headers["authorization"] == "Bearer abc"
    assert request.headers["content-encoding"] == "gzip"
    (logs,) = request.message.resource_logs
    about = attributes(logs.resource.attributes)
    assert (about["service.name"], about["host.name"]) == ("montauk", "testhost")


def test_the_filter_applies_and_arguments_may_be_left_out(
    events: Callable[..., Any],
) -> None:
    there = fake.Receiver()
    with receiving(there) as url:
        events("--otlp", url, "-x", "--no-arguments")
    (record,) = there.records
    assert record.event_name == "montauk.process.exit"
    assert "process.command_args" not in attributes(record.attributes)


def test_what_the_collector_lost_is_sent(events: Callable[..., Any]) -> None:
    there = fake.Receiver()
    last = sample_of([], [END], after_s=1e9, counters=Counters(1, 1, 5, lost=4))
    with receiving(there) as url:
        result = events("--otlp", url, samples=[sample_of(LIFE), last])
    lost = [it for it in there.records if it.event_name == "montauk.events.lost"]
    assert [attributes(it.attributes) for it in lost] == [
        {"montauk.lost.where": "collector", "montauk.lost.count": 4}
    ]
    assert "4 lost" in result.err


def test_a_receiver_that_comes_late_gets_all(
    events: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses connections, then answers 503 and 429, then it is there."""
    quick = Limits(batch_s=0.0, first_s=0.01, most_s=0.02, flush_s=MOST_S)
    monkeypatch.setattr("montauk_tui.export.otlp.sender.Limits", lambda: quick)
    busy = html(503, ("Retry-After", "0"))
    there = fake.Receiver(busy, html(429), html(503), busy)
    with receiving(there) as url:
        result = events("--otlp", url)
    assert len(there.records) == 2
    assert there.asked >= 5
    assert result.err.splitlines()[-1] == "2 records sent"
    assert "it answers 503 Service Unavailable; it is tried again" in result.err


def test_without_a_receiver_the_end_says_what_was_dropped(
    events: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = Limits(batch_s=0.0, first_s=0.01, most_s=0.02, flush_s=0.05)
    monkeypatch.setattr("montauk_tui.export.otlp.sender.Limits", lambda: quick)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = events("--otlp", f"http://127.0.0.1:{port}")
    assert result.code == 1
    last = result.err.splitlines()[-1]
    assert last == "0 records sent, 2 dropped: not sent in time at the end"


@pytest.mark.parametrize(("answers", "code"), [((), 0), ((html(400),), 1)])
def test_the_exit_code_says_whether_all_was_taken(
    events: Callable[..., Any], answers: tuple[Any, ...], code: int
) -> None:
    with receiving(fake.Receiver(*answers)) as url:
        result = events("--otlp", url)
    assert result.code == code
    assert ("dropped" in result.err) == bool(code)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--otlp", "nowhere"], "--otlp: 'nowhere' is not a URL"),
        (["--otlp", "http://h", "--json"], "not allowed with argument"),
        (["--otlp-protobuf"], "--otlp-protobuf requires --otlp"),
        (["--no-arguments"], "--no-arguments requires --otlp"),
        (
            ["--otlp", "http://localhost", "--filter", "cpu > 1"],
            "an event has no cpu_pct",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    here: Command,
    arguments: list[str],
    line: str,
) -> None:
    result = here("events", *arguments)
    assert result.code == 2
    assert line in result.complaint


def test_without_the_extra_protobuf_is_refused(
    here: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "google.protobuf.message", None)
    monkeypatch.delitem(sys.modules, "montauk_tui.export.otlp.protobuf", raising=False)
    result = here("events", "--otlp", "http://localhost", "--otlp-protobuf")
    assert result.code == 2
    assert "pip install 'montauk-tui[otlp]'" in result.complaint


# Whoever started the tests may have had SIGINT ignored.
FAKED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from montauk_tui import cli
from montauk_tui.collectors import registry
from tests.support.stream import LIFE, END, Made, sample_of
made = Made("kernel")
made.sample = lambda needs: sample_of(LIFE, [END])
registry.names = lambda: ["kernel"]
registry.load = lambda name: made
sys.exit(cli.main(["events", "--otlp", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_nothing_is_lost(number: signal.Signals) -> None:
    there = fake.Receiver()
    with (
        receiving(there) as url,
        subprocess.Popen(
            [sys.executable, "-c", FAKED, url],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        ) as program,
    ):  # fmt: skip
        try:
            until(lambda: there.records)
            program.send_signal(number)
            _, err = program.communicate(timeout=MOST_S)
        finally:
            program.kill()
    assert program.returncode == 0
    sent = int(err.splitlines()[-1].removesuffix(" records sent").replace(",", ""))
    assert len(there.records) == sent > 0
    assert sent % 2 == 0


def test_the_command_without_it_loads_no_http() -> None:
    script = "import sys; import montauk_tui.cli.events; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {
        "http.client",
        "ssl",
        "gzip",
        "google.protobuf",
        "opentelemetry",
    }
