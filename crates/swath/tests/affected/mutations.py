"""Every change of one line that makes another program of a source, as JSON: arguments are files. Each is the file, the
line, what was done, and the line's new text."""
import ast
import json
import sys

COMPARISONS = {
    ast.Eq: '!=', ast.NotEq: '==', ast.Lt: '>=', ast.GtE: '<', ast.Gt: '<=', ast.LtE: '>',
    ast.Is: 'is not', ast.IsNot: 'is', ast.In: 'not in', ast.NotIn: 'in',
}
OPERATORS = {ast.Add: '-', ast.Sub: '+', ast.Mult: '//', ast.Div: '*', ast.FloorDiv: '*', ast.Mod: '+'}


def segment(source, node):
    return ast.get_source_segment(source, node)


def replacements(source, node):
    """What was done, the node that is replaced, and its new text."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        left, right = segment(source, node.left), segment(source, node.comparators[0])
        yield 'comparison', node, f'{left} {COMPARISONS[type(node.ops[0])]} {right}'
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = segment(source, node.left), segment(source, node.right)
        yield 'operator', node, f'({left}) {OPERATORS[type(node.op)]} ({right})'
    if isinstance(node, ast.BoolOp):
        word = ' or ' if isinstance(node.op, ast.And) else ' and '
        yield 'boolean', node, word.join(f'({segment(source, value)})' for value in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield 'not', node, f'({segment(source, node.operand)})'
    if isinstance(node, (ast.If, ast.While)) and node.test.lineno == node.lineno:
        yield 'not', node.test, f'not ({segment(source, node.test)})'
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield 'constant', node, str(not node.value)
        elif isinstance(node.value, (int, float)):
            yield 'constant', node, f'{node.value!r} + 1' if node.value < 0 else repr(node.value + 1)
        elif isinstance(node.value, str) and segment(source, node)[:1] in '\'"':
            yield 'constant', node, repr(node.value + 'x')
    if isinstance(node, ast.Return) and node.value is not None:
        nothing = isinstance(node.value, ast.Constant) and node.value.value is None
        yield 'return', node, 'return 1' if nothing else 'return None'
    if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Delete, ast.Assert)):
        yield 'deleted', node, 'pass'
    if isinstance(node, (ast.Break, ast.Continue)):
        yield 'jump', node, 'continue' if isinstance(node, ast.Break) else 'break'
    if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name):
        yield 'handler', node.type, 'ZeroDivisionError'


def mutations(path):
    with open(path, encoding='utf-8') as file:
        source = file.read()
    tree = ast.parse(source)
    plain = ast.dump(tree)
    lines = source.split('\n')
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        for done, place, text in replacements(source, node):
            if place.lineno != place.end_lineno:
                continue
            line = lines[place.lineno - 1].encode()
            new = (line[:place.col_offset] + text.encode() + line[place.end_col_offset:]).decode()
            changed = '\n'.join(lines[:place.lineno - 1] + [new] + lines[place.lineno:])
            try:
                other = ast.parse(changed)
                compile(changed, path, 'exec')
            except (SyntaxError, ValueError):
                continue
            if ast.dump(other) != plain:
                yield {'file': path, 'line': place.lineno, 'done': done, 'text': new}


json.dump([mutation for path in sys.argv[1:] for mutation in mutations(path)], sys.stdout)
