"""In the manner of deltablue: one-way constraints of several strengths, planned and executed."""

REQUIRED, STRONG, NORMAL, WEAK = range(4)


class Variable:
    def __init__(self, name, value=0):
        self.name = name
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.strength = WEAK
        self.mark = 0


class Constraint:
    def __init__(self, strength, *variables):
        self.strength = strength
        self.variables = variables
        self.output = None
        for variable in variables:
            variable.constraints.append(self)

    def inputs(self):
        for variable in self.variables:
            if variable is not self.output:
                yield variable

    def choose(self, mark):
        best = None
        for variable in self.variables:
            if variable.mark != mark and variable.strength >= self.strength:
                if best is None or variable.strength > best.strength:
                    best = variable
        self.output = best
        return best is not None

    def inputs_known(self, mark):
        return all(variable.mark == mark or variable.determined_by is None
                   for variable in self.inputs())


class Stay(Constraint):
    def execute(self):
        pass


class Edit(Constraint):
    def __init__(self, strength, variable, source):
        super().__init__(strength, variable)
        self.source = source

    def execute(self):
        self.output.value = self.source()


class Equal(Constraint):
    def execute(self):
        for variable in self.inputs():
            self.output.value = variable.value


class Scale(Constraint):
    def __init__(self, strength, source, target, factor, offset):
        super().__init__(strength, source, target)
        self.factor = factor
        self.offset = offset

    def execute(self):
        source, target = self.variables
        if self.output is target:
            target.value = source.value * self.factor + self.offset
        else:
            source.value = (target.value - self.offset) / self.factor


class Planner:
    def __init__(self):
        self.mark = 0

    def add(self, constraint):
        self.mark += 1
        while constraint is not None:
            constraint = self.enforce(constraint)

    def enforce(self, constraint):
        if not constraint.choose(self.mark):
            return None
        output = constraint.output
        overridden = output.determined_by
        output.determined_by = constraint
        output.strength = min([constraint.strength]
                              + [variable.strength for variable in constraint.inputs()])
        output.mark = self.mark
        if overridden is not None:
            overridden.output = None
        return overridden

    def plan(self, sources):
        self.mark += 1
        steps = []
        waiting = list(sources)
        while waiting:
            constraint = waiting.pop()
            output = constraint.output
            if output is None or output.mark == self.mark:
                continue
            if constraint.inputs_known(self.mark):
                steps.append(constraint)
                output.mark = self.mark
                for other in output.constraints:
                    if other is not constraint and other.output is not None:
                        waiting.append(other)
        return steps


def chain(length):
    planner = Planner()
    variables = [Variable("v%d" % number) for number in range(length)]
    for left, right in zip(variables, variables[1:]):
        planner.add(Equal(REQUIRED, left, right))
    planner.add(Stay(STRONG, variables[-1]))
    state = [0]
    edit = Edit(STRONG, variables[0], lambda: state[0])
    edit.output = variables[0]
    for step in range(10):
        state[0] = step
        for constraint in planner.plan([edit]):
            constraint.execute()
    return variables[0].value


def projection(length):
    planner = Planner()
    scales = []
    for number in range(length):
        source, target = Variable("s%d" % number, number), Variable("t%d" % number)
        planner.add(Stay(NORMAL, source))
        scale = Scale(REQUIRED, source, target, 10, 1000)
        planner.add(scale)
        scales.append(scale)
    total = 0
    for scale in scales:
        if scale.output is not None:
            scale.execute()
            total += scale.output.value
    return total


def run():
    for _ in range(24):
        assert chain(400) == 9
        assert projection(1500) > 0
