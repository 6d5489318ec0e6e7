"""Field masks: which parts of an answer are wanted, as in ``sheets(properties(title),merges)``."""

from __future__ import annotations

from typing import Any

Mask = dict[str, Any]


def parse(text: str) -> Mask:
    """Return a mask as nested names; an empty one wants everything below it."""
    mask, rest = _names(text)
    assert not rest, f"a broken mask: {text}"
    return mask


def _names(text: str) -> tuple[Mask, str]:
    mask: Mask = {}
    while text and not text.startswith(")"):
        end = next((at for at, letter in enumerate(text) if letter in ",()"), len(text))
        path, text = text[:end].replace(".", "/").split("/"), text[end:]
        inner = mask
        for name in path:
            inner = inner.setdefault(name, {})
        if text.startswith("("):
            below, text = _names(text[1:])
            assert text.startswith(")"), "a mask without its end"
            inner.update(below)
            text = text[1:]
        text = text.removeprefix(",")
    return mask, text


def masked(value: Any, mask: Mask) -> Any:
    """Return what a mask wants of a value."""
    if not mask:
        return value
    if isinstance(value, list):
        return [masked(item, mask) for item in value]
    if not isinstance(value, dict) or "*" in mask:
        return value
    return {
        name: masked(item, mask[name]) if mask[name] else item
        for name, item in value.items()
        if name in mask
    }


def below(mask: Mask, *names: str) -> Mask:
    """Return what a mask wants of something inside; nothing means everything."""
    for name in names:
        mask = mask.get(name, {})
    return mask
