// Calls of the two control APIs. Both are reached at this page's own address; the server passes
// on what is meant for Jira.

const ROOTS = { peopleforce: "/_control", jira: "/_control/jira" };

/** Call a control API and return its JSON; throw an Error with the reason it gives. */
export async function call(vendor, method, path, body) {
  const response = await fetch(ROOTS[vendor] + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (!response.ok) {
    const reason = answer?.error ?? reasonOfJira(answer);
    throw new Error(reason || `${vendor} answered ${response.status} to ${method} ${path}`);
  }
  return answer;
}

function reasonOfJira(answer) {
  return [...(answer?.errorMessages ?? []), ...Object.values(answer?.errors ?? {})].join(" ");
}

const CATEGORIES = {
  new: "To Do", indeterminate: "In Progress", done: "Done",
  "To Do": "To Do", "In Progress": "In Progress", Done: "Done",
};

/** Say in which column of the board an issue stands, whatever its project calls the status. */
export function columnOf(issue) {
  return CATEGORIES[issue.statusCategory] ?? "To Do";
}

export const COLUMNS = ["To Do", "In Progress", "Done"];

/** Name the project of an issue: the part of its key before the number. */
export function projectOf(issue) {
  return issue.key.slice(0, issue.key.lastIndexOf("-"));
}
