"""What the review page can ask: a fixed list of addresses, JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from redirectmap.errors import RedirectmapError
from redirectmap.web.bulk import Bulk
from redirectmap.web.filters import Filter
from redirectmap.web.guard import Guard, Keys
from redirectmap.web.work import Answer, Review, StaleError

MAX_PAGE = 200
_ASSETS = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/review.js": ("review.js", "text/javascript; charset=utf-8"),
    "/view.js": ("view.js", "text/javascript; charset=utf-8"),
    "/review.css": ("review.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=8_000)


class FilterAsked(_Asked):
    """A filter as the page sends it."""

    state: str = "open"
    action: str = ""
    pattern: str = ""
    check: str = ""
    order: str = "risk"


class RowsAsked(_Asked):
    """A page of rows."""

    filter: FilterAsked = FilterAsked()
    offset: int = Field(0, ge=0)
    limit: int = Field(50, ge=1, le=MAX_PAGE)


class RowAsked(_Asked):
    """One row, held against one target."""

    url: str
    target: str | None = None


class FindAsked(_Asked):
    """A search."""

    query: str


class DecisionAsked(_Asked):
    """One decision; `seen` is the state of the row it was made on."""

    url: str
    kind: str
    target: str | None = None
    note: str | None = None
    seen: int = 0


class BulkAsked(_Asked):
    """A bulk; `apply` is the stamp of the preview, none to preview."""

    kind: str
    filter: FilterAsked
    target: str = ""
    least: float = Field(0.0, ge=0, le=1)
    only: list[str] = Field(default_factory=list, max_length=MAX_PAGE)
    apply: str | None = None


class UndoAsked(_Asked):
    """An event to take back; none for the last."""

    number: int | None = None


class HistoryAsked(_Asked):
    """How many events."""

    limit: int = Field(100, ge=1, le=1_000)


class SessionAsked(_Asked):
    """The key of a one-time address."""

    once: str


class NothingAsked(_Asked):
    """No more than the address."""


def build(review: Review, keys: Keys, port: int, finish: Callable[[], None]) -> ASGIApp:
    """Return the guarded application.

    Args:
        review: The plan under review.
        keys: The token of this run.
        port: Where it will listen.
        finish: Called when the person is done.
    """

    def rows(asked: RowsAsked) -> Answer:
        with review.lock:
            found = review.rows(Filter(**asked.filter.model_dump()))
            page = found[asked.offset : asked.offset + asked.limit].tolist()
            shown = [review.desk.row(review.desk.urls[row]) for row in page]
        return {"rows": shown, "total": len(found), "status": review.status()}

    def bulk(asked: BulkAsked) -> Answer:
        wanted = Filter(**asked.filter.model_dump())
        what = Bulk(asked.kind, wanted, asked.target, asked.least, tuple(asked.only))
        return review.bulk(what, apply=asked.apply)

    def session(asked: SessionAsked) -> Answer:
        return {"token": keys.redeem(asked.once)}

    def done(_asked: NothingAsked) -> Answer:
        finish()
        return {"done": True}

    calls: dict[str, tuple[type[_Asked], Callable[[Any], Answer]]] = {
        "session": (SessionAsked, session),
        "invite": (NothingAsked, lambda _asked: {"once": keys.invite()}),
        "status": (NothingAsked, lambda _asked: review.status()),
        "rows": (RowsAsked, rows),
        "row": (RowAsked, lambda asked: review.row(asked.url, asked.target)),
        "find": (FindAsked, lambda asked: review.find(asked.query)),
        "decide": (DecisionAsked, lambda asked: review.decide(asked.model_dump())),
        "bulk": (BulkAsked, bulk),
        "undo": (UndoAsked, lambda asked: review.undo(asked.number)),
        "history": (HistoryAsked, lambda asked: review.events(asked.limit)),
        "finish": (NothingAsked, done),
    }
    routes = [Route(path, _asset(*asset)) for path, asset in _ASSETS.items()]
    routes += [
        Route(f"/api/{name}", _call(*call), methods=["POST"])
        for name, call in calls.items()
    ]
    paths = {f"/api/{name}" for name in calls}
    app = Starlette(routes=routes)
    return Guard(app, port=port, keys=keys, open_paths=set(_ASSETS), paths=paths)


def _asset(name: str, kind: str) -> Callable[[Request], Response]:
    body = (resources.files("redirectmap.web") / "static" / name).read_bytes()

    def answer(_request: Request) -> Response:
        return Response(body, headers={"content-type": kind})

    return answer


def _call(model: type[_Asked], call: Callable[[Any], Answer]) -> Any:  # noqa: ANN401
    async def answer(request: Request) -> Response:
        try:
            asked = model.model_validate_json(await request.body() or b"{}")
            return _json(await run_in_threadpool(call, asked), 200)
        except ValidationError as error:
            return _json({"error": f"not understood: {error.errors()[0]['msg']}"}, 422)
        except ClientDisconnect:
            return _json({"error": "too long"}, 413)
        except StaleError as error:
            return _json({"error": error.problem, "hint": error.hint}, 409)
        except RedirectmapError as error:
            return _json({"error": error.problem, "hint": error.hint}, 422)

    return answer


def _json(value: Answer, status: int) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status, headers={"content-type": "application/json"})
