"""What is sure to be wrong with a source from the text of its file.

A rule speaks only where no way of running the code makes it right; what depends on values is left
to :mod:`~bizon_singer.workbench.trial`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bizon_singer.discovery import FULL_TABLE, INCREMENTAL
from bizon_singer.errors import SourceFileError
from bizon_singer.source.models import StreamDefinition
from bizon_singer.source_class import overrides
from bizon_singer.workbench import rules
from bizon_singer.workbench.pagination_reading import PaginationReading, own_nodes
from bizon_singer.workbench.rules import Finding, Rule

Function = ast.FunctionDef | ast.AsyncFunctionDef

PAGE_METHODS = ("get", "get_records_after")
HTTP_MODULES = frozenset({"requests", "httpx"})
VERBS = frozenset({"delete", "get", "head", "patch", "post", "put", "request"})
NEVER_THE_SAME = frozenset(
    {"datetime.now", "datetime.utcnow", "time.time", "time.time_ns", "uuid.uuid1", "uuid.uuid4"}
    | {"random.random", "random.randint", "secrets.token_hex", "uuid1", "uuid4"}
    | {"hash"}  # each process has another one of the same text
)
RECORD, PAGE = "SourceRecord", "SourceIteration"


def read_file(path: str, sources: Sequence[type[Any]]) -> list[Finding]:
    """Return what is wrong with the sources of a file, in the order of its lines.

    Args:
        path: The file, as it was given.
        sources: The source classes found in it.
    """
    tree = ast.parse(Path(path).expanduser().read_bytes())
    reading = _Reading(path)
    own = {
        item.__name__
        for source in sources
        for item in source.__mro__
        if item.__module__ == source.__module__
    }
    found = [*reading.stdout(tree)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in own:
            found += reading.source(node)
    lines = {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for source in sources:
        found += reading.incremental(source, lines.get(source.__name__))
    return sorted(set(found), key=lambda item: (item.line or 0, item.rule.code))


class _Reading:
    """Reads one file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def _found(self, rule: Rule, node: ast.AST | int | None, seen: str) -> Finding:
        line = getattr(node, "lineno", node if isinstance(node, int) else None)
        return Finding(rule, self._path, line, seen)

    def stdout(self, tree: ast.Module) -> Iterator[Finding]:
        """Yield what writes to stdout wherever the file is imported."""
        for node in _imported(tree):
            if not isinstance(node, ast.Call):
                continue
            name = dotted(node.func)
            files = [item.value for item in node.keywords if item.arg == "file"]
            if name == "print" and all(dotted(file) == "sys.stdout" for file in files):
                yield self._found(rules.STDOUT, node, "print() writes to stdout")
            elif name in {"sys.stdout.write", "sys.stdout.buffer.write"}:
                yield self._found(rules.STDOUT, node, f"{name}() writes to stdout")

    def source(self, source: ast.ClassDef) -> Iterator[Finding]:
        """Yield what is wrong with the methods of a source."""
        for method in source.body:
            if not isinstance(method, Function):
                continue
            for node in ast.walk(method):
                yield from self._anywhere(node)
            if method.name in PAGE_METHODS:
                yield from self._page_method(method)

    def _anywhere(self, node: ast.AST) -> Iterator[Finding]:
        if isinstance(node, ast.ExceptHandler):
            yield from self._handler(node)
        if not isinstance(node, ast.Call):
            return
        module, _, verb = dotted(node.func).rpartition(".")
        if module in HTTP_MODULES and verb in VERBS:
            yield self._found(rules.BARE_REQUEST, node, f"{module}.{verb}() is called")
        if dotted(node.func).rpartition(".")[2] == RECORD:
            identifier = argument(node, "id", 0)
            for inner in ast.walk(identifier) if identifier is not None else ():
                if isinstance(inner, ast.Call) and dotted(inner.func) in NEVER_THE_SAME:
                    seen = f"the id of a record is made of {dotted(inner.func)}()"
                    yield self._found(rules.RANDOM_ID, inner, seen)

    def _handler(self, handler: ast.ExceptHandler) -> Iterator[Finding]:
        """Yield the page without records that an exception handler returns."""
        nodes = [inner for statement in handler.body for inner in ast.walk(statement)]
        if any(isinstance(node, ast.Raise) for node in nodes):
            return
        for node in nodes:
            if not (isinstance(node, ast.Return) and isinstance(node.value, ast.Call)):
                continue
            call = node.value
            if dotted(call.func).rpartition(".")[2] != PAGE:
                continue
            if _is_empty(argument(call, "records", 1)) and _is_empty(
                argument(call, "next_pagination", 0)
            ):
                seen = f"`{ast.unparse(handler).splitlines()[0]}` returns the empty last page"
                yield self._found(rules.HIDDEN_FAILURE, handler, seen)

    def _page_method(self, method: Function) -> Iterator[Finding]:
        """Yield what is wrong with a method that returns pages."""
        name = f"{method.name}()"
        own = list(own_nodes(method))
        if method.name == "get_records_after" and _does_nothing(method):
            seen = f"{name} is there and does nothing, so every incremental run fails"
            yield self._found(rules.NO_INCREMENTAL, method, seen)
            return
        if isinstance(method, ast.AsyncFunctionDef):
            yield self._found(rules.NO_PAGE, method, f"{name} is a coroutine")
        elif any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own):
            yield self._found(rules.NO_PAGE, method, f"{name} is a generator")
        elif not any(
            (isinstance(node, ast.Return) and node.value is not None) or isinstance(node, ast.Raise)
            for node in own
        ):
            yield self._found(rules.NO_PAGE, method, f"{name} returns nothing")
        for rule, node, seen in PaginationReading(method).findings():
            yield self._found(rule, node, f"{name} {seen}")
        for node in own:
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == PAGE:
                given = argument(node, "next_pagination", 0)
                if given is not None and _may_be_none(given):
                    seen = f"{name} gives None as next_pagination"
                    yield self._found(rules.NEXT_IS_NONE, given, seen)

    def incremental(self, source: type[Any], line: int | None) -> Iterator[Finding]:
        """Yield what a source that is not incremental says to the contrary."""
        if overrides(source, "get_records_after"):
            return
        claims = [
            item.name
            for item in self._declared(source)
            if item.replication_method == INCREMENTAL
            or (item.replication_key is not None and item.replication_method != FULL_TABLE)
        ]
        if claims:
            seen = (
                f"{source.__name__} declares {', '.join(claims)} incremental, but has no "
                "get_records_after(): every run reads everything"
            )
            yield self._found(rules.NO_INCREMENTAL, line, seen)
        else:
            seen = f"{source.__name__} has no get_records_after(): every run reads everything"
            yield self._found(rules.ONLY_FULL, line, seen)

    def _declared(self, source: type[Any]) -> list[StreamDefinition]:
        """Return what a source declares of its streams.

        Raises:
            SourceFileError: It fails, or gives something else.
        """
        declare = getattr(source, "stream_definitions", None)
        what = f"{source.__name__}.stream_definitions() of source file {self._path!r}"
        try:
            declared = list(declare()) if declare else []
        except Exception as error:
            raise SourceFileError(f"{what} raises {type(error).__name__}; mend it") from error
        if not all(isinstance(item, StreamDefinition) for item in declared):
            raise SourceFileError(f"{what} gives more than StreamDefinitions; mend it")
        return declared


def dotted(node: ast.AST) -> str:
    """Return a name as it is written, ``""`` for anything that is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        outer = dotted(node.value)
        return f"{outer}.{node.attr}" if outer else ""
    return ""


def argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    """Return an argument of a call, given by name or by position."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def _imported(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a file but those that run only when it is the program."""
    for statement in tree.body:
        is_main = isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)
        if not is_main:
            yield from ast.walk(statement)


def _is_empty(node: ast.expr | None) -> bool:
    if isinstance(node, (ast.List, ast.Tuple)):
        return not node.elts
    if isinstance(node, ast.Dict):
        return not node.keys
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _may_be_none(node: ast.expr) -> bool:
    """Tell whether an expression gives None in one of its branches."""
    if isinstance(node, ast.IfExp):
        return _may_be_none(node.body) or _may_be_none(node.orelse)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return _may_be_none(node.values[-1])
    return isinstance(node, ast.Constant) and node.value is None


def _does_nothing(method: Function) -> bool:
    """Tell whether a method is a stub: a docstring, pass, ``…`` or NotImplementedError."""
    for statement in method.body:
        is_word = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        is_refusal = (
            isinstance(statement, ast.Raise)
            and statement.exc is not None
            and "NotImplementedError" in ast.unparse(statement.exc)
        )
        is_none = isinstance(statement, ast.Return) and _is_empty(statement.value)
        if not (is_word or is_refusal or is_none or isinstance(statement, ast.Pass)):
            return False
    return True
