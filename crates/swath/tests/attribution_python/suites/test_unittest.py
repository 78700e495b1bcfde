import sys
import unittest

import stand_in


class Sync(unittest.TestCase):
    def setUp(self):
        stand_in.ran("set-up")
        self.addCleanup(stand_in.ran, "clean-up")

    def tearDown(self):
        stand_in.ran("tear-down")

    def test_passes(self):
        stand_in.ran("passes")

    def test_fails(self):
        stand_in.ran("fails")
        self.fail()

    def test_raises(self):
        stand_in.ran("raises")
        raise RuntimeError

    @unittest.skip("")
    def test_skipped(self):
        pass

    def test_parts(self):
        for part in range(2):
            with self.subTest(part=part):
                stand_in.ran("part %d" % part)
                self.assertEqual(part, 0)


class Async(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        stand_in.ran("async set-up")

    async def test_async(self):
        stand_in.ran("async")


if __name__ == "__main__":
    unittest.main()
