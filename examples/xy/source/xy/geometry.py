"""Plane geometry; positions are pairs of numbers."""

import math

METRICS = {
    "euclidean": lambda a, b: math.hypot(a[0] - b[0], a[1] - b[1]),
    "manhattan": lambda a, b: abs(a[0] - b[0]) + abs(a[1] - b[1]),
    "chebyshev": lambda a, b: max(abs(a[0] - b[0]), abs(a[1] - b[1])),
}


def bounding_box(positions):
    """``(left, bottom, right, top)`` of the positions, or None without any."""
    positions = list(positions)
    if not positions:
        return None
    xs = [x for x, _ in positions]
    ys = [y for _, y in positions]
    return min(xs), min(ys), max(xs), max(ys)


def inside(box, position):
    left, bottom, right, top = box
    x, y = position
    return left <= x <= right and bottom <= y <= top


def length(path, metric):
    """The length of the way along the positions."""
    total = 0.0
    for start, end in zip(path, path[1:]):
        total += metric(start, end)
    return total


def short_route(points, metric):
    """A short way through all points: the nearest next one, then 2-opt until nothing improves."""
    if len(points) < 3:
        return list(points)
    rest = list(points[1:])
    route = [points[0]]
    while rest:
        last = route[-1].position
        nearest = min(rest, key=lambda point: (metric(last, point.position), point.name))
        rest.remove(nearest)
        route.append(nearest)
    improved = True
    while improved:
        improved = False
        for start in range(1, len(route) - 1):
            for end in range(start + 1, len(route)):
                turned = route[:start] + route[start:end + 1][::-1] + route[end + 1:]
                if _total(turned, metric) < _total(route, metric) - 1e-9:
                    route = turned
                    improved = True
    return route


def _total(route, metric):
    return length([point.position for point in route], metric)


def area(polygon):
    """The area of a polygon, by the shoelace formula."""
    twice = 0.0
    for index, (x, y) in enumerate(polygon):
        next_x, next_y = polygon[(index + 1) % len(polygon)]
        twice += x * next_y - next_x * y
    return abs(twice) / 2


def hull(positions):
    """The convex hull, counter-clockwise (Andrew's monotone chain)."""
    positions = sorted(set(positions))
    if len(positions) < 3:
        return positions

    def half(ordered):
        chain = []
        for position in ordered:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], position) <= 0:
                chain.pop()
            chain.append(position)
        return chain[:-1]

    return half(positions) + half(reversed(positions))


def _turn(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
