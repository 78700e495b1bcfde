def find(xs):
    for x in xs:
        if x:
            break
    else:
        return "none"
    return "some"


find([0])
find([1])
