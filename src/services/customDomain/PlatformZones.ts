import { Context } from "effect"
import type { DomainName } from "../../names/DomainName.ts"

/** DNS zones of the platform's own host names. Tenants cannot have a domain in one, nor a wildcard over one. */
export class PlatformZones extends Context.Tag("ctrl-worker/PlatformZones")<
  PlatformZones,
  ReadonlyArray<DomainName>
>() {}
