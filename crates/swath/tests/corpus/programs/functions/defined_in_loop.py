functions = []
for x in range(2):
    def f(x=x):
        return x
    functions.append(f)
functions[0]()
