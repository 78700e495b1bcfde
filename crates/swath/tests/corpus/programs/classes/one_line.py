class Empty: pass
class Box: x = 1; y = 2
