"""What a method does with the pagination it is given, as far as its text shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bizon_singer.workbench import rules
from bizon_singer.workbench.rules import Rule

PAGINATION = "pagination"
CHANGING = frozenset({"clear", "pop", "popitem", "setdefault", "update"})

Found = tuple[Rule, ast.AST, str]


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes inside a function, but not those of functions inside it."""
    for node in ast.iter_child_nodes(function):
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from own_nodes(node)


class PaginationReading:
    """Follows the names under which a method has the pagination it was given.

    ``page = pagination or {}`` is another name for it; ``page = dict(pagination or {})`` is a copy,
    with which a method may do what it likes.

    Args:
        method: ``get`` or ``get_records_after``.
    """

    def __init__(self, method: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Find the names."""
        self._nodes = list(own_nodes(method))
        assigned = [node for node in self._nodes if isinstance(node, (ast.Assign, ast.AnnAssign))]
        self._names = {PAGINATION}
        self._renewed: set[str] = set()
        for node in assigned:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if not isinstance(target, ast.Name) or node.value is None:
                    continue
                if self._is_given(node.value):
                    self._names.add(target.id)
                else:
                    self._renewed.add(target.id)

    def _is_given(self, value: ast.expr) -> bool:
        """Tell whether an expression is the pagination itself, or nothing in its place."""
        if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
            value = value.values[0]
        return isinstance(value, ast.Name) and value.id in self._names

    def findings(self) -> Iterator[Found]:
        """Yield what is sure to be wrong."""
        changes = list(self._changes())
        for node, how in changes:
            yield rules.MUTATED, node, f"changes the pagination it was given ({how})"
        yield from self._stuck() if not changes else ()
        yield from self._first_pages()

    def _is_name(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in self._names - self._renewed

    def _changes(self) -> Iterator[tuple[ast.AST, str]]:
        for node in self._nodes:
            target: ast.AST | None = None
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                target = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                target = node.func.value if node.func.attr in CHANGING else None
            elif isinstance(node, ast.AugAssign):
                target = node.target
            if target is not None and self._is_name(target):
                yield node, ast.unparse(node).partition("\n")[0]

    def _stuck(self) -> Iterator[Found]:
        """Yield a pagination that is handed back as it came."""
        for node in self._nodes:
            if isinstance(node, ast.keyword) and node.arg == "next_pagination":
                value: ast.AST = node.value
                if self._is_name(value):
                    yield rules.STUCK, value, "gives the pagination it was given for the next page"

    def _first_pages(self) -> Iterator[Found]:
        """Yield the branches that are taken for the first page only if it is asked for by None."""
        for node in self._nodes:
            if not isinstance(node, (ast.If, ast.IfExp)):
                continue
            test = node.test
            if not (isinstance(test, ast.Compare) and self._is_name(test.left)):
                continue
            against = test.comparators[0]
            if not (isinstance(against, ast.Constant) and against.value is None):
                continue
            is_none = isinstance(test.ops[0], (ast.Is, ast.Eq))
            first = node.body if is_none else node.orelse
            if not _is_nothing(first):
                seen = f"takes a branch for the first page by `{ast.unparse(test)}`"
                yield rules.FIRST_IS_NONE, test, seen


def _is_nothing(branch: list[ast.stmt] | ast.expr) -> bool:
    """Tell whether a branch only puts an empty dict in the place of None, or does nothing."""
    statements = branch if isinstance(branch, list) else [branch]
    for statement in statements:
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else statement
        empty_call = isinstance(value, ast.Call) and ast.unparse(value) == "dict()"
        empty_dict = isinstance(value, ast.Dict) and not value.keys
        if not (empty_call or empty_dict):
            return False
    return True
