# python: 3.12-
x = {"a": 1}
y = f"{x["a"]} {
    x["a"]  # a comment
}"
