# The Node image that the Dockerfile of the worker asks for, where no registry has one: the same Node, npm, and what they run in.
ARG SYSTEM_IMAGE
FROM ${SYSTEM_IMAGE}
COPY --from=node bin/node /usr/local/bin/node
COPY --from=node LICENSE /usr/local/LICENSE
COPY --from=npm . /usr/local/lib/node_modules/npm
COPY --from=certificates . /etc/ssl/certs/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
