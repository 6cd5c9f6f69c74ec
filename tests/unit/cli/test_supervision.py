from __future__ import annotations

import stat
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from cli.preflight import make_folders
from cli.stack import Places, describe
from cli.supervision import render_config
from core.domains import load_domains
from core.settings import load_settings
from core.supervisord import SupervisionError, socket_path


@pytest.fixture
def places(settings_env) -> Places:
    places = Places(load_settings().data_dir)
    make_folders(places)
    return places


def as_supervisord_reads_it(text: str, folder: Path) -> ServerOptions:
    config = folder / "supervisord.conf"
    config.write_text(text)
    options = ServerOptions()
    options.realize(["--nodaemon", "--configuration", str(config)])
    return options


def test_supervisord_reads_what_was_described(places, tmp_path):
    processes = describe(load_settings(), load_domains(), Path("/usr/bin/redis-server"))

    options = as_supervisord_reads_it(render_config(processes, places), tmp_path)

    groups = options.process_group_configs
    read = {p.name: (g.name, p) for g in groups for p in g.process_configs}
    assert sorted(read) == sorted(p.name for p in processes)
    for process in processes:
        group, config = read[process.name]
        assert f"{group}:{config.name}" == process.full_name
        assert config.stopwaitsecs == process.stop_seconds
        assert config.stopasgroup == process.signal_children
        assert config.killasgroup
        assert not config.autostart
        assert config.stdout_logfile == str(places.log(process.name))


def test_groups_start_in_the_order_of_the_stages(places, tmp_path):
    processes = describe(load_settings(), load_domains(), Path("/usr/bin/redis-server"))
    options = as_supervisord_reads_it(render_config(processes, places), tmp_path)
    ordered = sorted(options.process_group_configs)
    assert [g.name for g in ordered] == [
        "redis",
        "sandbox",
        "workers",
        "flower",
        "gateway",
        "beat",
    ]


def test_spaces_in_folders_are_kept(settings_env, tmp_path):
    settings_env.setenv("IGW_DATA_DIR", str(tmp_path / "my data"))
    settings = load_settings()
    places = Places(settings.data_dir)
    make_folders(places)

    text = render_config(describe(settings, [], Path("/opt/my redis/redis-server")), places)
    options = as_supervisord_reads_it(text, tmp_path)

    configs = [p for g in options.process_group_configs for p in g.process_configs]
    redis = next(config for config in configs if config.name == "redis")
    assert redis.stdout_logfile == str(places.log("redis"))
    assert redis.command == f"'/opt/my redis/redis-server' '{places.redis_config}'"


@pytest.mark.parametrize("name", ["a #b", "a ;b", "100%"])
def test_a_folder_that_supervisords_file_cannot_express_is_refused(tmp_path, name):
    places = Places(tmp_path / name)
    make_folders(places)
    with pytest.raises(SupervisionError, match="Remedy: choose another folder"):
        render_config([], places)


def test_the_socket_lies_in_the_data_folder(places):
    short = Places(Path("/srv/igw"))
    assert socket_path(short.data) == Path("/srv/igw/run/supervisor.sock")


def test_where_the_path_is_too_long_the_socket_lies_where_only_this_user_can_reach_it(tmp_path):
    places = Places(tmp_path / ("x" * 100))
    make_folders(places)

    path = socket_path(places.data)

    assert len(str(path)) < 100
    assert path == socket_path(places.data)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.parent.rmdir()
