"""A named point."""

from dataclasses import dataclass, field
from typing import Tuple


@dataclass(frozen=True)
class Point:
    name: str
    x: float
    y: float
    tags: Tuple[str, ...] = field(default=())

    @property
    def position(self):
        return self.x, self.y

    def as_json(self):
        return {"name": self.name, "x": self.x, "y": self.y, "tags": list(self.tags)}

    def moved(self, dx, dy):
        return Point(self.name, self.x + dx, self.y + dy, self.tags)

    def __str__(self):  # pragma: no cover
        return f"{self.name} ({self.x:g}, {self.y:g})"
