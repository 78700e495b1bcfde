import contextvars

variable = contextvars.ContextVar("variable", default=0)


def f():
    variable.set(1)
    return variable.get()


contextvars.copy_context().run(f)
