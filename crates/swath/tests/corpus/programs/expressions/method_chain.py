x = (
    "text"
    .upper()
    .lower()
    .strip(
        "t"
    )
)
