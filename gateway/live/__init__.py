"""Event streams: what happens reaches the open pages at once (server-sent events).

A page listens to a *topic*. In each gateway process one thread per topic produces events while
somebody listens, however many do, and ends with the last of them. To add one:

    OVERVIEW = live.Topic("overview", live.whenever_changed(render_overview, every=2.0))

    @bp.get("/overview/stream")
    @role_required(Role.VIEWER)
    def overview_stream() -> ResponseReturnValue:
        return live.stream(OVERVIEW, still_allowed=live.while_logged_in(g.user))

`whenever_changed` sends what a function gives, a rendered fragment for instance, when it is not
what it was. Who joins gets what was sent last, unless the browser has it already. The function runs
in the topic's thread, in an app context of its own each time, without a session: it must give the
same to everybody.

For events that are many and each count, write `produce` yourself: a generator that is given a
`threading.Event`, yields `Event`s and returns soon after the event is set. With `recall` a reader
who was away gets what was missed (see `gateway/live/lines.py`). An error in `produce` is logged,
and `produce` is called again after a pause.

In the page, `gateway/static/live.js` keeps the connection and tells how it stands:

    <script src="{{ asset_url('live.js') }}" defer></script>
    live.listen("/overview/stream", { message: (data) => ... }, (words, isLive) => ...);

A part whose content is replaced by each event of the type `fragment` needs no script of its own:
`<div data-live="/overview/stream">`. A tab that nobody sees gives its place back until it is seen.

Who reads too slowly is cut off, and goes on from `Last-Event-ID` when it comes again. There are
`IGW_EVENT_STREAMS` places in all processes together; one more is told when to come back.
"""

from gateway.live.hub import Event, Recalled, Topic, whenever_changed
from gateway.live.response import close_all, init_app, stream, while_logged_in

__all__ = [
    "Event",
    "Recalled",
    "Topic",
    "close_all",
    "init_app",
    "stream",
    "whenever_changed",
    "while_logged_in",
]
