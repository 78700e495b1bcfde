x = {"a": 1}  # pragma: no cover  # cov: excluded
y = x["a":] if False else 1
z = 1
