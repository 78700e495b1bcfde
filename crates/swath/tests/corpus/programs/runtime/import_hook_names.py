import importlib
import types

module = types.ModuleType("made")
exec("x = 1\nif x:\n    y = 2\n", module.__dict__)
json = importlib.import_module("json")
