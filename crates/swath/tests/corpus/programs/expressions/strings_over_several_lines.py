x = """first
second
third"""
y = (
    "one"
    "two"
)
z = 'a' \
    'b'
