# Pin both by digest where your registry shows one (docs/image.md). The first builds, and gives the Node that the tests run on;
# of the second only the C and C++ libraries are used.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/effect-restate/package.json packages/effect-restate/package.json
# Of all that development takes only the bundler, in the locked version; nothing here runs a package's scripts.
# For a registry of your own: --secret id=npmrc,src=$HOME/.npmrc
RUN --mount=type=secret,id=npmrc --mount=type=cache,target=/var/cache/npm \
    export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc NPM_CONFIG_CACHE=/var/cache/npm \
    && bundler="$(npm pkg get devDependencies.esbuild)" \
    && npm pkg delete devDependencies optionalDependencies \
    && npm pkg set --json "devDependencies.esbuild=${bundler}" \
    && npm install --ignore-scripts
COPY dev/build.ts dev/build.ts
COPY dev/image/billOfMaterials.ts dev/image/bundle.ts dev/image/bundledPackages.ts dev/image/bundlePage.ts dev/image/
COPY packages packages
COPY src src
RUN npm run build

FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="control-plane-worker" \
      org.opencontainers.image.description="Durable control plane worker: Effect programs on Restate" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /usr/local/LICENSE /usr/local/share/doc/node/LICENSE
COPY --from=build /app/dist /app/dist
ENV NODE_ENV=production
WORKDIR /app
# By number: Kubernetes cannot tell from a name whether it is root.
USER 65532:65532
# Restate and the probes; metrics have a port only when observability.metrics.prometheus_port says so.
EXPOSE 9080
STOPSIGNAL SIGTERM
# Node itself is process 1, so that SIGTERM reaches the worker; SIGUSR1 opens no inspector. New objects have at most 24 MB instead of
# 128 MB (docs/image.md). Arguments choose the command: serve, migrate, check, cron...
ENTRYPOINT ["/usr/local/bin/node", "--disable-sigusr1", "--max-semi-space-size=8", "/app/dist/main.js"]
CMD ["serve"]
