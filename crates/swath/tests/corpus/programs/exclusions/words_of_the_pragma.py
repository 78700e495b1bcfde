x = 1  # PRAGMA: NO COVER  # cov: excluded
x = 2  # pragma no cover  # cov: excluded
x = 3  # pragma:no cover  # cov: excluded
x = 4  #pragma: no cover  # cov: excluded
x = 5  # pragma: nocover  # cov: excluded
x = 6  # Pragma: no cover
x = 7  # no cover
