"""What an issue can be: create metadata page by page, projects, fields, statuses, people."""

import pytest


def test_create_metadata_comes_in_pages(api):
    url = "/issue/createmeta/IT/issuetypes/10003"
    everything = api.get(url).json()
    names = [field["fieldId"] for field in everything["fields"]]
    assert everything["total"] == len(names)
    assert "isLast" not in everything

    first, second = (api.get(url, startAt=start, maxResults=5).json() for start in (0, 5))
    assert (first["startAt"], first["maxResults"], second["startAt"]) == (0, 5, 5)
    together = [field["fieldId"] for field in [*first["fields"], *second["fields"]]]
    assert together == names[:10]
    assert api.get(url, startAt=100).json()["fields"] == []


def test_too_large_a_page_of_create_metadata_is_refused(api):
    for url in ("/issue/createmeta/IT/issuetypes", "/issue/createmeta/IT/issuetypes/10003"):
        assert api.get(url, maxResults=200).status_code == 200
        answer = api.get(url, maxResults=201)
        assert answer.status_code == 400
        assert answer.json()["errorMessages"] == [
            "Parameter 'maxResults' must not exceed the limit '200'"
        ]


def test_a_bad_number_is_refused_by_the_framework(api):
    answer = api.get("/issue/createmeta/IT/issuetypes", maxResults="x")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "Failed to convert 'maxResults' with value: 'x'"


def test_a_type_that_is_not_in_the_project_is_a_404_without_a_body(api):
    answer = api.get("/issue/createmeta/IT/issuetypes/10021")
    assert (answer.status_code, answer.content) == (404, b"")


def test_an_unknown_project_is_named(api):
    for url in ("/project/NOPE", "/issue/createmeta/NOPE/issuetypes"):
        answer = api.get(url)
        assert answer.status_code == 404
        assert answer.json()["errorMessages"] == ["No project could be found with key 'NOPE'."]


def test_projects_disagree_about_the_type_task(api):
    ids = {}
    for project in ("HR", "IT", "FAC"):
        types = api.get(f"/issue/createmeta/{project}/issuetypes").json()["issueTypes"]
        ids[project] = [one["id"] for one in types if one["name"] == "Task"]
    assert ids == {"HR": ["10003"], "IT": ["10003"], "FAC": ["10021"]}


CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


@pytest.mark.parametrize(
    ("where", "field_id", "schema", "how"),
    [
        (
            "HR/10003",
            "summary",
            {"type": "string", "system": "summary"},
            (["set"], True),
        ),
        (
            "HR/10003",
            "description",
            {"type": "string", "system": "description"},
            (["set"], False),
        ),
        (
            "HR/10003",
            "labels",
            {"type": "array", "items": "string", "system": "labels"},
            (["add", "set", "remove"], False),
        ),
        (
            "HR/10003",
            "issuetype",
            {"type": "issuetype", "system": "issuetype"},
            ([], True),
        ),
        (
            "HR/10004",
            "parent",
            {"type": "issuelink", "system": "parent"},
            (["set"], True),
        ),
        (
            "IT/10003",
            "customfield_10042",
            {
                "type": "option-with-child",
                "custom": f"{CUSTOM}cascadingselect",
                "customId": 10042,
            },
            (["set"], False),
        ),
        (
            "FAC/10021",
            "customfield_10061",
            {
                "type": "number",
                "custom": f"{CUSTOM}float",
                "customId": 10061,
            },
            (["set"], True),
        ),
    ],
)
def test_a_field_is_described(api, where, field_id, schema, how):
    project, type_id = where.split("/")
    fields = api.get(f"/issue/createmeta/{project}/issuetypes/{type_id}").json()["fields"]
    (field,) = [one for one in fields if one["fieldId"] == field_id]
    assert field["key"] == field_id
    assert field["schema"] == schema
    assert (field["operations"], field["required"]) == how


def test_a_cascading_field_offers_children_where_there_are_any(api):
    fields = api.get("/issue/createmeta/IT/issuetypes/10003").json()["fields"]
    (place,) = [one for one in fields if one["name"] == "Place"]
    children = {
        one["value"]: [child["value"] for child in one.get("children", [])]
        for one in place["allowedValues"]
    }
    assert children == {
        "Ukraine": ["Kyiv", "Lviv"],
        "European Union": ["Warsaw", "Berlin"],
        "Elsewhere": [],
    }
    assert "children" not in place["allowedValues"][2]


def test_defaults_are_told(api):
    fields = api.get("/issue/createmeta/HR/issuetypes/10003").json()["fields"]
    with_default = {one["fieldId"] for one in fields if one["hasDefaultValue"]}
    assert with_default == {"priority", "reporter"}


def test_status_categories_are_told_apart_by_key(api):
    statuses = api.get("/project/FAC/statuses").json()[0]["statuses"]
    categories = [status["statusCategory"]["key"] for status in statuses]
    assert categories == ["new", "indeterminate", "indeterminate", "done", "done"]
    assert {one["id"] for one in api.get("/statuscategory").json()} == {1, 2, 3, 4}


def test_projects_come_in_pages(api):
    first = api.get("/project/search", maxResults=2).json()
    assert [one["key"] for one in first["values"]] == ["FAC", "HR"]
    assert (first["total"], first["isLast"]) == (3, False)
    rest = api.session.get(first["nextPage"], timeout=5).json()
    assert [one["key"] for one in rest["values"]] == ["IT"]
    assert rest["isLast"]
    assert "nextPage" not in rest


def test_hidden_addresses_are_neither_shown_nor_found(api, site):
    hidden = next(user for user in site.users.values() if not user.email_visible)
    assert api.get("/user/search", query=hidden.email).json() == []
    (found,) = api.get("/user/search", query=hidden.name).json()
    assert "emailAddress" not in found


def test_inactive_people_are_found_but_cannot_be_assigned(api, site):
    former = next(user for user in site.users.values() if not user.active)
    (found,) = api.get("/user/search", query=former.email).json()
    assert found["active"] is False
    assert api.get("/user/assignable/search", query=former.email, project="HR").json() == []
    answer = api.put("/issue/HR-1/assignee", {"accountId": former.account_id})
    assert answer.json()["errors"].keys() == {"assignee"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "The username or property query parameter must be provided"),
        (
            {"query": "a", "accountId": "b"},
            "The query parameters 'query' and 'accountId' are mutually exclusive.",
        ),
    ],
)
def test_a_wrong_search_for_people_is_refused(api, params, message):
    answer = api.get("/user/search", **params)
    assert (answer.status_code, answer.json()["errorMessages"]) == (400, [message])


def test_permissions_are_told_only_when_named(api):
    assert api.get("/mypermissions").status_code == 400
    answer = api.get("/mypermissions", projectKey="HR", permissions="CREATE_ISSUES,EDIT_ISSUES")
    permissions = answer.json()["permissions"]
    assert {key: one["havePermission"] for key, one in permissions.items()} == {
        "CREATE_ISSUES": True,
        "EDIT_ISSUES": True,
    }


def test_an_unknown_route_is_a_problem_document(api):
    answer = api.get("/nope")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "No endpoint GET /rest/api/3/nope.",
        "instance": "/rest/api/3/nope",
    }
