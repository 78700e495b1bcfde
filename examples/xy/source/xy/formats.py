"""Points as files of other programs."""

import csv
import io
import json


def as_csv(points):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "x", "y", "tags"])
    for point in points:
        writer.writerow([point.name, point.x, point.y, " ".join(point.tags)])
    return text.getvalue()


def as_geojson(points):
    return json.dumps({
        "type": "FeatureCollection",
        "features": [_feature(point) for point in points],
    }, indent=2)


def _feature(point):
    properties = {"name": point.name}
    if point.tags:
        properties["tags"] = list(point.tags)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(point.position)},
        "properties": properties,
    }


def as_kml(points):
    # Few ask for it, and the XML modules are slow to import.
    from xy import kml

    return kml.document(points)


FORMATS = {
    "csv": (as_csv, "text/csv"),
    "geojson": (as_geojson, "application/geo+json"),
    "kml": (as_kml, "application/vnd.google-earth.kml+xml"),
}
