# Two stages: the first has what building needs, the second only what running needs.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements/run.lock requirements/run.lock
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY . .
ENV MUSTER_DATA_DIR=/tmp/build
RUN /venv/bin/python manage.py compile_translations \
    && /venv/bin/python manage.py collectstatic --noinput \
    && mkdir -p /data && cp -r /tmp/build/static /data/static && rm -rf /tmp/build

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin muster
COPY --from=build /venv /venv
COPY --from=build --chown=root:root /app /app
COPY --from=build --chown=muster:muster /data /data
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MUSTER_DATA_DIR=/data
USER muster
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
# One machine: web, dispatch and queue in one container. compose.yaml runs one each.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
