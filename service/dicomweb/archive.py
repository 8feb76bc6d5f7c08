"""What is asked of an archive: QIDO-RS finds, WADO-RS fetches, STOW-RS stores (PS3.18)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2

from service.api.transport.multipart_related import PART, multipart_related, split_parts
from service.preprocessing.files.dicom import PHOTOGRAPHS

_STUDY, _SERIES, _INSTANCE, _FAILED = "0020000D", "0020000E", "00080018", "00081198"
_JSON = "application/dicom+json"
# As it is stored: the archive need not decode it.
_ANY_SYNTAX = f'multipart/related; type="{PART}"; transfer-syntax=*'
_PAGE = 100
_UID = re.compile(r"[0-9][0-9.]{0,63}")


class ArchiveError(Exception):
    """The archive did not do what it was asked. The message says nothing of what it holds."""


@dataclass(frozen=True, order=True)
class PhotographUids:
    """Where a photograph lies in an archive."""

    study: str
    series: str
    instance: str

    @property
    def are_valid(self) -> bool:
        """Whether they are UIDs, which can become part of an address."""
        return all(_UID.fullmatch(each) for each in (self.study, self.series, self.instance))


class Archive:
    """An archive that speaks DICOMweb."""

    def __init__(self, http: httpx2.Client, *, qido: str, wado: str, stow: str) -> None:
        """Prepare to ask.

        Args:
            http: With the headers that the archive wants.
            qido: URL of its QIDO-RS.
            wado: URL of its WADO-RS.
            stow: URL of its STOW-RS.
        """
        self._http = http
        self._qido, self._wado, self._stow = (url.rstrip("/") for url in (qido, wado, stow))

    def photographs(self, since: date) -> tuple[list[PhotographUids], int]:
        """Find ophthalmic photographs in studies of this date and later.

        Returns:
            The photographs, and how many others cannot be asked for: they have no valid UIDs.

        Raises:
            ArchiveError: It does not answer as it should.
        """
        found = [
            each
            for kind in PHOTOGRAPHS
            for each in self._instances(SOPClassUID=kind, StudyDate=f"{since:%Y%m%d}-")
        ]
        valid = [each for each in found if each.are_valid]
        return valid, len(found) - len(valid)

    def has_series(self, study: str, series: str) -> bool:
        """Whether a series holds anything.

        Raises:
            ArchiveError: It does not answer as it should.
        """
        return bool(self._page(f"{self._qido}/studies/{study}/series", SeriesInstanceUID=series))

    def fetch(self, photograph: PhotographUids) -> bytes:
        """The file of a photograph, compressed as it is stored.

        Raises:
            ArchiveError: It does not answer as it should.
        """
        url = (
            f"{self._wado}/studies/{photograph.study}/series/{photograph.series}"
            f"/instances/{photograph.instance}"
        )
        response = self._ask("GET", url, headers={"Accept": _ANY_SYNTAX})
        try:
            ((_, content),) = split_parts(response.headers.get("Content-Type", ""), response.content)
        except ValueError:
            raise ArchiveError("WADO-RS did not answer with one object") from None
        return content

    def store(self, study: str, objects: Mapping[str, bytes]) -> None:
        """Store files in a study.

        Raises:
            ArchiveError: It did not take all of them.
        """
        media_type, body = multipart_related(objects)
        headers = {"Content-Type": media_type, "Accept": _JSON}
        response = self._ask("POST", f"{self._stow}/studies/{study}", headers=headers, content=body)
        # Some archives say 200 although they refused one, and so does a proxy that asks to log in.
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.status_code != httpx2.codes.OK or is_page or _has_failed(response):
            raise ArchiveError(f"STOW-RS did not take all objects (status {response.status_code})")

    def _instances(self, **query: str) -> Iterator[PhotographUids]:
        seen: set[PhotographUids] = set()
        while True:
            range_ = {"limit": str(_PAGE), "offset": str(len(seen))}
            page = self._page(f"{self._qido}/instances", **query, **range_)
            found = {
                PhotographUids(*(_text(each, tag) for tag in (_STUDY, _SERIES, _INSTANCE))) for each in page
            }
            # An archive that knows no offset gives the same page again.
            if not found - seen:
                return
            yield from sorted(found - seen)
            seen |= found

    def _page(self, url: str, **query: str) -> list[dict[str, Any]]:
        response = self._ask("GET", url, params=query, headers={"Accept": _JSON})
        if response.status_code == httpx2.codes.NO_CONTENT:
            return []
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, list):
            raise ArchiveError("QIDO-RS did not answer with a list")
        return found

    def _ask(self, method: str, url: str, **options: Any) -> httpx2.Response:  # noqa: ANN401 - httpx2's own
        try:
            response = self._http.request(method, url, **options)
        except httpx2.HTTPError as error:
            raise ArchiveError(f"it does not answer: {type(error).__name__}") from error
        if response.is_error:
            raise ArchiveError(f"{method} was answered with status {response.status_code}")
        return response


def _has_failed(response: httpx2.Response) -> bool:
    """Whether an answer of STOW-RS lists objects that were not stored; an empty list is none."""
    try:
        return bool(response.json().get(_FAILED, {}).get("Value"))
    except (ValueError, AttributeError):
        return False


def _text(found: Mapping[str, Any], tag: str) -> str:
    """The first value of an element; empty if there is none."""
    try:
        return str(found[tag]["Value"][0])
    except (KeyError, IndexError, TypeError):
        return ""
