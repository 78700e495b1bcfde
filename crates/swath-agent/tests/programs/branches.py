import sys
def f(xs, c):
    n = 0
    for x in xs:
        if c and x:
            n += 1
        while x > 2:
            x -= 1
            if x == 100:
                break
        else:
            n += 2
    with open('/dev/null') as g:
        if n > 100:
            n = 3
    with open('/dev/null') as g:
        if n < 100:
            n = 3
    try:
        if n: int('x')
    except ValueError:
        pass
    return n
def one(): return 1
def never(): return 2
class C: x = 1
class D: pass
lam = lambda: 3
def raises(x):
    if x.y:
        return 1
def gen(n):
    for i in range(n):
        if i % 2:
            yield i
        else: yield -i
def g1(): yield 1
def multi(a, b):
    if (a and
            b):
        return 1
    if (a or
        b
        ) and f([1],
            2):
        return 3
    return 2
def early(x):
    if x: return 1
    for i in x: print(i)
    while x: x = x - 1
def ternary(x):
    y = 1 if x else 2
    return (y if x
            else 3)
f([1,5],1)
one()
try:
    raises(3)
except AttributeError:
    pass
list(gen(3))
x = g1(); next(x); x.close()
multi(1,0); multi(1, 1)
early([])
ternary(1)
def m(x):
    try:
        if x > 1:
            return 5
        elif x: raise KeyError(x)
    except KeyError as e:
        x = 3
    finally:
        x = 4
    return x
m(1); m(2)
def compr(x):
    a = [i for i in x if i]
    b = [
        i
        for i in x
        if i > 2
    ]
    return sum(i for i in x)
compr([1,2])
async def ait():
    yield 1
async def g(brk):
    async for i in ait():
        j = i
        if brk:
            break
    return 2
async def g2():
    async for i in ait():
        j = i
async def w():
    if await g(0):
        return 1
import asyncio
asyncio.run(g(1))
asyncio.run(g(0))
asyncio.run(g2())
asyncio.run(w())
def loop():
    for i in range(10):
        if i == 20:
            pass
    while True:
        if i > 2: break
    for i in []:
        pass
    else:
        i = 3
    if not __debug__:
        i = 4
    assert i, "x"
    return (i and
        n or
        3)
n = 3
loop()
def dec(f): return f
@dec
def decd(): return 1
@dec
def decd2(
    x): return x
decd()
if sys.argv: z = 1
else: z = 2
