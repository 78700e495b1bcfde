x = "# pragma: no cover"  # cov: excluded
y = """  # cov: excluded
# pragma: no cover
"""
z = 1
