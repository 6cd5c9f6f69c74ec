"""Credentials: who the answers are for, and how little Jira says when they are wrong."""

import pytest
import requests

WRONG = ("gateway@acme.example", "not-the-token")


@pytest.fixture
def wrong(api):
    api.session.auth = WRONG
    return api


def test_the_address_may_be_in_any_case(api):
    api.session.auth = ("Gateway@ACME.example", "a-token")
    answer = api.get("/myself")
    assert answer.status_code == 200
    assert answer.headers["X-AAccountId"] == answer.json()["accountId"]
    assert answer.headers["X-Arequestid"]
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"


def test_only_the_profile_refuses_wrong_credentials_and_not_in_json(wrong):
    answer = wrong.get("/myself")
    assert answer.status_code == 401
    assert answer.text == "Client must be authenticated to access this resource."
    assert answer.headers["WWW-Authenticate"].startswith("OAuth realm=")
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_elsewhere_wrong_credentials_look_like_nothing_being_there(wrong):
    assert wrong.get("/issue/HR-1").status_code == 404
    assert wrong.get("/project/HR").status_code == 404
    assert wrong.get("/project/search").json()["values"] == []
    assert wrong.get("/user/search", query="Marta").json() == []
    assert wrong.keys("project = HR") == []
    answer = wrong.post("/issue", {"fields": {"project": {"key": "HR"}}})
    assert answer.json()["errors"]["project"] == "Specify a valid project ID or key"
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert "X-AAccountId" not in answer.headers


def test_without_credentials_no_log_in_has_failed(anonymous):
    answer = anonymous.get("/issue/HR-1")
    assert answer.status_code == 404
    assert "X-Seraph-LoginReason" not in answer.headers


def test_a_bearer_token_is_not_understood(base):
    headers = {"Authorization": "Bearer abc"}
    answer = requests.get(f"{base}/rest/api/3/issue/HR-1", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert answer.json() == {"error": "Failed to parse Connect Session Auth Token"}


def test_a_write_that_looks_like_a_browsers_is_refused(api):
    api.session.headers["User-Agent"] = "Mozilla/5.0"
    assert api.get("/issue/HR-1").status_code == 200
    refused = api.put("/issue/HR-1", {"fields": {"summary": "x"}})
    assert (refused.status_code, refused.text) == (403, "XSRF check failed")
    api.session.headers["X-Atlassian-Token"] = "no-check"
    assert api.put("/issue/HR-1", {"fields": {"summary": "x"}}).status_code == 204


def test_the_site_is_reached_through_atlassians_gateway_too(base):
    cloud_id = requests.get(f"{base}/_edge/tenant_info", timeout=5).json()["cloudId"]
    through = f"{base}/ex/jira/{cloud_id}"
    issue = requests.get(
        f"{through}/rest/api/3/issue/HR-1", auth=("gateway@acme.example", "a-token"), timeout=5
    ).json()
    assert issue["self"].startswith(f"{through}/rest/api/3/issue/")
    unknown = requests.get(f"{base}/ex/jira/other/rest/api/3/myself", timeout=5)
    assert (unknown.status_code, unknown.json()["message"]) == (404, "No message available")


def test_a_foreign_host_name_is_refused(base):
    for path in ("/rest/api/3/serverInfo", "/_control/issues"):
        answer = requests.get(f"{base}{path}", headers={"Host": "evil.example"}, timeout=5)
        assert answer.status_code == 403
