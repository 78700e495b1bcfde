match (x,
  y):
    case [a, *_]:
        match (x,
          y):
            case [a, *_] if b'':
                pass
match x:
    case C(a=1):
        if False:
            match (x,
              y):
                case C(a=1) if x:
                    pass
