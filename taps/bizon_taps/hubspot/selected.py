"""Which properties of an object the settings select.

One list of names may stand for all objects, so each object reads those of them that it has. A name
that none has is a mistake, and is refused with the one that is nearest to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from bizon_singer.config_errors import nearest
from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_taps.hubspot.config import PropertiesConfig, PropertiesStrategy
from bizon_taps.hubspot.crm_objects import STANDARD, CrmObject
from bizon_taps.hubspot.portal import MissingScopeError, Portal, why_not
from bizon_taps.hubspot.properties import Property, fetch_properties
from bizon_taps.hubspot.rows import fetch_custom_objects

SHOWN_CHARACTERS = 80


def chosen(properties: Sequence[Property], wanted: PropertiesConfig) -> list[Property]:
    """Return the properties of an object that are selected."""
    if wanted.strategy is PropertiesStrategy.ALL:
        return list(properties)
    known = {item.name: item for item in properties}
    return [known[name] for name in dict.fromkeys(wanted.selected_properties) if name in known]


def refuse_unknown(
    portal: Portal, properties: Sequence[Property], wanted: PropertiesConfig, stream: str
) -> None:
    """Refuse a selected name that neither an object nor any other has.

    The others are asked only while there are names they may have, the most common ones first.

    Raises:
        ConfigError: There is one.
    """
    known = {item.name for item in properties}
    left = set(wanted.selected_properties) - known
    others = _every_object(portal)
    while left and (other := next(others, None)) is not None:
        left -= _names_of(portal, other)
    for name in wanted.selected_properties:
        if name in left:
            raise unknown(name, known, f"is no property of {stream}")


def _every_object(portal: Portal) -> Iterator[CrmObject]:
    yield from STANDARD.values()
    with suppress(MissingScopeError):
        yield from fetch_custom_objects(portal)


def _names_of(portal: Portal, kind: CrmObject) -> set[str]:
    """Return the names of an object's properties, none if it cannot be read."""
    found: set[str] = set()
    why_not(lambda: found.update(item.name for item in fetch_properties(portal, kind.path)))
    return found


def unknown(name: str, known: Iterable[str], what: str) -> ConfigError:
    """Return the error of a name that is selected and not known."""
    return ConfigError(
        f"setting `properties.selected_properties` names {excerpt(name, SHOWN_CHARACTERS)!r}, "
        f"which {what}{nearest(name, known)}"
    )
