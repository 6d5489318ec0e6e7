"""A made-up Notion: a workspace, and a server that answers for it as the real API does."""

from tests.fakes.notion.samples import Filled, fill
from tests.fakes.notion.server import TOKEN, Notion
from tests.fakes.notion.workspace import Workspace

__all__ = ["TOKEN", "Filled", "Notion", "Workspace", "fill"]
