FROM python:3.13-slim
WORKDIR /app
ENV PYTHONUNBUFFERED=1

# Wheels only: a pin that would need a compiler stops the build here.
COPY requirements.txt .
RUN pip install --no-cache-dir --only-binary=:all: -r requirements.txt

COPY app.py config.py ./
COPY migrations migrations
COPY templates templates
COPY majorops majorops
RUN useradd --uid 10001 --no-create-home majorops && install -d -o majorops -m 700 instance && install -d -o majorops /srv/public && install -d -o majorops -m 700 /srv/backups

USER majorops
VOLUME /app/instance
EXPOSE 8000

# http.client, as urllib would ask a proxy named in the environment.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=2); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# The server is process 1, so that SIGTERM reaches it. It takes --workers from WEB_CONCURRENCY by itself, and the
# addresses whose X-Forwarded headers it believes from FORWARDED_ALLOW_IPS. Migrations are a command of their own:
# flask --app app db upgrade
CMD ["uvicorn", "majorops.asgi.app:app", "--http", "majorops.asgi.app:Protocol", "--host", "0.0.0.0", "--port", "8000", "--proxy-headers", "--no-server-header", "--no-access-log", "--timeout-graceful-shutdown", "5"]
