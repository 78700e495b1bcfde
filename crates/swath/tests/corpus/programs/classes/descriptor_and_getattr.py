class Box:
    def __getattr__(self, name):
        if name == "missing":
            raise AttributeError(name)
        return name


Box().x
getattr(Box(), "missing", None)
