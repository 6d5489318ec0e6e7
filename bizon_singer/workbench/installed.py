"""The taps that are installed, found by their entry points: none of them is known by name.

A package adds a tap by one line of its pyproject.toml::

    [project.entry-points."bizon_singer.taps"]
    quakes = "my_package.tap:TapQuakes"     # a bizon_singer.tap.SourceTap
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from bizon_singer.errors import BizonSingerError, UsageError
from bizon_singer.redact import excerpt, one_line
from bizon_singer.tap import SourceTap

GROUP = "bizon_singer.taps"
SHOWN_CHARACTERS = 200


class UnavailableTapError(UsageError):
    """An installed tap cannot be imported, or is none."""


@dataclass(frozen=True)
class InstalledTap:
    """A tap some package has registered.

    Attributes:
        entry: Its entry point.
    """

    entry: EntryPoint

    @property
    def name(self) -> str:
        """What its source is called."""
        return self.entry.name

    @property
    def package(self) -> str:
        """The package that brings it."""
        return self.entry.dist.name if self.entry.dist is not None else "an unknown package"

    def load(self) -> type[SourceTap]:
        """Import the tap.

        Raises:
            UnavailableTapError: It cannot be imported, or is no ``SourceTap``.
        """
        try:
            tap_class = self.entry.load()
        except ModuleNotFoundError as error:
            raise UnavailableTapError(
                f"source {self.name!r} needs the module {error.name}, which is not installed; "
                f"{self._remedy()}"
            ) from error
        except BizonSingerError as error:
            raise UnavailableTapError(f"source {self.name!r} is not available: {error}") from error
        except Exception as error:
            text = one_line(excerpt(str(error), SHOWN_CHARACTERS))
            raise UnavailableTapError(
                f"source {self.name!r} of {self.package} cannot be imported "
                f"({type(error).__name__}: {text}); tell those who make it"
            ) from error
        if not (isinstance(tap_class, type) and issubclass(tap_class, SourceTap)):
            raise UnavailableTapError(
                f"source {self.name!r} of {self.package} leads to no SourceTap; tell those who "
                "make it"
            )
        return tap_class

    def _remedy(self) -> str:
        extras = self.entry.dist.metadata.get_all("Provides-Extra") if self.entry.dist else None
        if self.name in (extras or ()):
            return f"pip install '{self.package}[{self.name}]'"
        return "install it"


def installed_taps() -> dict[str, InstalledTap]:
    """Return the taps by name; of two of one name, the first by package counts."""
    found = [InstalledTap(entry) for entry in entry_points(group=GROUP)]
    taps: dict[str, InstalledTap] = {}
    for tap in sorted(found, key=lambda tap: (tap.name, tap.package)):
        taps.setdefault(tap.name, tap)
    return taps
