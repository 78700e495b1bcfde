for x in y:
    with a: break
    with b: continue
    with c: z
    with d:
        with e: z
    with f:
        with g:
            with h:
                z
z
