"""Points as KML."""

from xml.etree import ElementTree

NAMESPACE = "http://www.opengis.net/kml/2.2"


def document(points):
    root = ElementTree.Element("kml", xmlns=NAMESPACE)
    folder = ElementTree.SubElement(root, "Document")
    for point in points:
        mark = ElementTree.SubElement(folder, "Placemark")
        ElementTree.SubElement(mark, "name").text = point.name
        if point.tags:
            ElementTree.SubElement(mark, "description").text = ", ".join(point.tags)
        place = ElementTree.SubElement(mark, "Point")
        ElementTree.SubElement(place, "coordinates").text = f"{point.x},{point.y}"
    return ElementTree.tostring(root, encoding="unicode")
