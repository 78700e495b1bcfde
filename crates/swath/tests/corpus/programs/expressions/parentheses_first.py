(
    len
)(
    "abc"
)
(
    1
)
