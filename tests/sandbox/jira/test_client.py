"""The stand-in as the PyPI client `jira` sees it, which was written for the real thing."""

import pytest
from jira import JIRAError


def test_the_client_takes_the_stand_in_for_the_cloud(client):
    assert client.server_info()["deploymentType"] == "Cloud"
    assert client.myself()["emailAddress"] == "gateway@acme.example"
    assert {project.key for project in client.projects()} == {"HR", "IT", "FAC"}


def test_an_issue_is_created_edited_and_deleted(client):
    issue = client.create_issue(
        project="HR", issuetype="Task", summary="Prepare laptop", labels=["b", "a"]
    )
    assert (issue.fields.summary, issue.fields.labels) == ("Prepare laptop", ["a", "b"])
    assert issue.fields.duedate is None

    issue.update(summary="Prepare desk", duedate="2026-12-01", description="On the\n\nsecond floor")
    again = client.issue(issue.key)
    assert (again.fields.summary, again.fields.duedate) == ("Prepare desk", "2026-12-01")
    assert again.fields.description == "On the\n\nsecond floor"

    issue.delete()
    with pytest.raises(JIRAError) as refusal:
        client.issue(issue.key)
    assert refusal.value.status_code == 404


def test_version_3_takes_and_shows_documents(client_v3, document):
    issue = client_v3.create_issue(
        project="HR", issuetype="Task", summary="x", description=document("Hello")
    )
    assert issue.raw["fields"]["description"] == document("Hello")


def test_single_values_are_added_and_removed(client):
    issue = client.create_issue(project="HR", issuetype="Task", summary="x", labels=["keep"])
    issue.add_field_value("labels", "new")
    assert issue.fields.labels == ["keep", "new"]
    issue.update(update={"labels": [{"remove": "keep"}, {"add": "other"}]})
    assert issue.fields.labels == ["new", "other"]


def test_a_refused_issue_names_the_field(client):
    with pytest.raises(JIRAError) as refusal:
        client.create_issue(project="IT", issuetype="Task", summary="x")
    assert refusal.value.text == "Office is required."


def test_create_metadata_tells_required_fields_and_options(client):
    metadata = client.createmeta(projectKeys="IT", expand="projects.issuetypes.fields")
    fields = metadata["projects"][0]["issuetypes"][0]["fields"]
    assert fields["customfield_10041"]["required"]
    offices = [option["value"] for option in fields["customfield_10041"]["allowedValues"]]
    assert offices[:2] == ["Kyiv", "Lviv"]


def test_edit_metadata_lists_what_can_be_edited(client):
    fields = client.editmeta("FAC-1")["fields"]
    assert {"summary", "customfield_10061"} <= fields.keys()
    assert "duedate" not in fields


def test_an_issue_goes_through_its_workflow_with_a_comment(client):
    issue = client.create_issue(
        project="IT", issuetype="Task", summary="x", customfield_10041={"value": "Kyiv"}
    )
    assert [way["name"] for way in client.transitions(issue)] == ["Start work"]
    client.transition_issue(issue, "Start work", comment="On it")
    client.transition_issue(issue, "Resolve", fields={"resolution": {"name": "Duplicate"}})

    done = client.issue(issue.key)
    assert done.fields.status.statusCategory.key == "done"
    assert done.fields.resolution.name == "Duplicate"
    assert [comment.body for comment in client.comments(issue)] == ["On it"]


def test_search_finds_all_pages(client, at_once):
    for number in range(7):
        client.create_issue(
            project="HR", issuetype="Task", summary=f"Task {number}", labels=["many"]
        )
    query = 'project = HR AND labels = "many" ORDER BY created ASC'
    first = client.enhanced_search_issues(query, maxResults=5)
    assert len(first) == 5
    rest = client.enhanced_search_issues(query, nextPageToken=first.nextPageToken, maxResults=5)
    summaries = [issue.fields.summary for issue in [*first, *rest]]
    assert summaries == [f"Task {number}" for number in range(7)]
    assert client.approximate_issue_count(query) == 7


def test_search_shows_properties(client, at_once):
    issue = client.create_issue(project="HR", issuetype="Task", summary="x", labels=["one"])
    client.add_issue_property(issue.key, "pf_sync_metadata", {"task_id": 42})
    found = client.enhanced_search_issues(
        "labels = one", properties="pf_sync_metadata", json_result=True
    )
    assert found["issues"][0]["properties"] == {"pf_sync_metadata": {"task_id": 42}}


def test_properties_are_kept(client):
    client.add_issue_property("HR-1", "mark", {"task": 42})
    stored = client.issue_property("HR-1", "mark")
    assert stored.value.task == 42
    assert [one.key for one in client.issue_properties("HR-1")] == ["mark"]
    stored.delete()
    assert client.issue_properties("HR-1") == []


def test_bulk_creation_makes_the_good_and_names_the_bad(client):
    made = client.create_issues(
        [
            {"project": "HR", "issuetype": "Task", "summary": "one"},
            {"project": "IT", "issuetype": "Task", "summary": "two"},
            {"project": "HR", "issuetype": "Task", "summary": "three"},
        ],
        prefetch=False,
    )
    assert [one["status"] for one in made] == ["Success", "Error", "Success"]
    assert made[1]["error"] == {"customfield_10041": "Office is required."}


def test_comments_are_added_changed_and_deleted(client):
    comment = client.add_comment("HR-1", "First thought")
    comment.update(body="Second thought")
    assert [one.body for one in client.comments("HR-1")] == ["Second thought"]
    comment.delete()
    assert client.comments("HR-1") == []


def test_an_issue_is_assigned_by_name_and_unassigned(client):
    client.assign_issue("HR-1", "Marta Savchuk")
    assert client.issue("HR-1").fields.assignee.displayName == "Marta Savchuk"
    client.assign_issue("HR-1", None)
    assert client.issue("HR-1").fields.assignee is None


@pytest.mark.filterwarnings("ignore:Unable to gather applicationlinks")
def test_a_remote_link_with_a_global_id_is_made_once(client):
    target = {"url": "https://hr.example/tasks/42", "title": "HR task 42"}
    first = client.add_remote_link("HR-1", target, globalId="task=42")
    second = client.add_remote_link("HR-1", target | {"title": "Renamed"}, globalId="task=42")
    assert first.id == second.id
    assert [link.object.title for link in client.remote_links("HR-1")] == ["Renamed"]


def test_the_people_of_the_company_are_found(client):
    found = client.search_users(query="marta.savchuk@acme.example")
    assert [user.displayName for user in found] == ["Marta Savchuk"]
    assignable = client.search_assignable_users_for_issues(query="Marta", project="HR")
    assert [user.accountId for user in assignable] == [found[0].accountId]
