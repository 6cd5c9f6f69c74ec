# The gateway in one image; docker-compose.yml says which process a container runs.
#
# The image holds what uv.lock and package-lock.json pin, compiled, and is written to by nobody: it
# runs with a read-only root, a temporary /tmp and one volume, /data. docs/deployment.md tells more.

# The Debian and the Python that the tests run on. To pin the image itself, append its digest.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG UV=0.13.9
# Bytecode that is the same at each build: it does not depend on the files' times.
ENV PYC_INVALIDATION_MODE=UNCHECKED_HASH \
    SOURCE_DATE_EPOCH=315532800 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --disable-pip-version-check "uv==${UV}"
WORKDIR /app

# What changes seldom comes first, so that a new line of code does not fetch all packages again.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra postgresql --no-install-project
COPY gateway/frontend/ gateway/frontend/
# The Node of a wheel brings the dashboard's packages; Node itself stays behind in this stage.
RUN uv run --frozen --isolated --only-group node npm ci --prefix gateway/frontend --omit=dev
COPY . .
RUN uv sync --frozen --no-dev --extra postgresql \
    && python -m compileall -q --invalidation-mode unchecked-hash \
        celeryconfig.py flowerconfig.py cli connectors core gateway migrations sandbox tasks

FROM ${BASE}
# The number is what the owner of mounted files has to be; it belongs to nobody else in the image.
RUN groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid gateway --no-create-home --home-dir /tmp --shell /usr/sbin/nologin gateway \
    && install --directory --owner gateway --group gateway --mode 0700 /data
COPY --from=build /app /app
WORKDIR /app
ENV HOME=/tmp \
    IGW_DATA_DIR=/data \
    PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --start-interval=2s \
    CMD ["igw", "healthy", "gateway"]
CMD ["python", "-m", "gunicorn", "--config", "python:gateway.gunicorn_config", "gateway.app:create_app()"]
