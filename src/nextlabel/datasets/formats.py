"""Which files are pictures: by the endings that everybody uses, and else by their first bytes.

What Pillow reads is read, but for formats that run another program (EPS) or that have no bytes of their own to be known
by. HEIC, the format of iPhones, is read where pillow-heif is installed.
"""

import functools
import os
import re
from importlib import import_module

from nextlabel.errors import MissingExtra

# JPEG and PNG first: Pillow tries them in this order. TGA last, for it has no signature.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "PSD", "QOI", "DDS", "SGI", "TGA")
HEIF = "HEIF"
ENDINGS = "jpg jpeg jpe jfif png webp gif bmp dib tif tiff ppm pgm pbm pnm jp2 j2k avif heic heif tga"
SUFFIXES = frozenset(f".{ending}" for ending in ENDINGS.split())
HEAD = 32  # bytes of a file that tell what it is
MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP"
    rb"|II[*+]\x00|MM\x00[*+]"  # TIFF, and BigTIFF
    rb"|BM.{4}\x00{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00{3}"  # BMP: "BM" alone begins many a text
    rb"|P[1-6]\s|\x00{3}\x0cjP  |\xff\x4f\xff\x51"  # PBM, PGM, PPM; JPEG 2000
    rb"|.{4}ftyp(avi[fs]|hei[cxms]|hev[cxms]|mif1|msf1)"  # AVIF and HEIC
    rb"|8BPS\x00\x01|qoif|DDS |\x01\xda[\x00\x01][\x01\x02]",
    re.DOTALL,
)
HEIC = re.compile(rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)
NO_HEIF = "is HEIC, which pillow-heif reads: pip install 'nextlabel[heic]'"


def looks_like_a_picture(name: str, file: str) -> bool:
    """Does a file's ending say so, or else its first bytes?"""
    if os.path.splitext(name)[1].lower() in SUFFIXES:
        return True
    try:
        with open(file, "rb") as raw:
            return is_picture(raw.read(HEAD))
    except OSError:  # whoever may not read it cannot know
        return False


def is_picture(head: bytes) -> bool:
    """Are these the first bytes of a picture?

    >>> is_picture(b"\\xff\\xd8\\xff\\xe0" + bytes(28)), is_picture(b"BM is no picture, and neither is this")
    (True, False)
    """
    return MAGIC.match(head) is not None


def formats_of(head: bytes) -> tuple[str, ...]:
    """What Pillow is to try on a picture; raises `MissingExtra` for HEIC where nothing here reads it."""
    if HEIC.match(head) is None:
        return FORMATS
    if _learn_heif():
        return (HEIF, "AVIF")  # both begin with "mif1" at times
    raise MissingExtra(NO_HEIF)


@functools.cache
def _learn_heif() -> bool:
    """Teach Pillow to read HEIC; False where pillow-heif is not installed."""
    try:
        import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return False
    return True
