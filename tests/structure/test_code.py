"""Rules that the code keeps everywhere: layers, and errors that cross processes."""

from __future__ import annotations

import inspect
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core import errors
from core.findings import Finding, InvalidSettingsError
from core.settings import ROOT

ERRORS = [
    errors.GatewayError("a"),
    errors.PayloadError("the body is empty"),
    errors.VendorCallInTransactionError("jira: read"),
    errors.VendorError("jira", "read", 418, "teapot"),
    errors.VendorUnavailableError("jira", "read", 503, "down"),
    errors.VendorBreakerOpenError("jira", "read", None, "all calls wait", 4.5),
    errors.VendorAmbiguousError("jira", "create_issue"),
    errors.VendorRateLimitedError("jira", "read", 429, "slow down", 12.5),
    errors.VendorCredentialsError("jira", "read", 401),
    errors.VendorNotFoundError("jira", "read", 404),
    errors.VendorConflictError("jira", "read", 409),
    errors.VendorRejectedError("jira", "create_issue", 400, "no", {"summary": "too long"}),
    InvalidSettingsError([Finding("IGW_X", "is wrong", "mend it")]),
]


def test_the_layers_are_kept():
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program, "import-linter is missing: run `uv sync`"

    result = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, (
        "an import crosses a layer (pyproject.toml, [tool.importlinter], says which may import "
        f"which); move the code or pass it in:\n{result.stdout}{result.stderr}"
    )


def test_every_error_has_an_example_here():
    defined = {
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, Exception) and member.__module__ == errors.__name__
    }
    missing = {error.__name__ for error in defined - {type(error) for error in ERRORS}}
    assert not missing, f"add an instance of {missing} to ERRORS, so that its copies are tried"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_the_way_to_another_process(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error), "args must mirror the signature of __init__"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_name_of_an_error_ends_in_error(error):
    assert type(error).__name__.endswith("Error")
