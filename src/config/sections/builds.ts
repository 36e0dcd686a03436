import { Duration } from "effect"
import { buildkitAddress } from "../buildkitAddress.ts"
import { httpUrl } from "../httpAddresses.ts"
import { duration, flag, hostName, integer, matching, nonEmptyText, oneOf, secretText } from "../kinds.ts"
import { registryAddress } from "../registryAddress.ts"
import { optional, redacted, withDefault } from "../Setting.ts"

/** Limits of builds. */
export const builds = {
  maxPerWorkspace: withDefault(
    integer({ min: 1, max: 1000 }),
    5,
    "Concurrent builds per workspace. Further builds wait; those of production start first."
  ),
  deadline: withDefault(
    duration({ min: Duration.minutes(1), max: Duration.hours(12) }),
    Duration.minutes(30),
    "How long a build may run before it is cancelled and its deployment fails."
  ),
  environmentSecrets: withDefault(
    flag,
    false,
    "Whether a build can read the environment variables of its deployment as BuildKit secrets: all of them in the secret `.env`, and each in a secret of its own name."
  )
}

/** Where images are built. */
export const builder = {
  kind: withDefault(
    oneOf("auto", "depot", "buildkit", "none"),
    "auto",
    "Where images are built. `auto`: on the BuildKit of `builder.buildkit_address` if that is set, otherwise on Depot if `depot.api_url` and the registry are set, otherwise nowhere."
  ),
  buildkitAddress: optional(buildkitAddress, "The address of the operator's own BuildKit."),
  insecure: withDefault(
    flag,
    false,
    "Allows a BuildKit on another machine without TLS. Any client that can connect to its port controls it and can read every build."
  ),
  tls: {
    caFile: optional(
      nonEmptyText,
      "File with the certificate authorities of BuildKit's certificate, in PEM. Any setting of `builder.tls` enables TLS."
    ),
    certificateFile: optional(nonEmptyText, "File with the client certificate of the worker, in PEM."),
    keyFile: optional(nonEmptyText, "File with the key of the client certificate, in PEM."),
    serverName: optional(hostName, "The expected name in BuildKit's certificate. Default: the host of the address.")
  }
}

/** Builds on Depot. */
export const depot = {
  apiUrl: optional(httpUrl({ secret: "Depot's token" }), "The address of Depot's API."),
  projectRegion: withDefault(nonEmptyText, "us-east-1", "The region of new Depot projects."),
  projectPrefix: withDefault(
    matching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/, "at most 32 letters, digits and inner `-`"),
    "unkey",
    "Depot projects are named `<prefix>-<project>`: installations that share an account need different prefixes."
  ),
  projectId: optional(
    matching(/^[A-Za-z0-9]{1,64}$/, "the id of a Depot project"),
    "One Depot project for all builds; its repository `<registry.url>/<project_id>` keeps all images, with one retention policy. Default: a Depot project for each project, which keeps images by its own policy."
  )
}

/** Where images are pushed. */
export const registry = {
  url: optional(
    registryAddress,
    "The registry to which built images are pushed. Each project has its own repository: `<url>/<workspace>/<project>`. Builds do not read from it."
  ),
  username: optional(nonEmptyText, "The user that pushes images."),
  password: optional(
    redacted(secretText),
    "The password of that user; with Depot, its token. If the registry issues tokens, only the worker sees the password."
  ),
  insecure: withDefault(flag, false, "Allows plain HTTP and untrusted certificates. For local registries.")
}
