# forgelm in a container: built by tools/quickstart on Debian 12, shipped without compilers.
#   docker build -t forgelm .        docker run --rm -v "$PWD:/work" forgelm --config job.yaml --dry-run
FROM debian:12 AS build
WORKDIR /src
COPY . .
RUN tools/quickstart -- -DCMAKE_BUILD_TYPE=Release && cmake --install build --prefix /opt/forgelm --strip \
 && libtorch=$(tools/libtorch) && mkdir -p /opt/forgelm/lib/libtorch /opt/forgelm/lib/nvidia \
 && cp -a "$libtorch/lib" "$libtorch/version.py" /opt/forgelm/lib/libtorch/ \
 && cp -a "$libtorch/../nvidia/." /opt/forgelm/lib/nvidia/

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates libcurl4 libgomp1 libssl3 libspdlog1.10 libyaml-cpp0.7 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/forgelm /opt/forgelm
ENV PATH=/opt/forgelm/bin:$PATH
RUN useradd --create-home forgelm
USER forgelm
WORKDIR /work
ENTRYPOINT ["forgelm"]
CMD ["--help"]
