# The Node version that the tests run on. Pin it by digest where your registry shows one.
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
# Without scripts: the only one of ours patches the type checker.
RUN npm ci --ignore-scripts
COPY dev/build.ts dev/build.ts
COPY src src
RUN npm run build

FROM base AS dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM base
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
# Restate and the probes; metrics have a port only when observability.metrics.prometheus_port says so.
EXPOSE 9080
# Node itself is process 1, so that SIGTERM reaches the worker.
CMD ["node", "dist/main.js"]
