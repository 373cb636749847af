"""`trader init`: what it writes, what it leaves alone, and that no key is ever shown."""

import io
import json
import os
import select
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from trader.agents.roster import roster
from trader.cli import main
from trader.commands.providers import PROVIDERS
from trader.settings import Settings, keys, load

KEY = "sk-planted-0123456789"
MINIMAL = {
    "lmstudio": ["--model", "qwen"],
    "vllm": ["--model", "qwen"],
    "compatible": ["--model", "qwen", "--api-base", "http://10.0.0.7:9000/v1"],
    "azure": ["--model", "desk", "--api-base", "https://desk.openai.azure.com"],
}
"""What only the user can know."""
Init = Callable[..., tuple[int, str, str]]


@pytest.fixture
def init(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Init:
    """Runs the command in an empty folder, with `typed` on stdin, which is no terminal."""

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["init", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def settings(workspace: Path) -> Settings:
    return load(config=workspace / "trader.toml")[0]


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "none"])
def test_every_provider_becomes_a_desk_whose_agents_ask_it(init: Init, workspace: Path, name: str) -> None:
    code, out, err = init("--provider", name, "--yes", *MINIMAL.get(name, []))
    assert (code, err) == (0, "")
    assert "trader doctor" in out
    found = settings(workspace)
    asking = {agent.name for agent in roster(tables=found.agents, roles=found.llm.roles) if agent.role}
    assert asking == {"executive", "momentum", "news", "quant", "risk", "sentiment", "value"}
    (model,) = found.llm.roles["fast"].models
    assert model.startswith(PROVIDERS[name].prefix + "/")
    assert found.llm.budget.per_decision_tokens
    assert bool(found.llm.budget.per_day_usd) is not PROVIDERS[name].local


def test_with_no_model_the_file_sets_nothing(init: Init, workspace: Path) -> None:
    assert init("--provider", "none", "--yes")[0] == 0
    assert settings(workspace) == Settings()
    assert not (workspace / ".env").exists()


def test_a_key_from_stdin_is_for_the_owner_alone_and_hidden_from_git(init: Init, workspace: Path) -> None:
    (workspace / ".git").mkdir()
    (workspace / ".gitignore").write_text("*.log")
    code, out, err = init("--provider", "openai", "--key-stdin", "--yes", typed=f"{KEY}\n")
    assert code == 0
    assert "planted" not in out + err + (workspace / "trader.toml").read_text()
    assert keys(workspace / ".env") == {"OPENAI_API_KEY": KEY}
    assert (workspace / ".gitignore").read_text() == "*.log\n.env\n"
    if os.name == "posix":
        assert stat.S_IMODE((workspace / ".env").stat().st_mode) == 0o600


def test_a_key_may_come_out_of_another_variable(
    init: Init, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    code, out, _ = init("--provider", "gemini", "--key-env", "MY_KEY", "--yes", "--json")
    assert code == 0
    assert "planted" not in out
    assert json.loads(out)["key"] == {"name": "GEMINI_API_KEY", "state": "written"}
    assert keys(workspace / ".env") == {"GEMINI_API_KEY": KEY}


def test_other_lines_of_the_dotenv_file_stay(init: Init, workspace: Path) -> None:
    (workspace / ".env").write_text("# brokers\nexport KRAKEN_API_KEY='x'\nAWS_REGION_NAME=old")
    assert init("--provider", "bedrock", "--region", "eu-west-1", "--yes")[0] == 0
    assert (workspace / ".env").read_text() == (
        "# brokers\nexport KRAKEN_API_KEY='x'\nAWS_REGION_NAME=eu-west-1\n"
    )


def test_a_key_that_is_there_is_replaced_by_force_alone(init: Init, workspace: Path) -> None:
    (workspace / ".env").write_text("OPENAI_API_KEY=sk-another-one\n")
    arguments = ["--provider", "openai", "--key-stdin", "--yes"]
    code, _, err = init(*arguments, typed=KEY)
    assert code == 2
    assert "OPENAI_API_KEY is there already" in err
    assert "planted" not in err
    assert "another" not in err
    assert not (workspace / "trader.toml").exists(), "all is checked before anything is written"
    assert init(*arguments, "--force", typed=KEY)[0] == 0
    assert (workspace / ".env").read_text() == f"OPENAI_API_KEY={KEY}\n"


def test_a_key_that_is_missing_has_its_place_and_is_asked_for(init: Init, workspace: Path) -> None:
    code, out, _ = init("--provider", "anthropic", "--yes")
    assert code == 0
    assert "ANTHROPIC_API_KEY is not there yet: put it into .env" in out
    assert (workspace / ".env").read_text() == "# ANTHROPIC_API_KEY=\n"
    assert init("--provider", "anthropic", "--yes")[1].startswith("nothing had to be changed")


OWN = """\
# my desk
[desk]
horizon = 10   # two weeks

# how I see sentiment
[agents.sentiment]
enabled = false
"""


def test_an_existing_file_is_added_to_and_nothing_in_it_changes(init: Init, workspace: Path) -> None:
    (workspace / "trader.toml").write_text(OWN)
    code, _, err = init("--provider", "ollama")
    assert code == 2, "nobody has agreed"
    assert "+[llm.roles.fast]" in err
    assert "--yes" in err
    assert (workspace / "trader.toml").read_text() == OWN
    assert init("--provider", "ollama", "--yes")[0] == 0
    assert (workspace / "trader.toml").read_text().startswith(OWN)
    assert settings(workspace).desk.horizon == 10


def test_models_that_are_there_are_shown_the_change_and_kept_without_force(
    init: Init, workspace: Path
) -> None:
    path = workspace / "trader.toml"
    path.write_text(OWN + '\n[llm.roles.fast]\nmodels = ["openai/mine"]\n\n[paper]\ncash = 5000\n')
    before = path.read_text()
    code, _, err = init("--provider", "ollama", "--yes")
    assert code == 2
    assert '-models = ["openai/mine"]' in err
    assert path.read_text() == before
    assert init("--provider", "ollama", "--yes", "--force")[0] == 0
    found = settings(workspace)
    assert found.llm.roles["fast"].models == ("ollama/llama3.2",)
    assert (found.desk.horizon, found.paper.cash) == (10, 5000)
    assert path.read_text().startswith(OWN)


def test_back_to_rules_takes_out_what_was_put_in(init: Init, workspace: Path) -> None:
    (workspace / "trader.toml").write_text(OWN)
    assert init("--provider", "ollama", "--yes")[0] == 0
    assert init("--provider", "none", "--yes", "--force")[0] == 0
    assert (workspace / "trader.toml").read_text() == OWN


def test_an_agent_that_the_user_has_a_table_for_keeps_it(init: Init, workspace: Path) -> None:
    (workspace / "trader.toml").write_text('[agents.news]\nmodel = "none"\n')
    assert init("--provider", "ollama", "--yes")[0] == 0
    tables = tomllib.loads((workspace / "trader.toml").read_text())["agents"]
    assert tables == {"news": {"model": "none"}, "executive": {"model": "fast"}}


@pytest.mark.parametrize(
    "text", ['llm.roles.fast.models = ["a/b"]\n', '[llm]\nroles = {}\n[agents.risk]\nmodel = "careful"\n']
)
def test_what_cannot_be_added_to_is_left_alone(init: Init, workspace: Path, text: str) -> None:
    path = workspace / "trader.toml"
    path.write_text(text)
    code, _, err = init("--provider", "ollama", "--yes", "--force")
    assert code == 2
    assert "bug" not in err
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which provider?"),
        (["--provider", "olama"], "did you mean ollama"),
        (["--provider", "vllm"], "--model is the model's name as vLLM serves it"),
        (["--provider", "compatible", "--model", "m"], "--api-base URL"),
        (["--provider", "ollama", "--api-base", "11434"], "11434 is no address"),
        (["--provider", "ollama", "--api-base", "http://me:word@host"], "a key does not belong"),
        (["--provider", "ollama", "--model", 'x"]'], "--model: there are signs"),
        (["--provider", "ollama", "--key-stdin"], "ollama has no key"),
        (["--provider", "ollama", "--region", "mars"], "ollama has no regions"),
        (["--provider", "openai", "--key-env", "NOT_THERE"], "there is nothing in NOT_THERE"),
        (["--provider", "openai", "--key-stdin"], "no key on the first line"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(
    init: Init, workspace: Path, arguments: list[str], said: str
) -> None:
    code, out, err = init(*arguments, "--yes")
    assert (code, out) == (2, "")
    assert said in err
    assert not list(workspace.iterdir())


def test_what_is_no_key_is_refused_and_not_repeated(init: Init, workspace: Path) -> None:
    code, out, err = init("--provider", "openai", "--key-stdin", "--yes", typed="my secret words\n")
    assert code == 2
    assert "secret" not in out + err
    assert not list(workspace.iterdir())


def until(said: bytes | None, terminal: int) -> bytes:
    """What is read off a terminal until it says so, or until its program has ended."""
    heard = b""
    while said is None or said not in heard:
        if not select.select([terminal], [], [], 30.0)[0]:
            raise TimeoutError(heard)
        try:
            more = os.read(terminal, 4096)
        except OSError:  # Linux says so where a program has ended
            more = b""
        if not more and said is not None:
            raise EOFError(heard)
        if not more:
            break
        heard += more
    return heard


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_at_a_terminal_it_asks_and_the_key_is_not_echoed(workspace: Path) -> None:
    import pty

    command = [sys.executable, "-m", "trader", "init"]
    answers = [b"openai\n", b"\n", f"{KEY}\n".encode(), b"y\n"]
    questions = [b"A number or a name", b"model's name", b"not shown", b"Write this?"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    heard = b""
    for question, answer in zip(questions, answers, strict=True):
        heard += until(question, terminal)
        time.sleep(0.2)  # the question is out before the terminal has stopped echoing
        os.write(terminal, answer)
    heard += until(None, terminal)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, heard
    assert b"planted" not in heard
    assert keys(workspace / ".env") == {"OPENAI_API_KEY": KEY}
    assert settings(workspace).llm.roles["fast"].models == ("openai/gpt-4.1-mini",)


def test_litellm_is_not_imported(workspace: Path) -> None:
    program = (
        "import sys; from trader.cli import main; main(['init', '--provider', 'ollama', '--yes']); "
        "print([name for name in ('litellm', 'langgraph', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
