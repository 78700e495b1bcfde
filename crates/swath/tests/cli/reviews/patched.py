"""Whether what the answers make of pods is what the filter makes of them.

Arguments: folders with review.json, answer.json and
filtered.yaml. An API server applies RFC 6902, and reads manifests by the rules of YAML 1.1.
"""

import base64
import json
import pathlib
import sys

import jsonpatch
import yaml

for folder in map(pathlib.Path, sys.argv[1:]):
    request = json.loads((folder / "review.json").read_text())["request"]
    response = json.loads((folder / "answer.json").read_text())["response"]
    assert response["uid"] == request["uid"], response
    assert response["allowed"] is True and response["patchType"] == "JSONPatch", response
    patch = json.loads(base64.b64decode(response["patch"], validate=True))
    patched = jsonpatch.apply_patch(request["object"], patch)
    filtered = yaml.safe_load((folder / "filtered.yaml").read_text())
    assert patched == filtered, (folder, patch)
    assert patched != request["object"]
    print(folder.name, len(patched["spec"]["initContainers"]))
