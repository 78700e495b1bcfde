"""JSON and dictionaries: documents made, indexed, joined, changed and written again."""

import json


def document(number):
    return {
        "id": number,
        "name": "item %d" % number,
        "tags": ["tag%d" % (number % divisor) for divisor in (3, 5, 7)],
        "size": {"width": number % 17, "height": number % 13},
        "parent": number // 2 if number else None,
    }


def index_by_tag(documents):
    index = {}
    for item in documents:
        for tag in item["tags"]:
            if tag not in index:
                index[tag] = []
            index[tag].append(item["id"])
    return index


def depth(by_id, item):
    steps = 0
    while item["parent"] is not None:
        item = by_id[item["parent"]]
        steps += 1
    return steps


def flatten(value, prefix="", out=None):
    if out is None:
        out = {}
    if isinstance(value, dict):
        for key, inner in value.items():
            flatten(inner, prefix + "." + key if prefix else key, out)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            flatten(inner, "%s[%d]" % (prefix, place), out)
    else:
        out[prefix] = value
    return out


def summary(documents):
    areas = {}
    for item in documents:
        size = item["size"]
        area = size["width"] * size["height"]
        if area > 100:
            kind = "large"
        elif area > 20:
            kind = "medium"
        else:
            kind = "small"
        areas[kind] = areas.get(kind, 0) + 1
    return areas


def run():
    for _ in range(5):
        documents = [document(number) for number in range(2500)]
        documents = json.loads(json.dumps(documents))
        by_id = {item["id"]: item for item in documents}
        index = index_by_tag(documents)
        deepest = max(depth(by_id, item) for item in documents)
        flat = [flatten(item) for item in documents]
        text = json.dumps({"index": index, "flat": flat, "summary": summary(documents)})
        assert deepest == 12 and len(json.loads(text)["flat"]) == 2500
