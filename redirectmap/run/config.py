"""Read redirectmap.toml: what the migration is, and with what it is planned.

Paths are relative to the file's own folder, so that a project can be moved.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redirectmap.errors import InputError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteSection(_Section):
    """A site: an address to crawl, or a file that describes it."""

    source: str = Field(min_length=1)


class CrawlSection(_Section):
    """How sites are crawled; None leaves the crawler's own default.

    `header` (NAME=ENV) and `basic_auth` (ENV) name environment variables.
    """

    allow_private: tuple[str, ...] = ()
    max_pages: int | None = Field(default=None, ge=1)
    user_agent: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    delay: float | None = Field(default=None, ge=0)
    header: tuple[str, ...] = ()
    basic_auth: str | None = None
    render: bool = False
    render_url: tuple[str, ...] = ()


class InputSection(_Section):
    """Exports that know old URLs or what they are worth.

    `files` are exports of any kind, or folders of them. `fetch` says whether the
    URLs that only exports know are requested from the old site before the plan.
    """

    files: tuple[str, ...] = ()
    backlinks: tuple[str, ...] = ()
    traffic: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    legacy: tuple[str, ...] = ()
    overrides: str | None = None
    encoding: str | None = None
    fetch: bool = True


class ValueSection(_Section):
    """How much each measure counts in the value of a URL."""

    referring_domains: float = Field(default=0.40, ge=0)
    backlinks: float = Field(default=0.05, ge=0)
    clicks: float = Field(default=0.20, ge=0)
    sessions: float = Field(default=0.15, ge=0)
    conversions: float = Field(default=0.10, ge=0)
    requests: float = Field(default=0.05, ge=0)
    inlinks: float = Field(default=0.05, ge=0)


class PlanSection(_Section):
    """How sure the planner must be, what it reads meaning with, and the rest.

    `leftovers` is the answer for URLs that nobody listed.
    """

    max_error: float = Field(default=0.01, gt=0, le=0.5)
    model: str = "static"
    leftovers: Literal["404", "410", "folder"] = "404"


class ExportSection(_Section):
    """Which servers rules are written for."""

    to: tuple[str, ...] = ("nginx",)
    prove: bool = True
    query: Literal["keep", "drop", "exact"] = "keep"
    install_dir: str | None = None


class VerifySection(_Section):
    """Where the live result is checked; without a base nothing is."""

    base: str | None = None
    fail_on: Literal["error", "warning", "never"] = "error"


class ProfileSection(_Section):
    """What kind of site it is, for the backlink profile."""

    type: Literal["local", "content", "ecommerce", "brand", "general"] = "general"
    age_months: int | None = Field(default=None, ge=0)
    competitors: tuple[str, ...] = ()


class EquitySection(_Section):
    """How link equity flows."""

    damping: float = Field(default=0.85, ge=0, lt=1)
    seeds: Literal["domains", "links", "authority", "even"] = "domains"


class Config(_Section):
    """A migration. `folder` is the settings file's; `out` lies in it."""

    old: SiteSection
    new: SiteSection
    out: str = "migration"
    crawl: CrawlSection = CrawlSection()
    inputs: InputSection = InputSection()
    value: ValueSection = ValueSection()
    plan: PlanSection = PlanSection()
    export: ExportSection = ExportSection()
    verify: VerifySection = VerifySection()
    profile: ProfileSection = ProfileSection()
    equity: EquitySection = EquitySection()
    folder: Path = Field(default=Path(), exclude=True)

    def path(self, name: str) -> Path:
        """Return `name` as a path, relative to the settings file's folder."""
        return self.folder / name

    @property
    def out_dir(self) -> Path:
        """Where everything is written."""
        return self.path(self.out)


def load_config(path: Path) -> Config:
    """Read and check a settings file.

    Raises:
        InputError: The file is missing, is not TOML, or holds a setting that
            is not known or not possible; the setting is named.
    """
    where = str(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.unreadable(
            path, error, hint="write one with `redirectmap init`"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"is not TOML: {error}", hint="mend that line", where=where
        ) from error
    raw.pop("folder", None)
    try:
        return Config(**raw, folder=path.parent)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        setting = ".".join(map(str, first["loc"]))
        raise InputError(
            f"setting {setting!r}: {first['msg']}",
            hint="`redirectmap init --print` shows every setting there is",
            where=where,
        ) from error
