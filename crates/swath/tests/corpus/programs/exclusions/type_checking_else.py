from typing import TYPE_CHECKING

if TYPE_CHECKING:  # cov: excluded
    x = 1  # cov: excluded
else:
    x = 2
