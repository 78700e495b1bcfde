import sys

x = 1
sys.settrace(sys.gettrace())
y = 2
