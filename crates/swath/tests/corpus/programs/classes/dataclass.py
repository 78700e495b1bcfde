from dataclasses import dataclass, field


@dataclass
class Box:
    x: int
    y: int = 1
    z: list = field(
        default_factory=list,
    )

    def total(self):
        if self.x:  # cov: 1/2
            return self.x + self.y
        return 0  # cov: miss


Box(1).total()
