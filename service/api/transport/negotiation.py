"""Which media type a client prefers (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """Choose among media types.

    Args:
        accept: The Accept header; empty accepts everything.
        offers: Media types that can be produced, the default first.

    Returns:
        The offer of the highest quality, the earlier of equals; nothing where none is acceptable.
    """
    ranges = [_parse(item) for item in (accept.strip() or "*/*").split(",")]
    best = max(offers, key=lambda offer: _quality(offer, ranges))
    return best if _quality(best, ranges) > 0 else None


def _parse(item: str) -> tuple[str, float]:
    """A media range and its quality; a quality that is no number refuses the range."""
    media_range, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media_range, float(parameter[2:])
            except ValueError:
                return media_range, 0
    return media_range, 1


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality that the most specific matching range gives."""
    qualities = dict(ranges)
    for candidate in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        if candidate in qualities:
            return qualities[candidate]
    return 0
