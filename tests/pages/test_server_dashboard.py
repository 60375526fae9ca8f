"""optuna-dashboard in the web server: it reads, and nothing can be changed there."""

import optuna
import pytest
from starlette.applications import Starlette

from pages.server.dashboard import dashboard_routes, index_page
from search.config import Environment
from search.study.storage.opening import open_storage
from tests.pages.asgi import ask

PATHS = ("/api/studies", "/api/studies/1", "/csv/1", "/artifacts/1/2")


@pytest.fixture
def app(environment: Environment) -> Starlette:
    optuna.create_study(
        study_name="flow", storage=open_storage(environment.storage_url)
    )
    return Starlette(routes=dashboard_routes(environment))


def test_studies_are_listed(app: Starlette) -> None:
    answer = ask(app, "/api/studies")
    assert answer.status == 200
    assert b'"flow"' in answer.body


@pytest.mark.case("W10", "every changing method on the mounted dashboard")
@pytest.mark.case("S12", "renamed through optuna-dashboard")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_changing_is_refused(environment: Environment, method: str) -> None:
    app = Starlette(routes=dashboard_routes(environment))
    assert [ask(app, path, method).status for path in PATHS] == [403] * len(PATHS)


@pytest.mark.case("W10", "DELETE of a study")
@pytest.mark.case("S11", "deleted through optuna-dashboard")
def test_refused_deletion_leaves_the_study(app: Starlette) -> None:
    """Without the gate, this request deletes the study without any question."""
    ask(app, "/api/studies/1", "DELETE")
    assert b'"flow"' in ask(app, "/api/studies").body


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/studies/1"])
def test_page_has_a_policy_and_our_script(environment: Environment, path: str) -> None:
    answer = ask(Starlette(routes=dashboard_routes(environment)), path)
    assert answer.status == 200
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert b'src="/od-static/bundle.js"' in answer.body


def test_index_page_leaves_nothing_under_static() -> None:
    assert '"/static/' not in index_page()


def test_script_is_served(environment: Environment) -> None:
    app = Starlette(routes=dashboard_routes(environment))
    answer = ask(app, "/od-static/bundle.js")
    assert answer.status == 200
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.case("W7", "other names under the scripts of the dashboard")
@pytest.mark.parametrize("name", ["absent.js", "..%2findex.html", "..", "a b"])
def test_other_files_are_not_served(environment: Environment, name: str) -> None:
    app = Starlette(routes=dashboard_routes(environment))
    assert ask(app, f"/od-static/{name}").status == 404


def test_missing_storage_is_said_in_words(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'absent.db'}"
    app = Starlette(routes=dashboard_routes(Environment(tmp_path, url)))
    answer = ask(app, "/api/studies")
    assert answer.status == 503
    assert b"missing" in answer.body
    assert not (tmp_path / "absent.db").exists()
