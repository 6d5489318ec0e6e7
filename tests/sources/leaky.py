"""A source that gives its secret away, in every way a source can and in every spelling.

``leak`` names the way: a method below. Three pages of two records; the leak is on the second. With
``text`` it gives away that text instead, which is how a source would forge lines of a log.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import requests

from bizon_singer import (
    AbstractSource,
    SourceConfig,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
    run,
)
from bizon_singer.errors import ProtocolError

SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "json": lambda text: json.dumps(text)[1:-1],
}
NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens


class LeakyConfig(SourceConfig):
    leak: str = "nothing"
    spelling: str = "raw"
    text: str = ""
    api: str = NOBODY


def secrets_of(config: Any) -> Iterator[str]:
    """Give the secrets of each type of authentication."""
    params = config.authentication.params
    for name in ("token", "password", "client_secret"):
        if hasattr(params, name):
            yield getattr(params, name)
    yield from getattr(params, "cookies", {}).values()


class LeakySource(AbstractSource):
    def __init__(self, config: LeakyConfig) -> None:
        super().__init__(config)
        self.secret = config.text or SPELLINGS[config.spelling](next(secrets_of(config)))
        self.logger = logging.getLogger("leaky")

    @staticmethod
    def streams() -> list[str]:
        return ["things"]

    @staticmethod
    def get_config_class() -> type[LeakyConfig]:
        return LeakyConfig

    def discover(self) -> list[StreamDefinition] | None:
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
        if self.config.leak == "stream_name":
            return [StreamDefinition(f"things of {self.secret}")]
        if self.config.leak == "stream_description":
            return [StreamDefinition("things", description=f"Read with {self.secret}.")]
        if self.config.leak == "stream_schema":
            return [StreamDefinition("things", {**schema, "description": self.secret})]
        if self.config.leak == "discover_raises":
            raise ValueError(self.secret)
        return None

    def check_connection(self) -> tuple[bool, Any]:
        if self.config.leak == "check_reason":
            return False, f"the key {self.secret} is refused"
        return True, None

    def get_total_records_count(self) -> int:
        if self.config.leak == "count_raises":
            raise ValueError(self.secret)
        return 6

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        page = (pagination or {}).get("page", 0)
        records = [SourceRecord(id=str(n), data={"n": n}) for n in (2 * page, 2 * page + 1)]
        following = {"page": page + 1} if page < 2 else {}
        own = SourceIteration(records=records, next_pagination=following)
        leak = getattr(self, f"leak_by_{self.config.leak}", None)
        return (leak(own) or own) if leak is not None and page == 1 else own

    # It raises.

    def leak_by_error(self, _page: SourceIteration) -> None:
        raise ValueError(f"the key {self.secret} is refused")

    def leak_by_own_error(self, _page: SourceIteration) -> None:
        raise ProtocolError(f"the key {self.secret} is refused; get another")

    def leak_by_cause(self, _page: SourceIteration) -> None:
        try:
            raise KeyError(self.secret)
        except KeyError as error:
            raise RuntimeError("no luck") from error

    def leak_by_context(self, _page: SourceIteration) -> None:
        try:
            raise KeyError(self.secret)
        except KeyError:
            raise RuntimeError("no luck")  # noqa: B904 - its context is the leak

    def leak_by_note(self, _page: SourceIteration) -> None:
        error = ValueError("no luck")
        error.add_note(f"with {self.secret}")
        raise error

    def leak_by_group(self, _page: SourceIteration) -> None:
        raise ExceptionGroup("no luck", [ValueError(self.secret), KeyError(self.secret)])

    def leak_by_error_object(self, _page: SourceIteration) -> None:
        raise ValueError({"params": {"key": [self.secret]}})

    def leak_by_bytes(self, _page: SourceIteration) -> None:
        raise ValueError(self.secret.encode())

    def leak_by_lines(self, _page: SourceIteration) -> None:
        raise ValueError(f"no luck\nwith {self.secret}\nCRITICAL | at all")

    def leak_by_long_error(self, _page: SourceIteration) -> None:
        raise ValueError("." * (300 - len(self.secret) // 2) + self.secret)

    def leak_by_local(self, _page: SourceIteration) -> None:
        key = self.secret
        assert not key, f"{key=}"

    def leak_by_http_error(self, _page: SourceIteration) -> None:
        raise requests.HTTPError(f"404 for url: https://api.example.com/?key={self.secret}")

    def leak_by_connection_error(self, _page: SourceIteration) -> None:
        raise requests.ConnectionError(f"https://us:{self.secret}@api.example.com/")

    def leak_by_exit(self, _page: SourceIteration) -> None:
        sys.exit(self.secret)

    # It says so.

    def leak_by_log(self, _page: SourceIteration) -> None:
        self.logger.warning("the key is " + self.secret)  # noqa: G003 - as people write it

    def leak_by_log_arguments(self, _page: SourceIteration) -> None:
        self.logger.info("the key is %s, %r, %s", self.secret, self.secret, {"key": self.secret})

    def leak_by_log_debug(self, _page: SourceIteration) -> None:
        self.logger.debug("the key is %r", [self.secret])

    def leak_by_log_exception(self, _page: SourceIteration) -> None:
        try:
            raise ValueError(self.secret)
        except ValueError:
            self.logger.exception("no luck")

    def leak_by_log_stack(self, _page: SourceIteration) -> None:
        self.logger.warning("the key is %s", self.secret, stack_info=True)

    def leak_by_log_extra(self, _page: SourceIteration) -> None:
        self.logger.warning("no luck", extra={"key_used": self.secret})

    def leak_by_logger_name(self, _page: SourceIteration) -> None:
        logging.getLogger(f"leaky.{self.secret}").warning("no luck")

    def leak_by_print(self, _page: SourceIteration) -> None:
        print(self.secret, {"key": self.secret})  # noqa: T201

    def leak_by_print_in_pieces(self, _page: SourceIteration) -> None:
        for char in self.secret:
            print(char, end="", flush=False)  # noqa: T201
        print()  # noqa: T201

    def leak_by_stderr(self, _page: SourceIteration) -> None:
        sys.stderr.write(f"{self.secret}\n")
        sys.stdout.buffer.write(self.secret.encode() + b"\n")

    def leak_by_warning(self, _page: SourceIteration) -> None:
        warnings.warn(f"the key {self.secret} is old", stacklevel=1)

    # It sends it.

    def leak_by_query(self, _page: SourceIteration) -> None:
        self.session.get(f"{NOBODY}/things", params={"key": self.secret})

    def leak_by_path(self, _page: SourceIteration) -> None:
        self.session.get(f"{NOBODY}/{self.secret}/things")

    def leak_by_user_info(self, _page: SourceIteration) -> None:
        self.session.get(f"http://us:{self.secret}@127.0.0.1:9/things")

    def leak_by_host(self, _page: SourceIteration) -> None:
        self.session.get(f"http://{quote(self.secret)}.127.0.0.1/things")

    def leak_by_header(self, _page: SourceIteration) -> None:
        self.session.get(NOBODY, headers={"X-Key": f"{self.secret}\n"})

    def leak_by_proxy(self, _page: SourceIteration) -> None:
        proxies = {"http": f"http://us:{quote(self.secret, safe='')}@127.0.0.1:9"}
        self.session.get("http://127.0.0.1:10", proxies=proxies)

    def leak_by_request(self, _page: SourceIteration) -> None:
        sent = self.session.get(f"{self.config.api}/things").request.headers
        raise ValueError(dict(sent), vars(self.session.auth))

    # It hands it over.

    def leak_by_pagination(self, page: SourceIteration) -> SourceIteration:
        return SourceIteration(
            records=page.records, next_pagination={"page": 2, "url": f"https://x/?k={self.secret}"}
        )

    def leak_by_pagination_key(self, page: SourceIteration) -> SourceIteration:
        return SourceIteration(records=page.records, next_pagination={"page": 2, self.secret: 1})

    def leak_by_next_state(self, page: SourceIteration) -> SourceIteration:
        return SourceIteration(
            records=page.records,
            next_pagination=page.next_pagination,
            next_state={"since": [{"key": self.secret}]},
        )

    def leak_by_pagination_loop(self, page: SourceIteration) -> SourceIteration:
        return SourceIteration(records=page.records, next_pagination={"page": 1, "k": self.secret})

    def leak_by_page_of_text(self, _page: SourceIteration) -> Any:
        return self.secret

    def leak_by_record_of_text(self, page: SourceIteration) -> SourceIteration:
        records: Any = [self.secret]
        return SourceIteration(records=records, next_pagination=page.next_pagination)

    def leak_by_record(self, page: SourceIteration) -> SourceIteration:
        records = [SourceRecord(id="2", data={"n": 2, "echo": self.secret})]
        return SourceIteration(records=records, next_pagination=page.next_pagination)


if __name__ == "__main__":
    run(LeakySource)
