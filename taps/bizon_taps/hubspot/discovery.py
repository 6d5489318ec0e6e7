"""The streams of an account: what it has, what the token may read, and which properties there are.

Each object costs two requests, its properties and one record: a token may know the properties of
an object it cannot read. What is refused for a missing scope, or is not in the account's
subscription, is listed with the reason, and does not keep the others out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bizon_singer.config_errors import nearest
from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_singer.source.models import StreamDefinition
from bizon_singer.source.reply import HttpStatusError
from bizon_taps.hubspot import associations, history
from bizon_taps.hubspot.config import HubSpotSourceConfig
from bizon_taps.hubspot.crm_objects import STANDARD, CrmObject
from bizon_taps.hubspot.listings import (
    ACCOUNT_DETAILS,
    BY_NAME,
    FULL_TABLE,
    INCREMENTAL,
    LISTINGS,
    Listing,
    Parents,
)
from bizon_taps.hubspot.portal import MissingScopeError, Portal, results_of
from bizon_taps.hubspot.properties import Property, chosen, fetch_properties, object_schema
from bizon_taps.hubspot.rows import ABSENT, RowReader, fetch_custom_objects

logger = logging.getLogger(__name__)

WORKERS = 8
SHOWN_CHARACTERS = 80
DOCUMENTATION = "(CRM objects)"

Pair = tuple[CrmObject, CrmObject]


def object_definition(
    kind: CrmObject, properties: Iterable[Property] | None, unavailable: str | None = None
) -> StreamDefinition:
    """Return the stream of an object; without its properties, an open one."""
    return StreamDefinition(
        name=kind.name,
        schema=object_schema(properties),
        key_properties=("id",),
        replication_key="updatedAt",
        replication_method=INCREMENTAL,
        description=f"{kind.about} {DOCUMENTATION}",
        unavailable=unavailable,
    )


def history_definition(kind: CrmObject, unavailable: str | None = None) -> StreamDefinition:
    """Return the stream of what the properties of an object were."""
    return StreamDefinition(
        name=kind.name + history.SUFFIX,
        schema=history.SCHEMA,
        key_properties=history.KEYS,
        replication_method=INCREMENTAL,
        description=f"Every value the properties of {kind.name} have had. {DOCUMENTATION}",
        unavailable=unavailable,
    )


def association_definition(pair: Pair, unavailable: str | None = None) -> StreamDefinition:
    """Return the stream of the associations of a pair."""
    here, there = pair
    return StreamDefinition(
        name=associations.stream_of(pair),
        schema=associations.SCHEMA,
        key_properties=associations.KEYS,
        replication_method=FULL_TABLE,
        description=f"Associations of {here.name} with {there.name}, a row for each type. "
        "(Associations)",
        unavailable=unavailable,
    )


def static_definitions(config: HubSpotSourceConfig | None = None) -> list[StreamDefinition]:
    """Return what is known without asking: standard objects, and pairs and histories named."""
    found = [listing.definition() for listing in LISTINGS]
    found += [object_definition(kind, None) for kind in STANDARD.values()]
    if config is not None:
        known = dict(STANDARD)
        found += [history_definition(kind) for kind in _histories(config, known, strict=False)]
        if config.associations != "all":
            pairs = _named_pairs(config.associations, known, strict=False)
            found += [association_definition(pair) for pair in pairs]
    return found


class AccountDiscovery:
    """Asks an account for its streams.

    Args:
        portal: The account.
        config: The settings.
    """

    def __init__(self, portal: Portal, config: HubSpotSourceConfig) -> None:
        """Ask nothing yet."""
        self._portal = portal
        self._config = config
        self._known: set[str] = set()

    def definitions(self) -> list[StreamDefinition]:
        """Return all streams there are.

        Raises:
            ConfigError: A setting names an object there is not.
            MissingScopeError: The token may read none of them.
            BizonSingerError: The account cannot be asked at all.
        """
        kinds = {kind.name: kind for kind in [*STANDARD.values(), *self._custom()]}
        histories = _histories(self._config, kinds, strict=True)
        named = self._config.associations
        pairs = None if named == "all" else _named_pairs(named, kinds, strict=True)
        with ThreadPoolExecutor(WORKERS) as workers:
            found = list(workers.map(self._listing, LISTINGS))
            objects = list(workers.map(self._object, kinds.values()))
            if all(item.unavailable for item in objects):
                found = [_without_objects(item) for item in found]
            _refuse_a_blind_token([*found, *objects])
            if pairs is None:
                pairs = self._all_pairs(workers, objects, kinds)
        self._check_selected()
        why = {item.name: item.unavailable for item in objects}
        found += objects
        found += [history_definition(kind, why[kind.name]) for kind in histories]
        found += [
            association_definition(pair, why[pair[0].name] or why[pair[1].name]) for pair in pairs
        ]
        for item in found:
            if item.unavailable:
                logger.warning("Stream %r cannot be read: %s.", item.name, item.unavailable)
        return found

    def _custom(self) -> list[CrmObject]:
        try:
            return fetch_custom_objects(self._portal)
        except MissingScopeError as error:
            logger.warning("Custom objects are not listed: %s.", error)
            return []

    def _listing(self, listing: Listing) -> StreamDefinition:
        reader = RowReader(self._portal, listing, self._config)
        return listing.definition(_why_not(reader.probe))

    def _object(self, kind: CrmObject) -> StreamDefinition:
        found: list[Property] = []

        def ask() -> None:
            self._portal.page("objects", limit=1, object=kind.path)
            properties = fetch_properties(self._portal, kind.path)
            self._known.update(item.name for item in properties)
            found.extend(chosen(properties, self._config.properties, kind.name))

        reason = _why_not(ask)
        return object_definition(kind, None if reason else found, reason)

    def _check_selected(self) -> None:
        """Refuse a selected property that no object has; one may well be of some objects only.

        Raises:
            ConfigError: There is one.
        """
        for name in self._config.properties.selected_properties:
            if name not in self._known:
                raise ConfigError(
                    "setting `properties.selected_properties` names "
                    f"{excerpt(name, SHOWN_CHARACTERS)!r}, which no object of this account has"
                    f"{nearest(name, self._known)}"
                )

    def _all_pairs(
        self,
        workers: ThreadPoolExecutor,
        objects: list[StreamDefinition],
        kinds: dict[str, CrmObject],
    ) -> list[Pair]:
        """Return every pair the schemas of the readable objects say can be associated."""
        readable = {item.name: kinds[item.name] for item in objects if not item.unavailable}
        by_id = {kind.type_id: kind for kind in readable.values() if kind.type_id}
        pairs: dict[tuple[str, str], Pair] = {}
        for own in workers.map(self._related, readable.values()):
            for ends in own:
                here, there = by_id.get(ends[0]), by_id.get(ends[1])
                if here is not None and there is not None:
                    pairs[here.name, there.name] = (here, there)
        return [pairs[key] for key in sorted(pairs)]

    def _related(self, kind: CrmObject) -> list[tuple[str, str]]:
        """Return the numbers of the types an object can be associated with, in pairs."""
        found: list[tuple[str, str]] = []

        def ask() -> None:
            params = {"includePropertyDefinitions": "false"}
            body = self._portal.get("schema", params, object=kind.path)
            for item in results_of(body, "schema", "associations"):
                here, there = item.get("fromObjectTypeId"), item.get("toObjectTypeId")
                found.append((str(here), str(there)))

        reason = _why_not(ask)
        if reason:
            logger.warning("Associations of %s are not listed: %s.", kind.name, reason)
        return found


def _without_objects(item: StreamDefinition) -> StreamDefinition:
    """Return a list where no object can be read: one that is asked for each of them is empty."""
    if BY_NAME[item.name].parents is not Parents.OBJECTS:
        return item
    return replace(item, unavailable="the token may read none of the objects")


def _refuse_a_blind_token(found: Sequence[StreamDefinition]) -> None:
    """Refuse a token that may read nothing but the details of the account, which any may.

    Raises:
        MissingScopeError: It may not.
    """
    if all(item.unavailable for item in found if item.name != ACCOUNT_DETAILS):
        raise MissingScopeError(
            "the token may read nothing of this account; give the app the scopes of the streams "
            "to read, such as crm.objects.contacts.read (the README of tap-hubspot lists them)"
        )


def _why_not(ask: Callable[[], None]) -> str | None:
    """Return why something cannot be read, None if it can.

    Raises:
        BizonSingerError: Asking failed for a reason that is not about this alone.
    """
    try:
        ask()
    except (MissingScopeError, ConfigError) as error:
        return str(error)
    except HttpStatusError as error:
        if error.response.status_code not in ABSENT:
            raise
        return "the account does not have it"
    return None


def _histories(
    config: HubSpotSourceConfig, known: dict[str, CrmObject], *, strict: bool
) -> list[CrmObject]:
    return [
        known[name]
        for name in config.property_history
        if _is_known(name, known, "property_history", strict=strict)
    ]


def _named_pairs(names: list[str], known: dict[str, CrmObject], *, strict: bool) -> list[Pair]:
    pairs = []
    for name in names:
        here, _, there = name.partition("-")
        if all(_is_known(end, known, "associations", strict=strict) for end in (here, there)):
            pairs.append((known[here], known[there]))
    return pairs


def _is_known(name: str, known: dict[str, CrmObject], setting: str, *, strict: bool) -> bool:
    """Tell whether there is such an object.

    Raises:
        ConfigError: There is none, and the account was asked.
    """
    if name not in known and strict:
        raise ConfigError(
            f"setting `{setting}` names {excerpt(name, SHOWN_CHARACTERS)!r}, which is no object of "
            f"this account{nearest(name, known)}"
        )
    return name in known
