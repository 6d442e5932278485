"""Findings as SARIF 2.1.0 (OASIS, 2023), which editors and build servers show at their places in the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maild import __version__
from maild.errors import Finding

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(findings: Sequence[Finding], folder: Path) -> dict[str, object]:
    """One run with all findings; files inside `folder` are named from there, others by their whole URI."""
    driver = {"name": "maild", "version": __version__}
    results = [_result(finding, folder) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, folder: Path) -> dict[str, object]:
    text = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(Path(finding.file), folder)}}
    if finding.line:
        place["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
    return {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _uri(file: Path, folder: Path) -> str:
    whole = file.absolute()
    if whole.is_relative_to(folder):
        # A relative reference must not look like one with a scheme (RFC 3986, 4.2); as_uri() quotes what it must.
        return whole.as_uri().removeprefix(folder.as_uri().rstrip("/") + "/")
    return whole.as_uri()
