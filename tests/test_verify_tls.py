"""Certificates are checked for real: unknown, expired, of another host."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from redirectmap.verify import verify_plan
from tests.verify_site import (
    COMMON,
    FAST,
    NEW,
    OLD,
    Reply,
    Site,
    moved,
    plan_of,
    serving,
)

SECURE = "https://old.example/a"


def certificate(folder: Path, host: str, *, days: int = 2) -> Path:
    """Write a key and a certificate that signs itself; returns the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}{days}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


def tls(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def asked(
    old: Site, new: Site, ca: Path | None, target: str = f"{NEW}/t"
) -> pd.DataFrame:
    pins = (f"old.example={old.origin[7:]}", f"new.example={new.origin[7:]}")
    plan = plan_of({SECURE: ("redirect", target)})
    settings = replace(FAST, resolve=pins, ca_file=ca, timeout=5)
    return verify_plan(plan, base=None, settings=settings)


@pytest.mark.parametrize("fault", ["unknown", "expired", "other host"])
def test_a_bad_certificate_is_an_error(fault: str, tmp_path: Path) -> None:
    host = "another.example" if fault == "other host" else "old.example"
    pem = certificate(tmp_path, host, days=-1 if fault == "expired" else 2)
    trusted = None if fault == "unknown" else pem
    with (
        serving(Site(replies={"/a": moved("/t")}), tls(pem)) as old,
        serving(Site(replies=dict(COMMON))) as new,
    ):
        table = asked(old, new, trusted)
    assert table["verdict"].tolist() == ["tls_error"]
    assert table["message"][0]
    assert old.seen == {}


def test_a_bad_certificate_of_the_target_is_an_error(tmp_path: Path) -> None:
    good = certificate(tmp_path, "old.example")
    bad = certificate(tmp_path, "new.example", days=-1)
    both = tmp_path / "both.pem"
    both.write_bytes(good.read_bytes() + bad.read_bytes())
    target = "https://new.example/t"
    with (
        serving(Site(replies={"/a": Reply(301, target)}), tls(good)) as old,
        serving(Site(replies=dict(COMMON)), tls(bad)) as new,
    ):
        row = asked(old, new, both, target).iloc[0]
    assert row["problems"] == "tls_error"
    assert row["final_url"] == target


def hsts(*, on: bool) -> Sequence[tuple[str, str]]:
    return [("Strict-Transport-Security", "max-age=63072000")] if on else []


@pytest.mark.parametrize("on", [True, False])
def test_mixed_hops_and_missing_hsts_are_seen(on: bool, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "old.example")
    away = replace(moved("/t"), headers=tuple(hsts(on=on)))
    with (
        serving(Site(replies={"/a": away}), tls(pem)) as old,
        serving(Site(replies=dict(COMMON))) as new,
    ):
        table = asked(old, new, pem)
    assert table["verdict"].tolist() == ["insecure_hop"]
    note = "old.example redirects on https without HSTS"
    assert (note in table.attrs["notes"]) is not on


def test_a_hop_over_http_to_the_https_site_is_insecure(tmp_path: Path) -> None:
    """The new host may answer http with https, but nobody should be sent there."""
    pem = certificate(tmp_path, "new.example")
    old = Site(replies={"/a": Reply(301, f"{NEW}/t")})
    plain = Site(replies={"/t": Reply(301, "https://new.example/t")})
    with (
        serving(old),
        serving(plain),
        serving(Site(replies=dict(COMMON)), tls(pem)) as secure,
    ):
        pins = (
            f"old.example={old.origin[7:]}",
            f"new.example:80={plain.origin[7:]}",
            f"new.example:443={secure.origin[7:]}",
        )
        plan = plan_of({"http://old.example/a": ("redirect", "https://new.example/t")})
        settings = replace(FAST, resolve=pins, ca_file=pem, timeout=5)
        row = verify_plan(plan, base=None, settings=settings).iloc[0]
    assert row["problems"] == "bounce;chain;insecure_hop"


def test_a_staging_server_without_tls_answers_for_https_urls() -> None:
    """Before launch a plan of https URLs is verified on a plain port."""
    old = Site(replies={"/a": Reply(301, "https://new.example/t")})
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        table = asked(old, new, None, "https://new.example/t")
    assert table["problems"].tolist() == [""]
    assert table["hops"].tolist() == ["301 https://new.example/t"]
    plain = [note for note in table.attrs["notes"] if "speaks no TLS" in note]
    assert len(plain) == 2


def test_http_and_https_of_one_host_are_compared(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "old.example")
    plain = Site(replies={"/a": moved("/t"), "/b": moved("/t")})
    secure = Site(replies={"/a": moved("/t"), "/b": Reply(404)})
    with (
        serving(plain),
        serving(secure, tls(pem)),
        serving(Site(replies=dict(COMMON))) as new,
    ):
        pins = (
            f"old.example:80={plain.origin[7:]}",
            f"old.example:443={secure.origin[7:]}",
            f"new.example={new.origin[7:]}",
        )
        plan = plan_of({f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in "ab"})
        settings = replace(
            FAST, resolve=pins, ca_file=pem, timeout=5, extra_requests=60
        )
        table = verify_plan(plan, base=None, settings=settings)
    found = table.set_index("old_url")["problems"].to_dict()
    assert found == {f"{OLD}/a": "", f"{OLD}/b": "scheme_differs"}


def test_a_plain_port_has_no_https_to_compare_with() -> None:
    old = Site(replies={"/a": Reply(301, "/b"), "/b": moved("/t")})
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        pins = (f"old.example={old.origin[7:]}", f"new.example={new.origin[7:]}")
        plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
        settings = replace(FAST, resolve=pins, extra_requests=60)
        row = verify_plan(plan, base=None, settings=settings).iloc[0]
    assert row["problems"] == "chain"
