"""The routes of the catalog."""

from fastapi import Body, FastAPI, HTTPException

from catalog import pricing, store

app = FastAPI(title="catalog")


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/products")
def products():
    return store.everything()


@app.post("/products", status_code=201)
def add(name: str = Body(), cents: int = Body()):
    if not name.strip():
        raise HTTPException(422, "a product has a name")
    return store.add(name.strip(), cents)


@app.get("/products/{product_id}")
def product(product_id: int):
    return found(product_id)


@app.get("/products/{product_id}/price")
def price(product_id: int, country: str):
    net = found(product_id)["cents"]
    try:
        return {"cents": pricing.gross(net, country)}
    except pricing.NoPrice as problem:
        raise HTTPException(422, str(problem)) from problem


@app.put("/products/{product_id}/stock")
def stock(product_id: int, count: int = Body(embed=True)):
    known = found(product_id)
    if count < 0:
        raise HTTPException(422, "no fewer than none")
    known["stock"] = count
    return known


@app.delete("/products/{product_id}", status_code=204)
def remove(product_id: int):
    found(product_id)
    store.remove(product_id)


def found(product_id):
    known = store.find(product_id)
    if known is None:
        raise HTTPException(404, f"no product {product_id}")
    return known
