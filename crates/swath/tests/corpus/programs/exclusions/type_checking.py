from typing import TYPE_CHECKING
import typing

if TYPE_CHECKING:  # cov: excluded
    import os  # cov: excluded
if typing.TYPE_CHECKING:  # cov: excluded
    import sys  # cov: excluded
x = 1
