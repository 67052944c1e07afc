"""The hub that models are published on: which files a repository has, and their bytes from any place on.

`huggingface_hub` is imported when it is used. It knows the addresses, the token and the proxies; its own download
function isn't used, since it begins again after an interruption. Its HTTP client is httpx2's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models.gguf import printable

DEFAULT_REPOSITORY: Final = "Boakpe/Qwen3-4B-Thinking-2507-Text-to-SQL-Agent-FT-GGUF"
"""The published fine-tune."""
PREFERRED: Final = "Q8_0"
_ADDRESS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*)(?::(.+))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART_OF_A_MODEL = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)
_ELSEWHERE = "Or download the file on another machine and take it in with `sqlagent-tui model add FILE.gguf`."
_MAX_LISTED = 20


class HubFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a repository at one commit."""

    repository: str
    name: str
    commit: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, as the hub's pointer to it says."""
    licence: str = ""


class Interruption(Exception):  # noqa: N818 - not an error yet: the download goes on from where it stopped
    """The connection failed under way."""


def parse_address(text: str) -> tuple[str, str]:
    """Split `organisation/name[:file]`; the file may be empty. Raises UsageError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or ".." in text:
        raise UsageError(f"{printable(text) or '(nothing)'} names no repository.", "Write organisation/name[:file].")
    return match[1], match[2] or ""


def find_file(repository: str, wanted: str = "") -> HubFile:
    """Look a repository's GGUF file up: `wanted`, else the only one, else the only one in Q8_0.

    Raises ModelError for what can't be reached, had or used, and UsageError when the repository leaves a choice.
    """
    with _told(repository):
        from huggingface_hub import HfApi

        info = HfApi(_endpoint()).model_info(repository, files_metadata=True, timeout=_timeout())
    files = {file.rfilename: file for file in info.siblings or () if file.rfilename.lower().endswith(".gguf")}
    if wanted and wanted not in files:
        raise UsageError(f"{repository} has no file {printable(wanted)}.", _choices(repository, files))
    name = wanted or _choose(repository, files)
    if _PART_OF_A_MODEL.search(name):
        raise ModelError(
            f"{printable(name)} is one part of a model that was split.",
            "Choose another file, or merge all parts with llama-gguf-split --merge and `model add` the result.",
        )
    return _resolve(repository, name, info.sha or "main", _licence(info))


@contextmanager
def open_stream(file: HubFile, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Ask for the bytes of `file` from `start` on; yields where they really begin (0 or `start`), and the bytes.

    Raises ModelError, and `Interruption` when trying again may help.
    """
    with _told(file.repository, under_way=True):
        from huggingface_hub import get_session, hf_hub_url
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

        # Not the place that an earlier request was sent on to: such places are signed, and expire.
        url = hf_hub_url(file.repository, file.name, revision=file.commit, endpoint=_endpoint())
        headers = build_hf_headers(library_name="sqlagent-tui") | {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with get_session().stream("GET", url, headers=headers, timeout=_timeout()) as response:
            hf_raise_for_status(response)
            yield _begins(response, start), response.iter_bytes()


def _begins(response: Any, start: int) -> int:
    if response.status_code != 206:
        return 0  # the whole file, whatever was asked for
    said = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if said is None or int(said[1]) != start:
        raise Interruption("the server sent another part than the one that was asked for")
    return start


def _resolve(repository: str, name: str, commit: str, licence: str) -> HubFile:
    with _told(repository):
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(repository, name, revision=commit, endpoint=_endpoint())
        found = get_hf_file_metadata(url, timeout=_timeout())
    if found.size is None or not _SHA256.fullmatch(found.etag or ""):
        raise ModelError(
            f"The hub gives no SHA-256 for {printable(name)}, so what arrives could not be verified.", _ELSEWHERE
        )
    return HubFile(
        repository=repository,
        name=name,
        commit=found.commit_hash or commit,
        size=found.size,
        sha256=found.etag or "",
        licence=licence,
    )


def _choose(repository: str, files: dict[str, Any]) -> str:
    usable = [
        name for name in files if not _PART_OF_A_MODEL.search(name) and "mmproj" not in name.lower().rpartition("/")[2]
    ]
    if not usable:
        raise ModelError(f"{repository} has no GGUF file that could be used.", "Choose a repository of GGUF files.")
    preferred = [name for name in usable if PREFERRED.lower() in name.lower()]
    for found in (usable, preferred):
        if len(found) == 1:
            return found[0]
    raise UsageError(
        f"{repository} has several GGUF files.", _choices(repository, {name: files[name] for name in usable})
    )


def _choices(repository: str, files: dict[str, Any]) -> str:
    if not files:
        return "It has no GGUF files."
    listed = [f"\n  {repository}:{printable(name)}{_size(file.size)}" for name, file in sorted(files.items())]
    more = f"\n  … and {len(listed) - _MAX_LISTED} more" if len(listed) > _MAX_LISTED else ""
    return "Name one of them:" + "".join(listed[:_MAX_LISTED]) + more


def _size(size: int | None) -> str:
    return f"  ({size / 1e9:,.2f} GB)" if size else ""


def _licence(info: Any) -> str:
    said = getattr(info.card_data, "license", None) if info.card_data else None
    return printable(said) if isinstance(said, str) else ""


def _timeout() -> float:
    """Seconds to wait for a connection, and for each piece of an answer."""
    from huggingface_hub import constants

    return float(constants.HF_HUB_DOWNLOAD_TIMEOUT)


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


@contextmanager
def _told(repository: str, *, under_way: bool = False) -> Iterator[None]:
    """Turn what the hub's library and its HTTP client raise into one sentence.

    `under_way`: failures that may pass raise `Interruption` instead. No text of the library is passed on: it may hold
    signed addresses.
    """
    # Read when the library is imported, which is here at the earliest.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # its advice would land in the middle of our line
    import httpx2
    from huggingface_hub import errors

    host = _endpoint().partition("://")[2]
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise ModelError(
            "HF_HUB_OFFLINE is set, so nothing is downloaded.", f"Unset it to go online. {_ELSEWHERE}"
        ) from error
    except errors.GatedRepoError as error:
        raise ModelError(
            f"{repository} is only for those who accepted its conditions.",
            "Accept them on its page, then set HF_TOKEN or log in with `hf auth login`.",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f"There is no repository {repository} on {host}, or it is private.",
            "Check the name; for a private one set HF_TOKEN or log in with `hf auth login`.",
        ) from error
    except (errors.EntryNotFoundError, errors.RevisionNotFoundError) as error:
        raise ModelError(f"{repository} no longer has that file.", "Look at its page for the files it has.") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if under_way and (status in (408, 429) or status >= 500):
            raise Interruption(f"{host} answered {status}") from error
        remedy = "Check HF_TOKEN." if status in (401, 403) else f"Try again later. {_ELSEWHERE}"
        raise ModelError(f"{host} refused the download with status {status}.", remedy) from error
    except errors.HFValidationError as error:
        raise UsageError(f"{repository} can't be a repository's name.", "Write organisation/name[:file].") from error
    except (httpx2.TransportError, httpx2.TooManyRedirects) as error:
        if under_way:
            raise Interruption(_reason(error)) from error
        raise ModelError(
            f"{host} can't be reached: {_reason(error)}.", f"Check the network and its proxy. {_ELSEWHERE}"
        ) from error


def _reason(error: Exception) -> str:
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx2.ConnectError):
        return "no connection"
    return "the connection was lost"
