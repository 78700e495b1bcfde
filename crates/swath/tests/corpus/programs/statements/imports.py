import os
import os.path as path, sys
from os import (
    path,
    sep,
)
from os.path import *
