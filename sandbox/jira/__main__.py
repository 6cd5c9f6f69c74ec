"""Run the stand-in for Jira: `python -m sandbox.jira --port 8802 --data-dir DIR ...`."""

from __future__ import annotations

from pathlib import Path

import click

from sandbox.common.documents import Documents
from sandbox.common.server import serve
from sandbox.jira.app import create_app
from sandbox.jira.events import COMMENT_EVENTS, ISSUE_EVENTS
from sandbox.jira.model import Webhook
from sandbox.jira.site import JiraSite
from sandbox.jira.webhooks import Dispatcher

_OWN_WEBHOOK = 1


@click.command(context_settings={"auto_envvar_prefix": "SANDBOX_JIRA", "show_default": True})
@click.option("--host", default="127.0.0.1", help="A loopback address; others are refused.")
@click.option("--port", default=8802, type=click.IntRange(1, 65535))
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where issues are kept; without it they are gone when the sandbox ends.",
)
@click.option("--email", default="gateway@acme.example", help="The gateway's own account.")
@click.option("--token", required=True, help="Its API token.", show_default=False)
@click.option("--webhook-url", help="Where webhooks go; without it there are none.")
@click.option("--webhook-secret", help="What webhooks are signed with.", show_default=False)
def main(
    *,
    host: str,
    port: int,
    data_dir: Path | None,
    email: str,
    token: str,
    webhook_url: str | None,
    webhook_secret: str | None,
) -> None:
    """Serve a stand-in for Jira Cloud on this machine until it is told to stop.

    Each option can be an environment variable, such as SANDBOX_JIRA_TOKEN, so that secrets need
    not stand on the command line.
    """
    documents = Documents(data_dir / "jira.sqlite3" if data_dir else None)
    site = JiraSite(documents, email=email, token=token)
    register_webhook(site, webhook_url, webhook_secret)
    dispatcher = Dispatcher(site, documents)
    try:
        serve(create_app(site, dispatcher=dispatcher), host, port)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    finally:
        # The documents stay open: an attempt that outlasts this may still note its answer.
        dispatcher.stop()


def register_webhook(site: JiraSite, url: str | None, secret: str | None) -> None:
    """Let the site tell `url` of issues and comments; None ends what an earlier run set up."""
    old = site.webhooks.get(str(_OWN_WEBHOOK))
    if url is None:
        if old is not None:
            site.remove_webhook(old)
        return
    site.save_webhook(
        Webhook(
            id=_OWN_WEBHOOK,
            name="integration-gateway",
            url=url,
            events=[*ISSUE_EVENTS, *COMMENT_EVENTS],
            secret=secret,
            updated=site.now(),
        )
    )


if __name__ == "__main__":
    main()
