"""Ed25519 signatures (RFC 8032, 5.1), made and checked, for DKIM keys; dkimpy has them from a package in C.

Python's numbers take a time that depends on their value, so this is for a process that signs its own mails, not for one
that signs what an attacker hands it and times the answers. Points are extended coordinates (X, Y, Z, T) of the curve.
"""

from __future__ import annotations

import hashlib
from functools import cache

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_Point = tuple[int, int, int, int]
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)
_NOTHING: _Point = (0, 1, 1, 0)


def public_key(seed: bytes) -> bytes:
    """The 32 octets of the public key of a 32-octet private one (RFC 8032, 5.1.5)."""
    return _keys(seed)[2]


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64 octets of a signature (RFC 8032, 5.1.6); the same message always gives the same."""
    scalar, prefix, public = _keys(seed)
    nonce = _number(hashlib.sha512(prefix + message).digest()) % _ORDER
    commitment = _encoded(_times_base(nonce))
    challenge = _number(hashlib.sha512(commitment + public + message).digest())
    answer = (nonce + challenge * scalar) % _ORDER
    return commitment + answer.to_bytes(32, "little")


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is the key's over this message (RFC 8032, 5.1.7)."""
    key, commitment = _decoded(public), _decoded(signature[:32])
    answer = _number(signature[32:])
    if key is None or commitment is None or len(signature) != 64 or answer >= _ORDER:
        return False
    challenge = _number(hashlib.sha512(signature[:32] + public + message).digest()) % _ORDER
    return _encoded(_times_base(answer)) == _encoded(_sum(commitment, _times(key, challenge)))


@cache
def _keys(seed: bytes) -> tuple[int, bytes, bytes]:
    """The secret scalar, the prefix of nonces, and the public key."""
    if len(seed) != 32:
        raise ValueError("a private Ed25519 key has 32 octets")
    digest = hashlib.sha512(seed).digest()
    scalar = _number(digest[:32]) & ~7 & ~(1 << 255) | 1 << 254
    return scalar, digest[32:], _encoded(_times_base(scalar))


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def _sum(one: _Point, two: _Point) -> _Point:
    """Addition, complete: it holds for equal points too (RFC 8032, 5.1.4)."""
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c = 2 * one[3] * two[3] * _D % _P
    d = 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


@cache
def _doubled() -> tuple[_Point, ...]:
    """The base point times 1, 2, 4 ...: half of the work of every signature, done once."""
    points = [_BASE]
    while len(points) < 256:
        points.append(_sum(points[-1], points[-1]))
    return tuple(points)


def _times_base(factor: int) -> _Point:
    result = _NOTHING
    for place, point in enumerate(_doubled()):
        if factor >> place & 1:
            result = _sum(result, point)
    return result


def _encoded(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _times(point: _Point, factor: int) -> _Point:
    result = _NOTHING
    while factor:
        if factor & 1:
            result = _sum(result, point)
        point, factor = _sum(point, point), factor >> 1
    return result


def _decoded(octets: bytes) -> _Point | None:
    """The point that 32 octets stand for (RFC 8032, 5.1.3); None where they stand for none."""
    sign, y = _number(octets) >> 255, _number(octets) & (1 << 255) - 1
    if len(octets) != 32 or y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P != 0:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P != 0 or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return (x, y, 1, x * y % _P)
