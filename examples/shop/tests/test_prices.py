import pytest
from conftest import ask


@pytest.mark.parametrize("country, cents", [("DE", 1190), ("AT", 1200)])
def test_gross(product, country, cents):
    answer = ask("GET", f"/products/{product['id']}/price?country={country}")
    assert answer == (200, {"cents": cents})


def test_unknown_country(product):
    status, _ = ask("GET", f"/products/{product['id']}/price?country=XX")
    assert status == 422
