"""A page is one file: nothing is loaded, nothing runs, nothing is unescaped; Chromium agrees."""

from __future__ import annotations

import datetime as dt
import http.server
import re
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.report.blocks import Marked, Page, Paragraph, Picture, Points, Section, Tabled
from impactmodel.report.effect_figures import plot_effect
from impactmodel.report.money_figures import plot_savings
from impactmodel.report.style import inline_svg
from impactmodel.report.tables import effects_table

NASTY = "<script>alert('x')</script> & <img src=x onerror=alert(1)> {{ 7 * 7 }}"


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    rng = np.random.default_rng(1)
    measures = [
        OutcomeMeasure("job", kind="binary", label=NASTY),
        OutcomeMeasure("wage", kind="amount", unit="EUR/year"),
    ]
    base = np.stack([rng.beta(200, 600, 500), rng.normal(4550, 200, 500)], 1)
    effect = np.stack([rng.normal(0.1, 0.04, 500), rng.normal(1700, 640, 500)], 1)
    return Outcomes.from_draws(
        np.clip(base + effect, 0, [1, 1e9]),
        base,
        measures=measures,
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=185,
        provenance=Provenance(),
    )


class Gains:
    """Synthetic gains by payer."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def by_payer(self) -> dict[str, np.ndarray]:
        return {"state": np.linspace(0, 9e5, 500), "participant": np.linspace(-9e5, 0, 500)}


@pytest.fixture(scope="module")
def page(outcomes: Outcomes) -> Page:
    """A page with every kind of block, and two figures that could share ids."""
    figures = [
        inline_svg(plot_effect(outcomes), "effect", NASTY, "a & b"),
        inline_svg(
            plot_savings(Gains("EUR"), 0.9),
            "payments",
            "t",
            "d",
        ),
    ]
    blocks = (
        Paragraph(NASTY),
        Points(((NASTY, NASTY), ("", "plain"))),
        Marked("Synthetic data", (NASTY,)),
        Picture(figures[0], NASTY),
        Picture(figures[1], "caption"),
        Tabled(effects_table(outcomes)),
    )
    sections = tuple(
        Section(f"s{i}", f"Section {i}", blocks if i == 0 else blocks[:1]) for i in range(4)
    )
    return Page(NASTY, NASTY, (("seed", NASTY),), (*sections, Section("none", "Empty", ())))


class Reader(HTMLParser):
    """Collects elements, attributes and ids, and what each text stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")


def read(page: Page) -> Reader:
    reader = Reader()
    reader.feed(page.html())
    return reader


def external_loads(reader: Reader, text: str) -> list[str]:
    """Everything that a browser would fetch: attributes that load, and url() or @import in CSS."""
    loading = {"src", "srcset", "href", "xlink:href", "data", "action", "poster", "background"}
    found = [
        f"{tag} {name}={value}"
        for tag, name, value in reader.attributes
        if name in loading and not value.startswith(("#", "data:"))
    ]
    found += [u for u in re.findall(r"url\(\s*['\"]?([^)'\"]*)", text) if not u.startswith("#")]
    return found + re.findall(r"@import[^;]*", text)


def test_nothing_is_loaded(page: Page) -> None:
    assert external_loads(read(page), page.html()) == []


def test_the_reader_of_loads_sees_them() -> None:
    text = '<img src="https://a.eu/x"><style>a { background: url("//b.eu") } @import "c";</style>'
    reader = Reader()
    reader.feed(text)
    assert len(external_loads(reader, text)) == 3


def test_nothing_runs_and_nothing_is_unescaped(page: Page) -> None:
    reader = read(page)
    assert "script" not in reader.tags
    assert "img" not in reader.tags
    assert [a for _, a, _ in reader.attributes if a.startswith("on")] == []
    assert "<script>alert" not in page.html()
    assert "{{ 7 * 7 }}" in page.html()


def test_the_policy_allows_only_what_is_inside(page: Page) -> None:
    policy = next(v for t, n, v in read(page).attributes if n == "content" and "default-src" in v)
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert parts["default-src"] == ["'none'"]
    assert parts["style-src"] == ["'unsafe-inline'"]
    assert parts["img-src"] == ["data:"]
    assert set(parts) == {"default-src", "style-src", "img-src", "base-uri", "form-action"}


def test_ids_are_unique_and_what_refers_to_them_finds_them(page: Page) -> None:
    reader = read(page)
    assert len(reader.ids) == len(set(reader.ids))
    text = page.html()
    used = re.findall(r"url\(#([^)]+)\)", text) + re.findall(r'href="#([^"]+)"', text)
    spoken = [v.split() for _, n, v in reader.attributes if n == "aria-labelledby"]
    assert len(used) > 10
    assert set(used) | {one for two in spoken for one in two} <= set(reader.ids)


def test_figures_and_tables_can_be_heard(page: Page) -> None:
    reader = read(page)
    assert ("html", "lang", "en-GB") in reader.attributes
    assert reader.tags.count("svg") == reader.tags.count("desc") == 2
    assert [v for t, n, v in reader.attributes if t == "svg" and n == "role"] == ["img", "img"]
    scopes = [v for t, n, v in reader.attributes if t == "th" and n == "scope"]
    assert scopes.count("row") == 2
    assert len(scopes) == reader.tags.count("th")
    assert reader.tags.count("caption") == reader.tags.count("table") == 1
    assert reader.tags.count("h1") == 1


def test_an_empty_section_is_left_out(page: Page) -> None:
    assert "none" not in read(page).ids
    assert [i for i in read(page).ids if re.fullmatch(r"s\d", i)] == ["s0", "s1", "s2", "s3"]


def test_the_same_result_gives_the_same_bytes(page: Page, outcomes: Outcomes) -> None:
    assert page.html() == page.html()
    one, two = (inline_svg(plot_effect(outcomes), "a", "t", "d") for _ in range(2))
    assert one == two


def flags(folder: Path) -> list[str]:
    return [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={folder}",
    ]


@pytest.mark.chromium
@pytest.mark.slow
def test_chromium_opens_it_without_any_request(page: Page, chromium: str, tmp_path: Path) -> None:
    """A proxy stands for the whole network: it must see nothing but the page's own delivery."""
    asked: list[str] = []
    text = page.html()

    class Watcher(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        do_CONNECT = do_GET  # noqa: N815 (http.server calls it by this name)

        def log_message(self, *_: object) -> None:
            pass

    def opened(body: str) -> tuple[list[str], str]:
        nonlocal text
        text = body
        asked.clear()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Watcher)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = f"--proxy-server=http://127.0.0.1:{server.server_address[1]}"
        command = [chromium, *flags(tmp_path / "profile"), proxy, "--proxy-bypass-list=<-loopback>"]
        result = subprocess.run(
            [*command, "--dump-dom", "http://report.test/page.html"],
            check=True,
            capture_output=True,
            text=True,
            timeout=240,
        )
        server.shutdown()
        server.server_close()
        return [a for a in asked if "report.test" in a or "elsewhere.test" in a], result.stdout

    only = ["http://report.test/page.html"]
    seen, dom = opened(page.html())
    assert seen == only
    assert "Section 0" in dom
    assert "<desc" in dom
    # The watcher is not blind: a page without the policy that loads a picture is seen to do so.
    seen, _ = opened('<img src="http://elsewhere.test/x.png"><p>hello</p>')
    assert "http://elsewhere.test/x.png" in seen
