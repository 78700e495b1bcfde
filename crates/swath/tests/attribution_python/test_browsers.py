"""One page of a real browser serves two tests: each request of the browser's belongs to the test that made it."""

import os

import pytest
import stand_in

PORT = int(os.environ["STAND_IN_PORT"])
ADDRESS = "http://127.0.0.1:%d" % PORT
# A browser that is root needs this.
ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu"]
FETCH = "fetch('/points/%d', {headers: {}}).then(answer => answer.text())"


@pytest.fixture(scope="module")
def playwright_page():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=os.environ["STAND_IN_CHROMIUM"], args=ARGUMENTS)
        context = browser.new_context(extra_http_headers={"baggage": "own=1", "x-own": "2"})
        yield context.new_page()
        browser.close()


@pytest.fixture(scope="module")
def selenium_driver():
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = os.environ["STAND_IN_CHROMIUM"]
    for argument in ARGUMENTS:
        options.add_argument(argument)
    driver = webdriver.Chrome(options, Service(os.environ["STAND_IN_CHROMEDRIVER"]))
    yield driver
    driver.quit()


@pytest.mark.parametrize("number", [1, 2])
def test_playwright(playwright_page, number):
    playwright_page.goto(ADDRESS + "/points/%d" % (10 + number))
    assert playwright_page.evaluate(FETCH % (20 + number))
    assert playwright_page.request.get(ADDRESS + "/points/%d" % (30 + number)).ok
    stand_in.agent.log("header", playwright_page.request.get(ADDRESS + "/header").text())
    other = playwright_page.context.new_page()
    other.goto(ADDRESS + "/points/%d" % (40 + number))
    other.goto(ADDRESS + "/header")
    stand_in.agent.log("header", other.content())
    other.close()


@pytest.mark.parametrize("number", [3, 4])
def test_selenium(selenium_driver, number):
    selenium_driver.get(ADDRESS + "/points/%d" % (10 + number))
    selenium_driver.execute_async_script(FETCH % (20 + number) + ".then(arguments[0])")
    selenium_driver.get(ADDRESS + "/header")
    stand_in.agent.log("header", selenium_driver.page_source)
