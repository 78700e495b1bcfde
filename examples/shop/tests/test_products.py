import pytest
from conftest import ask


def test_product_is_found(product):
    status, found = ask("GET", f"/products/{product['id']}")
    assert (status, found["name"]) == (200, "pen")


def test_unknown_product():
    assert ask("GET", "/products/0")[0] == 404


def test_product_needs_a_name():
    assert ask("POST", "/products", name=" ", cents=1)[0] == 422


def test_products_are_listed(product):
    assert product in ask("GET", "/products")[1]


def test_stock(product):
    status, found = ask("PUT", f"/products/{product['id']}/stock", count=3)
    assert (status, found["stock"]) == (200, 3)


def test_icon():
    assert ask("GET", "/favicon.ico")[0] == 404


@pytest.mark.skip(reason="nobody may do that yet")
def test_export():
    assert ask("GET", "/products.csv")[0] == 200
