"""What is wrong with a config, in sentences that name the setting and never its value.

Pydantic's own reports are written for programs: a path through unions by the names of classes,
one error for each branch, and for an unknown key often no error at all. Here a path is followed
through the config itself, branches that were not meant are left out, and an unknown key at any
depth is reported with the nearest known one.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel, RootModel, ValidationError

from bizon_singer.redact import excerpt, one_line
from bizon_singer.source.auth.config import PARAMS_OF

SHOWN_ERRORS = 5
SHOWN_NAMES = 12
SHOWN_CHARACTERS = 80

Path = tuple[str, ...]

_SHAPES = {kind.value: shape.__name__ for kind, shape in PARAMS_OF.items()}
"""Name of the parameters' class for each type of authentication, ours and Bizon's alike."""
_NAMED_LAST = frozenset({"missing", "extra_forbidden"})
_EARLY_MODES = frozenset({"before", "wrap", "plain"})
_EARLY_VALIDATORS = frozenset({"BeforeValidator", "WrapValidator", "PlainValidator"})
_PLAIN = {"model_type": "an object", "dict_type": "an object", "list_type": "a list"}
_TAG = re.compile(r"^Input tag .* does not match any of the expected tags: ", re.DOTALL)


NOT_NEAR = "; remove it, or see --about"


def nearest(word: str, known: Iterable[str], otherwise: str = NOT_NEAR) -> str:
    """Return `` (did you mean `x`?)`` for the nearest known name, or what to do instead."""
    close = _close(word, known)
    return f" (did you mean `{close}`?)" if close else otherwise


def _close(word: str, known: Iterable[str]) -> str | None:
    names = sorted(str(name) for name in known)
    found = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    return found[0] if found else None


def shown(path: Iterable[Any]) -> str:
    """Return a path as it is written in a message."""
    return ".".join(one_line(excerpt(str(step), SHOWN_CHARACTERS)) for step in path)


def listed(sentences: Sequence[str]) -> str:
    """Join sentences to one, each once, the first few of them."""
    unique = list(dict.fromkeys(sentences))
    more = len(unique) - SHOWN_ERRORS
    return "; ".join(unique[:SHOWN_ERRORS]) + (f" (and {more} more)" if more > 0 else "")


def names_of(config_class: type[Any]) -> set[str]:
    """Return the names, aliases included, a configuration class accepts at its top level."""
    return set(_names(config_class))


def _names(model: type[BaseModel]) -> dict[str, Any]:
    """Return every name a model accepts, with the field behind it."""
    names: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        for choice in (name, field.alias, *choices):
            known = choice.path[0] if isinstance(choice, AliasPath) else choice
            if isinstance(known, str):
                names[known] = field
    return names


def is_open(model: type[BaseModel]) -> bool:
    """Tell whether a model takes names it does not declare."""
    return model.model_config.get("extra") == "allow"


# Unknown names


@dataclass(frozen=True)
class Unknown:
    """A key no model knows.

    Attributes:
        path: Where it stands.
        known: The names that may stand there.
    """

    path: Path
    known: frozenset[str]

    def sentence(self, place: str) -> str:
        """Say so, with the nearest known name or, if none is near, all of them."""
        if _close(self.path[-1], self.known) or not 0 < len(self.known) <= SHOWN_NAMES:
            return f"unknown setting `{place}`{nearest(self.path[-1], self.known)}"
        names = ", ".join(f"`{name}`" for name in sorted(self.known))
        return f"unknown setting `{place}`; what may stand there is {names}"


def unknown_names(model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[Unknown]:
    """Yield the keys below the top level of a config that would be ignored or refused.

    Args:
        model: Class the config is for; its own names are the caller's to check.
        given: The config.
    """
    for name, field in _names(model).items():
        if name in given and not _is_read_early(model, field):
            yield from _unknown_in(list(_leaves(field.annotation)), given[name], (name,), given)


def _unknown_in(
    leaves: list[Any], value: Any, path: Path, siblings: Mapping[str, Any]
) -> Iterator[Unknown]:
    if isinstance(value, list):
        items = [leaf for outer in leaves for leaf in _leaves_inside(outer)]
        for position, item in enumerate(value):
            yield from _unknown_in(items, item, (*path, str(position)), {})
    if not isinstance(value, Mapping):
        return
    models = _meant([leaf for leaf in leaves if _is_model(leaf)], siblings)
    free = [leaf for leaf in leaves if _takes_mapping(leaf)]
    if not models or free:
        values = [leaf for outer in free for leaf in _leaves_inside(outer)]
        for key, item in value.items():
            yield from _unknown_in(values, item, (*path, str(key)), {})
        return
    known = {name: (model, field) for model in models for name, field in _names(model).items()}
    tolerant = any(is_open(model) or _reads_early(model) for model in models)
    for key, item in value.items():
        here = (*path, str(key))
        if key not in known:
            if not tolerant:
                yield Unknown(here, frozenset(known))
            continue
        fields = [_names(model).get(key) for model in models]
        inside = [leaf for field in fields if field for leaf in _leaves(field.annotation)]
        narrowed = len(_meant(inside, value)) < len(inside)
        if narrowed or not _is_read_early(*known[key]):
            yield from _unknown_in(inside, item, here, value)


def _leaves(annotation: Any) -> Iterator[Any]:
    """Yield the alternatives of an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif origin is Union or origin is types.UnionType:
        for item in get_args(annotation):
            yield from _leaves(item)
    elif hasattr(annotation, "__value__") and type(annotation).__name__ == "TypeAliasType":
        yield from _leaves(annotation.__value__)
    elif isinstance(annotation, type) and issubclass(annotation, RootModel):
        yield from _leaves(annotation.model_fields["root"].annotation)
    else:
        yield annotation


def _leaves_inside(annotation: Any) -> Iterator[Any]:
    """Yield the alternatives of what a list, a tuple or a dict holds."""
    origin = get_origin(annotation)
    arguments = [item for item in get_args(annotation) if item is not Ellipsis]
    if origin is typing.Literal:
        return
    for item in arguments if origin is tuple else arguments[-1:]:
        yield from _leaves(item)


def _is_model(leaf: Any) -> bool:
    return isinstance(leaf, type) and get_origin(leaf) is None and issubclass(leaf, BaseModel)


def _takes_mapping(leaf: Any) -> bool:
    """Tell whether an alternative other than a model may be meant by an object."""
    kind = get_origin(leaf) or leaf
    if kind in {Any, object} or not isinstance(kind, type):
        return True
    scalars = (str, bytes, int, float, complex, type(None), list, tuple, set, frozenset)
    return not (_is_model(leaf) or issubclass(kind, scalars))


def _meant(models: list[Any], siblings: Mapping[str, Any]) -> list[Any]:
    """Return the models that are meant: the parameters of the type of authentication named."""
    wanted = _SHAPES.get(str(siblings.get("type")))
    return [model for model in models if getattr(model, "__name__", None) == wanted] or models


def _reads_early(model: type[BaseModel]) -> bool:
    """Tell whether a model may rename keys before they are looked at."""
    decorators = getattr(model, "__pydantic_decorators__", None)
    validators = getattr(decorators, "model_validators", {})
    return any(item.info.mode in _EARLY_MODES for item in validators.values())


def _is_read_early(model: type[BaseModel], field: Any) -> bool:
    """Tell whether a validator of a field sees its value before pydantic does."""
    if any(type(item).__name__ in _EARLY_VALIDATORS for item in field.metadata):
        return True
    name = next((key for key, item in model.model_fields.items() if item is field), None)
    decorators = getattr(model, "__pydantic_decorators__", None)
    return any(
        item.info.mode in _EARLY_MODES and name in item.info.fields
        for item in getattr(decorators, "field_validators", {}).values()
    )


# What pydantic refuses


@dataclass(frozen=True)
class Refusal:
    """One thing pydantic refuses.

    Attributes:
        path: The setting, as a path through the config; empty for the config as a whole.
        kind: Pydantic's name of the error.
        clause: What is wrong: the end of a sentence, without the value.
    """

    path: Path
    kind: str
    clause: str

    def sentence(self, place: str) -> str:
        """Say what the setting may be and what to do."""
        if self.kind == "missing":
            return f"setting `{place}` is missing; add it"
        if self.kind == "extra_forbidden":
            return f"unknown setting `{place}`; remove it, or see --about"
        if not self.path:
            return f"the settings are refused{self.clause}"
        return f"setting `{place}`{self.clause}"


_MUST_BE = " must be "


def _clause(kind: str, message: str) -> str:
    """Return the end of the sentence for one of pydantic's messages."""
    own = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if own != message:
        verb = own.removeprefix("it ")
        return f" {verb}" if verb.startswith("must ") else f": {own}"
    if kind in _PLAIN:
        return f"{_MUST_BE}{_PLAIN[kind]}"
    if kind == "union_tag_invalid":
        return f"{_MUST_BE}tagged by one of {_TAG.sub('', message)}"
    if kind.endswith("_parsing") and "date" not in kind:
        message = message.partition(", ")[0]
    elif kind.endswith("_parsing"):
        what, comma, why = message.partition(", ")
        message = f"{what} ({why})" if comma else what
    for start, verb in (("Input should be ", _MUST_BE), ("Input should ", " must ")):
        if message.startswith(start):
            return verb + message.removeprefix(start)
    return f": {message[:1].lower()}{message[1:]}"


def refusals(error: ValidationError, given: Mapping[str, Any]) -> list[Refusal]:
    """Return what pydantic refused, without the branches of unions that were not meant.

    Args:
        error: What it raised.
        given: The config it was given.
    """
    details = error.errors(include_url=False, include_context=False, include_input=False)
    meant = [item for item in details if not _is_of_another_shape(item["loc"], given)]
    found: dict[tuple[Path, bool], Refusal] = {}
    for item in meant or details:
        kind = item["type"]
        path = _path_in(item["loc"], kind, given)
        refusal = Refusal(path, kind, _clause(kind, item["msg"]))
        # Branches of one union are alternatives: `must be an integer or a string`.
        key = (path, kind in _NAMED_LAST)
        found[key] = _either(found[key], refusal) if key in found else refusal
    return list(found.values())


def _either(first: Refusal, second: Refusal) -> Refusal:
    more = second.clause.removeprefix(_MUST_BE)
    return Refusal(first.path, first.kind, f"{first.clause} or {more.strip()}")


def _is_of_another_shape(loc: tuple[Any, ...], given: Mapping[str, Any]) -> bool:
    """Tell whether an error is about parameters of another type of authentication."""
    value: Any = given
    siblings: Any = {}
    for step in loc:
        if isinstance(value, Mapping) and step in value:
            siblings, value = value, value[step]
        elif step in _SHAPES.values() and isinstance(siblings, Mapping):
            wanted = _SHAPES.get(str(siblings.get("type")))
            return wanted is not None and step != wanted
        else:
            return False
    return False


def _path_in(loc: tuple[Any, ...], kind: str, given: Mapping[str, Any]) -> Path:
    """Return the part of an error's location that is a path through the config.

    The rest are names of classes and validators pydantic went through.
    """
    path: list[str] = []
    value: Any = given
    for position, step in enumerate(loc, 1):
        in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if in_list or (isinstance(value, Mapping) and step in value):
            value = value[step]
            path.append(str(step))
        elif position == len(loc) and kind in _NAMED_LAST:
            path.append(str(step))
    return tuple(path)
