/** Where Unkey's `preflight` takes an image for one of Depot's. */
const depotHost = "registry.depot.dev/"

/**
 * The Depot project that `preflight`, the admission webhook of February 2026, asks Depot for credentials of, to pull an
 * image (`extractDepotProjectID` in `svc/preflight/internal/services/registry/credentials/depot.go`): what follows the host,
 * up to its last `:`, then up to its first `@`. Undefined for an image of another registry. An id that Depot does not know
 * gets no credentials, and the pod is refused.
 */
export const depotProjectOf = (image: string): string | undefined => {
  if (!image.startsWith(depotHost)) return undefined
  const name = image.slice(depotHost.length)
  const colon = name.lastIndexOf(":")
  const [project] = (colon < 0 ? name : name.slice(0, colon)).split("@")
  return project
}
