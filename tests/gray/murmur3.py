"""MurmurHash3 by Austin Appleby, variant x86, 32 bit."""

MASK = 0xFFFFFFFF
C1 = 0xCC9E2D51
C2 = 0x1B873593


def rotate_left(value, bits):
    return (value << bits | value >> (32 - bits)) & MASK


def scramble(block):
    return rotate_left(block * C1 & MASK, 15) * C2 & MASK


def finish(value):
    value ^= value >> 16
    value = value * 0x85EBCA6B & MASK
    value ^= value >> 13
    value = value * 0xC2B2AE35 & MASK
    return value ^ value >> 16


def murmur3_x86_32(data, seed=0):
    """The hash of some bytes."""
    n_whole = len(data) & ~3
    value = seed
    for at in range(0, n_whole, 4):
        value ^= scramble(int.from_bytes(data[at : at + 4], "little"))
        value = (rotate_left(value, 13) * 5 + 0xE6546B64) & MASK
    value ^= scramble(int.from_bytes(data[n_whole:], "little"))
    return finish(value ^ len(data))
