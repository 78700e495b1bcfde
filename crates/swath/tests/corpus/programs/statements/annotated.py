x: int
y: int = 1
z: "list[int]" = [
    2,
]
w: (
    int
)
