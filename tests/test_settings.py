"""Every setting says where it came from, and a mistake says where it stands."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from trader.domain.errors import SettingsError
from trader.domain.market import Timeframe
from trader.domain.value import canonical_json
from trader.settings import Origin, Settings, keys, line_of, load, restored
from trader.settings.document import page, settings
from trader.settings.lines import lines_of

DOCUMENT = '''# my desk
[desk]
horizon = 10            # two weeks
kelly_fraction = 0.2

[risk]
position_size = 0.03
names = [
    "a = 1",            # not a setting
    "[desk]",
]

[agents.momentum]
enabled = false
policy = """
momentum
"""
'''


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "trader.toml"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trader.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_with_no_file_there_are_only_defaults(tmp_path: Path):
    loaded, sources = load(tmp_path / "trader.toml", tmp_path / ".env", {}, {})
    assert loaded == Settings()
    assert {source.origin for source in sources.values()} == {Origin.DEFAULT}
    assert set(sources) == {row.key for row in settings()}


def test_each_place_is_stronger_than_the_one_before(tmp_path: Path, config: Path):
    env = tmp_path / ".env"
    env.write_text(
        "# keys\nexport TRADER_DESK__HORIZON='7'  # a week\nOPENAI_API_KEY=sk-1\n", encoding="utf-8"
    )
    steps = [
        ({}, "default", 5, None),
        ({"config": config}, "trader.toml:3", 10, Origin.FILE),
        ({"env": env}, ".env:2", 7, Origin.DOTENV),
        (
            {"environ": {"TRADER_DESK__HORIZON": "8"}},
            "environment TRADER_DESK__HORIZON",
            8,
            Origin.ENVIRONMENT,
        ),
        ({"flags": {"desk.horizon": 9}}, "flag --horizon", 9, Origin.FLAG),
    ]
    given: dict[str, object] = {}
    for place, said, value, origin in steps:
        given |= place
        loaded, sources = load(**given)
        if origin is not None:
            assert loaded.desk.horizon == value
            assert sources["desk.horizon"].origin is origin
        assert str(sources["desk.horizon"]) == said
    assert str(sources["desk.kelly_fraction"]) == "trader.toml:4"


def test_a_flag_that_was_not_given_sets_nothing():
    loaded, sources = load(flags={"desk.horizon": None, "run.symbols": ("AAPL",)})
    assert loaded.desk.horizon is None
    assert loaded.run.symbols == ("AAPL",)
    assert sources["desk.horizon"].origin is Origin.DEFAULT


def test_variables_read_as_toml_and_names_stay_names():
    loaded, _ = load(
        environ={
            "TRADER_RUN__SYMBOLS": "AAPL, 600519",
            "TRADER_RUN__TIMEFRAME": "15m",
            "TRADER_RUN__START": "2012-06-01",
            "TRADER_PAPER__CASH": "2500.50",
            "TRADER_RISK__POSITION_SIZE": "0.03",
            "TRADER_AGENTS__MOMENTUM__ENABLED": "false",
            "TRADER_ALLOW_ORDERS": "1",
            "PATH": "/bin",
        }
    )
    assert loaded.run.symbols == ("AAPL", "600519")
    assert loaded.run.timeframe is Timeframe.M15
    assert loaded.run.start == date(2012, 6, 1)
    assert loaded.paper.cash == Decimal("2500.50")
    assert loaded.risk == {"position_size": Decimal("0.03")}
    assert loaded.agents == {"momentum": {"enabled": False}}


def test_secrets_are_nowhere_in_the_settings(tmp_path: Path):
    env = tmp_path / ".env"
    env.write_text("EXCHANGE_API_SECRET=hunter2\n", encoding="utf-8")
    loaded, sources = load(env=env, environ={"EXCHANGE_API_KEY": "hunter2"})
    assert "hunter2" not in f"{loaded!r}{sources!r}"


def test_plain_tables_stay_as_they_were_written(config: Path):
    loaded, _ = load(config)
    assert loaded.risk == {"position_size": Decimal("0.03"), "names": ["a = 1", "[desk]"]}
    assert loaded.agents == {"momentum": {"enabled": False, "policy": "momentum\n"}}


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("[desk]\n\nhorizn = 5\n", ":3: there is no setting desk.horizn", "did you mean horizon?"),
        ("[desk]\ncash = 5\n", ":2: there is no setting desk.cash", "did you mean paper.cash?"),
        ("horizon = 5\n", ":1: there is no setting horizon", "did you mean desk.horizon?"),
        ("[dsk]\n", ":1: there is no setting dsk", "did you mean desk?"),
        ("desk = 5\n", ":1: desk: expected a table, found 5", "[desk]"),
        ('[desk]\nquorum = "2"\n', ':2: desk.quorum: expected a whole number of at least 1, found "2"', ""),
        ("[desk]\nquorum = 2.5\n", ":2: desk.quorum: expected a whole number of at least 1, found 2.5", ""),
        ("[desk]\nquorum = true\n", ":2: desk.quorum: expected a whole number of at least 1, found true", ""),
        ("[desk]\nband = true\n", ":2: desk.band: expected a number from 0 to 1, found true", ""),
        ("[desk]\nband = nan\n", ":2: desk.band: expected a number from 0 to 1, found NaN", ""),
        (
            "[desk]\nkelly_fraction = 2\n",
            ":2: desk.kelly_fraction: expected a number from 0 to 1, found 2",
            "",
        ),
        ("desk.horizon = 0\n", ":1: desk.horizon: expected a whole number above 0, found 0", ""),
        ("[desk.horizon]\n", ":1: desk.horizon: expected a whole number above 0, found a table", ""),
        ("[paper]\ncash = 0\n", ":2: paper.cash: expected a number above 0, found 0", ""),
        (
            '[run]\nsymbols = ["AAPL", 7]\n',
            ':2: run.symbols: expected a list of texts, found ["AAPL", 7]',
            "",
        ),
        (
            '[run]\ntimeframe = "2h"\n',
            ':2: run.timeframe: expected one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, found "2h"',
            "",
        ),
        (
            "[run]\napproval = 5000\n",
            ":2: run.approval: expected text that matches "
            r"^(never|always|over:[0-9]+(\.[0-9]+)?)$, found 5000",
            "Which increases a person must approve: `never`, `always`, or `over:5000`",
        ),
        ('[run]\nstart = "soon"\n', ':2: run.start: expected a day such as 2012-06-01, found "soon"', ""),
        ("[agents]\nmomentum = 3\n", ":2: agents.momentum: expected a table, found 3", "[agents.momentum]"),
        (
            "[desk]\nquorum = 2\n[llm.fast]\nmodel = 'x'\n",
            ":4: there is no setting llm.fast.model",
            "there are: llm.budget, llm.cache, llm.limits, llm.roles",
        ),
        ("[llm.roles.fast]\n", ":1: llm.roles.fast.models is missing", ""),
        ("[llm.roles.fast]\ntimeout_s = 2\n", ":2: llm.roles.fast.models is missing", ""),
        (
            "[llm.roles.fast]\nmodels = ['a']\nknowledge_cutoff = '2024'\n",
            ':3: llm.roles.fast.knowledge_cutoff: expected a day such as 2012-06-01, found "2024"',
            "",
        ),
        ("[llm.roles]\nfast = 3\n", ":2: llm.roles.fast: expected a table, found 3", "[llm.roles.fast]"),
        ("llm = 3\n", ":1: llm: expected a table, found 3", "[llm.roles.fast]"),
        (
            "[llm.roles.fast]\nmodels = ['a']\ntemprature = 1\n",
            ":3: there is no setting llm.roles.fast.temprature",
            "did you mean temperature?",
        ),
        (
            "[llm.budget]\nper_day = 1\n",
            ":2: there is no setting llm.budget.per_day",
            "did you mean per_day_usd?",
        ),
        (
            "[llm.budget]\nper_day_usd = 'x'\n",
            ':2: llm.budget.per_day_usd: expected a number of at least 0, found "x"',
            "",
        ),
        (
            "[llm.limits.openai]\nconcurrency = 0\n",
            ":2: llm.limits.openai.concurrency: expected a whole number of at least 1, found 0",
            "",
        ),
        ("[desk]\nquorum = \n", ":2: not TOML: invalid value", "text stands in quotes"),
        (
            "[desk]\nband = 0.1\nband = 0.2\n",
            ":3: not TOML: cannot overwrite a value",
            "text stands in quotes",
        ),
    ],
)
def test_a_mistake_in_the_file_names_the_line_and_what_was_meant(
    tmp_path: Path, text: str, sentence: str, hint: str
):
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert caught.value.message == f"{path}{sentence}"
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


@pytest.mark.parametrize(
    ("variable", "sentence", "hint"),
    [
        ("TRADER_DESK__HORIZN", "there is no setting desk.horizn", "did you mean horizon?"),
        ("TRADER_DESK_HORIZON", "TRADER_DESK_HORIZON sets nothing", "did you mean TRADER_DESK__HORIZON?"),
        ("TRADER_DESK__HORIZON", 'desk.horizon: expected a whole number above 0, found "soon"', ""),
        ("TRADER_RISK__A__B", "risk.a.b: a is not a table", ""),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(tmp_path: Path, variable: str, sentence: str, hint: str):
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, "[risk]\na = 1\n"), environ={variable: "soon"})
    assert caught.value.message == f"environment {variable}: {sentence}"
    assert caught.value.hint == hint


def test_a_dry_run_is_asked_for_by_the_name_that_people_try(tmp_path: Path):
    said = {text: load(environ={"DRY_RUN": text})[0].run.dry_run for text in ("1", "true", "0", "False", "")}
    assert said == {"1": True, "true": True, "0": False, "False": False, "": False}
    env = tmp_path / ".env"
    env.write_text("DRY_RUN=1\n", encoding="utf-8")
    loaded, sources = load(env=env)
    assert (loaded.run.dry_run, str(sources["run.dry_run"])) == (True, ".env:1")
    assert canonical_json(Settings()) == canonical_json(load(environ={"DRY_RUN": "0"})[0])
    assert "dry_run" not in canonical_json(Settings())
    with pytest.raises(SettingsError, match='DRY_RUN: expected 0 or 1, found "yes"'):
        load(environ={"DRY_RUN": "yes"})


def test_a_mistake_in_dotenv_names_its_line(tmp_path: Path):
    env = tmp_path / ".env"
    env.write_text("A=1\n\nTRADER_DESK__QUORUM=none\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\.env:3: desk\.quorum: expected a whole number"):
        load(env=env)
    env.write_text("A=1\nnot an assignment\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\.env:2: expected NAME=value"):
        load(env=env)


def test_a_mistake_in_a_flag_names_the_flag():
    with pytest.raises(
        SettingsError, match=r"flag --horizon: desk\.horizon: expected a whole number above 0"
    ):
        load(flags={"desk.horizon": -1})


def test_a_file_that_cannot_be_read_is_said_without_a_traceback(tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path)
    path = tmp_path / "trader.toml"
    path.write_bytes(b"[desk]\nhorizon = \xff\n")
    with pytest.raises(SettingsError, match="not UTF-8 text"):
        load(path)


def test_a_file_saved_by_a_windows_editor_reads_the_same(tmp_path: Path):
    path = tmp_path / "trader.toml"
    path.write_bytes(b"\xef\xbb\xbf[desk]\r\nhorizon = 7\r\n")
    loaded, sources = load(path)
    assert loaded.desk.horizon == 7
    assert sources["desk.horizon"].line == 2


def test_owners_of_plain_tables_can_point_at_the_line(config: Path):
    _, sources = load(config)
    assert str(sources.error("risk.position_size", "too large", hint="try 0.05")) == (
        f"{config}:7: risk.position_size: too large"
    )
    assert str(sources.error("agents.momentum", "no such agent")).startswith(f"{config}:13: ")
    assert line_of(config, "risk.position_size") == 7
    assert line_of(config, "risk.nothing") == 6
    assert line_of(config, "llm") is None
    assert line_of(config.with_name("absent.toml"), "risk") is None


def test_lines_are_found_in_every_way_toml_can_be_written():
    text = 'top = 1\n"quoted key" = 2\na.b = { c = 3, d = { e = 4 } }\n\n[t]\nx = [\n 1,\n 2,\n]\ny = """\n[no]\nz = 1\n"""\n[[many]]\nk = 1\n'  # noqa: E501
    assert lines_of(text) == {
        "top": 1, "quoted key": 2, "a": 3, "a.b": 3, "a.b.c": 3, "a.b.d": 3, "a.b.d.e": 3,
        "t": 5, "t.x": 6, "t.y": 10, "many": 14, "many.k": 15,
    }  # fmt: skip


def test_every_setting_has_its_sentence():
    for row in settings():
        assert row.sentence.endswith("."), row.key
        assert row.expects


def test_the_page_of_settings_is_up_to_date():
    committed = Path(__file__).parents[1] / "docs" / "settings.md"
    assert committed.read_text(encoding="utf-8") == page(), (
        "docs/settings.md is generated: python -m trader.settings > docs/settings.md"
    )


MODELS = """
[llm.roles.fast]
models = ["ollama/llama3.2", "openai/small"]
temperature = 0.5
[llm.budget]
per_day_usd = 2.50
[llm.limits.ollama]
concurrency = 1
"""


def test_models_are_read_from_the_file_and_from_variables_and_come_back_from_the_journal(tmp_path: Path):
    loaded, sources = load(
        written(tmp_path, MODELS), environ={"TRADER_LLM__ROLES__CAREFUL__MODELS": "openai/large, ollama/any"}
    )
    assert loaded.llm.roles["fast"].models == ("ollama/llama3.2", "openai/small")
    assert loaded.llm.roles["careful"].models == ("openai/large", "ollama/any")
    assert (loaded.llm.budget.per_day_usd, loaded.llm.budget.deadline_s) == (Decimal("2.5"), 60.0)
    assert loaded.llm.limits["ollama"].concurrency == 1
    assert str(sources["llm.roles.fast.temperature"]) == "trader.toml:4"
    assert restored(json.loads(canonical_json(loaded))) == loaded


def test_settings_without_models_are_named_as_before_there_were_any(tmp_path: Path):
    """A book is found again by the digest of its settings: an unfinished one must not be lost."""
    assert set(json.loads(canonical_json(Settings()))) == {"desk", "paper", "run", "risk", "agents"}
    assert "llm" in json.loads(canonical_json(load(written(tmp_path, MODELS))[0]))


def test_a_cut_off_that_one_role_says_counts_for_the_model_wherever_it_is_asked(tmp_path: Path):
    text = """
[llm.roles.fast]
models = ["openai/small", "ollama/any"]
knowledge_cutoff = 2024-06-01
[llm.roles.careful]
models = ["openai/large", "openai/small"]
[llm.roles.late]
models = ["openai/small"]
knowledge_cutoff = 2024-09-30
"""
    loaded, _ = load(written(tmp_path, text))
    assert loaded.llm.knowledge_cutoffs == {
        "openai/small": date(2024, 9, 30),
        "ollama/any": date(2024, 6, 1),
    }
    assert restored(json.loads(canonical_json(loaded))) == loaded


def test_a_role_without_a_cut_off_is_named_as_before_it_could_have_one(tmp_path: Path):
    role = json.loads(canonical_json(load(written(tmp_path, MODELS))[0]))["llm"]["roles"]["fast"]
    assert "knowledge_cutoff" not in role
    assert "context_tokens" in role


def test_keys_are_what_the_dotenv_file_has_besides_settings(tmp_path: Path):
    env = tmp_path / ".env"
    env.write_text("TRADER_DESK__HORIZON=7\nOPENAI_API_KEY='sk-1'\n", encoding="utf-8")
    assert keys(env) == {"OPENAI_API_KEY": "sk-1"}
    assert keys(tmp_path / "absent") == {}


def test_settings_come_back_from_the_journal_as_they_were() -> None:
    settings, _ = load(flags={"paper.cash": 2_500, "desk.kelly_fraction": 0.1, "run.symbols": ("AAPL",)})
    recorded = json.loads(canonical_json(settings))
    assert recorded["paper"]["cash"] == "2500"
    assert restored(recorded) == settings
