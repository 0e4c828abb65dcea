import re
from pathlib import Path

from conftest import Server


def test_the_quick_start_runs(server: Server) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(compile(code.replace("127.0.0.1:50051", server.address), "README.md", "exec"), {})
