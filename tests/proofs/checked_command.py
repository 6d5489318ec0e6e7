"""A tap's command, run inside this process, whose every run is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bizon_singer.tap import SourceTap
from bizon_singer.testing import check
from tests.commands.process import write
from tests.process.commands import Finished
from tests.process.inside import run_inside


class CheckedCommand:
    """A command line of one config and one catalog; each run keeps the rules of a recording.

    Args:
        tap_class: The tap.
        folder: For its files.
        settings: Its config.
        catalog: Its catalog.
        secrets: What must not be seen of any run.
    """

    def __init__(
        self,
        tap_class: type[SourceTap],
        folder: Path,
        settings: Mapping[str, Any],
        catalog: Mapping[str, Any],
        secrets: Iterable[str],
    ) -> None:
        """Write the files."""
        self._tap_class = tap_class
        self._folder = folder
        self._secrets = list(secrets)
        files = {"config": dict(settings), "catalog": dict(catalog)}
        self._files = [
            argument
            for name, value in files.items()
            for argument in (f"--{name}", write(folder / f"{name}.json", value))
        ]

    def __call__(self, state: Any = None) -> Finished:
        """Run to the end, from a STATE."""
        given = [] if state is None else ["--state", write(self._folder / "state.json", state)]
        name = self._tap_class.name
        done = run_inside(lambda _: self._tap_class, *self._files, *given, name=name)
        assert check(done.stdout, secrets=self._secrets, initial_state=state) == []
        assert [secret for secret in self._secrets if secret in done.stderr] == []
        assert "Traceback" not in done.stderr
        return done
