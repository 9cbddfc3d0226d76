"""Words for every terminal: what its encoding has no sign for is written with another one."""

import codecs
import io
import sys
import unicodedata

HANDLER = "nac-plain"
# One for one, so that columns stay where they are.
PLAIN = str.maketrans("●○■□▲△▼▽◆◇★☆×·•–—−≈≤≥±→←↑↓‘’“”…µ", "*o#o^^vv*o*ox..---~<>~><^v''\"\".u")


def plain(text: str) -> str:
    """`text` in ASCII: marks as letters that look like them, accents and exponents dropped to their base.

    >>> plain("● accuracy 1.5 ± 0.2 × 10² Δη")
    '* accuracy 1.5 ~ 0.2 x 102 ??'
    """
    letters = unicodedata.normalize("NFKD", text.translate(PLAIN))
    return "".join(sign if sign.isascii() else "?" for sign in letters if not unicodedata.combining(sign))


def settle() -> None:
    """Let standard output and standard error take any text: a login node with a Latin-1 locale lacks many signs."""
    codecs.register_error(HANDLER, _instead)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors=HANDLER)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end
