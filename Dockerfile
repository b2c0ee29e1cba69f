# forgelm as a container image: docker build -t forgelm . ; docker run --rm -v "$PWD:/job" forgelm --config job.yaml --dry-run
# The first stage is thrown away with compilers and sources; the second holds the program, libtorch, Arrow and what they load.
FROM debian:12 AS build
WORKDIR /src
# The packages first, so that they are installed again only when the table changes.
COPY tools/lib tools/lib
RUN bash -c 'set -euo pipefail; source tools/lib/setup.sh; install_packages build'
COPY cmake/libtorch.lock cmake/arrow.lock cmake/
COPY tools/libtorch tools/arrow tools/
ENV XDG_CACHE_HOME=/cache LD_LIBRARY_PATH=
RUN tools/libtorch && tools/arrow
COPY . .
RUN tools/quickstart --no-install --no-training \
 && cmake --install build --prefix /opt/forgelm --strip \
 && LD_LIBRARY_PATH="$(tools/libtorch)/lib:$LD_LIBRARY_PATH" tools/runtime-packages /opt/forgelm "$(dirname "$(tools/libtorch)")" >/packages \
 && mv "$(dirname "$(tools/libtorch)")" /opt/forgelm/libtorch

FROM debian:12-slim
# What the program and its libraries load; curl is opened on first use; certificates: for what is downloaded.
COPY --from=build /packages /packages
RUN apt-get update \
 && xargs apt-get install -y --no-install-recommends ca-certificates libcurl4 </packages \
 && rm -rf /var/lib/apt/lists/* /packages
COPY --from=build /opt/forgelm /opt/forgelm
ENV PATH=/opt/forgelm/bin:$PATH FORGELM_LIBTORCH=/opt/forgelm/libtorch/torch
# Nothing needs root; a job's files belong to whoever runs it: docker run --user "$(id -u):$(id -g)".
RUN useradd --create-home forgelm && install -d -o forgelm /job
USER forgelm
WORKDIR /job
ENTRYPOINT ["forgelm"]
CMD ["--help"]
