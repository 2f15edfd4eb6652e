"""Identifiers as the surveys make them, and a register that keeps names unique."""

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy_healpix import lonlat_to_healpix

SOURCE_ID_NSIDE, SOURCE_ID_SHIFT = 1 << 12, 35
PS1_ZONES_PER_DEG, PS1_ZONE_SHIFT = 120, 10**13
SCATTER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: multiplicative hashing
ONE, LOW_6_BITS = np.uint64(1), np.uint64(63)


def source_ids(ra: np.ndarray, dec: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Gaia's form: HEALPix cell (order 12, nested) of the position [deg], then a number."""
    pixel = lonlat_to_healpix(ra * u.deg, dec * u.deg, SOURCE_ID_NSIDE, order="nested")
    return (pixel.astype(np.int64) << SOURCE_ID_SHIFT) | number


def panstarrs1_ids(dec: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Pan-STARRS1's form: zone of declination (30 arcsec), then digits, here a number."""
    zone = ((dec + 90) * PS1_ZONES_PER_DEG).astype(np.int64)
    return zone * PS1_ZONE_SHIFT + number


class Designations:
    """Names `hhmmssss+ddmmsss` of positions [deg], truncated as the surveys do."""

    def __init__(self, ra: np.ndarray, dec: np.ndarray):
        self._seconds = np.minimum((ra * 24000).astype(np.int64), 8_639_999)  # 0.01 s
        self._arcseconds = (np.abs(dec) * 36000).astype(np.int64)  # 0.1 arcsec
        self._south = dec < 0

    def keys(self) -> np.ndarray:
        """A uint64 for each name, equal where names are."""
        return (((self._seconds << 23) | self._arcseconds) << 1 | self._south).astype(np.uint64)

    def twomass(self) -> pa.StringArray:
        return text(self._characters())

    def allwise(self) -> pa.StringArray:
        """With decimal points and the survey's letter: `Jhhmmss.ss+ddmmss.s`."""
        plain = self._characters()
        named = np.full((len(plain), 19), ord("."), np.uint8)
        named[:, 0] = ord("J")
        for target, source in ((1, 0), (3, 2), (5, 4), (8, 6), (10, 8), (12, 10), (14, 12)):
            named[:, target : target + 2] = plain[:, source : source + 2]
        named[:, 10:17] = plain[:, 8:15]
        named[:, 18] = plain[:, 15]
        return text(named)

    def _characters(self) -> np.ndarray:
        characters = np.empty((len(self._south), 16), np.uint8)
        rest, hundredths = np.divmod(self._seconds, 100)
        _sexagesimal(characters[:, 0:6], rest)
        _pair(characters[:, 6:8], hundredths)
        characters[:, 8] = np.where(self._south, ord("-"), ord("+"))
        rest, tenths = np.divmod(self._arcseconds, 10)
        _sexagesimal(characters[:, 9:15], rest)
        characters[:, 15] = ord("0") + tenths
        return characters


def _sexagesimal(target: np.ndarray, value: np.ndarray) -> None:
    minutes, seconds = np.divmod(value, 60)
    whole, minutes = np.divmod(minutes, 60)
    for i, part in enumerate((whole, minutes, seconds)):
        _pair(target[:, 2 * i : 2 * i + 2], part)


def _pair(target: np.ndarray, value: np.ndarray) -> None:
    tens, ones = np.divmod(value, 10)
    target[:, 0], target[:, 1] = ord("0") + tens, ord("0") + ones


def text(characters: np.ndarray) -> pa.StringArray:
    """Strings from a uint8 array [row, character] of ASCII codes."""
    n, width = characters.shape
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(characters)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(data))


class NameRegister:
    """Says which names are new, in constant memory (a blocked Bloom filter).

    A taken name is always recognised; about one new name in 10,000 (one in 200 near 50 million)
    is taken for an old one. Either way the source counts as blended with a neighbour.

    Parameters
    ----------
    expected : int
        Names to come; more only make the second kind of answer more frequent.
    """

    def __init__(self, expected: int):
        bits = int(np.clip(np.ceil(np.log2(max(expected, 1) * 2)), 10, 24))
        self._words = np.zeros(1 << bits, np.uint64)
        self._shift = np.uint64(64 - bits)

    def admit(self, keys: np.ndarray) -> np.ndarray:
        """Whether each name is new; all are taken afterwards."""
        order = np.argsort(keys)
        repeated = np.zeros(len(keys), bool)
        repeated[order[1:]] = keys[order[1:]] == keys[order[:-1]]
        scattered = keys * SCATTER
        word = (scattered >> self._shift).astype(np.int64)
        mask = np.zeros(len(keys), np.uint64)
        for low in (0, 6, 12):
            mask |= ONE << (scattered >> np.uint64(low + 20) & LOW_6_BITS)
        taken = (self._words[word] & mask) == mask
        np.bitwise_or.at(self._words, word, mask)
        return ~(taken | repeated)
