#!/bin/sh
# Upgrades an overlay without the operator: puts the next version beside the former one, sends new work to it, waits until Restate has
# no work left for the former one, and removes that. Run it again with the same arguments where it ended: it goes on from there.
#
#   cd overlays/deployment-production && ../../upgrade.sh v1 v2 2.0.0
#
# NAMESPACE (control-plane) is the overlay's; DRAIN_TIMEOUT (1h) is how long it waits for the former version.
set -eu

former=${1:?the former version, such as v1}
next=${2:?the next version, such as v2}
tag=${3:?the tag of the image of the next version, such as 2.0.0}
namespace=${NAMESPACE:-control-plane}

worker() {
  kubectl -n "$namespace" exec "deployment/control-plane-worker-$next" -- /usr/local/bin/node --disable-sigusr1 /app/dist/main.js "$@"
}

# A copy first: not every sed edits in place alike.
edit() {
  sed "$1" "$2" >"$2.new"
  mv "$2.new" "$2"
}

if ! [ -d "$next" ]; then
  cp -r "$former" "$next.new"
  edit "s/-$former\$/-$next/; s#\\(newTag\\|kubernetes.io/version\\): .*#\\1: $tag#" "$next.new/kustomization.yaml"
  mv "$next.new" "$next"
fi
grep -q "^  - $next\$" kustomization.yaml || edit "s/^  - $former\$/&\\
  - $next/" kustomization.yaml

kubectl apply -k .
kubectl -n "$namespace" rollout status "deployment/control-plane-worker-$next" --timeout 10m
worker register "http://control-plane-worker-$next.$namespace:9080"
worker versions --remove-drained --yes --wait "${DRAIN_TIMEOUT:-1h}"

edit "/^  - $former\$/d" kustomization.yaml
rm -r "$former"
kubectl -n "$namespace" delete deployment,service "control-plane-worker-$former"
echo "$former is removed; commit the overlay."
