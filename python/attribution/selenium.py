"""Selenium: the browser's requests, where its driver takes commands of the DevTools."""

from swath_attribution import baggage, current
from swath_attribution.wrapping import replace

_DEVTOOLS = "executeCdpCommand"
_SET = "Network.setExtraHTTPHeaders"
_LEAVING = ("newSession", "quit", "close", "status", "getAllSessions")


def patch(module):
    replace(module.WebDriver, "execute", _executing)


def _executing(original):
    def execute(self, driver_command, params=None):
        try:
            params = _give(self, driver_command, params, original)
        except Exception:
            # A driver that does not take it is not asked again.
            self._swath_test = None
        answer = original(self, driver_command, params)
        if driver_command in ("switchToWindow", "newWindow") and getattr(self, "_swath_test", None):
            # Each window has headers of its own.
            self._swath_test = ""
        return answer

    return execute


def _give(driver, command, params, execute):
    if not isinstance(command, str) or command in _LEAVING or not getattr(driver, "session_id", None):
        return params
    if command == _DEVTOOLS:
        if params and params.get("cmd") == _SET:
            driver._swath_headers = dict(params["params"].get("headers") or {})
            return {"cmd": _SET, "params": {"headers": _merged(driver)}}
        return params
    known = getattr(driver, "_swath_test", "")
    test = current.test()
    if known is None or known == test or not _takes(driver):
        return params
    driver._swath_test = None
    execute(driver, _DEVTOOLS, {"cmd": "Network.enable", "params": {}})
    execute(driver, _DEVTOOLS, {"cmd": _SET, "params": {"headers": _merged(driver)}})
    driver._swath_test = test
    return params


def _takes(driver):
    executor = driver.command_executor
    commands = getattr(executor, "_commands", {})
    return _DEVTOOLS in commands


def _merged(driver):
    headers = dict(getattr(driver, "_swath_headers", ()))
    own = [name for name in headers if name.lower() == "baggage"]
    merged = baggage.outgoing(",".join([headers[name] for name in own]))
    if merged is not None:
        for name in own:
            del headers[name]
        headers["baggage"] = merged
    return headers
