FROM python:3.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /opt/pdscope

# The locked versions first: they change less often than the code, so their layer is kept.
COPY requirements.txt ./
RUN pip install --no-cache-dir --requirement requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY gpu_catalog gpu_catalog
COPY simcore simcore
COPY assets assets
COPY app app
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --uid 10001 --create-home pdscope

WORKDIR /home/pdscope
# By number, so that a cluster can check that it is not root.
USER 10001

# Names, comma separated, under which this container is reached; localhost always is.
ENV PDSCOPE_ALLOWED_HOSTS=""

EXPOSE 8050
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8050/health', timeout=4)"]

# Inside the container every address: `docker run --publish 127.0.0.1:8050:8050` decides who may come.
CMD ["pdscope", "serve", "--host", "0.0.0.0", "--port", "8050"]
