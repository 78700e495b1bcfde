x = 1; y = 2
z = 3;
import os; import sys; x = [
    1,
]; y = 2
