# Two greenlets that switch to and fro in the middle of their functions.
import greenlet


def ping():
    first = "ping"
    there.switch(first)
    second = "ping again"
    there.switch(second)
    return "never reached"  # miss


def pong(heard):
    answer = heard + " pong"
    heard = here.switch(answer)
    answer = heard + " pong"
    return answer


here = greenlet.greenlet(ping)
there = greenlet.greenlet(pong)
print(here.switch())
