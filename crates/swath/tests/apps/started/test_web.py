import subprocess
import sys


def test_web(port):
    subprocess.run([sys.executable, "drive.py", str(port), "once"], check=True, timeout=60)
