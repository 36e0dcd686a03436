import { Either } from "effect"
import { domainName } from "../names/DomainName.ts"
import { domain, hostName, list, matching, nonEmptyText, text } from "./kinds.ts"
import { ignored, optional, type SettingValues, withDefault } from "./Setting.ts"
import { acme, customDomains, dns } from "./sections/acme.ts"
import { builder, builds, depot, registry } from "./sections/builds.ts"
import { clickhouse } from "./sections/clickhouse.ts"
import { console } from "./sections/console.ts"
import { database } from "./sections/database.ts"
import { deploys } from "./sections/deploys.ts"
import { github } from "./sections/github.ts"
import { observability } from "./sections/observability.ts"
import { restate } from "./sections/restate.ts"
import { heartbeat, keyRefill, quotaCheck, slack } from "./sections/upkeep.ts"
import { vault } from "./sections/vault.ts"

/**
 * All settings. The path in this tree is the name: `restate.httpPort` is `restate.http_port` in the file and
 * WORKER_RESTATE_HTTP_PORT in the environment.
 */
export const settings = {
  instanceId: optional(
    text,
    "The name of this process in logs and spans. Default: `ins_` and eight random characters."
  ),
  region: withDefault(text, "", "The region of this process, for logs and spans."),
  observability,
  console,
  defaultDomain: withDefault(
    domain,
    Either.getOrThrow(domainName("unkey.app")),
    "The apex of generated host names, which are served with one wildcard certificate."
  ),
  regionalDomain: optional(
    domain,
    "If set, each available region has a wildcard certificate `*.<region>.<regional_domain>`."
  ),
  buildPlatform: withDefault(
    matching(/^linux\/[a-z0-9]+(\/v\d+)?$/, "linux/<architecture>"),
    "linux/amd64",
    "The platform of built images."
  ),
  builds,
  deploys,
  sentinelImage: withDefault(
    nonEmptyText,
    "ghcr.io/unkeyed/unkey:local",
    "The image of sentinels. A deploy updates the image of its environment's sentinels and leaves their replicas and size unchanged."
  ),
  availableRegions: withDefault(
    list(nonEmptyText),
    [],
    "The regions of a deployment whose environment configures none. A configured region has to be one of these or known to frontline."
  ),
  cnameDomain: ignored(optional(hostName, "The row of a custom domain has its target.")),
  database,
  vault,
  acme,
  customDomains,
  dns,
  restate,
  depot,
  registry,
  builder,
  clickhouse,
  github,
  heartbeat,
  slack,
  quotaCheck,
  keyRefill
}

export type Settings = SettingValues<typeof settings>
