from __future__ import annotations
(x): int
class C:
    (y): int
    z: int
